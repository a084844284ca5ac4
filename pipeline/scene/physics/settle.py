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
from pipeline.geometry import Array, quaternion_from_matrix
from pipeline.records import PhysicsPlan
from pipeline.scene.physics.bodies import Body
from pipeline.scene.physics.fall import Fall, bounds_at, escaped, prepare, release_pose, world_from_object
from pipeline.scene.physics.faults import find_faults
from pipeline.scene.physics.hulls import crosses, dots
from pipeline.scene.physics.rest import RestWatch
from pipeline.scene.physics.rigid_world import Dynamic, Solid, simulate
from pipeline.scene.physics.stage import Obstacle, touches_fence

__all__ = ["Body", "Obstacle", "Settled", "settle"]

NEAR = 0.05  # units; what lies so near to something that moves is awake

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
    fall = prepare(bodies, obstacles, plan)
    poses = np.tile(np.eye(4), (len(bodies), 1, 1))
    released = list(range(len(bodies)))
    time_s = 0.0
    for attempt in range(max(len(body.poses) for body in bodies)):
        awake = _release(fall, poses, released, attempt)
        poses, moving, seconds = _fall(fall, poses, awake, progress)
        time_s += seconds
        faults = find_faults(fall, poses, moving)
        if not faults:
            settled = {body.instance_id: world_from_object(fall, i, poses[i]) for i, body in enumerate(bodies)}
            return Settled(poses=settled, attempts=attempt, time_s=round(time_s, 6))
        released = sorted(faults)
        if any(attempt + 1 >= len(bodies[i].poses) for i in released):
            break
    worst = next(i for i in released if attempt + 1 >= len(bodies[i].poses))
    raise RejectedFrame(
        f"physics: instance {bodies[worst].instance_id} {faults[worst]}, {attempt + 1} times released; "
        "allow more physics.retries, or give the drop a larger area_m, a fence, or fewer objects"
    )


# --- a round --------------------------------------------------------------------------------------------------------


def _release(fall: Fall, poses: Array, released: list[int], attempt: int) -> NDArray[np.bool_]:
    """Put the `released` bodies at their poses of this attempt, in place, and return which bodies (B,) are awake.

    In later rounds a body is lifted until it is clear of all that lies there and of the others released with it.
    """
    awake = np.zeros(len(poses), dtype=bool)
    awake[released] = True
    if attempt > 0:
        awake |= _near(fall, poses, awake)  # what lay on a body that is taken away
    still = [i for i in range(len(poses)) if i not in set(released)]
    for i in released:
        pose = release_pose(fall, i, fall.bodies[i].poses[attempt])
        if attempt > 0:
            _lift(fall, pose, i, poses, still)
        poses[i] = pose
        still.append(i)
    return awake


def _lift(fall: Fall, pose: Array, index: int, poses: Array, others: list[int]) -> None:
    radius = fall.shapes[index].reach
    boxes = [bounds_at(fall, i, poses[i]) for i in others]
    for low, high in sorted(boxes, key=lambda box: float(box[0][2])):
        middle = pose[:3, 3]
        if (middle + radius > low).all() and (middle - radius < high).all():
            pose[2, 3] = float(high[2]) + radius


def _near(fall: Fall, poses: Array, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which bodies (B,) have a box that touches that of a chosen one."""
    boxes = [bounds_at(fall, i, poses[i]) for i in range(len(poses))]
    low, high = np.array([box[0] for box in boxes]) - NEAR, np.array([box[1] for box in boxes]) + NEAR
    meets = (low[:, None] <= high[None]).all(axis=2) & (high[:, None] >= low[None]).all(axis=2)
    return (meets & chosen[None, :]).any(axis=1)


def _fall(
    fall: Fall, poses: Array, awake: NDArray[np.bool_], progress: Progress | None
) -> tuple[Array, NDArray[np.bool_], float]:
    """Simulate to rest, within the fences and then without. Return poses, which bodies still move, and seconds."""
    stage = fall.stage
    poses, moving, frames = _run(fall, poses, awake, (*stage.solids, *stage.fences), progress)
    leaning = np.array([_leans(fall, i, poses[i]) for i in range(len(poses))])
    if leaning.any() and not moving.any():
        poses, moving, more = _run(fall, poses, leaning, stage.solids, progress)
        frames += more
    return poses, moving, frames * fall.frame_s


def _leans(fall: Fall, index: int, pose: Array) -> bool:
    home = fall.homes[index]
    low, high = bounds_at(fall, index, pose)
    return touches_fence(fall.stage.zones[home], fall.room[home], low, high, NEAR)


def _run(
    fall: Fall, poses: Array, awake: NDArray[np.bool_], solids: tuple[Solid, ...], progress: Progress | None
) -> tuple[Array, NDArray[np.bool_], int]:
    watch = RestWatch(np.array([shape.size for shape in fall.shapes]))
    seen = 0

    def is_over(frame: int, now: Array) -> bool:
        nonlocal seen
        seen = frame
        watch.see(now)
        if progress is not None:
            progress(frame * fall.frame_s)
        return not any(moves and not escaped(fall, i, now[i]) for i, moves in enumerate(watch.moving))

    dynamics = tuple(_dynamic(fall, i, poses[i], not awake[i]) for i in range(len(poses)))
    result = simulate(dynamics, solids, fall.surface, fall.substeps, fall.max_frames, is_over)
    result[:, :3, :3] = [_orthonormal(pose[:3, :3]) for pose in result]
    return result, watch.moving, seen


def _dynamic(fall: Fall, index: int, pose: Array, asleep: bool) -> Dynamic:
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
