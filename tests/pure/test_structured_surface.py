"""Things on surfaces: as dense as the paint, on the ground, apart from each other, and each by its own numbers."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structured_samples import (
    NO_MARKS,
    asset,
    box_mesh,
    boxes_of,
    chi_square,
    height_below,
    job_of,
    overlapping,
    solid,
    table,
    without,
)

from pipeline.geometry import boxes_overlap, matrix_from_quaternion, transform_points
from pipeline.records import MarkedAnchor, MarkedSurface, Marks, Settings, Solids
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.rng import rng_for
from pipeline.sampling.structured.terrain import sample_spot, terrain_of


def on(marks="Table", **law):
    return {"surface": {"marks": marks, **law}}


def planned(contexts, *surfaces, frame=0, marks=NO_MARKS, **changes):
    return plan_frame(job_of(contexts, dataclasses.replace(marks, surfaces=surfaces), **changes), frame)


def hills(x, y):
    return 0.3 * math.sin(2 * x) * math.cos(1.5 * y)


# --- the paint -------------------------------------------------------------------------------------------------------


def test_five_thousand_things_are_as_dense_as_the_paint():
    """The weight is a quarter of what it can be at the left side, nothing in the middle, all at the right side."""
    surface = table(size=(4, 4), cells=4, weight=lambda x, y: abs(x) / 2 * (0.25 if x < 0 else 1.0))
    plan = planned({"desk": {**on(overhang=True), "allowed": {"crumb": 1}, "count": 5000}}, surface)
    assert plan.contexts[0].placed == 5000
    boxes = boxes_of(plan)
    assert overlapping(boxes) == []
    assert max(abs(pose[2, 3] - half[2] - 0.7) for pose, half in boxes) < 1e-6
    points = np.array([pose[:2, 3] for pose, _ in boxes])
    cells, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=16, range=[[-2, 2], [-2, 2]])
    edges = np.linspace(-2, 2, 17)
    # The integral of |x| over each column: weights run straight between the vertices, at x = -2, -1, 0, 1 and 2.
    columns = np.array([abs(b * abs(b) - a * abs(a)) / 2 for a, b in zip(edges[:-1], edges[1:], strict=True)])
    columns[:8] *= 0.25
    expected = np.repeat((columns / columns.sum())[:, None] / 16, 16, axis=1) * 5000
    statistic, bound = chi_square(cells, expected)
    assert statistic < bound


def test_within_one_triangle_the_density_is_linear():
    """Compared with the exact moments of the density 1 a + 2 b + 6 c in barycentric coordinates."""
    mark = MarkedSurface(
        name="T", object_name="T", vertices_m=((0, 0, 0), (1, 0, 0), (0, 1, 0)), triangles=((0, 1, 2),),
        weights=(1 / 6, 2 / 6, 1.0),
    )  # fmt: skip
    terrain = terrain_of(mark)
    assert terrain.size_m2 == pytest.approx(0.5 * (1 / 6 + 2 / 6 + 1) / 3)
    points = np.array([sample_spot(terrain, rng_for(1, ("scene", 0), f"t/{i}")).point_m for i in range(20_000)])
    # E[b] = sum of w_i E[b | corner i]: 1/4 from another corner, 1/2 from its own.
    assert points[:, 0].mean() == pytest.approx((1 * 0.25 + 2 * 0.5 + 6 * 0.25) / 9, abs=0.006)
    assert points[:, 1].mean() == pytest.approx((1 * 0.25 + 2 * 0.25 + 6 * 0.5) / 9, abs=0.006)
    assert points[:, 0].min() >= 0 and points[:, :2].sum(axis=1).max() <= 1
    # E[c^2] is 1/10 under the falling densities of other corners, 3/10 under its own (Dirichlet 2, 1, 1).
    assert (points[:, 1] ** 2).mean() == pytest.approx((3 * 0.1 + 6 * 0.3) / 9, abs=0.006)


def test_a_surface_is_made_ready_once_and_another_with_its_name_anew():
    mark = table("Floor", size=(2, 2), cells=2)
    terrain = terrain_of(mark)
    assert terrain_of(mark) is terrain
    wider = table("Floor", size=(4, 2), cells=2)
    assert (terrain.size_m2, terrain_of(wider).size_m2) == (pytest.approx(4), pytest.approx(8))


def test_the_number_of_things_by_density_is_that_of_poisson():
    """Half of 4 square metres is painted: a mean of 4 for 2 a square metre, and as much variance."""
    surface = table(size=(2, 2), cells=2, weight=lambda x, y: 0.5)
    job = job_of({"desk": {**on(overhang=True), "allowed": {"crumb": 1}, "density": 2}}, Marks(surfaces=(surface,)))
    counts = np.array([plan_frame(job, i).contexts[0].placed for i in range(400)])
    assert counts.mean() == pytest.approx(4, abs=4 * math.sqrt(4 / 400))
    assert counts.var(ddof=1) == pytest.approx(4, rel=4 * math.sqrt((2 + 1 / 4) / 400))


def test_faces_that_are_steep_or_not_painted_hold_nothing():
    surface = table(size=(4, 1), cells=8, height=lambda x, y: max(0.0, x) * 0.8, weight=lambda x, y: float(y >= 0))
    desk = {**on(overhang=True), "allowed": {"crumb": 1}, "count": 200}
    points = np.array([pose[:3, 3] for pose, _ in boxes_of(planned({"desk": desk}, surface))])
    assert points[:, 0].max() <= 0.006 and points[:, 1].min() >= -0.126
    surface = dataclasses.replace(surface, settings=Settings(ranges={"max_tilt_deg": (45.0, 45.0)}))
    points = np.array([pose[:3, 3] for pose, _ in boxes_of(planned({"desk": desk}, surface))])
    assert (points[:, 0] > 0.1).sum() > 50


# --- standing --------------------------------------------------------------------------------------------------------


def test_none_overlap_and_clearance_is_kept():
    surface = table(size=(3, 3))
    for gap in (0.0, 0.05):
        desk = {**on(clearance_m=gap), "allowed": {"mug": 1, "book": 1}, "count": 150}
        plan = planned({"desk": desk}, surface)
        assert plan.contexts[0].placed > 100
        assert overlapping(boxes_of(plan), gap) == []
    marked = dataclasses.replace(surface, settings=Settings(ranges={"clearance_m": (0.05, 0.05)}))
    assert (
        planned({"desk": {**on(), "allowed": {"mug": 1, "book": 1}, "count": 150}}, marked).instances == plan.instances
    )


@pytest.mark.parametrize("pose", ["upright", "resting"])
def test_none_float_and_none_sink_on_a_plane(pose):
    surface = table(size=(3, 3))
    plan = planned({"desk": {**on(pose=pose), "allowed": {"mug": 1, "book": 1}, "count": 60}}, surface)
    assert plan.contexts[0].placed == 60
    ups = set()
    for (frame, half), _one in zip(boxes_of(plan), plan.instances, strict=True):
        corners = transform_points(frame, np.array(np.meshgrid(*[(-1, 1)] * 3)).T.reshape(-1, 3) * half)
        gaps = [height_below(surface, x, y, z) for x, y, z in corners]
        lowest = sorted(gaps)[:4]
        assert max(abs(gap) for gap in lowest) < 1e-3 and not any(map(math.isnan, gaps))
        ups.add(int(np.argmax(np.abs(frame[2, :3]))))
    assert ups == ({2} if pose == "upright" else {0, 2})


@pytest.mark.parametrize("align", ["up", "normal"])
def test_on_hills_things_touch_the_ground_and_nothing_reaches_into_them(align):
    surface = table(size=(4, 4), cells=24, height=hills)
    plan = planned({"desk": {**on(align=align), "allowed": {"mug": 1, "book": 1}, "count": 40}}, surface)
    assert plan.contexts[0].placed == 40
    for frame, half in boxes_of(plan):
        steps = np.linspace(-1, 1, 41)
        under = np.array([(u * half[0], v * half[1], -half[2]) for u in steps for v in steps])
        gaps = _along(surface, transform_points(frame, under), -frame[:3, 2])
        assert -1e-6 < gaps.min() < 1e-3
        tilt = math.degrees(math.acos(min(1.0, frame[2, 2])))
        assert tilt < 1e-6 if align == "up" else tilt < 30


def test_some_things_lean_where_the_ground_does():
    surface = table(size=(2, 2), cells=1, height=lambda x, y: 0.5 * x)
    plan = planned({"desk": {**on(align="normal"), "allowed": {"mug": 1}, "count": 10}}, surface)
    for frame, _ in boxes_of(plan):
        assert frame[:3, 2] == pytest.approx(np.array([-0.5, 0, 1]) / math.sqrt(1.25), abs=1e-6)
    marked = dataclasses.replace(surface, settings=Settings(words={"upright": "false"}))
    assert planned({"desk": {**on(), "allowed": {"mug": 1}, "count": 10}}, marked).instances == plan.instances


def _along(surface, starts, direction) -> np.ndarray:
    """How far points (R, 3) are from the surface along a direction, the nearest either way (Moeller and Trumbore)."""
    corners = np.array(surface.vertices_m)[np.array(surface.triangles)]
    corners = corners[np.linalg.norm(corners.mean(axis=1) - starts.mean(axis=0), axis=1) < 0.6]
    a, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = np.cross(direction, v)
    det = (u * p).sum(axis=1)
    to = starts[:, None] - a
    s = (to * p).sum(axis=2) / det
    q = np.cross(to, u)
    t = (direction * q).sum(axis=2) / det
    distance = (v * q).sum(axis=2) / det
    distance[~((s >= -1e-9) & (t >= -1e-9) & (s + t <= 1 + 1e-9))] = np.inf
    nearest = np.take_along_axis(distance, np.argmin(np.abs(distance), axis=1)[:, None], axis=1)[:, 0]
    assert np.isfinite(nearest).all()
    return nearest


def test_footprints_stay_over_the_surface_unless_they_may_hang_over():
    surface = table(size=(0.5, 0.5), cells=2)
    for overhang, outside in ((False, 0), (True, 1)):
        desk = {**on(overhang=overhang), "allowed": {"book": 1}, "count": 1}
        far = 0
        job = job_of({"desk": desk}, Marks(surfaces=(surface,)))
        for frame in range(40):
            for pose, half in boxes_of(plan_frame(job, frame)):
                corners = transform_points(pose, [[x * half[0], y * half[1], 0] for x in (-1, 1) for y in (-1, 1)])
                far += bool((np.abs(corners[:, :2]) > 0.25 + 1e-8).any())
        assert (far > 0) == bool(outside)
    plan = planned({"desk": {**on(), "allowed": {"bowl": 1}, "count": 3}}, table(size=(0.2, 0.2)))
    assert plan.contexts[0].dropped == {"no ground below all of it": 3} and not plan.instances


def test_boards_of_a_shelf_are_storeys_and_what_is_too_high_for_them_stays_out():
    boards = [table(size=(1, 0.4), cells=2, height=lambda x, y, z=z: z) for z in (0.0, 0.1, 0.4)]
    vertices = tuple(v for board in boards for v in board.vertices_m)
    triangles = tuple(tuple(i + 9 * n for i in t) for n, board in enumerate(boards) for t in board.triangles)
    shelf = MarkedSurface(name="Shelf", object_name="Shelf", vertices_m=vertices, triangles=triangles)
    plan = planned({"s": {**on("Shelf"), "allowed": {"mug": 1, "book": 2}, "count": 12}}, shelf)
    heights = {"mug.glb": set(), "book.glb": set()}
    for one, (pose, half) in zip(plan.instances, boxes_of(plan), strict=True):
        heights[one.asset_id].add(round(float(pose[2, 3] - half[2]), 6))
    assert heights["book.glb"] == {0.0, 0.1, 0.4}
    assert heights["mug.glb"] == {0.1, 0.4}  # 12 cm high, and the lowest board has 10


def test_headings_are_spread_as_asked():
    surface = table(size=(20, 20))
    desk = {**on(heading_deg={"uniform": [0, 360]}, overhang=True), "allowed": {"crumb": 1}, "count": 2000}
    headings = [
        math.atan2(pose[1, 0], pose[0, 0]) % (2 * math.pi) for pose, _ in boxes_of(planned({"desk": desk}, surface))
    ]
    statistic, bound = chi_square(np.histogram(headings, 12, (0, 2 * math.pi))[0], np.full(12, 2000 / 12))
    assert statistic < bound
    exact = planned({"desk": {**on(heading_deg=90), "allowed": {"mug": 1}, "count": 3}}, surface)
    for pose, _ in boxes_of(exact):
        assert pose[:3, 0] == pytest.approx([0, 1, 0], abs=1e-6)


# --- what is in the way ----------------------------------------------------------------------------------------------


def test_solids_and_keep_out_volumes_are_kept_clear_and_the_table_itself_is_not_in_the_way():
    surface = table(size=(1, 1))
    lamp = solid("Lamp", (0.25, 0.0, 1.0), (0.25, 0.5, 0.3))
    own = solid("Table", (0.0, 0.0, 0.5), (0.5, 0.5, 0.25))
    keep = box_mesh("Keep", (-0.5, 0.0, 0.6), (0.0, 0.5, 0.9))
    desk = {"desk": {**on(), "allowed": {"crumb": 1}, "count": 100}}
    corners = []
    for marks in (Marks(solids=lamp), Marks(keep_out=(keep,)), Marks(solids=own)):
        boxes = boxes_of(planned(desk, surface, marks=marks))
        assert len(boxes) == 100
        corners.append(np.array([pose[:2, 3] for pose, _ in boxes]))
    beside_lamp, outside, everywhere = corners
    assert beside_lamp[:, 0].max() < 0 - 0.004
    assert not ((outside[:, 0] < 0.004) & (outside[:, 1] > -0.004)).any()
    assert (everywhere > 0).all(axis=1).any() and ((everywhere[:, 0] < 0) & (everywhere[:, 1] > 0)).any()


def test_a_keep_out_volume_that_holds_a_thing_whole_keeps_it_out():
    keep = box_mesh("Keep", (-1, -1, 0), (1, 1, 2))
    plan = planned({"desk": {**on(), "allowed": {"mug": 1}, "count": 4}}, table(), marks=Marks(keep_out=(keep,)))
    assert plan.contexts[0].dropped == {"no room": 4}


def test_what_finds_no_room_is_dropped_and_counted_after_so_many_tries():
    plan = planned({"desk": {**on(), "allowed": {"book": 1}, "count": 60}}, table(size=(0.6, 0.6)))
    (report,) = plan.contexts
    assert report.placed + report.dropped["no room"] == 60 and 3 < report.placed < 13
    assert not plan.rejected


def test_a_context_whose_surface_is_not_there_says_so():
    plan = planned({"desk": {**on("Tabel"), "allowed": {"mug": 1}, "count": 4}}, table())
    assert plan.contexts[0].dropped == {"no such place": 4}
    black = table(weight=lambda x, y: 0.0)
    assert planned({"desk": {**on(), "allowed": {"mug": 1}, "density": 4}}, black).contexts[0].dropped == {
        "no such place": 1
    }


# --- falling ---------------------------------------------------------------------------------------------------------


def test_what_is_let_fall_is_released_above_the_surface_clear_of_each_other():
    surface = table(size=(1, 0.6))
    law = {**on(pose="drop", height_m={"uniform": [0.1, 0.2]}), "allowed": {"mug": 1}, "count": 8}
    plan = planned({"desk": law}, surface, physics={"retries": 2})
    (zone,) = plan.physics.zones
    assert zone.center_m == (0.0, 0.0, 0.7) and zone.area_m == (1.0, 0.6)
    radius = asset("mug").radius_m
    assert len(plan.instances) == 8
    for one in plan.instances:
        assert one.placement == "drop" and len(one.poses) == 3
        for pose in one.poses:
            x, y, z = pose.location_m
            assert abs(x) <= 0.5 - radius and abs(y) <= 0.3 - radius and z >= 0.7 + radius + 0.1 - 1e-9
    first = np.array([one.poses[0].location_m for one in plan.instances])
    apart = np.linalg.norm(first[:, None] - first[None], axis=2) + np.eye(8)
    assert apart.min() > 2 * radius


def test_nothing_is_let_fall_through_what_stands_above_the_surface():
    board = solid("Board", (0.2, 0.0, 1.1), (0.3, 0.5, 0.01))
    law = {**on(pose="drop", height_m=0.6), "allowed": {"mug": 1}, "count": 5}
    plan = planned({"desk": law}, table(), marks=Marks(solids=board))
    assert len(plan.instances) == 5
    assert max(one.poses[0].location_m[0] for one in plan.instances) < -0.1 - asset("mug").radius_m + 1e-6


# --- addresses -------------------------------------------------------------------------------------------------------

DESK = {**on("Table*"), "allowed": {"mug": 1, "book": 2}, "count": 12}


def test_the_same_plan_in_any_order_of_frames_and_of_keys():
    job = job_of({"a": DESK, "b": {**DESK, "allowed": {"book": 2, "mug": 1}}}, Marks(surfaces=(table(size=(4, 4)),)))
    forwards = [plan_frame(job, i) for i in range(4)]
    assert [plan_frame(job, i) for i in reversed(range(4))][::-1] == forwards
    other = job_of({"b": dict(reversed(DESK.items())), "a": DESK}, Marks(surfaces=(table(size=(4, 4)),)))
    assert without(plan_frame(other, 2)) == without(forwards[2])


def test_adding_a_context_changes_no_number_of_another():
    surfaces = Marks(surfaces=(table(size=(6, 6)),))
    more = {**on(), "allowed": {"crumb": 1}, "count": 5}
    before = plan_frame(job_of({"m": DESK}, surfaces), 3)
    for name, order in (("a", 1), ("z", 0)):  # the room of later contexts alone may change
        after = plan_frame(job_of({"m": DESK, name: {**more, "order": order}}, surfaces), 3)
        assert len(after.instances) == 17
        assert without(after, name) == without(before)


def test_moving_one_surface_moves_its_things_alone():
    one, other = table("Table1", at=(0, 0)), table("Table2", at=(3, 0))
    moved = table("Table2", at=(3, 5))
    before, after = (planned({"desk": DESK}, one, second, frame=2) for second in (other, moved))
    on_first = [i for i, (pose, _) in enumerate(boxes_of(before)) if pose[0, 3] < 1.5]
    assert 2 < len(on_first) < 10
    for i, (a, b) in enumerate(zip(before.instances, after.instances, strict=True)):
        (ax, ay, az), (bx, by, bz) = a.poses[0].location_m, b.poses[0].location_m
        assert (bx, by, bz) == pytest.approx((ax, ay + (0 if i in on_first else 5), az), abs=1e-8)
        assert dataclasses.replace(a, poses=b.poses) == b


def test_one_more_surface_takes_some_things_and_moves_no_other():
    tables = [table(f"Table{i}", size=(2.8, 2.8), at=(3 * i, 0)) for i in range(3)]
    before, after = planned({"desk": DESK}, *tables[:2]), planned({"desk": DESK}, *tables)
    stayed = [a for a, b in zip(before.instances, after.instances, strict=True) if a == b]
    left = [b for a, b in zip(before.instances, after.instances, strict=True) if a != b]
    assert stayed and left and all(one.poses[0].location_m[0] > 4.5 for one in left)
    density = {**on("Table*"), "allowed": {"mug": 1}, "density": 6}
    before, after = planned({"desk": density}, *tables[:2]), planned({"desk": density}, *tables)
    assert after.instances[: len(before.instances)] == before.instances
    assert len(after.instances) > len(before.instances)


def test_what_is_absent_leaves_its_place_empty():
    surface = Marks(surfaces=(table(size=(6, 6)),))
    all_there = plan_frame(job_of({"desk": {**DESK, "count": 300}}, surface), 0)
    some = plan_frame(job_of({"desk": {**DESK, "count": 300, "absent": 0.3}}, surface), 0)
    (report,) = some.contexts
    assert report.placed + report.absent + sum(report.dropped.values()) == 300
    assert report.absent == pytest.approx(90, abs=4 * math.sqrt(300 * 0.21))
    there = {one.poses for one in all_there.instances}
    assert all(one.poses in there for one in some.instances)


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(0, 12),
    size=st.floats(0.15, 3),
    tilt=st.floats(-0.4, 0.4),
    pose=st.sampled_from(["upright", "resting", "drop"]),
    frame=st.integers(0, 5),
)
def test_every_thing_is_placed_or_counted(count, size, tilt, pose, frame):
    surface = table(size=(size, size), cells=2, height=lambda x, y: tilt * x + 0.1 * y)
    desk = {**on(pose=pose), "allowed": {"mug": 1, "bowl": 1}, "count": count, "absent": 0.2}
    plan = planned({"desk": desk}, surface, frame=frame)
    (report,) = plan.contexts
    assert report.placed + report.absent + sum(report.dropped.values()) == count
    assert len(plan.instances) == report.placed
    for one in plan.instances:
        for where in one.poses:
            assert np.linalg.det(matrix_from_quaternion(where.rotation)) == pytest.approx(1, abs=1e-6)


def test_a_rectangle_needs_no_template():
    rectangle = {"center_m": [1, 2, 0.5], "size_m": [2, 0.4], "yaw_deg": 90}
    desk = {"surface": {"rectangle": rectangle}, "allowed": {"mug": 1}, "count": 10}
    plan = planned({"desk": desk})
    points = np.array([pose[:3, 3] for pose, _ in boxes_of(plan)])
    assert len(points) == 10 and np.abs(points[:, 0] - 1).max() < 0.2 and np.abs(points[:, 1] - 2).max() < 1
    assert points[:, 2] == pytest.approx(0.56)


@pytest.mark.parametrize("number", [{"density": 1e9}, {"count": "$many"}])
def test_more_things_than_any_frame_holds_reject_it_in_words(number):
    contexts = {"crumbs": {**on(), "allowed": {"crumb": 1}, **number}}
    many = {"globals": {"many": {"uniform": [1.1e6, 1.2e6]}}}
    rejected = planned(contexts, table(), **many).rejected
    assert rejected.startswith("contexts.crumbs: 1") and "at most 32767" in rejected


PAIR = ("Desk", "Table")


def test_a_full_table_is_given_up_and_what_is_left_is_counted():
    contexts = {"mugs": {**on(list(PAIR), overhang=True), "allowed": {"mug": 1}, "density": 1e6}}
    tables = [table(name, size=(0.02, 0.02), cells=1, at=(i, 0)) for i, name in enumerate(PAIR)]
    (report,) = planned(contexts, *tables).contexts
    assert report.placed == 2 and report.dropped["no room"] > 700


def test_contexts_of_lower_order_have_the_room_first():
    one = {**on(overhang=True), "allowed": {"mug": 1}, "count": 1}
    plan = planned({"a": {**one, "order": 1}, "b": {**one, "order": 0}}, table(size=(0.02, 0.02), cells=1))
    assert {report.name: report.placed for report in plan.contexts} == {"a": 0, "b": 1}


def test_what_is_loose_leaves_its_place_to_others():
    contexts = {"mugs": {**on(overhang=True), "allowed": {"mug": 1}, "count": 1}}
    here = {"center_m": [0, 0, 0.76], "size_m": [0.001, 0.001, 0.001]}
    plan = planned(contexts, table(size=(0.02, 0.02), cells=1), structure=0, unstructured=here)
    assert [one.placement for one in plan.instances] == ["flying"]


def test_clearance_is_sideways_what_lies_under_a_thin_skin_is_no_neighbour():
    under = {"names": ("Slab",), "owners": (0,), "rotations": ((1, 0, 0, 0),)}
    slab = Solids(**under, centers_m=((0, 0, -0.052),), halves_m=((1, 1, 0.05),))
    contexts = {"a": {"surface": {"marks": "Table", "clearance_m": 0.05}, "allowed": {"mug": 1}, "count": 12}}
    plan = plan_frame(job_of(contexts, Marks(surfaces=(table(size=(2, 2)),), solids=slab)), 0)
    assert len(plan.instances) == 12
    wide = [(pose, half + [0.024, 0.024, 0]) for pose, half in boxes_of(plan)]
    assert not any(boxes_overlap(*a, *b) for i, a in enumerate(wide) for b in wide[:i])


def test_slots_and_anchors_come_before_surfaces_of_the_same_order():
    anchor = MarkedAnchor(name="Z", object_name="Z", location_m=(0, 0, 0), rotation=(1, 0, 0, 0))
    marks = Marks(surfaces=(table(size=(0.3, 0.3)),), anchors=(anchor,))
    contexts = {
        "a": {"surface": "Table", "allowed": {"book": 1}, "count": 30},
        "z": {"anchor": "Z", "allowed": {"mug": 1}},
    }
    for frame in range(5):
        reports = {one.name: one for one in plan_frame(job_of(contexts, marks), frame).contexts}
        assert reports["z"].placed == 1 and reports["a"].dropped
