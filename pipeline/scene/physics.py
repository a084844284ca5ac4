"""Physics: dropped bodies settle on the obstacles, and what went wrong is released anew.

A round is one simulation. After it every body is looked at: one that left its drop zone, still moves, or lies inside
an obstacle or another body is released once more from its next pose, while the others stay where they lie. Nothing may
lean on the invisible fence of a zone: once at rest the fence is taken away, and the bodies that touched it may fall.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, matrix_from_quaternion, quaternion_from_matrix
from pipeline.records import PhysicsPlan, Pose
from pipeline.scene.bodies import Body, Shape, masses, shape_of, size_m
from pipeline.scene.hulls import crosses, dots
from pipeline.scene.penetration import Convex, bounds, depth, mesh_depth, placed, turned
from pipeline.scene.rest import RestWatch
from pipeline.scene.rigid_world import FRAMES_PER_SECOND, GRAVITY, Dynamic, Solid, Surface, simulate
from pipeline.scene.stage import (
    Obstacle,
    Stage,
    Units,
    build_stage,
    build_zones,
    has_escaped,
    touches_fence,
    units_for,
    zone_at,
)

__all__ = ["Body", "Obstacle", "Settled", "settle"]

TOLERANCE = 0.03  # how far bodies may reach into anything, in sizes of the smaller one
STEP = 0.5  # the fastest body moves at most this share of the thinnest one in a substep
SUBSTEPS, MAX_SUBSTEPS = 6, 40
THINNEST = 0.05  # units; thinner bodies are not worth more substeps
NEAR = 0.05  # units; what lies so near to something that moves is awake
STAGE_MARGIN = 30.0  # units of floor beyond the farthest release

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """Where bodies came to rest: rigid `world_from_object` (4, 4) float64 by instance id. `attempts` counts the rounds
    beyond the first, `time_s` the simulated time of all rounds."""

    poses: dict[int, Array]
    attempts: int
    time_s: float


def settle(
    bodies: tuple[Body, ...], obstacles: tuple[Obstacle, ...], plan: PhysicsPlan, progress: Progress | None = None
) -> Settled:
    """Drop the bodies and return where they lie. The same input gives the same bits in any process.

    `progress` is called with the simulated seconds of the round. Raises RejectedFrame once a body has failed in as many
    rounds as it has poses. The open file is left as it was.
    """
    if not bodies:
        return Settled(poses={}, attempts=0, time_s=0.0)
    fall = _prepare(bodies, obstacles, plan)
    poses = np.tile(np.eye(4), (len(bodies), 1, 1))
    released = list(range(len(bodies)))
    time_s = 0.0
    for attempt in range(max(len(body.poses) for body in bodies)):
        awake = _release(fall, poses, released, attempt)
        poses, moving, seconds = _fall(fall, poses, awake, progress)
        time_s += seconds
        faults = _faults(fall, poses, moving)
        if not faults:
            settled = {body.instance_id: _world_from_object(fall, i, poses[i]) for i, body in enumerate(bodies)}
            return Settled(poses=settled, attempts=attempt, time_s=round(time_s, 6))
        released = sorted(faults)
        if any(attempt + 1 >= len(bodies[i].poses) for i in released):
            break
    worst = next(i for i in released if attempt + 1 >= len(bodies[i].poses))
    raise RejectedFrame(
        f"physics: instance {bodies[worst].instance_id} {faults[worst]}, {attempt + 1} times released; "
        "allow more physics.retries, or give the drop a larger area_m, a fence, or fewer objects"
    )


# --- what a round needs ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fall:
    """The input of settle in simulation units. `homes[i]` is the index of body i's zone, `room[z]` the largest body's
    radius in zone z."""

    bodies: tuple[Body, ...]
    shapes: tuple[Shape, ...]
    masses: list[float]
    stage: Stage
    homes: tuple[int, ...]
    room: tuple[float, ...]
    units: Units
    surface: Surface
    substeps: int
    max_frames: int
    frame_s: float


def _prepare(bodies: tuple[Body, ...], obstacles: tuple[Obstacle, ...], plan: PhysicsPlan) -> _Fall:
    units = units_for([size_m(body) for body in bodies], plan.zones)
    shapes = tuple(shape_of(body, units.scale) for body in bodies)
    zones = build_zones(plan.zones, units)
    releases = [units.points(np.asarray([pose.location_m for pose in body.poses])) for body in bodies]
    homes = tuple(zone_at(zones, points[0]) for points in releases)
    room = tuple(
        max((shape.reach for shape, home in zip(shapes, homes, strict=True) if home == z), default=0.0)
        for z in range(len(zones))
    )
    edges = [np.abs(zone.center[:2]) + np.maximum(zone.half, radius) for zone, radius in zip(zones, room, strict=True)]
    reach = max(float(np.abs(np.concatenate(releases)).max()), *(float(edge.max()) for edge in edges)) + STAGE_MARGIN
    height = max(float(points[:, 2].max()) for points in releases) - min(float(zone.center[2]) for zone in zones)
    # Lengths grow by `scale` while gravity stays: time runs slower by its square root (Froude's law).
    frame_s = 1 / FRAMES_PER_SECOND / math.sqrt(units.scale)
    return _Fall(
        bodies=bodies,
        shapes=shapes,
        masses=masses(shapes),
        stage=build_stage(obstacles, zones, room, units, reach),
        homes=homes,
        room=room,
        units=units,
        surface=Surface(friction=plan.friction, restitution=plan.restitution),
        substeps=_substeps(height, min(shape.thickness for shape in shapes)),
        max_frames=max(1, math.ceil(plan.max_time_s / frame_s)),
        frame_s=frame_s,
    )


def _substeps(height: float, thickness: float) -> int:
    speed = math.sqrt(2 * GRAVITY * max(height, 0.0))
    needed = math.ceil(speed / (STEP * max(thickness, THINNEST)) / FRAMES_PER_SECOND)
    return min(max(needed, SUBSTEPS), MAX_SUBSTEPS)


# --- a round --------------------------------------------------------------------------------------------------------


def _release(fall: _Fall, poses: Array, released: list[int], attempt: int) -> NDArray[np.bool_]:
    """Put the `released` bodies at their poses of this attempt, in place, and return which bodies (B,) are awake.

    In later rounds a body is lifted until it is clear of all that lies there and of the others released with it.
    """
    awake = np.zeros(len(poses), dtype=bool)
    awake[released] = True
    if attempt > 0:
        awake |= _near(fall, poses, awake)  # what lay on a body that is taken away
    still = [i for i in range(len(poses)) if i not in set(released)]
    for i in released:
        pose = _release_pose(fall, i, fall.bodies[i].poses[attempt])
        if attempt > 0:
            _lift(fall, pose, i, poses, still)
        poses[i] = pose
        still.append(i)
    return awake


def _release_pose(fall: _Fall, index: int, pose: Pose) -> Array:
    """Return the pose (4, 4) of the centre of mass, simulation units."""
    result = np.eye(4)
    result[:3, :3] = matrix_from_quaternion(pose.rotation)
    offset = turned(fall.shapes[index].center, result[:3, :3])
    result[:3, 3] = fall.units.points(np.asarray(pose.location_m) + offset)
    return result


def _lift(fall: _Fall, pose: Array, index: int, poses: Array, others: list[int]) -> None:
    radius = fall.shapes[index].reach
    boxes = [_bounds(fall, i, poses[i]) for i in others]
    for low, high in sorted(boxes, key=lambda box: float(box[0][2])):
        middle = pose[:3, 3]
        if (middle + radius > low).all() and (middle - radius < high).all():
            pose[2, 3] = float(high[2]) + radius


def _near(fall: _Fall, poses: Array, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which bodies (B,) have a box that touches that of a chosen one."""
    boxes = [_bounds(fall, i, poses[i]) for i in range(len(poses))]
    low, high = np.array([box[0] for box in boxes]) - NEAR, np.array([box[1] for box in boxes]) + NEAR
    meets = (low[:, None] <= high[None]).all(axis=2) & (high[:, None] >= low[None]).all(axis=2)
    return (meets & chosen[None, :]).any(axis=1)


