"""How a thing stands on a point: which face is down, which way it points, and the box that it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipeline.conventions import JSON_DECIMALS
from pipeline.geometry import (
    Array,
    compose,
    matrix_from_quaternion,
    multiply_quaternions,
    product,
    quaternion_about,
    quaternion_between,
    quaternion_from_matrix,
    transform_points,
)
from pipeline.records import Pose, Quaternion, Vector
from pipeline.sampling.objects import Chosen

UP: Vector = (0.0, 0.0, 1.0)
UPRIGHT: Quaternion = (1.0, 0.0, 0.0, 0.0)
HAIR_M = 10.0**-JSON_DECIMALS  # by which boxes are smaller than things, so that those that touch do not overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """A thing turned by `lying` onto the face it stands on, +z up: the corners (3,) of its box about its origin, whose
    lowest side is what stands on the ground."""

    lying: Quaternion
    low_m: Array
    high_m: Array

    @property
    def half_m(self) -> Array:
        """Half sides (3,) of the box."""
        return (self.high_m - self.low_m) / 2


def footing_of(chosen: Chosen, lying: Quaternion = UPRIGHT, height_m: float | None = None) -> Footing:
    """Return the footing of a thing that stands on its box, turned by `lying` first; or whose origin is `height_m`
    above the ground, which is exact for a thing that lies (see `placement.lie`)."""
    low, high = bounds_of(chosen, lying)
    if height_m is not None:
        low[2] = -height_m
    return Footing(lying=lying, low_m=low, high_m=high)


def frame_at(point_m: ArrayLike, heading_rad: float, up: Vector = UP) -> Array:
    """Return the pose (4, 4) of axes at a point: z along `up` (3,) unit, x along the heading about +z, then tipped."""
    return compose([float(v) for v in np.asarray(point_m)], _standing_rotation(heading_rad, up))


def standing_pose(
    chosen: Chosen,
    point_m: Vector,
    heading_rad: float,
    up: Vector = UP,
    lying: Quaternion = UPRIGHT,
    height_m: float | None = None,
) -> Pose:
    """Return the pose of a thing that stands on a point of a plane with normal `up` (3,) unit.

    `lying` turns the face it stands on down (none: the asset's own); then it is turned so that its +x points along
    `heading_rad` about +z, from +x, left positive, and tipped so that +z becomes `up`. The middle of the box that it
    takes above the plane is over the point, its lowest side on the plane; or its origin is `height_m` above the plane,
    which is exact for a thing that lies (see `placement.lie`).
    """
    return footed_pose(footing_of(chosen, lying, height_m), frame_at(point_m, heading_rad, up))


def footed_pose(footing: Footing, frame: Array) -> Pose:
    """Return the pose of a thing whose footing's middle is at the origin of a frame (4, 4), its up the frame's z."""
    low, high = footing.low_m, footing.high_m
    base = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    x, y, z = (float(v) for v in frame[:3, 3] - (frame[:3, :3] * base).sum(axis=1))
    rotation = multiply_quaternions(quaternion_from_matrix(frame[:3, :3]), footing.lying)
    return Pose(location_m=(x, y, z), rotation=rotation)


def footed_box(footing: Footing, frame: Array) -> tuple[Array, Array]:
    """Return the box above the ground that a thing takes, its axes the frame's (4, 4), as `box_at` does."""
    middle = frame.copy()
    middle[:3, 3] += frame[:3, 2] * footing.half_m[2]
    return middle, np.maximum(footing.half_m - HAIR_M, 0.0)


def moved_frame(frame: Array, offset_m: tuple[float, float, float], turn_rad: float = 0.0) -> Array:
    """Return a frame (4, 4) moved by an offset along its own axes, then turned about its z, left positive."""
    return product(frame, compose(offset_m, quaternion_about(UP, turn_rad)))


def _standing_rotation(heading_rad: float, up: Vector) -> Quaternion:
    yaw = quaternion_about(UP, heading_rad)
    return yaw if up == UP else multiply_quaternions(quaternion_between(UP, up), yaw)


def bounds_of(chosen: Chosen, rotation: Quaternion = UPRIGHT) -> tuple[Array, Array]:
    """Return the low and high corners (3,) of the box, along the axes, around the thing's own box turned by `rotation`.

    Without a rotation these are the asset's exact bounds, scaled.
    """
    low, high = np.asarray(chosen.asset.low_m) * chosen.scale, np.asarray(chosen.asset.high_m) * chosen.scale
    middle, half = (low + high) / 2, (high - low) / 2
    matrix = matrix_from_quaternion(rotation)
    center, reach = product(matrix, middle), product(np.abs(matrix), half)
    return center - reach, center + reach


def box_at(chosen: Chosen, pose: Pose) -> tuple[Array, Array]:
    """Return the oriented box that a thing takes: the pose (4, 4) of its middle, and half sides (3,) in metres.

    It is a hair smaller than the thing, so that boxes that touch do not overlap."""
    low, high = bounds_of(chosen)
    matrix = compose(pose.location_m, pose.rotation)
    matrix[:3, 3] = transform_points(matrix, [(low + high) / 2])[0]
    return matrix, np.maximum((high - low) / 2 - HAIR_M, 0.0)


def heading_of(direction: Vector) -> float:
    """Return the heading in radians of a direction, from +x, left positive; 0 for one straight up or down."""
    return math.atan2(direction[1], direction[0]) if math.hypot(direction[0], direction[1]) > 1e-12 else 0.0
