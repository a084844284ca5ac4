"""Built places: their shapes, the lines and surfaces on them, and what stands there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from furnished import filled, job_of, middles, overlaps

from pipeline.built.places import build_places
from pipeline.config.built_names import built_names
from pipeline.config.built_section import Bin, Grid, Road, Shelf
from pipeline.config.distributions import Constant
from pipeline.lines import line_of
from pipeline.records import SurroundingsPlan
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.structured.standing import box_at

BENT = {"lanes": 2, "oncoming": 1, "median_m": 1.5, "curvature_per_m": 0.02, "lane_m": 3, "sidewalk_m": 2}
ROADS = {
    "bent": BENT,
    "straight": {"curvature_per_m": 0, "lanes": 1, "oncoming": 0, "verge_m": 0, "kerb_m": 0, "sidewalk_m": 0},
    "left": {**BENT, "curvature_per_m": -0.02, "traffic": "left", "median_m": 0},
}


def planned(frame: int = 0, **surroundings) -> SurroundingsPlan:
    return plan_frame(job_of({}, surroundings={"floor": None, **surroundings}, placement=FLYING), frame).surroundings


NONE, MANY = Constant(value=0), Constant(value=400)
FLYING = {"flying": {"volume_m": [9, 9, 9]}}


def heights(parts, points) -> np.ndarray:
    """The highest face of the parts over each point, -inf where there is none."""
    found = np.full(len(points), -np.inf)
    for part in parts:
        for triangle in part.triangles():
            a, b, c = part.vertices_m[list(triangle)]
            area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            if abs(area) < 1e-12:
                continue
            v = ((points[:, 0] - a[0]) * (c[1] - a[1]) - (points[:, 1] - a[1]) * (c[0] - a[0])) / area
            w = ((b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0])) / area
            inside = (v >= -1e-9) & (w >= -1e-9) & (v + w <= 1 + 1e-9)
            z = a[2] + v * (b[2] - a[2]) + w * (c[2] - a[2])
            found = np.where(inside, np.maximum(found, z), found)
    return found


@pytest.mark.parametrize("name", ROADS)
def test_every_line_of_a_road_lies_on_its_surface(name):
    built = build_places(planned(road=ROADS[name]))
    for spline in built.splines:
        line = line_of(spline.points_m)
        points = np.array([line.at(s)[0] for s in np.linspace(0.01, line.length_m - 0.01, 40)])
        if "kerb" in spline.name:
            points[:, :2] += 0.01 * np.stack([-line.at(0)[1][1], line.at(0)[1][0]])
            continue
        assert heights(built.parts, points) == pytest.approx(points[:, 2], abs=1e-6), spline.name


@pytest.mark.parametrize("name", ROADS)
def test_the_surfaces_of_a_road_are_what_is_seen(name):
    built = build_places(planned(road=ROADS[name]))
    for surface in built.surfaces:
        corners = np.array(surface.vertices_m)[np.array(surface.triangles)]
        middle = corners.mean(axis=1)[:: max(1, len(corners) // 30)]
        assert heights(built.parts, middle) == pytest.approx(middle[:, 2], abs=1e-6), surface.name
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert (normals[:, 2] > 0).all()


def test_no_faces_of_a_road_lie_on_each_other():
    built = build_places(planned(road=BENT))
    flat = [part for part in built.parts if part.name != "road kerb"]
    area = sum(_level_area(part) for part in flat)
    plan = planned(road=BENT).road
    width = 3 * 3 + 2 * (plan.shoulder_m + plan.sidewalk_m + plan.verge_m) + 1.5 - 2 * 0.15
    assert area == pytest.approx(width * plan.length_m, rel=0.01)


def _level_area(part) -> float:
    corners = part.vertices_m[np.array(part.triangles())]
    return float(np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]).sum() / 2)


def test_traffic_keeps_to_its_side():
    for name, side in (("bent", -1), ("left", 1)):
        built = build_places(planned(road=ROADS[name]))
        lines = {one.name: np.array(one.points_m) for one in built.splines}
        assert {"road.lane.0", "road.lane.1", "road.oncoming.0", "road.kerb.left", "road.verge.right"} <= set(lines)
        half = len(lines["road.lane.0"]) // 2
        assert np.diff(lines["road.lane.1"][half : half + 2, 0]) > 0 > np.diff(lines["road.oncoming.0"][:2, 0])
        y = {key: line[half, 1] for key, line in lines.items()}
        assert side * (y["road.lane.1"] - y["road.lane.0"]) == pytest.approx(3, abs=0.01)
        assert side * (y["road.lane.0"] - y["road.oncoming.0"]) > 2.9


def test_cars_stand_on_the_road_in_their_lanes():
    context = {"cars": {"spline": {"marks": ["road.lane.*", "road.oncoming.*"], "gap_m": 2}, "allowed": {"car": 1}}}
    job = job_of(context, surroundings={"road": BENT}, placement=FLYING)
    plan = plan_frame(job, 0)
    cars = [one for one in plan.instances if one.context]
    assert len(cars) > 20 and plan.contexts[0].dropped == {}
    assert all(one.poses[0].location_m[2] == pytest.approx(0, abs=1e-6) for one in cars)


def test_a_shelf_has_a_line_along_the_front_of_each_board_and_holds_things():
    shelf = {"boards": 3, "bays": 2, "width_m": 1, "depth_m": 0.4, "base_m": 0.1, "gap_m": 1.2}
    built = build_places(planned(shelf=shelf))
    assert [(one.name, one.object_name) for one in built.splines][:3] == [
        ("shelf.board.0", "shelf.board.0.0"),
        ("shelf.board.0", "shelf.board.0.1"),
        ("shelf.board.1", "shelf.board.1.0"),
    ]
    assert np.array(built.splines[0].points_m) == pytest.approx(np.array([(-1.015, -0.2, 0.1), (-0.015, -0.2, 0.1)]))
    for surface in built.surfaces:
        middle = np.mean(surface.vertices_m, axis=0)
        boards = [part for part in built.parts if part.name == "shelf boards"]
        below = [heights([part], np.array([middle])).max() for part in boards]
        assert max(below) == pytest.approx(1.2 * 2 + 0.1)  # the uppermost
    job = job_of({"goods": GOODS}, surroundings={"shelf": shelf}, placement=FLYING)
    goods = [one for one in plan_frame(job, 0).instances if one.context]
    assert len(goods) > 15
    z = sorted({round(one.poses[0].location_m[2] - 0.5, 6) for one in goods})
    assert z == pytest.approx([0.1, 1.3, 2.5])


GOODS = {"spline": {"marks": ["shelf.board.*"], "gap_m": 0.05, "offset_m": 0.15}, "allowed": {"post": 1}}


def test_too_high_things_do_not_fit_between_boards():
    shelf = {"boards": 3, "gap_m": 0.5, "base_m": 0.1}
    job = job_of({"goods": GOODS}, surroundings={"shelf": shelf}, placement=FLYING)
    plan = plan_frame(job, 0)
    assert {round(one.poses[0].location_m[2], 6) for one in plan.instances if one.context} == {1.6}
    assert plan.contexts[0].dropped["no room"] > 5


@pytest.mark.parametrize("corner", [0.0, 0.06])
def test_a_bin_is_solid_where_it_is_seen_and_hollow_inside(corner):
    plan = planned(bin={"width_m": 0.5, "depth_m": 0.3, "height_m": 0.2, "wall_m": 0.01, "corner_m": corner})
    built = build_places(plan)
    (floor,), (inside,) = built.surfaces, built.volumes
    assert inside.name == "bin" and floor.name == "bin.floor"
    a, b, c = np.array(inside.vertices_m)[np.array(inside.triangles)].transpose(1, 0, 2)
    area = 0.5 * 0.3 - (4 - math.pi) * corner**2
    assert (a * np.cross(b, c)).sum() / 6 == pytest.approx(area * 0.2, rel=2e-3)
    points = np.random.default_rng(0).uniform((-0.26, -0.16), (0.26, 0.16), (500, 2))
    for block in built.blocks[1:]:  # no wall reaches into the inside, and all stand around it
        turn = 2 * math.acos(min(1.0, block.rotation[0])) * math.copysign(1, block.rotation[3])
        way = np.array([math.sin(turn), -math.cos(turn)])
        face = np.array(block.center_m[:2]) - way * block.half_m[1]
        outline = np.array(floor.vertices_m)[:, :2]
        assert ((outline - face) @ way).max() < 1e-9
    seen = heights(built.parts, points)
    assert set(np.round(seen[np.isfinite(seen)], 6)) == {0.0, 0.2}


def test_a_grid_is_rows_columns_and_layers_of_anchors():
    grid = {"rows": 2, "columns": 3, "layers": 2, "spacing_m": [1, 2, 3], "center_m": [10, 0, 1], "yaw_deg": 90}
    anchors = {one.object_name: one for one in build_places(planned(grid=grid)).anchors}
    assert len(anchors) == 12 and all(one.name == "grid" for one in anchors.values())
    assert anchors["grid.0.0.0"].location_m == pytest.approx((12, -0.5, 1))
    assert anchors["grid.1.2.1"].location_m == pytest.approx((8, 0.5, 4))
    placed, _ = filled({"cells": {"anchor": ["grid"], "allowed": {"post": 1}}}, surroundings={"grid": grid})
    assert len(placed) == 12 and overlaps(placed) == 0


def test_a_built_place_is_the_scenes_and_its_looks_may_be_the_views():
    job = job_of({}, surroundings={"road": {}}, placement=FLYING, views_per_scene=2, reroll_per_view=["materials"])
    a, b, c = (plan_frame(job, i).surroundings.road for i in range(3))
    assert a.materials != b.materials and a.lane_m == b.lane_m and a.curvature_per_m == b.curvature_per_m
    assert a.curvature_per_m != c.curvature_per_m


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Road(curvature_per_m=Constant(value=0.1), length_m=Constant(value=9)), "too tight"),
        (lambda: Road(curvature_per_m=Constant(value=0.02), length_m=Constant(value=400)), "meets itself"),
        (lambda: Road(marking_m=Constant(value=2)), "marking_m can be 2"),
        (lambda: Shelf(gap_m=Constant(value=0.01)), "gap_m can be 0.01"),
        (
            lambda: Grid(rows=Constant(value=999), columns=Constant(value=99), spacing_m=(NONE,) * 3),
            "up to 98901 anchors",
        ),
        (lambda: Bin(corner_m=Constant(value=0.3)), "corner_m can be 0.3"),
    ],
)
def test_what_cannot_be_built_is_said(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_places_are_known_to_the_contexts_of_their_scene():
    placed, _ = filled({"a": {"spline": ["road.lane.0"], "allowed": {"car": 1}}}, surroundings={"road": BENT})
    (one,) = placed
    assert box_at(one.chosen, one.poses[0])[0][2, 3] == pytest.approx(0.75) and len(middles(placed)) == 1


SIZES = {
    "road": {"lanes": {"integer": [1, 3]}, "oncoming": {"integer": [0, 2]}, "median_m": {"choice": [0, 1]}},
    "shelf": {"boards": {"integer": [1, 3]}, "bays": {"integer": [1, 2]}},
    "bin": {},
    "grid": {"rows": {"integer": [1, 3]}, "spacing_m": [1, 1, 1]},
}


def test_the_names_of_all_that_may_be_built_are_known_beforehand():
    job = job_of({}, surroundings=SIZES, placement=FLYING)
    known, seen = (
        built_names(job.config.surroundings),
        {kind: set() for kind in ("surface", "spline", "volume", "anchor")},
    )
    for frame in range(60):
        built = build_places(plan_frame(job, frame).surroundings)
        for kind, names in seen.items():
            marks = getattr(built, f"{kind}s")
            names |= {name for mark in marks for name in (mark.name, mark.object_name)}
    seen["surface"] -= {"road.asphalt.left", "road.asphalt.right"}  # two sides of one
    assert seen == known


def test_sizes_may_depend_on_globals():
    job = job_of({}, surroundings={"road": {"lanes": "$n"}}, globals={"n": {"integer": [1, 3]}}, placement=FLYING)
    roads = [plan_frame(job, i) for i in range(12)]
    assert {plan.surroundings.road.lanes for plan in roads} == {1, 2, 3}
    assert all(plan.surroundings.road.lanes == plan.globals["n"] for plan in roads)
