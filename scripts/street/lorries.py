"""Lorries."""

from __future__ import annotations

from street.decal import laid_on
from street.shape import Shape, both_sides, centred, joined
from street.solids import block, box, lathe, limb, tube
from street.vehicle_body import SLAB_SIDE, Body, build_body
from street.vehicle_cabin import Cabin, build_cabin
from street.wheels import steel_wheel

BACK, AHEAD = (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0)
LEFT_IN = (0.0, -1.0, 0.0)
WHEEL_M, WIDE_M = 0.48, 0.3


def box_lorry() -> Shape:
    """7.6 m with a box of cargo behind a cab over the engine."""
    cargo = box((-3.75, -1.24, 1.05), (1.62, 1.24, 3.45), "cargo", 0.03)
    edges = [
        box((x, -1.26, z), (x + w, 1.26, z + h), "metal")
        for x, w, z, h in ((-3.77, 0.06, 1.02, 0.12), (1.57, 0.06, 1.02, 0.12))
    ]
    rails = both_sides(
        box((-3.76, 1.2, 1.0), (1.63, 1.265, 1.12), "metal"), box((-3.76, 1.2, 3.38), (1.63, 1.265, 3.46), "metal")
    )
    posts = both_sides(*(box((x, 1.23, 1.1), (x + 0.05, 1.252, 3.4), "metal") for x in (-2.4, -1.1, 0.2)))
    stripe = both_sides(box((-3.0, 1.23, 2.0), (0.9, 1.246, 2.5), "stripe"))
    doors = both_sides(
        box((-3.785, 0.02, 1.15), (-3.74, 1.2, 3.36), "cargo", 0.01),
        limb((-3.81, 0.15, 1.3), (-3.81, 0.15, 3.2), (0.02, 0.02), "metal", 6),
    )
    return centred(
        joined(
            _cab(2.7),
            _chassis(-3.7, 3.5),
            cargo,
            *edges,
            rails,
            posts,
            stripe,
            doors,
            *lorry_axle(2.75),
            *lorry_axle(-2.1),
            _tail(-3.72),
        )
    )


def tipper() -> Shape:
    """6.9 m with an open steel skip for earth, two axles behind."""
    front, rear = 1.5, -3.3
    wall = both_sides(
        box((rear, 1.14, 1.25), (front, 1.22, 2.35), "cargo", 0.02),
        *(box((x, 1.2, 1.25), (x + 0.1, 1.27, 2.3), "cargo") for x in (-3.2, -2.1, -1.0, 0.1, 1.3)),
        box((rear, 1.12, 2.3), (front, 1.27, 2.42), "cargo", 0.02),
    )
    ends = [box((x, -1.2, 1.26), (x + 0.1, 1.2, 2.4), "cargo", 0.02) for x in (rear - 0.02, front - 0.08)]
    guard = box((front - 0.1, -1.2, 2.4), (front + 0.75, 1.2, 2.5), "cargo", 0.03)
    floor = box((rear + 0.05, -1.15, 1.15), (front - 0.05, 1.15, 1.4), "chassis")
    earth = (
        lathe([(0.0, 0.0), (1.55, 0.0), (1.1, 0.38), (0.5, 0.72), (0.0, 0.8)], 12, "bark")
        .scaled(1.35, 0.7, 1.0)
        .at(-0.95, 0, 1.42)
    )
    axles = [*lorry_axle(2.55), *lorry_axle(-1.35), *lorry_axle(-2.55)]
    return centred(joined(_cab(2.5), _chassis(-3.3, 3.3), wall, *ends, guard, floor, earth, *axles, _tail(-3.32)))


