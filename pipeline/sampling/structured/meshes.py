"""Triangles against upright boxes and points: exact, vectorised, without any ray that could hit an edge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.records import Vector

Bools = NDArray[np.bool_]
MOST_PAIRS = 200_000  # of points and triangles at a time: 50 MB
PARALLEL = 1e-15  # of a square metre: a triangle seen from its edge covers nothing


class Triangles(Protocol):
    """A mark with a mesh."""

    @property
    def vertices_m(self) -> tuple[Vector, ...]: ...

    @property
    def triangles(self) -> tuple[tuple[int, int, int], ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """What triangles (T) do above and below a level rectangle, in its axes: between `low` and `high` (T,) they lie over
    it, inf and -inf for those that do not. `corners` (T, 4) are their heights over its corners, NaN beside them."""

    low: Array
    high: Array
    corners: Array


def corners_of(mesh: Triangles) -> Array:
    """Return the corners (T, 3, 3) of a mark's triangles in the world."""
    indices = np.asarray(mesh.triangles, dtype=np.int64).reshape(-1, 3)
    corners: Array = np.asarray(mesh.vertices_m, dtype=np.float64).reshape(-1, 3)[indices]
    return corners


def into(pose: Array, corners: Array) -> Array:
    """Return corners (T, 3, 3) in the axes of a rigid pose (4, 4)."""
    return transform_points(inverse_rigid(pose), corners.reshape(-1, 3)).reshape(-1, 3, 3)


def spans_over(corners: Array, half_m: Array) -> Spans:
    """Return where triangles (T, 3, 3) lie over the rectangle |x| <= half_m[0], |y| <= half_m[1] of their axes.

    The part of a triangle over a rectangle has its highest and lowest points on the triangle's edges or over the
    rectangle's corners."""
    starts, ends = corners, corners[:, [1, 2, 0]]
    low, high = _clipped_heights(starts, ends - starts, half_m)
    over = _corner_heights(corners, half_m)
    inside = ~np.isnan(over)
    return Spans(
        low=np.minimum(low.min(axis=1), np.where(inside, over, np.inf).min(axis=1)),
        high=np.maximum(high.max(axis=1), np.where(inside, over, -np.inf).max(axis=1)),
        corners=over,
    )


def _clipped_heights(starts: Array, along: Array, half_m: Array) -> tuple[Array, Array]:
    """Return the lowest and highest z (T, 3) of the part of each edge that is over the rectangle (Liang and Barsky)."""
    first, last = np.zeros(starts.shape[:2]), np.ones(starts.shape[:2])
    for axis in (0, 1):
        start, step = starts[..., axis], along[..., axis]
        still = step == 0
        safe = np.where(still, 1.0, step)
        a, b = (-half_m[axis] - start) / safe, (half_m[axis] - start) / safe
        beside = still & (np.abs(start) > half_m[axis])
        first = np.maximum(first, np.where(beside, np.inf, np.where(still, -np.inf, np.minimum(a, b))))
        last = np.minimum(last, np.where(beside, -np.inf, np.where(still, np.inf, np.maximum(a, b))))
    is_over = first <= last
    begin, end = np.where(is_over, first, 0.0), np.where(is_over, last, 0.0)
    one, other = starts[..., 2] + begin * along[..., 2], starts[..., 2] + end * along[..., 2]
    low, high = np.minimum(one, other), np.maximum(one, other)
    return np.where(is_over, low, np.inf), np.where(is_over, high, -np.inf)


