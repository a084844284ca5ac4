"""The stage: floor, walls, tray and ceiling, as meshes to see and, but for the ceiling, as boxes to collide with.

Things dropped come to rest on z = 0: on the floor, or, where there is one, on a road or on the inside bottom of a tray
or bin; the floor then lies lower, under it. UV maps are in metres.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np
from numpy.typing import ArrayLike

from pipeline.addresses import Places
from pipeline.built.places import build_places
from pipeline.built.shapes import Part
from pipeline.geometry import (
    direction_from_angles,
    matrix_from_quaternion,
    multiply_quaternions,
    product,
    quaternion_about,
)
from pipeline.records import (
    CeilingPlan,
    FloorPlan,
    MaterialPlan,
    Quaternion,
    SurroundingsPlan,
    TrayPlan,
    Vector,
    WallPlan,
)
from pipeline.scene.compat import shader_tree
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.materials import add_material
from pipeline.scene.looks.nodes import add_node
from pipeline.scene.physics.stage import Obstacle

TRAY_BASE_M = 0.0005
ROAD_BASE_M = 0.02
SLAB_M = 1.0  # the floor's thickness in the physics: nothing tunnels through it
WALL_M = 0.2
BEVEL = 0.25  # of the smaller of a rim's thickness and height

Face = Sequence[int]
Corner = tuple[float, float]


def add_surroundings(
    collection: bpy.types.Collection, plan: SurroundingsPlan, images: ImageCache, places: Places
) -> tuple[bpy.types.Object, ...]:
    """Add floor, walls, tray and ceiling and return their objects, all with object index 0 (background)."""
    floor_z = floor_height_m(plan)
    objects = []
    if plan.floor is not None:
        mesh = _rectangle("floor", plan.floor.size_m, plan.floor.size_m, low_y=-plan.floor.size_m / 2)
        objects.append(_add(collection, mesh, plan.floor.material, images, places))
        objects[-1].location.z = floor_z
    for number, wall in enumerate(plan.walls):
        mesh = _rectangle(f"wall {number}", wall.width_m, wall.height_m, low_y=0.0)
        objects.append(_add(collection, mesh, wall.material, images, places))
        objects[-1].location = _wall_foot(wall, floor_z)
        objects[-1].rotation_mode = "QUATERNION"
        objects[-1].rotation_quaternion = _wall_rotation(wall)
    if plan.tray is not None:
        objects.append(_add(collection, _tray(plan.tray), plan.tray.material, images, places))
    for part in build_places(plan).parts:
        mesh = _mesh(part.name, part.vertices_m.tolist(), part.faces, part.uv_m)
        objects.append(_add(collection, mesh, part.material, images, places))
    if plan.ceiling is not None:
        objects.append(_add_ceiling(collection, plan.ceiling))
    return tuple(objects)


def floor_height_m(plan: SurroundingsPlan) -> float:
    """Return the height of the floor's surface: 0, or just under what stands on it with its inside at 0."""
    below = [0.0 if plan.tray is None else TRAY_BASE_M, 0.0 if plan.road is None else ROAD_BASE_M]
    return -max(*below, 0.0 if plan.bin is None else plan.bin.wall_m)


def _add(
    collection: bpy.types.Collection, mesh: bpy.types.Mesh, material: MaterialPlan, images: ImageCache, places: Places
) -> bpy.types.Object:
    return _link(collection, mesh, add_material(material, mesh.name, images, places))


def _link(collection: bpy.types.Collection, mesh: bpy.types.Mesh, material: bpy.types.Material) -> bpy.types.Object:
    mesh.materials.append(material)
    thing = bpy.data.objects.new(mesh.name, mesh)
    collection.objects.link(thing)
    return thing


def _add_ceiling(collection: bpy.types.Collection, plan: CeilingPlan) -> bpy.types.Object:
    material = bpy.data.materials.new("ceiling")
    tree = shader_tree(material)
    emission = add_node(tree, "ShaderNodeEmission", {"Color": plan.color, "Strength": plan.radiance})
    add_node(tree, "ShaderNodeOutputMaterial", {"Surface": emission.outputs[0]})
    mesh = _rectangle("ceiling", plan.size_m, plan.size_m, low_y=-plan.size_m / 2)
    thing = _link(collection, mesh, material)
    thing.location.z = plan.height_m
    return thing


# --- meshes ---------------------------------------------------------------------------------------------------------


