"""A mesh as few boxes along its own axes: a board is one, a table five, a room its walls.

Pieces of triangles are split where that makes the boxes smaller, the emptiest first. What rises gently is left out:
things stand on it, and boxes around a slope would be in their way.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.scene.marks.volumes import open_edges, signed_volume, welded

MOST_BOXES = 128  # of one object
MOST_PARTS = 64  # with more, parts that hang together are not told apart
SMALL_M = 0.12  # a piece whose diagonal is shorter is one box
THIN_M = 0.03  # so is one that is flatter, where its faces cover half of it
SHEET_M = 5e-3  # what a sheet counts for where the room of boxes is weighed
FILLED = 0.5  # a closed part that fills this share of its box is solid
PEELED = 1.05  # a split may make boxes larger by so much: it peels off the wall of a room
WALLS = (1e-4, 1 - 1e-4)
SHARES = (*WALLS, *(step / 6 for step in range(1, 6)))  # where a piece may part; at its very ends for a wall alone
SHRINK_M = 1e-3
NEAR_M = 1e-2
LEVEL, GENTLE = math.cos(math.radians(0.5)), math.cos(math.radians(45))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boxes:
    """`lows` and `highs` (N, 3) along the axes of the mesh; `is_whole` says that none is coarse for want of room."""

    lows: Array
    highs: Array
    is_whole: bool = True


def boxes_of(
    vertices: Array, triangles: NDArray[np.int32], used: NDArray[np.bool_], up: Array, open_sets: Sequence[Array]
) -> Boxes:
    """Return the boxes of a mesh of `vertices` (V, 3), each side drawn in by a millimetre.

    `used` (T) are the triangles that count where a part is not solid as a whole, `up` (3,) the way up in these axes.
    `open_sets` are points (N, 3) that lie in the open: a closed part around all of one is a room.
    """
    heap: list[tuple[float, int, Array]] = []
    done: list[tuple[Array, Array]] = []
    for number, (corners, kept, is_solid) in enumerate(_parts(vertices, triangles, used, up, open_sets)):
        if is_solid:
            done.append((corners.min(axis=(0, 1)), corners.max(axis=(0, 1))))
        elif len(kept):
            heap.append((-_size(kept), number, kept))
    heapq.heapify(heap)
    count = len(heap)
    while heap and len(done) + len(heap) < MOST_BOXES:
        _, _, piece = heapq.heappop(heap)
        if _is_one(piece):
            done.append(_drawn_in(piece, up))
            continue
        for half in _split(piece):
            heapq.heappush(heap, (-_size(half), count, half))
            count += 1
    rest = [piece for _, _, piece in sorted(heap, key=lambda one: one[1])]
    done.extend(_drawn_in(piece, up) for piece in rest)
    if not done:
        return Boxes(lows=np.zeros((0, 3)), highs=np.zeros((0, 3)))
    lows, highs = (np.array(side) for side in zip(*done, strict=True))
    worth = ((highs - lows) > 2 * SHRINK_M).sum(axis=1) >= 2  # no crumbs
    lows, highs = lows[worth], highs[worth]
    middle, half_m = (lows + highs) / 2, np.maximum((highs - lows) / 2 - SHRINK_M, 0.0)
    return Boxes(lows=middle - half_m, highs=middle + half_m, is_whole=all(_is_one(piece) for piece in rest))


def _parts(
    vertices: Array, triangles: NDArray[np.int32], used: NDArray[np.bool_], up: Array, open_sets: Sequence[Array]
) -> Iterator[tuple[Array, Array, bool]]:
    """Yield the parts that hang together: the corners (T, 3, 3) of all their triangles, of those that count, and
    whether the part is solid."""
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sizes = np.sqrt((normals * normals).sum(axis=1))
    rise = (normals * up).sum(axis=1) / np.where(sizes > 0, sizes, 1.0)
    counted = used & (sizes > 0) & ~((rise > GENTLE) & (rise < LEVEL))
    labels = _labels(vertices, triangles)
    names = np.unique(labels)
    if len(names) > MOST_PARTS:
        yield corners, corners[counted], False
        return
    for name in names:
        own = labels == name
        yield corners[own], corners[own & counted], _is_solid(corners[own], open_sets)


def _labels(vertices: Array, triangles: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return a number (T) for each triangle, the same for those that hang together."""
    cells = np.round(vertices * 1e5).astype(np.int64)
    _, place = np.unique(cells, axis=0, return_inverse=True)
    corners = place.reshape(-1)[triangles]
    labels = np.arange(int(corners.max()) + 1)
    while True:
        lowest = labels[corners].min(axis=1)
        after = labels.copy()
        np.minimum.at(after, corners.ravel(), np.repeat(lowest, 3))
        after = after[after]
        if np.array_equal(after, labels):
            return labels[corners[:, 0]]
        labels = after