def _corner_heights(corners: Array, half_m: Array) -> Array:
    """Return the height (T, 4) of each triangle over each corner of the rectangle, NaN where it is not over it."""
    x = np.array([-1.0, -1.0, 1.0, 1.0]) * half_m[0]
    y = np.array([-1.0, 1.0, -1.0, 1.0]) * half_m[1]
    a, b, c = corners[:, 0, None], corners[:, 1, None], corners[:, 2, None]
    area: Array = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    flat = np.abs(area) <= PARALLEL
    safe = np.where(flat, 1.0, area)
    v = ((x - a[..., 0]) * (c[..., 1] - a[..., 1]) - (y - a[..., 1]) * (c[..., 0] - a[..., 0])) / safe
    w = ((b[..., 0] - a[..., 0]) * (y - a[..., 1]) - (b[..., 1] - a[..., 1]) * (x - a[..., 0])) / safe
    inside = ~flat & (v >= 0) & (w >= 0) & (v + w <= 1)
    heights = a[..., 2] + v * (b[..., 2] - a[..., 2]) + w * (c[..., 2] - a[..., 2])
    return np.where(inside, heights, np.nan)


def meets_box(corners: Array, pose: Array, half_m: Array) -> bool:
    """Return whether a closed mesh, corners (T, 3, 3), touches or holds a box: its middle's pose (4, 4), half sides."""
    spans = spans_over(into(pose, corners), half_m[:2])
    cuts = (spans.low <= half_m[2]) & (spans.high >= -half_m[2])
    return bool(cuts.any()) or bool(is_inside(corners, pose[None, :3, 3])[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeepOut:
    """A closed mesh that nothing may touch: corners (T, 3, 3), its bounds `low` and `high` (3,)."""

    corners: Array
    low: Array
    high: Array

    def meets(self, pose: Array, half_m: Array) -> bool:
        """Return whether a box touches it: its middle's pose (4, 4), half sides (3,)."""
        reach = (np.abs(pose[:3, :3]) * half_m).sum(axis=1)
        is_far = (pose[:3, 3] + reach < self.low).any() or (pose[:3, 3] - reach > self.high).any()
        return not is_far and meets_box(self.corners, pose, half_m)


def keep_out_of(meshes: Iterable[Triangles]) -> tuple[KeepOut, ...]:
    """Return marked meshes made ready; one without faces keeps nothing out."""
    all_corners = [corners_of(mesh) for mesh in meshes if mesh.triangles]
    return tuple(
        KeepOut(corners=corners, low=corners.min(axis=(0, 1)), high=corners.max(axis=(0, 1))) for corners in all_corners
    )


def is_inside(corners: Array, points_m: Array) -> Bools:
    """Return which points (N, 3) a closed mesh, corners (T, 3, 3), winds around: the sum of its solid angles
    (Van Oosterom and Strackee 1983) is a whole sphere or more there, and nothing outside."""
    each = max(1, MOST_PAIRS // max(1, len(corners)))
    parts = [_angle_sums(corners, points_m[i : i + each]) for i in range(0, len(points_m), each)]
    wound: Bools = np.abs(np.concatenate([np.empty(0), *parts])) > 2 * np.pi
    return wound


def _angle_sums(corners: Array, points_m: Array) -> Array:
    """Return the solid angle (N,) that a mesh takes up as seen from each point, with the sign of its winding."""
    to = corners[None] - points_m[:, None, None, :]
    a, b, c = to[:, :, 0], to[:, :, 1], to[:, :, 2]
    la, lb, lc = (np.sqrt((side * side).sum(axis=2)) for side in (a, b, c))
    volume = (a * np.cross(b, c)).sum(axis=2)
    ab, bc, ca = (a * b).sum(axis=2), (b * c).sum(axis=2), (c * a).sum(axis=2)
    angles = 2 * np.arctan2(volume, la * lb * lc + ab * lc + bc * la + ca * lb)
    sums: Array = angles.sum(axis=1)
    return sums


def volume_of(corners: Array) -> float:
    """Return the volume in cubic metres of a closed mesh, corners (T, 3, 3), by the theorem of Gauss."""
    middle = corners.reshape(-1, 3).mean(axis=0)  # near the mesh, so that no digits are lost
    a, b, c = (corners - middle).transpose(1, 0, 2)
    return abs(float((a * np.cross(b, c)).sum())) / 6
