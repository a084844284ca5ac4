"""The smallest rectangle around a mask, in whole-number arithmetic: no machine rounds it otherwise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Point = tuple[int, int]
Corners = tuple[tuple[float, float], ...]


def hull_of_mask(mask: NDArray[np.bool_]) -> list[Point]:
    """Return the convex hull of the corners of the pixels of a mask (H, W): x, y, clockwise as seen in the picture."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - mask[rows][:, ::-1].argmax(axis=1)
    lines = zip(rows.tolist(), first.tolist(), last.tolist(), strict=True)
    ordered = sorted({(x, y) for top, left, right in lines for x in (left, right) for y in (top, top + 1)})
    return [*_half_hull(ordered)[:-1], *_half_hull(ordered[::-1])[:-1]]


def _half_hull(points: list[Point]) -> list[Point]:
    """Return one side of the hull (Andrew 1979) without points on its edges."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            hull.pop()
        hull.append((x, y))
    return hull


def smallest_rectangle(hull: list[Point], width: int, height: int) -> Corners:
    """Return the four corners x, y of the smallest rectangle that holds a hull and lies in a picture.

    One side of the smallest rectangle lies along an edge of the hull (Freeman & Shapira 1975). Where its corners leave
    the picture the next smallest is taken; the upright box, at the latest, never does. Corners run clockwise as seen in
    the picture, from the topmost, then leftmost one.
    """
    points = np.array(hull, dtype=np.int64)
    edges = np.roll(points, -1, axis=0) - points
    best: tuple[Fraction, list[tuple[Fraction, Fraction]]] | None = None
    for dx, dy in [(1, 0), *map(tuple, edges.tolist())]:
        along, across = points @ (dx, dy), points @ (-dy, dx)
        a0, a1, b0, b1 = int(along.min()), int(along.max()), int(across.min()), int(across.max())
        length2 = dx * dx + dy * dy
        area = Fraction((a1 - a0) * (b1 - b0), length2)
        if best is not None and area >= best[0]:
            continue
        corners = [
            (Fraction(a * dx - b * dy, length2), Fraction(a * dy + b * dx, length2))
            for a, b in ((a0, b0), (a1, b0), (a1, b1), (a0, b1))
        ]
        if all(0 <= x <= width and 0 <= y <= height for x, y in corners):
            best = (area, corners)
    assert best is not None
    start = min(range(4), key=lambda i: (best[1][i][1], best[1][i][0]))
    return tuple((float(x), float(y)) for x, y in (*best[1][start:], *best[1][:start]))
