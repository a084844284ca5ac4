"""What lies straight below a point: marked surfaces as triangles, met by a plumb line."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.geometry import Array, unit
from pipeline.records import MarkedSurface, Vector

TOUCH_M = 1e-6  # a surface this little above a point still lies below it
NOTHING_BELOW = "no surface below"
EDGE = 1e-9  # of a triangle, so that no line falls between two


class Ground:
    """The triangles of surfaces, ready to be met from above."""

    def __init__(self, surfaces: Iterable[MarkedSurface]) -> None:
        parts = [
            np.asarray(one.vertices_m, dtype=np.float64)[np.asarray(one.triangles, dtype=np.int64)]
            for one in surfaces
            if one.triangles
        ]
        self._corners = np.concatenate([np.empty((0, 3, 3)), *parts])
        a, b, c = self._corners[:, 0], self._corners[:, 1] - self._corners[:, 0], self._corners[:, 2]
        self._normals = np.cross(b, c - a)
        self._areas = self._normals[:, 2]  # twice those seen from above
        self._low, self._high = self._corners[..., :2].min(axis=1), self._corners[..., :2].max(axis=1)

    def below(self, point_m: Vector) -> tuple[float, Vector] | None:
        """Return the height of the highest surface at or below a point, of the lowest above where there is none below,
        and its normal (3,) unit, upward; None where no surface is."""
        xy = np.array(point_m[:2])
        near = np.flatnonzero(
            (self._areas != 0) & (self._low <= xy + TOUCH_M).all(axis=1) & (self._high >= xy - TOUCH_M).all(axis=1)
        )
        corners, areas = self._corners[near], self._areas[near]
        to = corners[..., :2] - xy
        shares = np.stack([_cross(to[:, (i + 1) % 3], to[:, (i + 2) % 3]) for i in range(3)], axis=1) / areas[:, None]
        inside = (shares >= -EDGE).all(axis=1)
        if not inside.any():
            return None
        heights = (shares[inside] * corners[inside][..., 2]).sum(axis=1)
        is_below = heights <= point_m[2] + TOUCH_M
        index = int(np.argmax(np.where(is_below, heights, -np.inf)) if is_below.any() else np.argmin(heights))
        x, y, z = unit(self._normals[near[inside][index]])
        normal = (float(x), float(y), float(z))
        return float(heights[index]), normal if z > 0 else (-normal[0], -normal[1], -normal[2])


def _cross(a: Array, b: Array) -> Array:
    product: Array = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product
