"""Poses seen from the camera.

Sums are written out in one order: a BLAS product may differ in its last bit between two builds of numpy, and that
bit can turn a rounded digit of labels.json.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pipeline.records import Matrix


def camera_from_object(world_from_camera: Matrix, world_from_object: Matrix) -> Matrix:
    """Return the rigid (4, 4) that maps object points to camera points (OpenCV axes, metres)."""
    camera = np.asarray(world_from_camera, dtype=np.float64)
    moved = np.asarray(world_from_object, dtype=np.float64).copy()
    moved[:3, 3] -= camera[:3, 3]
    result = np.eye(4)
    for row in range(3):
        axis = camera[:3, row]
        result[row] = axis[0] * moved[0] + axis[1] * moved[1] + axis[2] * moved[2]
    return tuple(tuple(float(value) for value in row) for row in result)


def distance_m(world_from_camera: Matrix, point_m: Sequence[float]) -> float:
    """Return the straight distance in metres from the camera to a world point (3,)."""
    x, y, z = (point_m[i] - world_from_camera[i][3] for i in range(3))
    return math.sqrt(x * x + y * y + z * z)


def rounded_px(pixel: Sequence[float]) -> tuple[float, float] | None:
    """Return a pixel position as records hold it, None where the lens shows none (NaN)."""
    x, y = float(pixel[0]), float(pixel[1])
    return None if math.isnan(x) or math.isnan(y) else (x, y)
