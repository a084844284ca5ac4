"""Things at anchors: where they stand, how they lie, what they are set down on, and from where they fall."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from structured_samples import asset, boxes_of, job_of, table

from pipeline.geometry import quaternion_about
from pipeline.records import MarkedAnchor, Marks, Settings
from pipeline.sampling.plan import plan_frame

ANCHOR = MarkedAnchor(name="A", object_name="A", location_m=(1, 2, 1.5), rotation=quaternion_about((0, 0, 1), 0.5))
UNDER = table("Floor", size=(8, 8), cells=2, height=lambda x, y: 0.1 * x)


def planned(law, frame=0, anchors=(ANCHOR,), thing="mug"):
    marks = Marks(anchors=anchors, surfaces=(UNDER,))
    return plan_frame(job_of({"a": {"anchor": {"marks": "*", **law}, "allowed": {thing: 1}}}, marks), frame)


def test_a_thing_stands_at_the_origin_with_its_heading():
    ((pose, half),) = boxes_of(planned({}))
    assert pose[:3, 3] == pytest.approx([1, 2, 1.5 + half[2]])
    assert pose[:3, 0] == pytest.approx([math.cos(0.5), math.sin(0.5), 0])


def test_it_is_moved_and_turned_within_what_the_artist_or_the_scene_file_says():
    marked = dataclasses.replace(ANCHOR, settings=Settings(ranges={"move_m": (0.2, 0.2), "turn_deg": (-30.0, 30.0)}))
    for law, anchor, reach, turn in (({}, marked, 0.2, 30), ({"move_m": 0.1, "turn_deg": 0}, marked, 0.1, 0)):
        offsets, turns = [], []
        for frame in range(40):
            ((pose, _),) = boxes_of(planned(law, frame, (anchor,)))
            local = np.array([[math.cos(0.5), math.sin(0.5)], [-math.sin(0.5), math.cos(0.5)]]) @ (pose[:2, 3] - [1, 2])
            offsets.append(np.abs(local).max())
            turns.append(abs(math.degrees(math.atan2(pose[1, 0], pose[0, 0]) - 0.5)))
        assert 0.8 * reach < max(offsets) <= reach + 1e-9
        assert max(turns) <= turn + 1e-6 and (turn == 0 or max(turns) > 20)


def test_set_down_on_a_surface_it_stands_there_and_without_one_it_is_counted():
    ((pose, half),) = boxes_of(planned({"onto": "Floor"}))
    assert pose[2, 3] - half[2] == pytest.approx(0.1)
    far = dataclasses.replace(ANCHOR, location_m=(50, 0, 1))
    assert planned({"onto": "Floor"}, 0, (far,)).contexts[0].dropped == {"no surface below": 1}


def test_it_lies_on_a_face_of_its_own_or_is_let_fall():
    ups = set()
    for frame in range(12):
        ((pose, half),) = boxes_of(planned({"pose": "resting"}, frame))
        ups.add(int(np.argmax(np.abs(pose[2, :3]))))
        assert pose[2, 3] - np.abs(pose[2, :3]) @ half == pytest.approx(1.5)
    assert ups == {0, 2}
    plan = planned({"pose": "drop"})
    (one,) = plan.instances
    assert one.placement == "drop" and len(one.poses) == 4
    assert all(pose.location_m[2] > 1.5 + asset("mug").radius_m for pose in one.poses)
    assert plan.physics.zones[0].center_m == pytest.approx((1, 2, 1.5))


def test_no_anchor_is_no_place():
    assert planned({}, 0, ()).contexts[0].dropped == {"no such place": 1}


def test_things_that_find_every_anchor_taken_are_counted():
    marks = Marks(anchors=(ANCHOR, dataclasses.replace(ANCHOR, object_name="B", location_m=(5, 2, 1.5))))
    plan = plan_frame(job_of({"a": {"anchor": "*", "allowed": {"mug": 1}, "count": 5}}, marks), 0)
    (report,) = plan.contexts
    assert (report.placed, report.dropped) == (2, {"every place is taken": 3})


def test_things_let_fall_at_anchors_beside_each_other_are_let_go_one_above_the_other():
    beside = dataclasses.replace(ANCHOR, name="B", object_name="B", location_m=(1.02, 2, 1.5))
    plan = planned({"pose": "drop"}, anchors=(ANCHOR, beside))
    first, second = (np.array(one.poses[0].location_m) for one in plan.instances)
    assert np.linalg.norm(first - second) > 2 * asset("mug").radius_m


def test_what_falls_at_an_anchor_falls_onto_the_ground_below_within_its_reach():
    plan = planned({"pose": "drop", "onto": "Floor", "move_m": 0.3})
    (one,), (zone,) = plan.instances, plan.physics.zones
    assert zone.center_m == pytest.approx((1, 2, 0.1))
    for pose in one.poses:
        x, y, z = pose.location_m
        assert max(abs(x - 1), abs(y - 2)) < zone.area_m[0] / 2 == zone.area_m[1] / 2
        assert z >= 0.1 * x + asset("mug").radius_m
    far = dataclasses.replace(ANCHOR, location_m=(50, 0, 1))
    assert planned({"pose": "drop", "onto": "Floor"}, 0, (far,)).contexts[0].dropped == {"no surface below": 1}
