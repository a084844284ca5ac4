"""A fall made ready: bodies, stage and times in simulation units, and where the bodies are for a given pose."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.geometry import Array, matrix_from_quaternion
from pipeline.records import PhysicsPlan, Pose
from pipeline.scene.physics.bodies import Body, Shape, masses, shape_of, size_m
from pipeline.scene.physics.penetration import Convex, bounds, placed, turned
from pipeline.scene.physics.rigid_world import FRAMES_PER_SECOND, GRAVITY, Surface
from pipeline.scene.physics.stage import (
    Obstacle,
    Stage,
    Units,
    build_stage,
    build_zones,
    has_escaped,
    reachable,
    units_for,
    zone_at,
)

STEP = 0.5  # the fastest body moves at most this share of the thinnest one in a substep
SUBSTEPS, MAX_SUBSTEPS = 6, 40
THINNEST = 0.05  # units; thinner bodies are not worth more substeps
STAGE_MARGIN = 30.0  # units of floor beyond the farthest release


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fall:
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


def prepare(bodies: tuple[Body, ...], obstacles: tuple[Obstacle, ...], plan: PhysicsPlan) -> Fall:
    """Return the fall of bodies onto obstacles in units that suit them."""
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
    within = reachable(zones, np.concatenate(releases), 2 * max(room))
    # Lengths grow by `scale` while gravity stays: time runs slower by its square root (Froude's law).
    frame_s = 1 / FRAMES_PER_SECOND / math.sqrt(units.scale)
    return Fall(
        bodies=bodies,
        shapes=shapes,
        masses=masses(shapes),
        stage=build_stage(obstacles, zones, room, units, reach, within),
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


def release_pose(fall: Fall, index: int, pose: Pose) -> Array:
    """Return the pose (4, 4) of the centre of mass, simulation units."""
    result = np.eye(4)
    result[:3, :3] = matrix_from_quaternion(pose.rotation)
    offset = turned(fall.shapes[index].center, result[:3, :3])
    result[:3, 3] = fall.units.points(np.asarray(pose.location_m) + offset)
    return result


def world_from_object(fall: Fall, index: int, pose: Array) -> Array:
    """Return the rigid matrix (4, 4) of the object, metres, for a pose of its centre of mass."""
    result = np.eye(4)
    result[:3, :3] = pose[:3, :3]
    result[:3, 3] = fall.units.metres(pose[:3, 3]) - turned(fall.shapes[index].center, pose[:3, :3])
    return result


def escaped(fall: Fall, index: int, pose: Array) -> bool:
    """Return whether the body has left its drop zone."""
    return has_escaped(fall.stage.zones[fall.homes[index]], pose[:3, 3], fall.shapes[index].size)


def convexes_at(fall: Fall, index: int, pose: Array) -> tuple[Convex, ...]:
    """Return the body's convex parts at a pose."""
    return tuple(placed(convex, pose[:3, :3], pose[:3, 3]) for convex in fall.shapes[index].convexes)


def bounds_at(fall: Fall, index: int, pose: Array) -> tuple[Array, Array]:
    """Return the lowest and highest corner (3,) of the body at a pose."""
    return box_around(convexes_at(fall, index, pose))


def box_around(parts: tuple[Convex, ...]) -> tuple[Array, Array]:
    """Return the lowest and highest corner (3,) of all parts."""
    boxes = [bounds(part) for part in parts]
    low, high = np.array([box[0] for box in boxes]), np.array([box[1] for box in boxes])
    return low.min(axis=0), high.max(axis=0)
