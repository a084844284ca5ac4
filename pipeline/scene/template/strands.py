"""Hair curves and point clouds as rough meshes: near enough for boxes, and for how much lies beyond the picture."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array

USUAL_RADIUS_M = 0.005  # Cycles' own for hair without one; point clouds have 0.05
CORNERS = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], dtype=np.float64)
FACES = np.array([(a, b, c) for a in (0, 1) for b in (2, 3) for c in (4, 5)], dtype=np.int32)
SIDES = np.array([(a, b) for a, b in ((0, 1), (2, 3), (4, 5))], dtype=np.int32)


def rough_mesh(data: bpy.types.ID) -> tuple[Array, NDArray[np.int32]]:
    """Return vertices (V, 3), own coordinates, and triangles (T, 3): an octahedron about each point, and along each
    strand three ribbons from point to point."""
    count = len(data.points)
    flat = np.empty(count * 3, dtype=np.float32)
    data.attributes["position"].data.foreach_get("vector", flat)
    places = flat.reshape(-1, 3).astype(np.float64)
    vertices = (places[:, None, :] + _radii(data, count)[:, None, None] * CORNERS).reshape(-1, 3)
    starts = 6 * np.arange(count, dtype=np.int32)
    balls = (starts[:, None, None] + FACES).reshape(-1, 3)
    first = starts[_has_next(data, count)]
    low, high = first[:, None] + SIDES[:, 0], first[:, None] + SIDES[:, 1]
    ribbons = [np.stack(corners, axis=-1) for corners in ((low, high, low + 6), (high, low + 6, high + 6))]
    return vertices, np.concatenate([balls, *(one.reshape(-1, 3) for one in ribbons)]).astype(np.int32)


def _radii(data: bpy.types.ID, count: int) -> Array:
    radius = data.attributes.get("radius")
    if radius is None or radius.domain != "POINT":
        return np.full(count, USUAL_RADIUS_M if hasattr(data, "curves") else 10 * USUAL_RADIUS_M)
    values = np.empty(count, dtype=np.float32)
    radius.data.foreach_get("value", values)
    return values.astype(np.float64)


def _has_next(data: bpy.types.ID, count: int) -> NDArray[np.bool_]:
    """Return which points are followed by another of their strand."""
    follows = np.zeros(count, dtype=bool)
    if hasattr(data, "curves"):
        lengths = np.empty(len(data.curves), dtype=np.int32)
        data.curves.foreach_get("points_length", lengths)
        follows[:] = True
        follows[np.cumsum(lengths) - 1] = False
    return follows
