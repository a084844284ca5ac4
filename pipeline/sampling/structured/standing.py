"""How a thing stands on a point: which face is down, which way it points, and the box that it takes."""

from __future__ import annotations

import math

import numpy as np

from pipeline.conventions import JSON_DECIMALS
from pipeline.geometry import (
    Array,
    compose,
    matrix_from_quaternion,
    multiply_quaternions,
    quaternion_about,
    quaternion_between,
    transform_points,
)
from pipeline.records import Pose, Quaternion, Vector
from pipeline.sampling.objects import Chosen

UP: Vector = (0.0, 0.0, 1.0)


UPRIGHT: Quaternion = (1.0, 0.0, 0.0, 0.0)


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
    yaw = quaternion_about(UP, heading_rad)
    turned = multiply_quaternions(yaw, lying)
    tip = UPRIGHT if up == UP else quaternion_between(UP, up)
    rotation = multiply_quaternions(tip, turned)
    low, high = bounds_of(chosen, lying)
    base = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2] if height_m is None else -height_m])
    offset = matrix_from_quaternion(multiply_quaternions(tip, yaw)) @ base
    x, y, z = (float(a - b) for a, b in zip(point_m, offset, strict=True))
    return Pose(location_m=(x, y, z), rotation=rotation)


def bounds_of(chosen: Chosen, rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)) -> tuple[Array, Array]:
    """Return the low and high corners (3,) of the box, along the axes, around the thing's own box turned by `rotation`.

    Without a rotation these are the asset's exact bounds, scaled.
    """
    low, high = np.asarray(chosen.asset.low_m) * chosen.scale, np.asarray(chosen.asset.high_m) * chosen.scale
    middle, half = (low + high) / 2, (high - low) / 2
    matrix = matrix_from_quaternion(rotation)
    center, reach = matrix @ middle, np.abs(matrix) @ half
    return center - reach, center + reach


def box_at(chosen: Chosen, pose: Pose) -> tuple[Array, Array]:
    """Return the oriented box that a thing takes: the pose (4, 4) of its middle, and half sides (3,) in metres.

    It is a hair smaller than the thing, so that boxes that touch do not overlap."""
    low, high = bounds_of(chosen)
    matrix = compose(pose.location_m, pose.rotation)
    matrix[:3, 3] = transform_points(matrix, [(low + high) / 2])[0]
    return matrix, np.maximum((high - low) / 2 - 10.0**-JSON_DECIMALS, 0.0)


def heading_of(direction: Vector) -> float:
    """Return the heading in radians of a direction, from +x, left positive; 0 for one straight up or down."""
    return math.atan2(direction[1], direction[0]) if math.hypot(direction[0], direction[1]) > 1e-12 else 0.0
