"""Outlines of masks along the edges of pixels, so that what they enclose is the mask and nothing else.

Corners are whole numbers (pixel edges). An outline runs clockwise as seen in the picture around pixels of the mask and
anticlockwise around a hole; pixels that meet in a corner only are not neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Loop = NDArray[np.int64]  # (N, 2) corners x, y; the last one leads back to the first

# Steps right, down, left, up; +1 is a turn to the right.
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def outlines(mask: Mask) -> list[Loop]:
    """Return every outline of a mask (H, W), the one with the topmost, then leftmost, first corner first."""
    padded = np.pad(mask, 1)
    # leaves[d, y, x]: an edge of the outline leaves corner (x, y) in direction d, the mask at its right hand.
    up_left, up_right = padded[:-1, :-1], padded[:-1, 1:]
    down_left, down_right = padded[1:, :-1], padded[1:, 1:]
    leaves = [down_right & ~up_right, down_left & ~down_right, up_left & ~down_left, up_right & ~up_left]
    return _followed(np.stack(leaves))


def _followed(leaves: NDArray[np.bool_]) -> list[Loop]:
    """Return the closed paths of edges (4, H, W), at crossings turning right: around the same pixel."""
    waiting = leaves.copy()
    loops = []
    for y, x in np.argwhere(leaves[0]).tolist():  # every outline has an edge to the right
        direction, heading = 0, -1
        corners = []
        while waiting[direction, y, x]:
            waiting[direction, y, x] = False
            if direction != heading:
                corners.append((x, y))
                heading = direction
            x, y = x + _STEPS[direction][0], y + _STEPS[direction][1]
            direction = next(turned % 4 for turned in (heading + 1, heading, heading + 3) if leaves[turned % 4, y, x])
        if corners:
            loops.append(np.array(corners, dtype=np.int64))
    return loops


def signed_area(loop: Loop) -> int:
    """Return the area inside, in pixels: above 0 around pixels of the mask, below 0 around a hole."""
    x, y = loop[:, 0], loop[:, 1]
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) // 2


def polygons_without_holes(mask: Mask) -> list[Loop]:
    """Return disjoint outlines that together cover a mask (H, W) exactly; where it has holes it is cut through them.

    Each is an outline of four-connected pixels, and the polygons' union in any exact rasteriser is the mask.
    """
    done: list[Loop] = []
    waiting = [_cropped(mask, 0, 0)]
    while waiting:
        part, left, top = waiting.pop()
        loops = outlines(part)
        holes = [loop for loop in loops if signed_area(loop) < 0]
        if not holes:
            done += [loop + (left, top) for loop in loops]
            continue
        # Cut at the hole in the middle: both halves then have about half of the holes.
        holes.sort(key=lambda loop: int(loop[:, 0].min() + loop[:, 0].max()))
        hole = holes[len(holes) // 2][:, 0]
        cut = int(hole.min() + hole.max()) // 2
        waiting += [_cropped(part[:, :cut], left, top), _cropped(part[:, cut:], left + cut, top)]
    return sorted(done, key=lambda loop: (int(loop[0, 1]), int(loop[0, 0])))


def _cropped(mask: Mask, left: int, top: int) -> tuple[Mask, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return mask[:0, :0], left, top
    y, x = int(rows[0]), int(columns[0])
    return mask[y : rows[-1] + 1, x : columns[-1] + 1], left + x, top + y


def joined_polygon(mask: Mask) -> Loop:
    """Return one closed polygon whose inside, even-odd or non-zero, is a mask (H, W) with all its pieces and holes.

    Pieces and holes hang together by lines without width, walked there and back between nearest corners, as in
    ultralytics' `merge_multi_segment`. Raises ValueError for an empty mask.
    """
    part, left, top = _cropped(mask, 0, 0)
    loops = sorted(outlines(part), key=len, reverse=True)
    if not loops:
        raise ValueError("an empty mask has no outline")
    path = loops[0]
    for loop in loops[1:]:
        here, there = _nearest(path, loop)
        turned = np.roll(loop, -there, axis=0)
        path = np.concatenate([path[: here + 1], turned, turned[:1], path[here:]])
    return path + (left, top)


def _nearest(path: Loop, loop: Loop) -> tuple[int, int]:
    """Return the index in each of the two corners that are nearest to each other."""
    best, found = np.inf, (0, 0)
    for at in range(0, len(path), 1024):
        distance = ((path[at : at + 1024, None] - loop[None]) ** 2).sum(axis=2)
        index = int(distance.argmin())
        row, column = divmod(index, len(loop))
        if distance[row, column] < best:
            best, found = float(distance[row, column]), (at + row, column)
    return found
