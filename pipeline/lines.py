"""Lines through space: straight from point to point, measured along their length, and lines parallel to them."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.geometry import Array, length, unit

ARC_RAD = math.radians(6.0)  # how finely a parallel goes round a corner
SAME_M = 1e-9  # points nearer than this are one
NEAR_M = 1e-6  # pieces nearer than this may cross
PAIRS_AT_ONCE = 1 << 20

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """`points_m` (N, 3), no two neighbours the same, the first again at the end where it is `closed`; `along_m` (N) is
    how far along the line each of them is."""

    points_m: Array
    along_m: tuple[float, ...]
    closed: bool = False

    @property
    def length_m(self) -> float:
        """The length of the whole line."""
        return self.along_m[-1]

    def at(self, along_m: float) -> tuple[Array, Array]:
        """Return the point (3,) `along_m` metres from the beginning and the direction (3,) unit there: at a corner that
        of the part that begins. Closed lines go round; beyond the ends of open ones it goes straight on."""
        s = along_m % self.length_m if self.closed else along_m
        i = min(max(bisect.bisect_right(self.along_m, s) - 1, 0), len(self.along_m) - 2)
        start = self.points_m[i]
        direction = (self.points_m[i + 1] - start) / (self.along_m[i + 1] - self.along_m[i])
        return start + (s - self.along_m[i]) * direction, direction


def line_of(points_m: ArrayLike, *, closed: bool = False) -> Line:
    """Return the line through points (N, 3). Raises ValueError where it has no length."""
    given = np.asarray(points_m, dtype=np.float64).reshape(-1, 3)
    kept = [given[0]]
    for point in given[1:]:
        if length(point - kept[-1]) > SAME_M:
            kept.append(point)
    if closed and length(kept[-1] - kept[0]) > SAME_M:
        kept.append(kept[0])
    if len(kept) < 2:
        raise ValueError("a line through one point has no length")
    along = [0.0]
    for a, b in zip(kept, kept[1:], strict=False):
        along.append(along[-1] + length(b - a))
    return Line(points_m=np.array(kept), along_m=tuple(along), closed=closed)


def left_of(direction: Sequence[float] | Array) -> Array:
    """Return the level unit vector (3,) to the left of a direction; of one straight up or down +y."""
    x, y = float(direction[0]), float(direction[1])
    return unit((-y, x, 0.0)) if math.hypot(x, y) > 1e-12 else np.array([0.0, 1.0, 0.0])


def has_length(points_m: Sequence[Sequence[float]]) -> bool:
    """Return whether a line through points has any length."""
    return any(length(np.subtract(point, points_m[0])) > SAME_M for point in points_m[1:])


# --- parallels ------------------------------------------------------------------------------------------------------


def parallel(line: Line, offset_m: float) -> Line | None:
    """Return the line that keeps `offset_m` from another, seen from above, to its left (negative: right), at its
    heights. It goes round corners on their outside and is cut short where bends are too narrow for it; None where
    nothing is left of it."""
    if offset_m == 0.0:
        return line
    points, along = _seen_from_above(line)
    if len(points) < 2:
        return None
    track, is_backward = _beside(points, along, offset_m, line.closed, cut_corners=True)
    if not is_backward:
        return _joined([track[:, :3]], line.closed)
    track, _ = _beside(points, along, offset_m, line.closed, cut_corners=False)
    return _joined(_without_loops(track, points, along, offset_m, line), line.closed)


def _seen_from_above(line: Line) -> tuple[Array, Array]:
    """Return the points (N, 3) and their places along, without those straight above their neighbours."""
    keep = [0]
    for i in range(1, len(line.points_m)):
        x, y, _ = line.points_m[i] - line.points_m[keep[-1]]
        if math.hypot(x, y) > SAME_M:
            keep.append(i)
    return line.points_m[keep], np.asarray(line.along_m)[keep]


def _beside(points: Array, along: Array, offset_m: float, closed: bool, *, cut_corners: bool) -> tuple[Array, bool]:
    """Return the offset track (M, 4), its last column the place along the line it belongs to, and whether part of it
    runs backward. `cut_corners` lets two pieces meet where they cross on the inside of a corner."""
    steps = np.diff(points[:, :2], axis=0)
    steps /= np.sqrt((steps * steps).sum(axis=1))[:, None]
    rows: list[tuple[float, ...]] = []
    firsts, lasts = [], []
    for i, (point, s) in enumerate(zip(points, along, strict=True)):
        before = steps[i - 1] if i else (steps[-1] if closed else steps[0])
        after = steps[i] if i < len(steps) else (steps[0] if closed else steps[-1])
        firsts.append(len(rows))
        around = list(_corner(before, after, offset_m, cut_corners))
        for x, y in around[-1:] if closed and i == 0 else around:  # the corner of a closed line is its end
            rows.append((point[0] + x, point[1] + y, point[2], s))
        lasts.append(len(rows) - 1)
    track = np.array(rows)
    ways = track[firsts[1:], :2] - track[lasts[:-1], :2]
    return track, bool(((ways * steps).sum(axis=1) <= 0).any())


def _corner(before: Array, after: Array, offset_m: float, cut_corners: bool) -> Iterable[tuple[float, float]]:
    """Yield the offsets of a point between two directions (2,): one where pieces meet, more round its outside."""
    cross = float(before[0] * after[1] - before[1] * after[0])
    dot = float(before[0] * after[0] + before[1] * after[1])
    angle = math.atan2(cross, dot)
    is_outside = cross * offset_m < 0 or dot < -1 + 1e-12
    (ax, ay), (bx, by) = (-before[1], before[0]), (-after[1], after[0])
    if abs(angle) < ARC_RAD or (cut_corners and not is_outside):
        reach = offset_m / (1 + dot)
        yield float(reach * (ax + bx)), float(reach * (ay + by))
    elif not is_outside:
        yield float(offset_m * ax), float(offset_m * ay)
        yield float(offset_m * bx), float(offset_m * by)
    else:
        count = math.ceil(abs(angle) / ARC_RAD)
        for k in range(count + 1):
            c, s = math.cos(angle * k / count), math.sin(angle * k / count)
            yield float(offset_m * (c * ax - s * ay)), float(offset_m * (s * ax + c * ay))


def _without_loops(track: Array, points: Array, along: Array, offset_m: float, line: Line) -> list[Array]:
    """Return the pieces (K, 3) of a track between its crossings that keep their distance from the line's near parts."""
    cuts = [0.0, *sorted(_crossings(track[:, :2])), float(len(track) - 1)]
    pieces = []
    for low, high in zip(cuts, cuts[1:], strict=False):
        inner = track[math.floor(low) + 1 : math.ceil(high)]
        piece = np.vstack([_between(track, low), inner, _between(track, high)])
        if _clearance_m(_middle_of(piece), points, along, offset_m, line) > abs(offset_m) * 0.995:
            pieces.append(piece[:, :3])
    return pieces


