"""How far apart two rectangles must be for a gap between them."""

from __future__ import annotations

import math

import numpy as np

from pipeline.geometry import Array

HALVINGS = 60  # of a distance, to the last bit that matters


def offset_for_gap(half_a: Array, half_b: Array, turn_rad: float, way_rad: float, gap_m: float) -> float:
    """Return how far from the middle of rectangle A (half sides (2,) along the axes) the middle of B, turned by
    `turn_rad`, must be in the direction `way_rad` so that the two are `gap_m` apart where they are nearest.

    Two convex shapes are as far apart as the origin is from their difference; along a way out of it the distance only
    grows, so that halving finds the place.
    """
    corners = _difference(half_a, half_b, turn_rad)
    way = np.array([math.cos(way_rad), math.sin(way_rad)])
    low, high = 0.0, math.hypot(*half_a) + math.hypot(*half_b) + gap_m
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _distance(corners, middle * way) < gap_m or _is_inside(corners, middle * way):
            low = middle
        else:
            high = middle
    return high


def _difference(half_a: Array, half_b: Array, turn_rad: float) -> Array:
    """Return the corners (8, 2), anticlockwise, of the places of B's middle where it touches or overlaps A: both are
    their own mirror images, so that it is their sum, whose sides are those of both, sorted by direction."""
    c, s = math.cos(turn_rad), math.sin(turn_rad)
    sides = [np.array([2 * half_a[0], 0.0]), np.array([0.0, 2 * half_a[1]])]
    sides += [2 * half_b[0] * np.array([c, s]), 2 * half_b[1] * np.array([-s, c])]
    both_ways = [way * side for side in sides for way in (1.0, -1.0)]
    both_ways.sort(key=lambda side: math.atan2(side[1], side[0]))
    corners = np.cumsum(both_ways, axis=0)
    middle: Array = corners - (corners.max(axis=0) + corners.min(axis=0)) / 2
    return middle


def _distance(corners: Array, point: Array) -> float:
    """Return how far a point (2,) is from the outline of a polygon, corners (N, 2)."""
    along = np.roll(corners, -1, axis=0) - corners
    to = point - corners
    squared = (along * along).sum(axis=1)
    share = np.clip((to * along).sum(axis=1) / np.where(squared > 0, squared, 1.0), 0.0, 1.0)
    off = to - share[:, None] * along
    return math.sqrt(float((off * off).sum(axis=1).min()))


def _is_inside(corners: Array, point: Array) -> bool:
    along = np.roll(corners, -1, axis=0) - corners
    to = point - corners
    return bool((along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0] > 0).all())
