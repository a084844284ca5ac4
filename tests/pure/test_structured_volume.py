"""Things in volumes and slots: evenly within the mesh and whole in it; the size and the place of what is replaced."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from structured_samples import (
    NO_MARKS,
    SIZES,
    asset,
    box_mesh,
    boxes_of,
    chi_square,
    job_of,
    overlapping,
    slot,
    solid,
    without,
)

from pipeline.geometry import box_corners, quaternion_about, transform_points
from pipeline.job import make_job
from pipeline.records import MarkedVolume, Marks, Settings
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.structured.meshes import corners_of, is_inside, meets_box, volume_of


def planned(contexts, frame=0, marks=NO_MARKS, **changes):
    return plan_frame(job_of(contexts, marks, **changes), frame)


def tetrahedron(name="T"):
    corners = ((0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 2.0))
    return MarkedVolume(
        name=name, object_name=name, vertices_m=corners, triangles=((0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3))
    )


# --- meshes ----------------------------------------------------------------------------------------------------------


def test_volumes_of_meshes_are_exact_wherever_they_are():
    assert volume_of(corners_of(tetrahedron())) == pytest.approx(8 / 6)
    far = box_mesh("B", (1000, -2000, 30), (1001, -1998, 33))
    assert volume_of(corners_of(far)) == pytest.approx(6)


def test_inside_is_inside_also_level_with_vertices_and_edges():
    corners = corners_of(box_mesh("B", (-1, -1, -1), (1, 1, 1)))
    inside = [[0, 0, 0], [0.5, 0.5, 0.5], [0, 0, 0.999], [-0.999, 0.999, 0.999]]
    outside = [[0, 0, 1.001], [2, 1, 1], [0, 0, 5], [1.5, 0, 0], [-3, -3, -3], [1, 1, 2]]
    assert is_inside(corners, np.array(inside, dtype=float)).all()
    assert not is_inside(corners, np.array(outside, dtype=float)).any()
    many = np.concatenate([corners, *(corners + [9.0 + i, 0, 0] for i in range(9000))])  # more pairs than at a time
    assert is_inside(many, np.array(inside, dtype=float)).all()
    assert not is_inside(many, np.array(outside, dtype=float)).any()


@pytest.mark.parametrize(
    ("at", "half", "meets"),
    [
        ((0, 0, 0), 0.1, True),  # whole within
        ((0, 0, 0), 5.0, True),  # around it
        ((1.05, 0, 0), 0.1, True),  # through a side
        ((1.2, 0, 0), 0.1, False),
        ((1.15, 1.15, 0), 0.1, False),  # before an edge
        ((0, 0, 1.09), 0.1, True),
    ],
)
def test_a_mesh_meets_a_box_or_does_not(at, half, meets):
    pose = np.eye(4)
    pose[:3, 3] = at
    assert meets_box(corners_of(box_mesh("B", (-1, -1, -1), (1, 1, 1))), pose, np.full(3, half)) == meets


# --- volumes ---------------------------------------------------------------------------------------------------------


def test_points_are_even_in_a_volume():
    """In slices of a tetrahedron along x: the share below x is 1 - (1 - x / 2) ** 3."""
    air = {"volume": "T", "allowed": {"crumb": 1}, "count": 1500, "scale": 0.01}
    plan = planned({"air": air}, marks=Marks(volumes=(tetrahedron(),)))
    x = np.array([pose[0, 3] for pose, _ in boxes_of(plan)])
    edges = np.linspace(0, 2, 9)
    shares = np.diff(1 - (1 - edges / 2) ** 3)
    shares[-2:] = shares[-2:].sum() / 2  # the last slice is too small for a chi-square
    seen = np.histogram(x, edges)[0].astype(float)
    statistic, bound = chi_square(np.append(seen[:6], seen[6:].sum()), np.append(shares[:6], shares[6:].sum()) * 1500)
    assert len(x) == 1500 and statistic < bound


@pytest.mark.parametrize("pose", ["free", "upright"])
def test_things_in_a_volume_are_whole_in_it_and_apart(pose):
    volume = box_mesh("Air", (-0.4, -0.4, 1), (0.4, 0.4, 1.6))
    air = {"volume": {"marks": "Air", "pose": pose, "clearance_m": 0.02}, "allowed": {"mug": 1, "book": 1}, "count": 12}
    plan = planned({"air": air}, marks=Marks(volumes=(volume,)))
    boxes = boxes_of(plan)
    assert len(boxes) == 12 and overlapping(boxes, 0.02) == []
    for frame, half in boxes:
        corners = transform_points(frame, box_corners(-half, half))
        assert (
            np.abs(corners[:, :2]).max() < 0.4 + 1e-8 and corners[:, 2].min() > 1 - 1e-8 and corners[:, 2].max() < 1.6
        )
        if pose == "upright":
            assert frame[2, 2] == pytest.approx(1)
    assert {one.placement for one in plan.instances} == {"flying"}
    if pose == "free":
        assert len({round(float(frame[2, 2]), 3) for frame, _ in boxes}) > 8


def test_what_is_larger_than_its_volume_has_its_middle_in_it():
    air = {"volume": "Air", "allowed": {"bowl": 1}, "count": 1}
    marks = Marks(volumes=(box_mesh("Air", (0, 0, 0), (0.2, 0.1, 0.1)),))
    ((pose, _),) = boxes_of(planned({"air": air}, marks=marks))
    assert (pose[:3, 3] > 0).all() and (pose[:3, 3] < [0.2, 0.1, 0.1]).all()


def test_a_density_counts_cubic_metres():
    job = job_of({"air": {"volume": "T", "allowed": {"crumb": 1}, "density": 6}}, Marks(volumes=(tetrahedron(),)))
    counts = np.array([plan_frame(job, i).contexts[0].placed for i in range(200)])
    assert counts.mean() == pytest.approx(8, abs=4 * math.sqrt(8 / 200))


def test_volumes_let_things_fall_where_the_artist_says_so():
    mark = dataclasses.replace(
        box_mesh("Bin", (-0.5, -0.3, 1), (0.5, 0.3, 1.4)), settings=Settings(words={"use": "drop"})
    )
    floor = solid("Tray", (0.0, 0.0, 0.55), (1.0, 1.0, 0.05))
    plan = planned(
        {"bin": {"volume": "Bin", "allowed": {"mug": 1}, "count": 6}}, marks=Marks(volumes=(mark,), solids=floor)
    )
    radius = asset("mug").radius_m
    assert {one.placement for one in plan.instances} == {"drop"} and len(plan.instances) == 6
    first = np.array([one.poses[0].location_m for one in plan.instances])
    assert np.abs(first[:, 0]).max() < 0.5 - radius and np.abs(first[:, 1]).max() < 0.3 - radius
    apart = np.linalg.norm(first[:, None] - first[None], axis=2) + np.eye(6)
    assert apart.min() > 2 * radius
    (zone,) = plan.physics.zones
    assert zone.center_m == pytest.approx((0, 0, 0)) and zone.area_m == pytest.approx((1.0, 0.6))  # the built floor


def test_a_box_needs_no_template():
    air = {"volume": {"box": {"center_m": [5, 0, 0], "size_m": [1, 1, 1]}}, "allowed": {"mug": 1}, "count": 5}
    boxes = boxes_of(planned({"air": air}))
    assert len(boxes) == 5 and all(abs(pose[0, 3] - 5) < 0.5 for pose, _ in boxes)


# --- slots -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fit", "side"), [("size", 0.4), ("height", 0.3), ("width", 0.4), ("none", None)])
def test_a_slot_keeps_its_place_heading_and_size(fit, side):
    turned = quaternion_about((0, 0, 1), 0.7)
    marks = Marks(slots=(slot("Vase", (-0.1, -0.2, -0.05), (0.1, 0.2, 0.25), at=(1, 2, 3), rotation=turned, fit=fit),))
    plan = planned({"vases": {"slot": "Vase", "allowed": {"mug": 1}}}, marks=marks)
    ((pose, half),) = boxes_of(plan)
    expected = np.array(SIZES["mug"])
    measure = {"size": max(expected), "height": expected[2], "width": max(expected[:2]), "none": 1.0}[fit]
    assert 2 * half == pytest.approx(expected * ((side or measure) / measure))
    assert pose[:3, 3] == pytest.approx([1, 2, 2.95 + half[2]])
    assert pose[:3, 0] == pytest.approx([math.cos(0.7), math.sin(0.7), 0])
    assert plan.contexts[0].replaced == ("Vase",)


def test_the_replaced_object_is_not_in_the_way_of_anything_and_one_that_stays_is():
    marks = Marks(
        slots=(slot("Vase", (-0.1, -0.1, 0), (0.1, 0.1, 0.3)),), solids=solid("Vase", (0, 0, 0.15), (0.1, 0.1, 0.15))
    )
    vases = {"slot": {"marks": "Vase"}, "allowed": {"crumb": 1}}
    on_top = {"volume": {"box": {"center_m": [0, 0, 0.25], "size_m": [0.02, 0.02, 0.02]}}, "allowed": {"crumb": 1}}
    plan = planned(
        {"a": {**vases, "scale": 0.1, "slot": {"marks": "Vase", "fit": "none"}}, "b": {**on_top, "count": 1}},
        marks=marks,
    )
    assert [one.placed for one in plan.contexts] == [1, 1]
    plan = planned({"b": {**on_top, "count": 1}}, marks=marks)
    assert plan.contexts[0].dropped == {"no room": 1}
    blocked = dataclasses.replace(marks, keep_out=(box_mesh("K", (-1, -1, -1), (1, 1, 1)),))
    plan = planned({"a": vases}, marks=blocked)
    assert plan.contexts[0].dropped == {"no room": 1} and plan.contexts[0].replaced == ()


def test_a_count_of_slots_leaves_the_others_as_they_are_and_each_slot_has_its_own_numbers():
    slots = tuple(slot(f"S{i}", (-0.1, -0.1, 0), (0.1, 0.1, 0.2), at=(i, 0, 0)) for i in range(6))
    rule = {"slot": "S*", "allowed": {"mug": 1, "book": 1}}
    some = planned({"s": {**rule, "count": 2}}, marks=Marks(slots=slots))
    assert len(some.contexts[0].replaced) == 2 == len(some.instances)
    all_of = planned({"s": rule}, marks=Marks(slots=slots))
    moved = (*slots[:3], dataclasses.replace(slots[3], location_m=(3, 9, 0)), *slots[4:])
    after = planned({"s": rule}, marks=Marks(slots=moved))
    changed = [i for i, (a, b) in enumerate(zip(all_of.instances, after.instances, strict=True)) if a != b]
    assert changed == [3]
    assert [one.asset_id for one in after.instances] == [one.asset_id for one in all_of.instances]
    assert planned({"s": rule}, marks=NO_MARKS).contexts[0].dropped == {"no such place": 1}


def test_adding_a_volume_context_changes_no_slot():
    marks = Marks(slots=(slot("S", (-0.1, -0.1, 0), (0.1, 0.1, 0.2)),), volumes=(box_mesh("V", (1, 1, 1), (2, 2, 2)),))
    rule = {"s": {"slot": "S", "allowed": {"mug": 1, "book": 1}}}
    more = {"v": {"volume": "V", "allowed": {"mug": 1}, "count": 3}}
    before, after = planned(rule, marks=marks), planned({**more, **rule}, marks=marks)
    assert len(after.instances) == 4 and without(after, "v") == without(before)


def test_groups_of_one_name_share_its_weight_by_the_number_of_their_assets():
    targets = [{"files": f"{name}.glb", "category": name, "name": "thing", "count": 0} for name in ("mug", "book")]
    box = {"center_m": [0, 0, 5], "size_m": [9, 9, 9]}
    job = job_of({"air": {"volume": {"box": box}, "allowed": {"thing": 1}, "count": 200}}, targets=targets)
    found = ((asset("mug"),) * 3, (asset("book"),))
    plan = plan_frame(make_job(job.config, dataclasses.replace(job.catalogue, targets=found)), 0)
    assert 130 < sum(one.category_id == 1 for one in plan.instances) < 170
