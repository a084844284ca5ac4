"""What makes a camera or a pose usable at all."""

from __future__ import annotations

import numpy as np

from pipeline.geometry import Array
from pipeline.lenses import COEFFICIENTS
from pipeline.records import CameraLabel

FLOAT32 = 1e-5  # what a number loses on its way through Blender's float32, of its size


def lens_problem(camera: CameraLabel) -> str:
    """Return what makes a lens unusable, "" for a good one."""
    k = np.asarray(camera.k)
    if k[0, 0] <= 0 or k[1, 1] <= 0:
        return f"focal lengths {k[0, 0]:g} and {k[1, 1]:g} px are not above 0"
    if k[0, 1] or k[1, 0] or k[2, 0] or k[2, 1] or k[2, 2] != 1:
        return f"k has skew or is no calibration: {camera.k}"
    if len(camera.distortion) != len(COEFFICIENTS[camera.model]):
        return f"{len(camera.distortion)} coefficients, a lens {camera.model!r} has {len(COEFFICIENTS[camera.model])}"
    return ""


def is_rigid(matrix: Array) -> bool:
    """Return whether a matrix (4, 4) is a rotation and a translation, as exact as float32 allows."""
    if not np.array_equal(matrix[3], (0.0, 0.0, 0.0, 1.0)):
        return False
    turn = matrix[:3, :3]
    return bool(np.abs(turn.T @ turn - np.eye(3)).max() < FLOAT32) and bool(np.linalg.det(turn) > 0)