def _mesh(name: str, vertices: list[Vector], faces: Sequence[Face], corners: ArrayLike) -> bpy.types.Mesh:
    """Return a mesh; `corners` are the UV of each face's corners in turn, metres."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices, [], faces)
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.array(corners, dtype=np.float32).ravel())
    return mesh


def _rectangle(name: str, width_m: float, height_m: float, *, low_y: float) -> bpy.types.Mesh:
    """Return a rectangle in the xy plane, its normal +z, centred in x, from `low_y` up in y."""
    x, y = width_m / 2, low_y + height_m
    outline = [(-x, low_y), (x, low_y), (x, y), (-x, y)]
    return _mesh(name, [(u, v, 0.0) for u, v in outline], [(0, 1, 2, 3)], outline)


def _tray(plan: TrayPlan) -> bpy.types.Mesh:
    """Return base and rim as one surface: the rim's bevelled profile led around the base, mitred at the corners."""
    profile = _rim_profile(plan)
    rings = [_ring(plan, outwards, z) for outwards, z in profile]
    vertices = [vertex for ring in rings for vertex in ring]
    faces: list[Face] = [(0, 1, 2, 3)]
    corners: list[Corner] = [(x, y) for x, y, _ in rings[0]]
    climb = 0.0
    for lower, (a, b) in enumerate(zip(profile, profile[1:], strict=False)):
        step = math.dist(a, b)
        for side in range(4):
            following = (side + 1) % 4
            quad = (4 * lower + following, 4 * lower + side, 4 * lower + 4 + side, 4 * lower + 4 + following)
            axis, sign = side % 2, -1.0 if side < 2 else 1.0  # sides 0 and 2 run along x; seen upright, u runs right
            heights = (climb, climb, climb + step, climb + step)
            faces.append(quad)
            corners += [(sign * vertices[index][axis], height) for index, height in zip(quad, heights, strict=True)]
        climb += step
    return _mesh("tray", vertices, faces, corners)


def _rim_profile(plan: TrayPlan) -> list[tuple[float, float]]:
    """Return (distance outwards from the inner edge, height) from the base, over the rim, down to the floor."""
    t, h = plan.rim_thickness_m, plan.rim_height_m
    b = BEVEL * min(t, h)
    c = b * (1 - math.sqrt(0.5))  # the middle of a quarter circle lies this far inside each edge
    return [(0, 0), (0, h - b), (c, h - c), (b, h), (t - b, h), (t - c, h - c), (t, h - b), (t, -TRAY_BASE_M)]


def _ring(plan: TrayPlan, outwards_m: float, z: float) -> list[Vector]:
    x, y = plan.width_m / 2 + outwards_m, plan.depth_m / 2 + outwards_m
    return [(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)]


# --- walls ----------------------------------------------------------------------------------------------------------


def _wall_foot(wall: WallPlan, floor_z: float) -> Vector:
    x, y, _ = direction_from_angles(math.radians(wall.azimuth_deg), 0.0) * wall.distance_m
    return (float(x), float(y), floor_z)


def _wall_rotation(wall: WallPlan) -> Quaternion:
    """Return the rotation that stands the xy plane up (y becomes up) and faces it to the origin."""
    upright = quaternion_about((1.0, 0.0, 0.0), math.pi / 2)  # the normal is now -y
    turn = quaternion_about((0.0, 0.0, 1.0), math.radians(wall.azimuth_deg - 90.0))
    return multiply_quaternions(turn, upright)


# --- physics --------------------------------------------------------------------------------------------------------


def obstacles_of(plan: SurroundingsPlan) -> tuple[Obstacle, ...]:
    """Return what is solid of the stage. Floor and walls are thick on the far side of their surface."""
    floor_z = floor_height_m(plan)
    boxes = [] if plan.floor is None else [_floor_box(plan.floor, floor_z)]
    boxes += [_wall_box(wall, floor_z) for wall in plan.walls]
    built = build_places(plan)
    boxes += [Obstacle(center_m=one.center_m, rotation=one.rotation, half_extents_m=one.half_m) for one in built.blocks]
    ground = [_ground(part) for part in built.parts if part.is_ground]
    return (*boxes, *ground, *(() if plan.tray is None else _tray_boxes(plan.tray)))


def _ground(part: Part) -> Obstacle:
    return Obstacle(vertices_m=part.vertices_m, triangles=np.array(part.triangles(), dtype=np.int32))


def _floor_box(plan: FloorPlan, floor_z: float) -> Obstacle:
    half = plan.size_m / 2
    return Obstacle(center_m=(0.0, 0.0, floor_z - SLAB_M / 2), half_extents_m=(half, half, SLAB_M / 2))


def _wall_box(wall: WallPlan, floor_z: float) -> Obstacle:
    rotation = _wall_rotation(wall)
    inside = np.array([0.0, wall.height_m / 2, -WALL_M / 2])
    x, y, z = np.asarray(_wall_foot(wall, floor_z)) + product(matrix_from_quaternion(rotation), inside)
    half = (wall.width_m / 2, wall.height_m / 2, WALL_M / 2)
    return Obstacle(center_m=(float(x), float(y), float(z)), rotation=rotation, half_extents_m=half)


def _tray_boxes(plan: TrayPlan) -> tuple[Obstacle, ...]:
    """Return the base, thick downwards, and the four sides of the rim, the first two over the corners."""
    t, h = plan.rim_thickness_m / 2, plan.rim_height_m / 2
    x, y = plan.width_m / 2 + t, plan.depth_m / 2 + t
    base = Obstacle(center_m=(0.0, 0.0, -SLAB_M / 2), half_extents_m=(x, y, SLAB_M / 2))
    along_x = [Obstacle(center_m=(0.0, s * y, h), half_extents_m=(x + t, t, h)) for s in (-1.0, 1.0)]
    along_y = [Obstacle(center_m=(s * x, 0.0, h), half_extents_m=(t, y - t, h)) for s in (-1.0, 1.0)]
    return (base, *along_x, *along_y)