def _is_solid(corners: Array, open_sets: Sequence[Array]) -> bool:
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    room = float(np.prod(high - low))
    around = ((points > low - NEAR_M) & (points < high + NEAR_M) for points in open_sets)
    if room <= 0 or any(inside.all() for inside in around):
        return False
    vertices, triangles = welded(corners.reshape(-1, 3), np.arange(3 * len(corners), dtype=np.int32).reshape(-1, 3))
    if not len(triangles) or open_edges(triangles):
        return False
    return signed_volume(vertices, triangles) >= FILLED * room


def _size(piece: Array) -> float:
    sides = piece.max(axis=(0, 1)) - piece.min(axis=(0, 1))
    return float(np.prod(np.maximum(sides, SHEET_M)))


def _is_one(piece: Array) -> bool:
    """Return whether a piece is well told by its box."""
    sides = piece.max(axis=(0, 1)) - piece.min(axis=(0, 1))
    order = np.argsort(sides)
    if float((sides * sides).sum()) <= SMALL_M**2 or sides[order[1]] <= THIN_M:
        return True
    if sides[order[0]] > THIN_M:
        return False
    areas = np.cross(piece[:, 1] - piece[:, 0], piece[:, 2] - piece[:, 0])[:, order[0]] / 2
    covered = max(float(areas[areas > 0].sum()), float(-areas[areas < 0].sum()))
    return covered >= FILLED * float(sides[order[1]] * sides[order[2]])


def _split(piece: Array) -> list[Array]:
    """Return a piece as two: whole triangles apart where that costs no room, else cut in the middle."""
    centers = piece.mean(axis=1)
    best, chosen = PEELED * _size(piece), None
    for axis in range(3):
        low, high = float(centers[:, axis].min()), float(centers[:, axis].max())
        if high - low < 1e-6:
            continue
        for share in SHARES:
            left = centers[:, axis] < low + (high - low) * share
            if not left.any() or left.all() or (share in WALLS and not _is_sheet(piece[left == (share < 0.5)], axis)):
                continue
            cost = _size(piece[left]) + _size(piece[~left])
            if cost < best:
                best, chosen = cost, left
    if chosen is not None:
        return [piece[chosen], piece[~chosen]]
    low3, high3 = piece.min(axis=(0, 1)), piece.max(axis=(0, 1))
    axis = int(np.argmax(high3 - low3))
    middle = float(low3[axis] + high3[axis]) / 2
    return [half for half in (_cut(piece, axis, middle, sign) for sign in (1.0, -1.0)) if len(half)]


def _is_sheet(piece: Array, axis: int) -> bool:
    return float(piece[:, :, axis].max() - piece[:, :, axis].min()) < SHEET_M


def _cut(piece: Array, axis: int, at: float, sign: float) -> Array:
    """Return the triangles (T, 3, 3) on one side of a plane, those across it cut."""
    distance = sign * (at - piece[:, :, axis])  # above 0 on this side
    inside = distance >= 0
    result = [piece[inside.all(axis=1)]]
    for triangle, away, within in zip(piece, distance, inside, strict=True):
        if within.all() or not within.any():
            continue
        polygon = []
        for i in range(3):
            j = (i + 1) % 3
            if within[i]:
                polygon.append(triangle[i])
            if within[i] != within[j]:
                share = away[i] / (away[i] - away[j])
                polygon.append(triangle[i] + (triangle[j] - triangle[i]) * share)
        result.extend(np.array([[polygon[0], polygon[k], polygon[k + 1]]]) for k in range(1, len(polygon) - 1))
    return np.concatenate(result)


def _drawn_in(piece: Array, up: Array) -> tuple[Array, Array]:
    """Return the box of a piece, a level sheet a millimetre lower: what stands on it does not touch it."""
    low, high = piece.min(axis=(0, 1)), piece.max(axis=(0, 1))
    axis = int(np.argmax(np.abs(up)))
    if high[axis] - low[axis] < 2 * SHRINK_M and abs(up[axis]) > LEVEL:
        shift = np.sign(up[axis]) * SHRINK_M
        low[axis], high[axis] = low[axis] - shift, high[axis] - shift
    return low, high
