"""A surface made ready: points on it by area times painted weight, and what lies below a footprint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, length
from pipeline.records import MarkedSurface
from pipeline.sampling.draw import Rng
from pipeline.sampling.structured.meshes import corners_of, into, spans_over

MAX_TILT_DEG = 30.0  # where the artist says nothing: steeper faces are no ground
STOREY_M = 0.01  # what lies so much higher or lower than any slope explains is another storey, a shelf's next board
TOUCH_M = 1e-4  # a thing may reach so far into what it stands on
STEEPEST = math.radians(80)
FEW = 64  # triangles that are not worth a grid
MOST_CELLS = 256  # along a side of the grid
MOST_KEPT = 128  # surfaces made ready; what a frame builds takes the place of what was built before


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terrain:
    """`corners` (T, 3, 3) and upward `normals` (T, 3) of all its faces; `is_used` (T,) are those that are flat enough.

    `shares` (T,) are running sums of area times mean weight over the used ones, `weights` (T, 3) those of the corners.
    `slope_rad` is the steepest used face; `grid` finds faces near a place.
    """

    mark: MarkedSurface
    corners: Array
    normals: Array
    is_used: NDArray[np.bool_]
    weights: Array
    shares: Array
    slope_rad: float
    grid: Grid

    @property
    def size_m2(self) -> float:
        """The area, each part of it counted by its weight."""
        return float(self.shares[-1]) if len(self.shares) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Faces by the cells of a level grid that their bounds touch: those of cell c are `faces[begins[c]:begins[c+1]]`.
    One cell holds all where there are few."""

    low: Array
    step: Array
    counts: tuple[int, int]
    begins: NDArray[np.int64]
    faces: NDArray[np.int64]

    def near(self, low: Array, high: Array) -> NDArray[np.int64]:
        """Return the faces that may lie between two corners (2,), each once, in order."""
        first = np.clip(np.floor((low - self.low) / self.step), 0, np.array(self.counts) - 1).astype(np.int64)
        last = np.clip(np.floor((high - self.low) / self.step), 0, np.array(self.counts) - 1).astype(np.int64)
        rows = [y * self.counts[0] for y in range(int(first[1]), int(last[1]) + 1)]
        parts = [self.faces[self.begins[row + first[0]] : self.begins[row + last[0] + 1]] for row in rows]
        return parts[0] if len(self.begins) == 2 else np.unique(np.concatenate(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A point of the ground (3,) and its face's upward normal (3,)."""

    point_m: Array
    normal: Array


@dataclass(frozen=True, slots=True, eq=False)
class _Itself:
    """A mark known by being the same, for its thousands of numbers are long to compare."""

    mark: MarkedSurface

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.mark is other.mark

    def __hash__(self) -> int:
        return id(self.mark)


def terrain_of(mark: MarkedSurface) -> Terrain:
    """Return a marked surface made ready; that of a template once a process, and not for each frame."""
    return _terrain_of(_Itself(mark))


@lru_cache(maxsize=MOST_KEPT)
def _terrain_of(itself: _Itself) -> Terrain:
    mark = itself.mark
    corners = corners_of(mark)
    raw = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.sqrt((raw * raw).sum(axis=1))
    normals = raw / np.where(doubled > 0, doubled, 1.0)[:, None]
    tilt = math.radians(mark.settings.ranges.get("max_tilt_deg", (MAX_TILT_DEG, MAX_TILT_DEG))[1])
    is_used = (doubled > 0) & (normals[:, 2] >= math.cos(tilt) - 1e-9)
    weights = np.ones((len(corners), 3))
    if mark.weights:
        weights = np.asarray(mark.weights)[np.asarray(mark.triangles, dtype=np.int64).reshape(-1, 3)]
    flattest = float(normals[is_used, 2].min()) if is_used.any() else 1.0
    return Terrain(
        mark=mark,
        corners=corners,
        normals=normals,
        is_used=is_used,
        weights=weights,
        shares=np.cumsum(np.where(is_used, doubled / 2 * weights.mean(axis=1), 0.0)),
        slope_rad=math.acos(min(1.0, max(-1.0, flattest))),
        grid=_grid_of(corners),
    )


def _grid_of(corners: Array) -> Grid:
    count = len(corners)
    low, high = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    origin = low.min(axis=0) if count else np.zeros(2)
    size = np.maximum(high.max(axis=0) - origin, 1e-9) if count else np.ones(2)
    side = 1 if count <= FEW else min(MOST_CELLS, math.ceil(math.sqrt(count)))
    step = size / side
    first = np.clip(((low - origin) / step).astype(np.int64), 0, side - 1)
    last = np.clip(((high - origin) / step).astype(np.int64), 0, side - 1)
    wide = last - first + 1
    cells = wide[:, 0] * wide[:, 1]
    faces = np.repeat(np.arange(count), cells)
    within = np.arange(len(faces)) - np.repeat(np.cumsum(cells) - cells, cells)
    x = first[faces, 0] + within % wide[faces, 0]
    y = first[faces, 1] + within // wide[faces, 0]
    order = np.argsort(y * side + x, kind="stable")
    begins = np.searchsorted((y * side + x)[order], np.arange(side * side + 1))
    return Grid(low=origin, step=step, counts=(side, side), begins=begins, faces=faces[order])


def sample_spot(terrain: Terrain, rng: Rng) -> Spot:
    """Return a point drawn by area times weight; the weight runs straight between the corners of a face, and so does
    the density. Five numbers are taken from `rng`.

    A density that is linear over a triangle is a mixture of three, each falling from 1 at a corner to 0 at the opposite
    side, as often as that corner's weight: the barycentric coordinates of such a one are gaps between three sorted
    uniform numbers, two of them joined (Dirichlet's law of 2, 1, 1).
    """
    share, corner, *rest = (float(v) for v in rng.random(5))
    face = int(np.searchsorted(terrain.shares, share * terrain.size_m2, side="right"))
    face = min(face, len(terrain.shares) - 1)
    w0, w1, w2 = (float(v) for v in terrain.weights[face])
    threshold = corner * (w0 + w1 + w2)
    heavy = 0 if threshold < w0 else 1 if threshold < w0 + w1 else 2
    _, two, three = sorted(rest)
    a, b, c = terrain.corners[face][[heavy, heavy - 1, heavy - 2]]
    return Spot(point_m=two * a + (three - two) * b + (1 - three) * c, normal=terrain.normals[face])


def height_at(terrain: Terrain, pose: Array, away_m: float) -> float | None:
    """Return how high above the origin of a pose (4, 4) the ground is along its z, the nearest; None where there is
    none that slopes lead to from a place on the ground `away_m` away."""
    most = away_m * math.tan(min(STEEPEST, 2 * terrain.slope_rad)) + STOREY_M
    reach = np.abs(pose[:2, 2]) * most
    near = terrain.grid.near(pose[:2, 3] - reach, pose[:2, 3] + reach)
    heights = spans_over(into(pose, terrain.corners[near][terrain.is_used[near]]), np.zeros(2)).corners[:, 0]
    heights = heights[~np.isnan(heights)]
    nearest = float(heights[np.argmin(np.abs(heights))]) if len(heights) else math.inf
    return nearest if abs(nearest) <= most else None


def support(
    terrain: Terrain, pose: Array, half_m: Array, height_m: float, overhang: bool, leaning: bool = False
) -> float | None:
    """Return how high above a point of the ground a footprint must be raised to stand on its highest support, or None
    where that cannot be.

    `pose` (4, 4) has the point as origin and the footprint's axes, up as z; half sides (2,), and the `height_m` of what
    stands there. It cannot be where a corner of the footprint is over no ground and `overhang` is false, and where
    another face of the surface would cut through the thing. `leaning` where up is the normal of a face.
    """
    tilt = min(STEEPEST, terrain.slope_rad * (2 if leaning else 1))
    storey = length(half_m) * math.tan(tilt) + STOREY_M
    reach = (np.abs(pose[:2, :3]) * np.array([*half_m, height_m + storey])).sum(axis=1)
    near = terrain.grid.near(pose[:2, 3] - reach, pose[:2, 3] + reach)
    spans = spans_over(into(pose, terrain.corners[near]), half_m)
    is_under = terrain.is_used[near] & (spans.high <= storey) & (spans.high >= -storey)
    if not is_under.any():
        return None
    base = float(spans.high[is_under].max())
    covered = ~np.isnan(spans.corners[is_under]).all(axis=0)
    cut = (spans.low < base + height_m) & (spans.high > base + TOUCH_M) & (spans.low <= spans.high)
    if not (overhang or covered.all()) or cut.any():
        return None
    return base
