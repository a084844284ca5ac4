"""What stands along a street. Lights and lamps face +x."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from pipeline.sampling.rng import rng_for
from street.shape import Shape, both_sides, joined
from street.signs import pole_foot
from street.solids import ball, block, box, cone, lathe, limb, loft, tube


def street_lamp() -> Shape:
    """6 m, its arm over the road at +x."""
    foot = lathe([(0.0, 0.0), (0.16, 0.0), (0.16, 0.5), (0.1, 0.62), (0.0, 0.62)], 12, "metal_dark")
    pole = tube(
        [(0, 0, 0.5), (0, 0, 5.2), (0.12, 0, 5.75), (0.5, 0, 5.98), (1.0, 0, 6.02)],
        [0.085, 0.06, 0.05, 0.045, 0.04],
        "metal",
        10,
    )
    head = ball((0.42, 0.15, 0.09), (1.3, 0, 6.0), "metal_dark", 12, 6)
    return joined(foot, pole, head, ball((0.3, 0.11, 0.07), (1.3, 0, 5.95), "lamp_glass", 10, 6))


def old_lamp() -> Shape:
    """3.6 m, a lantern on a cast post."""
    profile = [
        (0.0, 0.0),
        (0.2, 0.0),
        (0.2, 0.12),
        (0.13, 0.3),
        (0.1, 0.8),
        (0.06, 0.95),
        (0.05, 2.6),
        (0.08, 2.68),
        (0.04, 2.78),
        (0.0, 2.8),
    ]
    glass = lathe([(0.0, 2.8), (0.11, 2.82), (0.2, 3.28), (0.0, 3.28)], 6, "lamp_glass")
    roof = lathe([(0.0, 3.27), (0.25, 3.27), (0.2, 3.36), (0.06, 3.5), (0.03, 3.6), (0.0, 3.66)], 6, "metal_dark")
    ribs = [
        limb((0.11 * cos(a), 0.11 * sin(a), 2.82), (0.2 * cos(a), 0.2 * sin(a), 3.28), (0.014, 0.014), "metal_dark", 4)
        for a in (2 * pi * k / 6 for k in range(6))
    ]
    bars = tube([(0, -0.3, 2.55), (0, 0.3, 2.55)], 0.02, "metal_dark", 6)
    return joined(lathe(profile, 12, "metal_dark"), glass, roof, *ribs, bars)


def traffic_light() -> Shape:
    """3.4 m, three lights towards +x, a pair for people on foot at the side."""
    pole = tube([(0, 0, 0), (0, 0, 3.3)], 0.055, "metal", 10)
    case = box((0.05, -0.16, 2.4), (0.25, 0.16, 3.35), "sign_black", 0.03)
    board = box((0.03, -0.26, 2.3), (0.06, 0.26, 3.45), "sign_black", 0.01)
    lights = [_light(z, name) for z, name in ((3.17, "light_red"), (2.875, "light_amber"), (2.58, "light_green"))]
    walk = box((-0.1, 0.06, 1.9), (0.1, 0.24, 2.4), "sign_black", 0.02)
    small = [
        lathe([(0.0, 0.0), (0.075, 0.0), (0.06, 0.02), (0.0, 0.03)], 12, name).turned("x", -90).at(0, 0.24, z)
        for z, name in ((2.27, "light_red"), (2.05, "light_green"))
    ]
    button = block((0.09, 0.1, 0.16), (0.06, 0, 1.1), "sign_yellow", 0.015)
    return joined(pole_foot(), pole, case, board, *lights, walk, *small, button)


def _light(z: float, name: str) -> Shape:
    lens = lathe([(0.0, 0.0), (0.105, 0.0), (0.085, 0.03), (0.0, 0.045)], 16, name).turned("y", 90).at(0.25, 0, z)
    hood = [(0.0, 0.11 * cos(a), 0.11 * sin(a)) for a in (pi * k / 8 for k in range(9))]
    return joined(lens, tube(hood, 0.012, "sign_black", 4).at(0.26, 0, z), *(_visor(k, z) for k in range(8)))


def _visor(k: int, z: float) -> Shape:
    """One plate of the hood over a light."""
    plate = box((0.0, -0.024, 0.105), (0.17 - 0.012 * abs(k - 3.5), 0.024, 0.118), "sign_black")
    return plate.turned("x", -78.75 + 22.5 * k).at(0.25, 0, z)


def litter_bin() -> Shape:
    post = tube([(-0.22, 0, 0), (-0.22, 0, 1.1)], 0.035, "metal_dark", 8)
    tub = lathe(
        [(0.0, 0.3), (0.17, 0.3), (0.21, 0.85), (0.23, 0.87), (0.23, 0.91), (0.19, 0.9), (0.17, 0.6), (0.0, 0.6)],
        16,
        "bin",
    )
    lid = lathe([(0.0, 1.06), (0.24, 1.04), (0.2, 1.12), (0.0, 1.16)], 16, "metal_dark")
    arms = [box((-0.23, y - 0.015, 1.03), (0.1, y + 0.015, 1.06), "metal_dark") for y in (-0.1, 0.1)]
    holders = [box((-0.21, y - 0.015, 0.86), (-0.16, y + 0.015, 1.06), "metal_dark") for y in (-0.16, 0.16)]
    return joined(
        post,
        tub,
        lid,
        *arms,
        *holders,
        box((-0.25, -0.17, 0.6), (-0.19, 0.17, 0.66), "metal_dark"),
        pole_foot().at(-0.22),
    )


def wheeled_bin() -> Shape:
    """A household bin of 1.1 m on two wheels."""
    outline = [
        [(x * s + d, y * s, z) for x, y in ((-0.26, -0.25), (0.26, -0.25), (0.26, 0.25), (-0.26, 0.25))]
        for s, z, d in ((0.8, 0.06, 0.0), (1.0, 0.98, 0.0))
    ]
    tub = loft(outline, "bin")
    lid = box((-0.31, -0.29, 0.97), (0.3, 0.29, 1.05), "bin", 0.03)
    wheels = both_sides(
        lathe([(0.0, -0.03), (0.1, -0.03), (0.1, 0.03), (0.0, 0.03)], 14, "tyre").turned("x", 90).at(-0.22, 0.24, 0.1)
    )
    handle = tube([(-0.36, -0.2, 0.97), (-0.36, 0.2, 0.97)], 0.018, "bin", 6)
    return joined(
        tub, lid, wheels, handle, *(box((-0.37, y, 0.95), (-0.25, y + 0.03, 0.98), "bin") for y in (-0.2, 0.17))
    )


def bench() -> Shape:
    """1.8 m along y, looking towards +x."""
    slats = [box((x, -0.9, 0.43), (x + 0.09, 0.9, 0.47), "wood", 0.01) for x in (-0.16, -0.05, 0.06, 0.17)]
    back = [
        box((-0.025, -0.9, -0.045), (0.015, 0.9, 0.045), "wood", 0.01)
        .turned("y", -14)
        .at(-0.22 - 0.25 * (z - 0.55), 0, z)
        for z in (0.58, 0.7, 0.82)
    ]
    sides = []
    for y in (-0.65, 0.65):
        sides += [
            tube([(0.22, y, 0), (0.2, y, 0.42)], 0.025, "metal_dark", 6),
            tube([(-0.3, y, 0), (-0.2, y, 0.43), (-0.31, y, 0.88)], 0.025, "metal_dark", 6),
            tube([(-0.22, y, 0.42), (0.24, y, 0.42)], 0.02, "metal_dark", 6),
            tube([(-0.25, y, 0.62), (0.2, y, 0.64), (0.22, y, 0.42)], 0.02, "metal_dark", 6),
        ]
    return joined(*slats, *back, *sides)


def hydrant() -> Shape:
    body = lathe(
        [
            (0.0, 0.0),
            (0.17, 0.0),
            (0.17, 0.06),
            (0.11, 0.08),
            (0.11, 0.5),
            (0.14, 0.52),
            (0.14, 0.56),
            (0.12, 0.62),
            (0.08, 0.69),
            (0.0, 0.72),
        ],
        16,
        "hydrant",
    )
    nut = lathe([(0.03, 0.7), (0.03, 0.77)], 5, "hydrant")
    outlet = lathe([(0.0, 0.0), (0.06, 0.0), (0.06, 0.11), (0.075, 0.11), (0.075, 0.15), (0.0, 0.15)], 10, "hydrant")
    caps = [outlet.turned("x", sign * 90).at(0, -sign * 0.09, 0.42) for sign in (-1, 1)]
    big = outlet.scaled(1.25, 1.25, 1.0).turned("y", 90).at(0.08, 0, 0.36)
    ends = [
        lathe([(0.0, 0.0), (0.055, 0.0), (0.045, 0.03), (0.0, 0.03)], 10, "cargo")
        .turned("x", sign * 90)
        .at(0, -sign * 0.235, 0.42)
        for sign in (-1, 1)
    ]
    band = lathe([(0.0, 0.58), (0.137, 0.575), (0.128, 0.61), (0.0, 0.61)], 16, "cargo")
    bolts = [
        block((0.03, 0.03, 0.025), (0.145 * cos(a), 0.145 * sin(a), 0.07), "metal")
        for a in (pi * k / 4 for k in range(8))
    ]
    return joined(body, nut, *caps, big, *ends, band, *bolts)


def bollard() -> Shape:
    profile = [
        (0.0, 0.0),
        (0.09, 0.0),
        (0.09, 0.05),
        (0.065, 0.08),
        (0.06, 0.82),
        (0.08, 0.85),
        (0.08, 0.9),
        (0.05, 0.97),
        (0.0, 1.0),
    ]
    return joined(
        lathe(profile, 14, "metal_dark"),
        lathe([(0.0, 0.68), (0.066, 0.68), (0.065, 0.78), (0.0, 0.78)], 14, "sign_white"),
    )


def hedge() -> Shape:
    """2.4 m along y, clipped: a rough block under many small leaves."""
    half = np.array((0.4, 1.2, 0.55))
    core = box((-0.36, -1.16, 0.0), (0.36, 1.16, 1.05), "leaf_dark", 0.08)
    draws = rng_for(0, ("scene", 0), "assets/hedge_01/leaves").random((440, 7))
    parts = [_hedge_leaf(half, draw) for draw in draws]
    return joined(core, *parts)


def _hedge_leaf(half: np.ndarray, draw: np.ndarray) -> Shape:
    """A small flat leaf on one of the five sides, by their areas."""
    sides = ((0, 1.32), (0, 1.32), (1, 0.44), (1, 0.44), (2, 0.96))
    edges = np.cumsum([area for _, area in sides])
    k = int(np.searchsorted(edges, draw[0] * edges[-1]))
    place = (2 * draw[1:4] - 1) * half
    place[sides[k][0]] = half[sides[k][0]] * (-1 if k in (1, 3) else 1) * (0.9 + 0.14 * draw[1])
    place[2] = max(place[2], 0.12 - half[2])
    leaf = ball(
        (0.115 + 0.03 * float(draw[4]), 0.07, 0.018), (0, 0, 0), "leaf_light" if draw[5] > 0.7 else "leaf", 4, 2
    )
    turned = leaf.turned("x", 180 * float(draw[6])).turned("y", 360 * float(draw[5])).turned("z", 360 * float(draw[4]))
    return turned.at(float(place[0]), float(place[1]), float(place[2] + half[2]))


def traffic_cone() -> Shape:
    foot = box((-0.2, -0.2, 0.0), (0.2, 0.2, 0.04), "light_turn", 0.015)
    body = cone(0.15, 0.03, 0.66, 16, "light_turn").at(0, 0, 0.04)
    bands = [
        lathe(
            [(0.0, z), (0.152 - 0.182 * (z - 0.04), z), (0.152 - 0.182 * (z + h - 0.04), z + h), (0.0, z + h)],
            16,
            "sign_white",
        )
        for z, h in ((0.24, 0.1), (0.45, 0.08))
    ]
    return joined(foot, body, *bands)
