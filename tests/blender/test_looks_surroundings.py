from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import bpy
import numpy as np
import pytest
from looks_samples import add_camera, add_plane, empty_scene, pbr, places, render
from mathutils.bvhtree import BVHTree

from pipeline.built.places import build_places
from pipeline.geometry import matrix_from_quaternion
from pipeline.records import BinPlan, CeilingPlan, FloorPlan, RoadPlan, ShelfPlan, SurroundingsPlan, TrayPlan, WallPlan
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.materials import add_material
from pipeline.scene.surroundings import TRAY_BASE_M, add_surroundings, obstacles_of

FLOOR = FloorPlan(size_m=2.0, material=pbr())
TRAY = TrayPlan(width_m=0.4, depth_m=0.3, rim_height_m=0.04, rim_thickness_m=0.02, material=pbr())
AZIMUTHS = (0.0, 90.0, 215.0)


def wall(azimuth_deg: float) -> WallPlan:
    return WallPlan(azimuth_deg=azimuth_deg, distance_m=0.8, width_m=1.6, height_m=0.5, material=pbr())


def stage(*, floor=FLOOR, walls=(), tray=None) -> SurroundingsPlan:
    return SurroundingsPlan(floor=floor, walls=walls, tray=tray)


FULL = stage(walls=tuple(wall(azimuth) for azimuth in AZIMUTHS), tray=TRAY)


def added(plan, folder):
    scene = empty_scene()
    things = add_surroundings(scene.collection, plan, ImageCache(), places(folder))
    bpy.context.view_layer.update()
    return things


def hit(origin, direction):
    """Return (point, normal) of the first surface along a ray."""
    scene = bpy.context.scene
    found, point, normal, *_ = scene.ray_cast(bpy.context.evaluated_depsgraph_get(), origin, direction)
    assert found
    return np.array(point), np.array(normal)


def height_of_boxes(plan, x: float, y: float) -> float:
    """Return the highest top of the upright boxes over (x, y)."""
    tops = []
    for box in obstacles_of(plan):
        center, half = np.array(box.center_m), np.array(box.half_extents_m)
        if np.all(np.abs(center[:2] - (x, y)) <= half[:2]):
            tops.append(center[2] + half[2])
    return max(tops)


def test_everything_is_background_and_named(tmp_path):
    things = added(FULL, tmp_path)
    assert [thing.name for thing in things] == ["floor", "wall 0", "wall 1", "wall 2", "tray"]
    assert {thing.pass_index for thing in things} == {0}


def test_nothing_asked_for_adds_nothing(tmp_path):
    assert added(stage(floor=None), tmp_path) == ()
    assert obstacles_of(stage(floor=None)) == ()


def test_the_floor_is_at_0_without_a_tray(tmp_path):
    added(stage(), tmp_path)
    assert hit((0.3, 0.2, 1.0), (0, 0, -1))[0] == pytest.approx((0.3, 0.2, 0.0))


def test_in_a_tray_things_land_at_0_and_the_floor_lies_just_under_it(tmp_path):
    added(stage(tray=TRAY), tmp_path)
    assert hit((0.1, 0.1, 1.0), (0, 0, -1))[0][2] == 0.0
    assert hit((0.5, 0.5, 1.0), (0, 0, -1))[0][2] == pytest.approx(-TRAY_BASE_M)


def test_what_is_seen_is_what_is_collided_with(tmp_path):
    plan = stage(tray=TRAY)
    added(plan, tmp_path)
    for x, y in np.random.default_rng(0).uniform(-0.5, 0.5, (400, 2)):
        seen = hit((x, y, 1.0), (0, 0, -1))[0][2]
        assert seen == pytest.approx(height_of_boxes(plan, x, y), abs=0.006), (x, y)  # the bevel is 5 mm


def test_the_inside_of_a_tray_has_the_size_asked_for(tmp_path):
    added(stage(tray=TRAY), tmp_path)
    reach = [hit((0, 0, 0.01), d)[0] for d in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0))]
    assert np.abs(reach).sum(axis=1) - 0.01 == pytest.approx((0.2, 0.2, 0.15, 0.15))