def _fall(
    fall: _Fall, poses: Array, awake: NDArray[np.bool_], progress: Progress | None
) -> tuple[Array, NDArray[np.bool_], float]:
    """Simulate to rest, within the fences and then without. Return poses, which bodies still move, and seconds."""
    stage = fall.stage
    poses, moving, frames = _run(fall, poses, awake, (*stage.solids, *stage.fences), progress)
    leaning = np.array([_leans(fall, i, poses[i]) for i in range(len(poses))])
    if leaning.any() and not moving.any():
        poses, moving, more = _run(fall, poses, leaning, stage.solids, progress)
        frames += more
    return poses, moving, frames * fall.frame_s


def _leans(fall: _Fall, index: int, pose: Array) -> bool:
    home = fall.homes[index]
    low, high = _bounds(fall, index, pose)
    return touches_fence(fall.stage.zones[home], fall.room[home], low, high, NEAR)


def _run(
    fall: _Fall, poses: Array, awake: NDArray[np.bool_], solids: tuple[Solid, ...], progress: Progress | None
) -> tuple[Array, NDArray[np.bool_], int]:
    watch = RestWatch(np.array([shape.size for shape in fall.shapes]))
    seen = 0

    def is_over(frame: int, now: Array) -> bool:
        nonlocal seen
        seen = frame
        watch.see(now)
        if progress is not None:
            progress(frame * fall.frame_s)
        return not any(moves and not _escaped(fall, i, now[i]) for i, moves in enumerate(watch.moving))

    dynamics = tuple(_dynamic(fall, i, poses[i], not awake[i]) for i in range(len(poses)))
    result = simulate(dynamics, solids, fall.surface, fall.substeps, fall.max_frames, is_over)
    result[:, :3, :3] = [_orthonormal(pose[:3, :3]) for pose in result]
    return result, watch.moving, seen