def _cab(middle: float) -> Shape:
    """A cab over its axle at x = 0, moved to `middle`."""
    body = Body(
        length=2.1, width=2.4, axles=(0.05,), wheel_radius=WHEEL_M, clearance=0.42, side=SLAB_SIDE,
        top=((-1.05, 1.5), (1.05, 1.5)), ends=(0.1, 0.2), end_width=(0.97, 0.93), skirt=0.1, wheel_width=0.32,
    )  # fmt: skip
    cabin = Cabin(
        belt_x=(0.96, -1.0), roof_x=(0.72, -0.98), belt=(1.46, 1.46), roof=2.72, half_width=(1.19, 1.08),
        pillars=((-0.42, 0.12),), blind=1, rear_post=(0.1, 0.1), rear_glass=False, bow=(0.08, 0.0), crown=0.1,
        pillar="paint",
    )  # fmt: skip
    skin = joined(build_body(body), build_cabin(cabin))
    grille = laid_on(skin, front_plate(0.78, 0.95, 1.36), AHEAD, "trim", 0.012, (4, 1))
    bars = [laid_on(skin, front_plate(0.74, z, z + 0.03), AHEAD, "chrome", 0.02, (4, 1)) for z in (1.04, 1.15, 1.26)]
    bumper = laid_on(skin, front_plate(1.05, 0.46, 0.8), AHEAD, "trim", 0.05, (6, 1))
    number = laid_on(skin, front_plate(0.26, 0.58, 0.69), AHEAD, "plate", 0.06, (2, 1))
    lamp = laid_on(
        skin, [(9, 0.6, 0.56), (9, 0.98, 0.56), (9, 0.98, 0.74), (9, 0.6, 0.74)], AHEAD, "light_front", 0.062, (4, 1)
    )
    turn = laid_on(
        skin, [(9, 0.9, 1.0), (9, 1.06, 1.0), (9, 1.06, 1.12), (9, 0.9, 1.12)], AHEAD, "light_turn", 0.02, (2, 1)
    )
    arm = tube([(0.85, 1.1, 2.3), (1.0, 1.3, 2.3), (1.0, 1.34, 2.1)], 0.02, "trim", 6)
    mirror = block((0.09, 0.2, 0.46), (0.99, 1.36, 1.95), "trim", 0.03)
    gap = laid_on(
        skin, [(-0.6, 9, 1.05), (-0.585, 9, 1.05), (-0.585, 9, 2.3), (-0.6, 9, 2.3)], LEFT_IN, "trim", 0.004, (1, 6)
    )
    handle = block((0.2, 0.04, 0.04), (-0.42, 1.21, 1.3), "trim", 0.01)
    return joined(skin, grille, *bars, bumper, number, both_sides(lamp, turn, arm, mirror, gap, handle)).at(middle)


def _chassis(rear: float, front: float) -> Shape:
    beams = both_sides(box((rear, 0.32, 0.72), (front - 0.6, 0.45, 1.02), "chassis"))
    tank = tube([(-0.2, 0.95, 0.72), (0.9, 0.95, 0.72)], 0.3, "metal", 10)
    return joined(
        beams,
        tank,
        box((-0.2, -1.2, 0.45), (0.8, -0.7, 0.95), "chassis", 0.03),
        both_sides(box((-1.2, 1.1, 0.55), (-0.3, 1.15, 0.9), "chassis")),
    )


def _tail(x: float) -> Shape:
    bar = box((x - 0.02, -1.15, 0.5), (x + 0.1, 1.15, 0.64), "chassis", 0.02)
    lamps = both_sides(
        box((x - 0.05, 0.8, 0.68), (x, 1.12, 0.82), "light_rear"),
        box((x - 0.05, 0.66, 0.68), (x, 0.79, 0.82), "light_turn"),
    )
    return joined(bar, lamps, box((x - 0.05, -0.26, 0.68), (x - 0.02, 0.26, 0.79), "plate"))


def lorry_axle(x: float) -> list[Shape]:
    """Two wheels and what joins them."""
    one = steel_wheel(WHEEL_M, WIDE_M).at(x, 1.02, WHEEL_M)
    return [one, one.mirrored(), tube([(x, -1.0, WHEEL_M), (x, 1.0, WHEEL_M)], 0.08, "chassis", 6)]


def front_plate(half: float, low: float, high: float) -> list[tuple[float, float, float]]:
    """Corners of a plate across the front, to be laid on."""
    return [(9, -half, low), (9, half, low), (9, half, high), (9, -half, high)]
