"""Relations, by cases worked out by hand; and structure: the same things anywhere."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structured_samples import NO_MARKS, asset, box_mesh, boxes_of, job_of, overlapping, separation, table, without

from pipeline.geometry import compose, quaternion_about, transform_points
from pipeline.records import MarkedAnchor, Marks, Settings
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.structured.beside import offset_for_gap

# One book (0.2 x 0.15 x 0.03 m) that stands with its middle over (1, 2), turned by 30 degrees.
TURN = math.radians(30)
ANCHOR = MarkedAnchor(name="A", object_name="A", location_m=(1, 2, 0.7), rotation=quaternion_about((0, 0, 1), TURN))
ANCHORED = Marks(anchors=(ANCHOR,))
BOOK = {"anchor": "A", "allowed": {"book": 1}}


def planned(contexts, frame=0, marks=ANCHORED, **changes):
    return plan_frame(job_of(contexts, marks, **changes), frame)


def by_book(relation, frame=0, count=1, thing="mug", **law):
    rule = {"related": {relation: "books", **law}, "allowed": {thing: 1}, "count": count}
    plan = planned({"books": BOOK, "more": rule}, frame)
    (book,) = boxes_of(plan, "books")
    return plan, book, boxes_of(plan, "more")


def in_axes_of(book, point):
    return transform_points(np.linalg.inv(book[0]), [point])[0]


@pytest.mark.parametrize("frame", range(4))
def test_on_is_on_top_within_the_outline(frame):
    plan, book, ((mug, half),) = by_book("on", frame)
    assert mug[2, 3] - half[2] == pytest.approx(0.73) == book[0][2, 3] + book[1][2]
    corners = transform_points(mug, [[x * half[0], y * half[1], -half[2]] for x in (-1, 1) for y in (-1, 1)])
    local = transform_points(np.linalg.inv(book[0]), corners)
    assert (np.abs(local[:, :2]) <= book[1][:2] + 1e-7).all()
    assert mug[:3, 0] == pytest.approx(book[0][:3, 0])
    assert plan.instances[1].context == "more"


def test_on_several_stand_apart_and_what_is_wider_stands_in_the_middle():
    _, book, crumbs = by_book("on", count=20, thing="crumb")
    assert len(crumbs) == 20 and overlapping(crumbs) == []
    assert np.ptp([in_axes_of(book, pose[:3, 3])[0] for pose, _ in crumbs]) > 0.1
    _, book, ((bowl, _),) = by_book("on", thing="bowl")
    assert in_axes_of(book, bowl[:3, 3])[:2] == pytest.approx([0, 0], abs=1e-8)
    _, book, ((mug, _),) = by_book("on", offset_m=0, heading_deg=90)
    assert in_axes_of(book, mug[:3, 3])[:2] == pytest.approx([0, 0], abs=1e-8)
    assert mug[:3, 0] == pytest.approx(book[0][:3, 1])


def test_stacked_things_stand_one_on_the_other():
    _, _, stack = by_book("stacked", count=4)
    assert [pose[2, 3] - half[2] for pose, half in stack] == pytest.approx([0.73, 0.85, 0.97, 1.09])
    assert all(pose[:2, 3] == pytest.approx([1, 2]) for pose, _ in stack)
    _, _, leaning = by_book("stacked", count=4, offset_m=0.01)
    steps = np.abs(np.diff([in_axes_of((leaning[0][0], 0), pose[:3, 3])[:2] for pose, _ in leaning], axis=0))
    assert 0 < steps.max() <= 0.01


def test_what_stands_on_something_absent_is_absent_too():
    rule = {"related": {"stacked": "books"}, "allowed": {"crumb": 1}, "count": 6, "absent": 0.3}
    lowest = {"books": BOOK, "more": rule}
    heights = Counter()
    for frame in range(40):
        plan = planned(lowest, frame)
        report = plan.contexts[1]
        assert report.placed + report.absent == 6
        stack = [round(float(pose[2, 3]), 6) for pose, _ in boxes_of(plan, "more")]
        assert stack == [round(0.735 + 0.01 * i, 6) for i in range(len(stack))]
        heights[len(stack)] += 1
    assert len(heights) > 3
    assert planned({"books": {**BOOK, "absent": 1}, "more": rule}).instances == ()


@pytest.mark.parametrize(("angle", "heading"), [(0, 0), (90, 0), (180, 45), (37, 20), (270, 90)])
def test_next_to_is_so_far_from_side_to_side_on_the_same_support(angle, heading):
    _, book, ((mug, half),) = by_book("next_to", distance_m=0.05, angle_deg=angle, heading_deg=heading)
    assert mug[2, 3] - half[2] == pytest.approx(0.7)
    local = in_axes_of(book, mug[:3, 3])
    assert math.degrees(math.atan2(local[1], local[0])) % 360 == pytest.approx(angle, abs=1e-4) or angle == 0
    if heading % 90 == 0 and angle % 90 == 0:  # sides that face each other
        assert separation(book, (mug, half)) == pytest.approx(0.05, abs=1e-6)
        across = half[0] if (angle + heading) % 180 == 0 else half[1]
        ahead = book[1][0] if angle % 180 == 0 else book[1][1]
        assert np.linalg.norm(local[:2]) == pytest.approx(ahead + across + 0.05, abs=1e-6)
    assert _nearest(book, (mug, half)) == pytest.approx(0.05, abs=5e-4)


def _nearest(a, b) -> float:
    """The distance between two level boxes seen from above, by points along their sides."""
    outline = []
    for pose, half in (a, b):
        t = np.linspace(-1, 1, 801)
        sides = [(t, np.full_like(t, s)) for s in (-1, 1)] + [(np.full_like(t, s), t) for s in (-1, 1)]
        flat = np.concatenate([np.stack([u * half[0], v * half[1]], axis=1) for u, v in sides])
        outline.append(flat @ pose[:2, :2].T + pose[:2, 3])
    return min(float(np.linalg.norm(outline[1] - point, axis=1).min()) for point in outline[0][::5])


@settings(max_examples=60, deadline=None)
@given(sides=st.tuples(*[st.floats(0.01, 2)] * 4), turn=st.floats(-7, 7), way=st.floats(-7, 7), gap=st.floats(0.001, 1))
def test_rectangles_are_as_far_apart_as_asked(sides, turn, way, gap):
    half_a, half_b = np.array(sides[:2]), np.array(sides[2:])
    away = offset_for_gap(half_a, half_b, turn, way, gap)
    a = (np.eye(4), np.array([*half_a, 1.0]))
    place = (away * math.cos(way), away * math.sin(way), 0.0)
    b = (compose(place, quaternion_about((0, 0, 1), turn)), np.array([*half_b, 1.0]))
    assert separation(a, b) <= gap + 1e-6  # along an axis of theirs they are never farther apart than they are
    assert _nearest(a, b) == pytest.approx(gap, abs=0.03 * max(sides))
    nearer = (compose([v * 0.98 for v in place], quaternion_about((0, 0, 1), turn)), b[1])
    assert _nearest(a, nearer) < gap + 0.03 * max(sides)


def test_facing_things_point_at_the_other():
    for frame in range(5):
        _, book, ((mug, half),) = by_book("facing", frame, distance_m=0.3)
        to = book[0][:2, 3] - mug[:2, 3]
        assert mug[:2, 0] @ to / np.linalg.norm(to) == pytest.approx(1)
        assert mug[2, 3] - half[2] == pytest.approx(0.7)
    _, book, ((mug, _),) = by_book("facing", distance_m=0.3, angle_deg=0)
    assert in_axes_of(book, mug[:3, 3])[0] == pytest.approx(0.1 + 0.3 + 0.05)
    assert mug[:3, 0] == pytest.approx(-book[0][:3, 0])


def test_neighbours_stay_on_the_surface_of_the_other_and_follow_its_height():
    small = table(size=(0.6, 0.6), cells=2)
    rule = {"related": {"next_to": "books", "distance_m": 0.02}, "allowed": {"mug": 1}, "count": 2}
    desk = {"surface": "Table", "allowed": {"book": 1}, "count": 2}
    for frame in range(6):
        plan = planned({"books": desk, "more": rule}, frame, Marks(surfaces=(small,)))
        for pose, half in boxes_of(plan, "more"):
            corners = transform_points(pose, [[x * half[0], y * half[1], 0] for x in (-1, 1) for y in (-1, 1)])
            assert np.abs(corners[:, :2]).max() < 0.3 + 1e-8 and pose[2, 3] - half[2] == pytest.approx(0.7)
        assert overlapping(boxes_of(plan)) == []
    slope = table(size=(3, 3), height=lambda x, y: 0.4 * x)
    plan = planned({"books": desk, "more": rule}, 0, Marks(surfaces=(slope,)))
    assert len(boxes_of(plan, "more")) == 4
    for pose, half in boxes_of(plan, "more"):
        corners = transform_points(pose, [[x * half[0], y * half[1], -half[2]] for x in (-1, 1) for y in (-1, 1)])
        assert (corners[:, 2] - 0.4 * corners[:, 0]).min() == pytest.approx(0, abs=1e-6)


def test_inside_is_let_fall_into_it():
    bowls = {"anchor": "A", "allowed": {"bowl": 1}}
    rule = {"related": {"inside": "bowls", "distance_m": 0.05}, "allowed": {"crumb": 1}, "count": 5}
    plan = planned({"bowls": bowls, "more": rule})
    (zone,) = plan.physics.zones
    reach = 0.3 * (math.cos(TURN) + math.sin(TURN))
    assert zone.center_m == pytest.approx((1, 2, 0.7)) and zone.area_m == pytest.approx((reach, reach))
    radius = asset("crumb").radius_m
    falling = [one for one in plan.instances if one.context == "more"]
    assert len(falling) == 5
    for one in falling:
        assert one.placement == "drop" and len(one.poses) == 4
        for pose in one.poses:
            assert math.dist(pose.location_m[:2], (1, 2)) <= 0.15 - radius + 1e-9
            assert pose.location_m[2] >= 0.8 + radius + 0.05 - 1e-9
    large = planned({"bowls": bowls, "more": {**rule, "allowed": {"bowl": 1}, "count": 2, "scale": 1.2}})
    assert large.contexts[1].dropped == {"too large to go inside": 2}


def test_related_things_move_with_the_other():
    rule = {"related": {"on": "books"}, "allowed": {"mug": 1}}
    moved = MarkedAnchor(name="A", object_name="A", location_m=(4, 2, 0.2), rotation=ANCHOR.rotation)
    before, after = (
        boxes_of(planned({"books": BOOK, "more": rule}, marks=Marks(anchors=(anchor,))), "more")
        for anchor in (ANCHOR, moved)
    )
    assert after[0][0][:3, 3] - before[0][0][:3, 3] == pytest.approx([3, 0, -0.5])


def test_things_of_a_moving_line_take_theirs_along():
    line = {"spline": {"points_m": [[0, 0, 0], [10, 0, 0]], "headway_m": 20, "start_m": 1, "speed_m_s": 2}}
    rule = {"related": {"on": "cars"}, "allowed": {"mug": 1}}
    job = job_of({"cars": {**line, "allowed": {"book": 1}}, "more": rule}, views_per_scene=3, view_interval_s=0.5)
    places = [[one.poses[0].location_m for one in plan_frame(job, i).instances] for i in range(3)]
    assert len(places[0]) == 2
    for first, second in zip(places, places[1:], strict=False):
        assert np.subtract(second, first) == pytest.approx(np.array([[1.0, 0, 0]] * 2), abs=1e-7)


def test_what_falls_cannot_be_stood_by():
    volume = box_mesh("V", (0, 0, 1), (1, 1, 2))
    rule = {"related": {"on": "air"}, "allowed": {"crumb": 1}, "count": 2}
    air = {"volume": "V", "allowed": {"book": 1}, "count": 1}
    plan = planned({"air": air, "more": rule}, marks=Marks(volumes=(volume,)))
    assert plan.contexts[1].placed == 2
    marked = replace(volume, settings=Settings(words={"use": "drop"}))
    plan = planned({"air": air, "more": rule}, marks=Marks(volumes=(marked,)))
    assert plan.contexts[1].dropped == {"it falls, and its place is not known before": 2}


# --- structure -------------------------------------------------------------------------------------------------------

ROOM = Marks(surfaces=(table(size=(4, 4)),), anchors=(ANCHOR,))
ALL = {
    "desk": {"surface": "Table", "allowed": {"mug": 2, "book": 1}, "count": 8, "absent": 0.1},
    "anchored": {"anchor": "A", "allowed": {"book": 1}, "scale": {"uniform": [0.5, 1.5]}},
    "fallen": {"surface": {"marks": "Table", "pose": "drop"}, "allowed": {"crumb": 1}, "density": 0.3},
    "piled": {"related": {"stacked": "desk"}, "allowed": {"crumb": 1}, "count": {"integer": [0, 2]}},
}
SPACE = {"unstructured": {"center_m": [0, 0, 3], "size_m": [6, 6, 3]}}


def test_without_structure_the_same_things_are_anywhere():
    for frame in range(4):
        ordered, loose = planned(ALL, frame, ROOM), planned(ALL, frame, ROOM, structure=0, **SPACE)
        for one in (ordered, loose):
            assert len(one.instances) > 8
        keys = ("instance_id", "asset_id", "scale", "category_id", "material", "jitter", "context")
        for a, b in zip(ordered.instances, loose.instances, strict=True):
            assert [getattr(a, key) for key in keys] == [getattr(b, key) for key in keys]
            assert b.placement == "flying" and len(b.poses) == 1
        assert ordered.contexts == loose.contexts
        boxes = boxes_of(loose)
        middles = np.array([pose[:3, 3] for pose, _ in boxes])
        assert overlapping(boxes) == []
        assert (np.abs(middles - [0, 0, 3]) <= [3, 3, 1.5]).all()
        assert loose.physics.zones == ()


def test_structure_is_the_share_of_things_that_are_placed():
    desk = {"desk": {"surface": "Table", "allowed": {"crumb": 1}, "count": 400}}
    plan = planned(desk, 0, ROOM, structure=0.7, **SPACE)
    standing = sum(one.placement == "resting" for one in plan.instances)
    assert standing == pytest.approx(280, abs=4 * math.sqrt(400 * 0.21))
    all_there = planned(desk, 0, ROOM)
    for a, b in zip(all_there.instances, plan.instances, strict=True):
        assert a == b or b.placement == "flying"


def test_what_was_placed_by_a_loose_thing_is_loose_too():
    rule = {"related": {"on": "desk"}, "allowed": {"crumb": 1}}
    desk = {"surface": "Table", "allowed": {"book": 1}, "count": 40}
    plan = planned({"desk": desk, "more": rule}, 1, ROOM, structure=0.5, **SPACE)
    books, crumbs = ([one for one in plan.instances if one.context == name] for name in ("desk", "more"))
    pairs = Counter((a.placement, b.placement) for a, b in zip(books, crumbs, strict=True))
    assert pairs[("flying", "resting")] == 0
    assert min(pairs[("flying", "flying")], pairs[("resting", "flying")], pairs[("resting", "resting")]) > 3


def test_by_default_loose_things_are_about_their_places():
    desk = {"desk": {"surface": "Table", "allowed": {"mug": 1}, "count": 10}}
    plan = planned(desk, 0, ROOM, structure=0)
    middles = np.array([pose[:3, 3] for pose, _ in boxes_of(plan)])
    assert len(middles) == 10
    assert np.abs(middles[:, :2]).max() <= 2 and middles[:, 2].min() >= 0.7 and middles[:, 2].max() <= 0.82


def test_without_room_loose_things_are_dropped_and_counted():
    desk = {"desk": {"surface": "Table", "allowed": {"bowl": 1}, "count": 20}}
    tight = {"unstructured": {"center_m": [0, 0, 5], "size_m": [0.3, 0.3, 0.3]}}
    (report,) = planned(desk, 0, ROOM, structure=0, **tight).contexts
    assert report.placed + report.dropped["no room"] == 20 and 1 <= report.placed < 8


def test_the_same_plan_again_and_a_context_more_changes_no_other():
    job = job_of(ALL, ROOM, structure=0.5, **SPACE)
    forwards = [plan_frame(job, i) for i in range(3)]
    assert [plan_frame(job, i) for i in reversed(range(3))][::-1] == forwards
    more = {**ALL, "extra": {"anchor": "A", "allowed": {"crumb": 1}, "order": 9}}
    after = plan_frame(job_of(more, ROOM, structure=0.5, **SPACE), 1)
    assert without(after, "extra") == without(forwards[1])


def test_a_scene_without_contexts_has_no_structure():
    assert planned({}, marks=NO_MARKS, structure=0).instances == ()