def _dynamic(fall: _Fall, index: int, pose: Array, asleep: bool) -> Dynamic:
    shape, zone = fall.shapes[index], fall.stage.zones[fall.homes[index]]
    return Dynamic(
        parts=shape.parts,
        radius=shape.radius,
        margin=shape.margin,
        mass=fall.masses[index],
        location=(float(pose[0, 3]), float(pose[1, 3]), float(pose[2, 3])),
        rotation=quaternion_from_matrix(pose[:3, :3]),
        asleep=asleep,
        groups=frozenset({0} if zone.group is None else {0, zone.group}),
    )


def _orthonormal(rotation: Array) -> Array:
    """Return the rotation (3, 3) without the rounding of single precision."""
    x = rotation[:, 0] / math.sqrt(float(dots(rotation[:, 0], rotation[:, 0])))
    y = rotation[:, 1] - float(dots(x, rotation[:, 1])) * x
    y = y / math.sqrt(float(dots(y, y)))
    return np.stack([x, y, crosses(x, y)], axis=1)


def _world_from_object(fall: _Fall, index: int, pose: Array) -> Array:
    result = np.eye(4)
    result[:3, :3] = pose[:3, :3]
    result[:3, 3] = fall.units.metres(pose[:3, 3]) - turned(fall.shapes[index].center, pose[:3, :3])
    return result


# --- what went wrong ------------------------------------------------------------------------------------------------


def _faults(fall: _Fall, poses: Array, moving: NDArray[np.bool_]) -> dict[int, str]:
    """Return what is wrong with the bodies that must be released anew, by index."""
    faults = {i: "left its drop zone" for i in range(len(poses)) if _escaped(fall, i, poses[i])}
    for i in np.flatnonzero(moving):
        faults.setdefault(int(i), "did not come to rest")
    settled = {i: _convexes(fall, i, poses[i]) for i in range(len(poses)) if i not in faults}
    for i, parts in settled.items():
        if _sunken(fall, parts, TOLERANCE * fall.shapes[i].size):
            faults[i] = "sank into an obstacle"
    for i, j in _overlaps(fall, settled):
        upper, lower = (i, j) if poses[i, 2, 3] > poses[j, 2, 3] else (j, i)
        if i not in faults and j not in faults:
            faults[upper] = f"came to lie inside instance {fall.bodies[lower].instance_id}"
    return faults


def _escaped(fall: _Fall, index: int, pose: Array) -> bool:
    return has_escaped(fall.stage.zones[fall.homes[index]], pose[:3, 3], fall.shapes[index].size)


def _sunken(fall: _Fall, parts: tuple[Convex, ...], tolerance: float) -> bool:
    return any(
        any(depth(part, solid, tolerance) > tolerance for solid in fall.stage.convexes)
        or mesh_depth(part, fall.stage.triangles, tolerance) > tolerance
        for part in parts
    )


def _overlaps(fall: _Fall, settled: dict[int, tuple[Convex, ...]]) -> list[tuple[int, int]]:
    """Return the pairs of bodies that reach too far into each other."""
    boxes = {i: _box_around(parts) for i, parts in settled.items()}
    pairs = []
    for i in settled:
        for j in settled:
            if i < j and (boxes[i][0] < boxes[j][1]).all() and (boxes[j][0] < boxes[i][1]).all():
                tolerance = TOLERANCE * min(fall.shapes[i].size, fall.shapes[j].size)
                if any(depth(a, b, tolerance) > tolerance for a in settled[i] for b in settled[j]):
                    pairs.append((i, j))
    return pairs


def _convexes(fall: _Fall, index: int, pose: Array) -> tuple[Convex, ...]:
    return tuple(placed(convex, pose[:3, :3], pose[:3, 3]) for convex in fall.shapes[index].convexes)


def _bounds(fall: _Fall, index: int, pose: Array) -> tuple[Array, Array]:
    return _box_around(_convexes(fall, index, pose))


def _box_around(parts: tuple[Convex, ...]) -> tuple[Array, Array]:
    boxes = [bounds(part) for part in parts]
    return np.min([low for low, _ in boxes], axis=0), np.max([high for _, high in boxes], axis=0)