@pytest.mark.parametrize("azimuth_deg", AZIMUTHS)
def test_a_wall_stands_at_its_distance_and_faces_the_origin(tmp_path, azimuth_deg):
    added(stage(walls=(wall(azimuth_deg),)), tmp_path)
    out = np.array((np.cos(np.radians(azimuth_deg)), np.sin(np.radians(azimuth_deg)), 0.0))
    for height in (0.01, 0.49):
        point, normal = hit((0, 0, height), out)
        assert point == pytest.approx(0.8 * out + (0, 0, height), abs=1e-6)
        assert normal == pytest.approx(-out, abs=1e-6)


@pytest.mark.parametrize("azimuth_deg", AZIMUTHS)
def test_a_walls_box_lies_behind_its_surface(azimuth_deg):
    _, box = obstacles_of(stage(walls=(wall(azimuth_deg),)))
    out = np.array((np.cos(np.radians(azimuth_deg)), np.sin(np.radians(azimuth_deg)), 0.0))
    axes = matrix_from_quaternion(box.rotation)
    reach = np.abs(axes.T @ out) @ np.array(box.half_extents_m)
    assert np.array(box.center_m) @ out - reach == pytest.approx(0.8)
    assert np.array(box.center_m)[2] - np.abs(axes[2]) @ np.array(box.half_extents_m) == pytest.approx(0.0)


def test_uv_maps_are_in_metres(tmp_path):
    for thing in added(FULL, tmp_path):
        mesh = thing.data
        uv = np.empty(len(mesh.loops) * 2, dtype=np.float32)
        mesh.uv_layers.active.uv.foreach_get("vector", uv)
        for face in mesh.polygons:
            u, v = uv.reshape(-1, 2)[list(face.loop_indices)].T
            area = abs(np.dot(u, np.roll(v, 1)) - np.dot(v, np.roll(u, 1))) / 2
            assert area == pytest.approx(face.area, rel=1e-3)


def test_no_face_of_the_tray_shows_its_back(tmp_path):
    (tray,) = added(stage(floor=None, tray=TRAY), tmp_path)
    for face in tray.data.polygons[1:]:
        middle = np.abs(face.center)
        out = np.zeros(3)
        out[2] = middle[2] - TRAY.rim_height_m / 2
        side = 0 if middle[0] - TRAY.width_m / 2 > middle[1] - TRAY.depth_m / 2 else 1
        out[side] = np.sign(face.center[side]) * (middle[side] - (0.2, 0.15)[side] - TRAY.rim_thickness_m / 2)
        assert np.dot(face.normal, out) > 0


def test_the_whole_stage_is_removed_by_a_batch_without_leftovers(tmp_path):
    things = added(FULL, tmp_path)
    meshes = [thing.data for thing in things]
    materials = [mesh.materials[0] for mesh in meshes]
    bpy.data.batch_remove([*things, *meshes, *materials])
    assert not bpy.data.objects and not bpy.data.meshes and not bpy.data.materials


CEILING = CeilingPlan(size_m=40.0, height_m=2.0, radiance=0.6, color=(1.0, 0.5, 0.25))


def test_a_ceiling_hangs_at_its_height_and_stops_nothing(tmp_path):
    plan = SurroundingsPlan(floor=FLOOR, walls=(), tray=None, ceiling=CEILING)
    floor, ceiling = added(plan, tmp_path)
    assert (ceiling.name, ceiling.pass_index, floor.pass_index) == ("ceiling", 0, 0)
    point, _ = hit((0.0, 0.0, 1.0), (0.0, 0.0, 1.0))
    assert point[2] == pytest.approx(2.0)
    assert len(obstacles_of(plan)) == len(obstacles_of(stage())) == 1


def test_a_ceiling_is_as_bright_as_it_says_and_lights_what_is_below(tmp_path):
    scene = empty_scene()
    add_surroundings(
        scene.collection,
        SurroundingsPlan(floor=None, walls=(), tray=None, ceiling=CEILING),
        ImageCache(),
        places(tmp_path),
    )
    add_plane(scene, add_material(pbr((0.5, 0.5, 0.5)), "grey", ImageCache(), places(tmp_path)), 0.5)
    add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 2.0), width_m=0.2)
    assert render(scene, tmp_path, (8, 8), 4).mean(axis=(0, 1)) == pytest.approx((0.6, 0.3, 0.15), rel=1e-3)
    add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=0.2)
    seen = render(scene, tmp_path, (8, 8), 256).mean(axis=(0, 1))
    assert seen == pytest.approx((0.3, 0.15, 0.075), rel=0.05), (
        "nearly half of the sphere shines: albedo times radiance"
    )


