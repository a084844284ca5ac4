"""Normals in camera axes, turned from the renderer's world normals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Matrix


def camera_normals(normal_world: NDArray[np.float32], world_from_camera: Matrix) -> NDArray[np.float32]:
    """Return unit normals (H, W, 3) float32 in camera axes (x right, y down, z forward) of world normals; 0 stays 0."""
    turn = np.asarray(world_from_camera, dtype=np.float64)[:3, :3]
    x, y, z = (normal_world[..., i].astype(np.float64) for i in range(3))
    turned = [turn[0, i] * x + turn[1, i] * y + turn[2, i] * z for i in range(3)]
    result: NDArray[np.float32] = np.stack(turned, axis=-1).astype(np.float32)
    return result
