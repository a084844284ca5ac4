"""Where instances go: release poses for physics, free poses without overlap, poses on a face or before the camera.

Works on the catalogue's bounds alone, so that a scene is laid out before Blender starts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.config.schema import Drop, Flying, Frustum, Resting
from pipeline.conventions import JSON_DECIMALS
from pipeline.errors import RejectedFrame
from pipeline.geometry import (
    Array,
    boxes_overlap,
    compose,
    length,
    matrix_from_quaternion,
    multiply_quaternions,
    product,
    quaternion_about,
    quaternion_between,
    quaternion_from_uniforms,
)
from pipeline.records import Pose, Quaternion, RestingPose, Vector
from pipeline.sampling.draw import Rng, draw, draw_index
from pipeline.sampling.frustum import Layer, View, sample_place
from pipeline.sampling.objects import Chosen
from pipeline.sampling.rng import Scope, rng_for

PLACE_TRIES = 200  # tries for one object's free or resting pose before the frame is rejected
STACK_GAP = 1.02  # released bodies keep this ratio of their bounding spheres apart


@dataclass(slots=True)
class Taken:
    """What is already placed in the scene being laid out."""

    spheres: list[tuple[Vector, float]] = field(default_factory=list)
    boxes: list[tuple[Array, Array]] = field(default_factory=list)
    layers: dict[str, Layer] = field(default_factory=dict)
    """Of each group, by its stream."""


def place(
    chosen: Chosen, taken: Taken, seed: int, scene: Scope, drop_attempts: int, view: View | None = None
) -> tuple[Pose, ...]:
    """Return the instance's pose, or the release pose of each physics attempt, and note it in `taken`.

    `view` is the camera that `frustum` places things before. Raises RejectedFrame when there is no room.
    """
    placement = chosen.placement
    if placement.drop is not None:
        attempts = range(drop_attempts)
        rngs = [rng_for(seed, scene, f"{chosen.stream}/attempt/{k}") for k in attempts]
        return tuple(_release(chosen, placement.drop, taken, k, rng) for k, rng in zip(attempts, rngs, strict=True))
    if placement.frustum is not None:
        assert view is not None
        return (_place_before(chosen, placement.frustum, view, taken, seed, scene),)
    law = placement.flying or placement.resting
    assert law is not None
    for attempt in range(PLACE_TRIES):
        rng = rng_for(seed, scene, f"{chosen.stream}/attempt/{attempt}")
        pose = _fly(chosen, law, rng) if isinstance(law, Flying) else _rest(chosen, law, rng)
        if _has_room(chosen, pose, law.clearance_m, taken):
            return (pose,)
    raise _no_room(chosen, "enlarge flying.volume_m" if isinstance(law, Flying) else "enlarge resting.area_m")


def _place_before(chosen: Chosen, frustum: Frustum, view: View, taken: Taken, seed: int, scene: Scope) -> Pose:
    layer = taken.layers.setdefault(chosen.stream.rpartition("/")[0], Layer())
    for attempt in range(PLACE_TRIES):
        rng = rng_for(seed, scene, f"{chosen.stream}/attempt/{attempt}")
        rotation = quaternion_from_uniforms(rng.random(), rng.random(), rng.random())
        found = sample_place(frustum, view, layer, rng)
        if found is None:
            continue
        pose = Pose(location_m=found.location_m, rotation=rotation)
        if frustum.overlap or _has_room(chosen, pose, frustum.clearance_m, taken):
            layer.places.append(found.place)
            return pose
    raise _no_room(chosen, "widen frustum.depth_m, let things overlap")


def _has_room(chosen: Chosen, pose: Pose, clearance_m: float, taken: Taken) -> bool:
    """Return whether a pose keeps clear of what is taken, which it then is too."""
    box = _box_of(chosen, pose)
    if any(boxes_overlap(*box, *other, clearance_m) for other in taken.boxes):
        return False
    taken.boxes.append(box)
    return True


def _no_room(chosen: Chosen, remedy: str) -> RejectedFrame:
    who = f"{chosen.stream} ({chosen.asset.asset_id})"
    return RejectedFrame(f"no room for {who} after {PLACE_TRIES} tries; {remedy} or lower counts")


def radius_m(chosen: Chosen) -> float:
    """Return how far any part of a thing is from its origin at most."""
    return chosen.asset.radius_m * max(chosen.scale)


def _release(chosen: Chosen, drop: Drop, taken: Taken, attempt: int, rng: Rng) -> Pose:
    """Over a random place of the area, high enough to clear what is released below."""
    radius = radius_m(chosen)
    rotation = quaternion_from_uniforms(rng.random(), rng.random(), rng.random())
    x, y = (drop.center_m[axis] + max(0.0, drop.area_m[axis] / 2 - radius) * (2 * rng.random() - 1) for axis in (0, 1))
    z = drop.center_m[2] + radius + draw(drop.height_m, rng)
    if attempt == 0:
        z = above_the_others((x, y, z), radius, taken.spheres)
        taken.spheres.append(((x, y, z), radius))
    else:  # released anew: the others lie below by now
        z += 2 * max((other for _, other in taken.spheres), default=0.0)
    return Pose(location_m=(x, y, z), rotation=rotation)


def above_the_others(center_m: Vector, radius: float, spheres: Sequence[tuple[Vector, float]]) -> float:
    """Return the height, that of `center_m` or more, at which a sphere is clear of others (middle, radius)."""
    x, y, z = center_m
    for (ox, oy, oz), other in sorted(spheres, key=lambda sphere: sphere[0][2]):
        reach = (radius + other) * STACK_GAP
        flat = math.hypot(x - ox, y - oy)
        if flat < reach and abs(z - oz) < math.sqrt(reach * reach - flat * flat):
            z = oz + math.sqrt(reach * reach - flat * flat)
    return z


def _fly(chosen: Chosen, flying: Flying, rng: Rng) -> Pose:
    rotation = quaternion_from_uniforms(rng.random(), rng.random(), rng.random())
    x, y, z = (flying.center_m[axis] + flying.volume_m[axis] * (rng.random() - 0.5) for axis in range(3))
    return Pose(location_m=(x, y, z), rotation=rotation)


def _rest(chosen: Chosen, resting: Resting, rng: Rng) -> Pose:
    rotation, height = (
        ((1.0, 0.0, 0.0, 0.0), -chosen.asset.low_m[2] * chosen.scale[2]) if resting.upright else lie(chosen, rng)
    )
    yaw = quaternion_about((0.0, 0.0, 1.0), 2 * math.pi * rng.random())
    x, y = (resting.center_m[axis] + resting.area_m[axis] * (rng.random() - 0.5) for axis in (0, 1))
    return Pose(location_m=(x, y, resting.center_m[2] + height), rotation=multiply_quaternions(yaw, rotation))


def lie(chosen: Chosen, rng: Rng) -> tuple[Quaternion, float]:
    """Return a stable way to lie, as likely as it is to come about: the rotation, and how high the origin then is."""
    return _stretched(_draw_resting(chosen.asset.resting, rng), chosen.scale)


def _draw_resting(poses: tuple[RestingPose, ...], rng: Rng) -> RestingPose:
    return poses[draw_index(len(poses), rng, [pose.probability for pose in poses])]


def _stretched(pose: RestingPose, scale: Vector) -> tuple[Quaternion, float]:
    """Return the rotation and height that lay the same face down once the asset is scaled by `scale`.

    A face with outward normal n at distance d of the origin has, after scaling by S, normal S^-1 n at d / |S^-1 n|.
    """
    normal = -matrix_from_quaternion(pose.rotation)[2]  # what the rotation turns straight down
    scaled = normal / np.asarray(scale)
    height = pose.height_m / length(scaled)
    if min(scale) == max(scale):
        return pose.rotation, height
    return quaternion_between(scaled, (0.0, 0.0, -1.0)), height


def _box_of(chosen: Chosen, pose: Pose) -> tuple[Array, Array]:
    low = np.asarray(chosen.asset.low_m) * chosen.scale
    high = np.asarray(chosen.asset.high_m) * chosen.scale
    matrix = compose(pose.location_m, pose.rotation)
    matrix[:3, 3] += product(matrix[:3, :3], (low + high) / 2)
    # A hair smaller, so that boxes that touch after rounding do not overlap.
    return matrix, (high - low) / 2 - 10.0**-JSON_DECIMALS
