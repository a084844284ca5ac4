"""Bicycles, and people riding them."""

from __future__ import annotations

from math import cos, pi, sin

from street.figures import Person, build_person
from street.shape import Shape, both_sides, centred, joined
from street.solids import ball, block, lathe, limb, tube, wheel_ring

RADIUS_M = 0.335
REAR_X, FRONT_X = -0.52, 0.53
CRANK = (-0.08, 0.0, 0.29)
SADDLE, HEAD, BAR = (-0.24, 0.0, 0.93), (0.36, 0.0, 0.84), (0.32, 0.0, 1.0)
PEDAL_M = 0.17


def build_cyclist(person: Person, basket: bool = False) -> Shape:
    parts = [bicycle(), build_person(person)]
    if basket:
        parts.append(_basket())
    return centred(joined(*parts))


def bicycle() -> Shape:
    """1.7 m long, the wheels on the ground at z = 0, x = 0 between them."""
    wheels = [_wheel().at(x, 0, RADIUS_M) for x in (REAR_X, FRONT_X)]
    return joined(*wheels, *_frame(), *_drive(), *_fittings())


def _wheel() -> Shape:
    tyre = wheel_ring(RADIUS_M - 0.018, 0.02, 22, 5, "tyre")
    rim = wheel_ring(RADIUS_M - 0.045, 0.012, 22, 3, "rim")
    hub = tube([(0, -0.05, 0), (0, 0.05, 0)], 0.025, "metal", 8)
    reach = RADIUS_M - 0.05
    spokes = [
        tube([(0, 0.02 * (-1) ** k, 0), (reach * cos(pi * k / 6), 0, reach * sin(pi * k / 6))], 0.004, "metal", 3)
        for k in range(12)
    ]
    return joined(tyre, rim, hub, *spokes)


def _frame() -> list[Shape]:
    seat, rear, front = (-0.2, 0.0, 0.76), (REAR_X, 0.0, RADIUS_M), (FRONT_X, 0.0, RADIUS_M)

    def bar(a: tuple[float, float, float], b: tuple[float, float, float], r: float, name: str = "frame_paint") -> Shape:
        return tube([a, b], r, name, 7)

    fork = both_sides(bar((0.385, 0.045, 0.72), (front[0], 0.05, front[2]), 0.013))
    stays = both_sides(
        bar((CRANK[0], 0.04, CRANK[2]), (rear[0], 0.055, rear[2]), 0.011),
        bar((seat[0], 0.03, seat[2]), (rear[0], 0.055, rear[2]), 0.01),
    )
    return [
        bar(CRANK, seat, 0.019),
        bar(seat, HEAD, 0.018),
        bar(CRANK, (0.385, 0, 0.74), 0.022),
        bar((0.395, 0, 0.7), (HEAD[0] - 0.02, 0, 0.9), 0.022),
        bar(seat, (SADDLE[0], 0, SADDLE[2] - 0.04), 0.013, "metal"),
        bar((HEAD[0] - 0.02, 0, 0.88), BAR, 0.014, "metal"),
        fork,
        stays,
    ]


def _drive() -> list[Shape]:
    ring = (
        lathe([(0.0, -0.006), (0.095, -0.006), (0.095, 0.006), (0.0, 0.006)], 18, "metal")
        .turned("x", 90)
        .at(CRANK[0], -0.06, CRANK[2])
    )
    chain = [
        limb((CRANK[0], -0.06, CRANK[2] + d), (REAR_X, -0.06, RADIUS_M + 0.4 * d), (0.007, 0.007), "metal_dark", 4)
        for d in (-0.09, 0.09)
    ]
    arms = []
    for side, forward in ((1, 0.95), (-1, -0.95)):  # the cranks along the feet of the riding pose
        x, z = CRANK[0] + PEDAL_M * forward * 0.75, CRANK[2] + PEDAL_M * forward * 0.45
        arms.append(limb((CRANK[0], side * 0.075, CRANK[2]), (x, side * 0.085, z), (0.014, 0.012), "metal", 6))
        arms.append(block((0.1, 0.09, 0.025), (x, side * 0.135, z), "trim", 0.006))
    return [ring, *chain, *arms]


def _fittings() -> list[Shape]:
    saddle = joined(
        ball((0.13, 0.045, 0.035), (SADDLE[0] + 0.05, 0, SADDLE[2]), "trim", 10, 6),
        ball((0.08, 0.085, 0.04), (SADDLE[0] - 0.04, 0, SADDLE[2]), "trim", 10, 6),
    )
    bars = tube(
        [(0.28, 0.29, 1.0), (0.36, 0.2, 1.02), (0.34, 0.0, 1.0), (0.36, -0.2, 1.02), (0.28, -0.29, 1.0)],
        0.014,
        "metal",
        8,
    )
    grips = both_sides(tube([(0.27, 0.3, 0.998), (0.345, 0.215, 1.018)], 0.02, "trim", 8))
    guards = [_guard(x) for x in (REAR_X, FRONT_X)]
    lamps = [
        ball((0.04, 0.035, 0.035), (0.42, 0, 0.9), "light_front", 8, 6),
        block((0.02, 0.06, 0.05), (REAR_X - 0.29, 0, 0.6), "light_rear", 0.008),
    ]
    return [saddle, bars, grips, *guards, *lamps]


def _guard(x: float) -> Shape:
    """A strip over the wheel's upper rear."""
    reach = RADIUS_M + 0.025
    path = [(x + reach * cos(a), 0.0, RADIUS_M + reach * sin(a)) for a in (pi * (0.42 + 0.09 * k) for k in range(7))]
    return tube(path, 0.018, "trim", 4)


def _basket() -> Shape:
    """Of wire, before the handlebar."""
    x, z = 0.6, 0.82
    # Not quite around: ends that touched would be welded.
    around = ((-0.12, 0.001), (-0.12, -0.16), (0.12, -0.16), (0.12, 0.16), (-0.12, 0.16), (-0.12, 0.002))
    levels = [tube([(x + dx, y, h) for dx, y in around], 0.008, "metal", 4) for h in (z, z + 0.1, z + 0.2)]
    return joined(
        *levels,
        block((0.24, 0.32, 0.012), (x, 0, z), "metal"),
        block((0.18, 0.24, 0.12), (x, 0, z + 0.07), "bag", 0.03),
    )