def _between(track: Array, place: float) -> Array:
    i = min(math.floor(place), len(track) - 2)
    row: Array = track[i] + (place - i) * (track[i + 1] - track[i])
    return row


def _middle_of(piece: Array) -> Array:
    steps = np.diff(piece[:, :2], axis=0)
    sizes = np.sqrt((steps * steps).sum(axis=1))
    i = int(np.argmax(sizes))
    row: Array = (piece[i] + piece[i + 1]) / 2
    return row


def _crossings(track: Array) -> list[float]:
    """Return where a track (M, 2) crosses itself, twice each: whole part and fraction are the piece and the share."""
    start, step = track[:-1], np.diff(track, axis=0)
    found: list[float] = []
    for i, j in _near_pairs(np.minimum(start, track[1:]) - NEAR_M, np.maximum(start, track[1:]) + NEAR_M):
        found += _meetings(start, step, i, j)
    return found


def _near_pairs(low: Array, high: Array) -> Iterator[tuple[Indices, Indices]]:
    """Yield the pairs i < j of boxes (N, 2) that overlap and do not follow each other, so many at a time that a long
    line does not fill the memory: along the axis in which they spread most, only neighbours are compared."""
    axis = int(np.argmax(high.max(axis=0) - low.min(axis=0)))
    order = np.argsort(low[:, axis], kind="stable")
    begins = np.arange(1, len(order) + 1)
    counts = np.searchsorted(low[order, axis], high[order, axis], side="right") - begins
    block = np.cumsum(counts) // PAIRS_AT_ONCE
    for rows in np.split(np.arange(len(order)), np.flatnonzero(np.diff(block)) + 1):
        first = np.repeat(rows, counts[rows])
        within = np.arange(len(first)) - np.repeat(np.cumsum(counts[rows]) - counts[rows], counts[rows])
        one, other = order[first], order[begins[first] + within]
        i, j = np.minimum(one, other), np.maximum(one, other)
        across = 1 - axis
        near = (j - i > 1) & (low[i, across] <= high[j, across]) & (low[j, across] <= high[i, across])
        yield i[near], j[near]


def _meetings(start: Array, step: Array, i: Indices, j: Indices) -> list[float]:
    denominator = step[i, 0] * step[j, 1] - step[i, 1] * step[j, 0]
    gap = start[j] - start[i]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (gap[:, 0] * step[j, 1] - gap[:, 1] * step[j, 0]) / denominator
        u = (gap[:, 0] * step[i, 1] - gap[:, 1] * step[i, 0]) / denominator
    hit = (t > -SAME_M) & (t < 1 + SAME_M) & (u > -SAME_M) & (u < 1 + SAME_M)
    return [*(i[hit] + t[hit]).tolist(), *(j[hit] + u[hit]).tolist()]


def _clearance_m(row: Array, points: Array, along: Array, offset_m: float, line: Line) -> float:
    """Return the distance, seen from above, of a track's row (4,) to what of the line is near it along the line."""
    reach = 2 * math.pi * abs(offset_m)
    away = np.abs((along[:-1] + along[1:]) / 2 - row[3])
    if line.closed:
        away = np.minimum(away, line.length_m - away)
    near = away - np.diff(along) / 2 <= reach
    start, step = points[:-1][near, :2], np.diff(points[:, :2], axis=0)[near]
    to = row[:2] - start
    share = np.clip((to * step).sum(axis=1) / (step * step).sum(axis=1), 0.0, 1.0)
    offset = to - share[:, None] * step
    return float(np.sqrt((offset * offset).sum(axis=1).min()))


def _joined(pieces: list[Array], closed: bool) -> Line | None:
    """Return the longest run of pieces that follow each other, as one line."""
    runs: list[list[Array]] = []
    for piece in pieces:
        if runs and length(piece[0] - runs[-1][-1][-1]) < 1e-6:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    is_round = closed and bool(runs) and length(runs[0][0][0] - runs[-1][-1][-1]) < 1e-6
    if is_round and len(runs) > 1:
        runs[0] = [*runs.pop(), *runs[0]]
    lines = [_line_or_none(np.vstack(run), is_round and len(runs) == 1) for run in runs]
    return max((one for one in lines if one is not None), key=lambda one: one.length_m, default=None)


def _line_or_none(points_m: Array, closed: bool) -> Line | None:
    try:
        return line_of(points_m, closed=closed)
    except ValueError:
        return None
