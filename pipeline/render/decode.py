"""What Blender's passes mean: plain numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.conventions import MAX_INSTANCES

BACKGROUND_DEPTH_M = 1e9  # Cycles writes 1e10 where a ray leaves the scene


def decode_ids(index: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the id image (H, W) uint16, 0 background. Raises ValueError when an id is not whole, 0..MAX_INSTANCES."""
    ids = np.rint(index)
    if not np.array_equal(ids, index) or ids.min(initial=0) < 0 or ids.max(initial=0) > MAX_INSTANCES:
        raise ValueError("the object index pass holds something that is no index; a pixel mixed two objects")
    return ids.astype(np.uint16)


def decode_depth(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return depth in metres along the optical axis (H, W) float32, background inf."""
    return np.where(depth < BACKGROUND_DEPTH_M, depth, np.float32(np.inf)).astype(np.float32)


def decode_normals(normal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit normals (H, W, 3) float32, 0 where there is no surface."""
    length = np.sqrt((normal.astype(np.float64) ** 2).sum(axis=-1, keepdims=True))
    return np.divide(normal, length, out=np.zeros_like(normal), where=length > 1e-6).astype(np.float32)


def linear_rgb(channels: Mapping[str, NDArray[Any]], layer: str) -> NDArray[np.float32]:
    """Return the scene-referred picture (H, W, 3) float32, after the compositor where the file has one."""
    prefix = "Composite.Combined" if "Composite.Combined.R" in channels else f"{layer}.Combined"
    return np.stack([channels[f"{prefix}.{name}"] for name in "RGB"], axis=-1).astype(np.float32)