BIN = BinPlan(width_m=0.5, depth_m=0.3, height_m=0.2, wall_m=0.01, corner_m=0.05, rim_m=0.02, material=pbr())
ROAD = RoadPlan(
    length_m=40.0, curvature_per_m=0.02, lanes=2, oncoming=1, lane_m=3.0, shoulder_m=0.3, median_m=1.0, kerb_m=0.12,
    sidewalk_m=2.0, verge_m=5.0, marking_m=0.12, left_hand=False,
    materials={part: pbr() for part in ("asphalt", "marking", "kerb", "sidewalk", "verge")},
)  # fmt: skip
SHELF = ShelfPlan(
    bays=2, width_m=1.0, depth_m=0.4, heights_m=(0.15, 0.5), top_m=0.9, board_m=0.02, has_back=True,
    materials={part: pbr() for part in ("frame", "boards", "rails")},
)  # fmt: skip
PLACES = {name: replace(stage(), **{name: plan}) for name, plan in (("bin", BIN), ("road", ROAD), ("shelf", SHELF))}


@pytest.mark.parametrize("name", PLACES)
def test_what_stands_on_a_built_place_stands_on_what_is_rendered(tmp_path, name):
    added(PLACES[name], tmp_path)
    built = build_places(PLACES[name])
    for mark in built.surfaces:
        corners = np.array(mark.vertices_m)[np.array(mark.triangles)]
        for middle in corners.mean(axis=1)[::7]:
            assert hit(middle + (0, 0, 0.05), (0, 0, -1))[0] == pytest.approx(middle, abs=1e-5), mark.name
    for mark in built.splines:
        side = 0.02 if "kerb" in mark.name else 0.0  # to the left of it, where the asphalt is
        for a, b in pairwise(mark.points_m[:: max(1, len(mark.points_m) // 6)]):
            point = (np.array(a) + b) / 2 if len(mark.points_m) == 2 else np.array(a) + (1e-3 * np.subtract(b, a))
            way = np.subtract(b, a) / np.linalg.norm(np.subtract(b, a))
            point = point + side * np.array((-way[1], way[0], 0)) + (1e-4 * (name == "shelf")) * np.array((0, 1, 0))
            assert hit(point + (0, 0, 0.05), (0, 0, -1))[0][2] == pytest.approx(point[2], abs=1e-3), mark.name


@pytest.mark.parametrize("name", PLACES)
def test_built_places_are_solid_where_they_are_seen(tmp_path, name):
    added(PLACES[name], tmp_path)
    solids = obstacles_of(PLACES[name])
    meshes = [one for one in solids if one.vertices_m is not None]
    for x, y in np.random.default_rng(0).uniform(-0.24, 0.24, (100, 2)):
        seen = hit((x, y, 2.0), (0, 0, -1))[0][2]
        tops = [box_top(one, x, y) for one in solids if one.half_extents_m is not None]
        tops += [mesh_top(one, x, y) for one in meshes]
        assert seen == pytest.approx(max(tops), abs=1e-5)


def box_top(box, x: float, y: float) -> float:
    """The height of an upright box over a place, or of none."""
    axes = matrix_from_quaternion(box.rotation)
    inside = np.abs((np.array([x, y, 0.0]) - box.center_m)[:2] @ axes[:2, :2]) <= np.array(box.half_extents_m)[:2]
    return box.center_m[2] + box.half_extents_m[2] if inside.all() else -np.inf


def mesh_top(mesh, x: float, y: float) -> float:
    tree = BVHTree.FromPolygons(mesh.vertices_m.tolist(), mesh.triangles.tolist())
    point, *_ = tree.ray_cast((x, y, 5.0), (0, 0, -1))
    return -np.inf if point is None else point[2]
