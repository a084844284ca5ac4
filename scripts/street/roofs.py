"""Roofs over a rectangle, their eaves at z = 0: sloping in courses of tiles, or flat behind a parapet."""

from __future__ import annotations

import numpy as np

from street.shape import Shape, joined
from street.solids import box, loft, tube

TILE_M = 0.03


def sloping_roof(
    low: tuple[float, float], top: tuple[float, float], rise: float, courses: int, material: str = "roof"
) -> Shape:
    """From a rectangle of half sizes `low` (x, y) up to one of half sizes `top`, which may be a line.

    Every course of tiles ends in a small step.
    """
    rings = [_rectangle(low[0] - 0.15, low[1] - 0.15 if top[1] < low[1] else low[1], -0.02), _rectangle(*low, -0.02)]
    for k in range(courses + 1):
        part = k / courses
        x, y = (a + (b - a) * part for a, b in zip(low, top, strict=True))
        z = rise * part
        if k:
            rings.append(_rectangle(x, y, z))
        if k < courses or min(top) > 0:
            rings.append(_rectangle(x, y, z + TILE_M))
    return loft(np.array(rings), material)


def gable_roof(x: float, y: float, rise: float, courses: int, thick: float = 0.16) -> Shape:
    """Two slopes of half length y from eaves at +-x to a ridge along y, open underneath."""
    slope = []
    for k in range(courses):
        part, after = k / courses, (k + 1) / courses
        slope += [(x * (1 - part), rise * part + TILE_M), (x * (1 - after), rise * after)]
    outer = [(x, -thick), *slope[:-1], (0.0, rise)]
    over = [
        *outer,
        *((-px, pz) for px, pz in reversed(outer[:-1])),
        (-x + 0.02, -thick),
        (0.0, rise - thick),
        (x - 0.02, -thick),
    ]
    return loft([[(px, side, pz) for px, pz in over] for side in (-y, y)], "roof")


def _rectangle(x: float, y: float, z: float) -> list[tuple[float, float, float]]:
    return [(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)]


def gable_walls(x: float, y: float, height: float, rise: float) -> Shape:
    """Walls under a roof with its ridge along y; half sizes x and y."""
    outline = [(-x, 0.0), (x, 0.0), (x, height), (0.0, height + rise), (-x, height)]
    return loft([[(px, side, pz) for px, pz in outline] for side in (-y, y)], "facade")


def gutters(x: float, y: float, z: float) -> list[Shape]:
    """Along both eaves at +-x, with a downpipe at one corner each."""
    parts = []
    for side in (-1, 1):
        parts.append(tube([(side * x, -y, z), (side * x, y, z)], 0.06, "gutter", 6))
        parts.append(
            tube(
                [
                    (side * x, side * (y - 0.35), z),
                    (side * (x - 0.35), side * (y - 0.35), z - 0.3),
                    (side * (x - 0.35), side * (y - 0.35), 0.1),
                ],
                0.045,
                "gutter",
                6,
            )
        )
    return parts


def chimney(x: float, y: float, low: float, high: float) -> Shape:
    stack = box((x - 0.3, y - 0.4, low), (x + 0.3, y + 0.4, high), "chimney", 0.02)
    cap = box((x - 0.38, y - 0.48, high - 0.12), (x + 0.38, y + 0.48, high), "plinth", 0.02)
    pots = [tube([(x, y + d, high - 0.05), (x, y + d, high + 0.35)], (0.12, 0.1), "roof", 8) for d in (-0.2, 0.2)]
    return joined(stack, cap, *pots)


def parapet(x: float, y: float, height: float, material: str = "facade") -> Shape:
    """A rim around a flat roof of half sizes x and y, with a coping, and the roof's floor."""
    rim = [
        box((-x, -y, 0), (x, -y + 0.25, height), material),
        box((-x, y - 0.25, 0), (x, y, height), material),
        box((-x, -y + 0.25, 0), (-x + 0.25, y - 0.25, height), material),
        box((x - 0.25, -y + 0.25, 0), (x, y - 0.25, height), material),
    ]
    o, t = 0.06, 0.08
    coping = [
        box((-x - o, -y - o, height), (x + o, -y + 0.25 + o, height + t), "sill", 0.01),
        box((-x - o, y - 0.25 - o, height), (x + o, y + o, height + t), "sill", 0.01),
        box((-x - o, -y + 0.25 + o, height), (-x + 0.25 + o, y - 0.25 - o, height + t), "sill"),
        box((x - 0.25 - o, -y + 0.25 + o, height), (x + o, y - 0.25 - o, height + t), "sill"),
    ]
    return joined(*rim, *coping, box((-x + 0.2, -y + 0.2, 0.0), (x - 0.2, y - 0.2, 0.12), "roof"))
