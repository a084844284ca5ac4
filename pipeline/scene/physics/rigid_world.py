"""Blender's rigid bodies in a scene of their own that is always taken away again.

Everything here is in simulation units, in which a usual body is about 1 across and gravity is 9.81: Bullet's built-in
tolerances (sleeping, restitution, contact breaking) are made for that and misbehave with centimetres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.records import Quaternion, Vector

GRAVITY = 9.81
FRAMES_PER_SECOND = 24
SOLVER_ITERATIONS = 10
LINEAR_DAMPING = 0.08
ANGULAR_DAMPING = 0.85  # Blender's bodies have no rolling friction: without it, balls roll for ever
SLEEP_LINEAR = 0.4
SLEEP_ANGULAR = 0.5
COLLISION_GROUPS = 20  # bits of Blender's collision_collections


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dynamic:
    """A moving body about its centre of mass. `parts` are point sets (N, 3) whose hulls make it, or, for a ball, empty
    with `radius`. `groups` are the collision groups it meets; `asleep` bodies wait until something touches them."""

    parts: tuple[Array, ...]
    radius: float
    margin: float
    mass: float
    location: Vector
    rotation: Quaternion
    asleep: bool
    groups: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solid:
    """Something that never moves: a box at a pose, or a mesh of vertices (V, 3) and triangles (T, 3)."""

    location: Vector = (0.0, 0.0, 0.0)
    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    half_extents: Vector | None = None
    vertices: Array | None = None
    triangles: NDArray[np.int32] | None = None
    groups: frozenset[int] = frozenset({0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """How all bodies touch: the friction and restitution of a pair."""

    friction: float
    restitution: float


FrameSeen = Callable[[int, Array], bool]


def simulate(
    bodies: tuple[Dynamic, ...],
    solids: tuple[Solid, ...],
    surface: Surface,
    substeps: int,
    max_frames: int,
    is_over: FrameSeen,
) -> Array:
    """Let the bodies fall, and return their poses (B, 4, 4) at the end.

    After each of at most `max_frames` frames, `is_over(frame, poses)` may end it.
    """
    with _physics_scene() as (scene, made):
        world = _add_world(scene, made, substeps, max_frames)
        for solid in solids:
            _add_solid(scene, world, made, solid, surface)
        objects = [_add_dynamic(scene, world, made, body, surface) for body in bodies]
        scene.frame_set(1)
        poses = _poses(objects)
        for frame in range(1, max_frames + 1):
            scene.frame_set(frame + 1)
            poses = _poses(objects)
            if is_over(frame, poses):
                break
        return poses


@contextmanager
def _physics_scene() -> Iterator[tuple[bpy.types.Scene, list[bpy.types.ID]]]:
    """Open a scene beside the others, and a list for all that is made in it; remove both at the end."""
    scene = bpy.data.scenes.new("physics")
    made: list[bpy.types.ID] = []
    try:
        yield scene, made
    finally:
        # The scene first: it owns the rigid-body world, which counts its bodies.
        bpy.data.scenes.remove(scene)
        bpy.data.batch_remove(made)


def _add_world(
    scene: bpy.types.Scene, made: list[bpy.types.ID], substeps: int, max_frames: int
) -> bpy.types.RigidBodyWorld:
    scene.gravity = (0.0, 0.0, -GRAVITY)
    scene.use_gravity = True
    scene.render.fps = FRAMES_PER_SECOND
    scene.render.fps_base = 1.0
    scene.frame_start = 1
    scene.frame_end = max_frames + 1
    # There is no other way to a rigid-body world than this operator (4.5, 5.2).
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        bpy.ops.rigidbody.world_add()
    world = scene.rigidbody_world
    collection = bpy.data.collections.new("physics")
    made.append(collection)
    world.collection = collection
    world.substeps_per_frame = substeps
    world.solver_iterations = SOLVER_ITERATIONS
    world.use_split_impulse = True  # else bodies pushed out of each other fly away
    world.time_scale = 1.0
    world.point_cache.frame_start = 1
    world.point_cache.frame_end = max_frames + 1
    return world


def _add_dynamic(
    scene: bpy.types.Scene,
    world: bpy.types.RigidBodyWorld,
    made: list[bpy.types.ID],
    body: Dynamic,
    surface: Surface,
) -> bpy.types.Object:
    corners = body.parts[0] if len(body.parts) == 1 else _corners((body.radius,) * 3)
    item = _add_object(scene, world, made, corners)
    item.location = body.location
    item.rotation_quaternion = body.rotation
    rigid = item.rigid_body
    rigid.type = "ACTIVE"
    rigid.collision_shape = ("SPHERE", "CONVEX_HULL")[len(body.parts)] if len(body.parts) < 2 else "COMPOUND"
    rigid.mass = body.mass
    rigid.linear_damping = LINEAR_DAMPING
    rigid.angular_damping = ANGULAR_DAMPING
    rigid.use_deactivation = True
    rigid.use_start_deactivated = body.asleep
    rigid.deactivate_linear_velocity = SLEEP_LINEAR
    rigid.deactivate_angular_velocity = SLEEP_ANGULAR
    _touch(rigid, surface, body.groups, body.margin)
    if len(body.parts) > 1:
        for part in body.parts:
            child = _add_object(scene, world, made, part)
            child.parent = item
            child.rigid_body.collision_shape = "CONVEX_HULL"
            _touch(child.rigid_body, surface, body.groups, body.margin)
    return item


def _add_solid(
    scene: bpy.types.Scene,
    world: bpy.types.RigidBodyWorld,
    made: list[bpy.types.ID],
    solid: Solid,
    surface: Surface,
) -> None:
    if solid.half_extents is not None:
        item = _add_object(scene, world, made, _corners(solid.half_extents))
        item.rigid_body.collision_shape = "BOX"
    else:
        assert solid.vertices is not None and solid.triangles is not None
        item = _add_object(scene, world, made, solid.vertices, solid.triangles)
        item.rigid_body.collision_shape = "MESH"
    item.location = solid.location
    item.rotation_quaternion = solid.rotation
    item.rigid_body.type = "PASSIVE"
    item.rigid_body.mesh_source = "BASE"
    _touch(item.rigid_body, surface, solid.groups, 0.0)


def _add_object(
    scene: bpy.types.Scene,
    world: bpy.types.RigidBodyWorld,
    made: list[bpy.types.ID],
    vertices: Array,
    triangles: NDArray[np.int32] | None = None,
) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("physics")
    made.append(mesh)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, dtype=np.float32).ravel())
    if triangles is not None:
        mesh.loops.add(3 * len(triangles))
        mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(triangles, dtype=np.int32).ravel())
        mesh.polygons.add(len(triangles))
        mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * len(triangles), 3, dtype=np.int32))
        mesh.update(calc_edges=True)
    item = bpy.data.objects.new("physics", mesh)
    made.append(item)
    item.rotation_mode = "QUATERNION"
    scene.collection.objects.link(item)
    world.collection.objects.link(item)  # gives it a rigid_body, without an operator
    return item


def _touch(rigid: bpy.types.RigidBodyObject, surface: Surface, groups: frozenset[int], margin: float) -> None:
    # Bullet multiplies the values of the two that touch.
    rigid.friction = surface.friction**0.5
    rigid.restitution = surface.restitution**0.5
    rigid.use_margin = True
    rigid.collision_margin = margin
    rigid.mesh_source = "BASE"
    rigid.collision_collections = [group in groups for group in range(COLLISION_GROUPS)]


def _corners(half: tuple[float, ...]) -> Array:
    signs = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
    return signs * np.asarray(half)


def _poses(objects: list[bpy.types.Object]) -> Array:
    """Return the world matrices (B, 4, 4); frame_set has written the simulated ones to the original objects."""
    return np.array([item.matrix_world for item in objects], dtype=np.float64).reshape(-1, 4, 4)
