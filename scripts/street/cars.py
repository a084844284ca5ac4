"""Passenger cars from a page of measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from street.car import Car
from street.car_extras import EXTRAS
from street.decal import laid_on
from street.shape import Shape, both_sides, centred, joined
from street.solids import ball, block, limb
from street.vehicle_body import Body, build_body, half_width_at, top_at
from street.vehicle_cabin import Cabin, build_cabin
from street.wheels import wheel

BACK, AHEAD, INWARD = (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)
GAP_M = 0.014


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamps:
    """`front` is the lower and the upper edge in parts of the nose's height, `inner` the inner edge in half widths,
    `rear` the height of the rear lamps in metres."""

    front: tuple[float, float]
    inner: float
    rear: float


LAMPS = {
    "slim": Lamps(front=(0.66, 0.82), inner=0.44, rear=0.14),
    "tall": Lamps(front=(0.56, 0.84), inner=0.52, rear=0.3),
    "square": Lamps(front=(0.6, 0.84), inner=0.46, rear=0.2),
}


def build_car(car: Car) -> Shape:
    body = car_body(car)
    skin = build_body(body)
    cabin = build_cabin(car_cabin(car))
    parts = [skin, cabin, *_wheels(car), *_ends(car, skin), *_sides(car, body, skin)]
    for extra in car.extras:
        parts.append(EXTRAS[extra](car, skin))
    return centred(joined(*parts))


def car_body(car: Car) -> Body:
    nose, cowl, belt, tail = car.heights
    half = car.length / 2
    top = (
        (-half, tail - 0.3), (-half + 0.02, tail - 0.12), (-half + 0.05, tail), (car.x(car.tail), belt),
        (car.x(car.tail) + 0.3, belt), (car.x(car.cowl) - 0.2, cowl), (car.x(car.cowl) + 0.1, cowl),
        (half - 0.3, nose + 0.06), (half - 0.09, nose - 0.03), (half - 0.02, nose - 0.14), (half, nose - 0.3),
    )  # fmt: skip
    return Body(
        length=car.length,
        width=car.width,
        axles=car.axles,
        wheel_radius=car.wheel_radius,
        clearance=car.clearance,
        top=tuple(sorted(top)),
        skirt=car.skirt,
    )


def car_cabin(car: Car) -> Cabin:
    low = 0.855 * car.width / 2
    pillars = [(part, 0.1) for part in car.doors[1:-1]] + [(part, 0.08) for part in car.panes]
    return Cabin(
        belt_x=(car.x(car.cowl), car.x(car.tail)),
        roof_x=(car.x(car.roof[0]), car.x(car.roof[1])),
        belt=(car.heights[1] - 0.03, car.heights[2] - 0.03),
        roof=car.height,
        half_width=(low, car.roof_width * car.width / 2),
        pillars=tuple((car.x(part), width) for part, width in sorted(pillars)),
        blind=car.blind,
        rear_post=car.rear_post,
    )


def _wheels(car: Car) -> list[Shape]:
    width = 0.215
    one = wheel(car.wheel_radius, width, spokes=car.spokes)
    out = car.width / 2 - width / 2 - 0.015
    placed = [one.at(axle, out, car.wheel_radius) for axle in car.axles]
    return [*placed, *(shape.mirrored() for shape in placed)]


def _ends(car: Car, skin: Shape) -> list[Shape]:
    """Lamps, grille, lower intake, plates, bumper strips."""
    nose, tail, w = car.heights[0], car.heights[3], car.width / 2
    front, rear, low = car.length / 2 + 1, -car.length / 2 - 1, car.clearance

    def plate(
        y: tuple[float, float],
        z: tuple[float, float],
        ahead: bool,
        name: str,
        steps: tuple[int, int],
        out: float = 0.006,
    ) -> Shape:
        x = front if ahead else rear
        corners = [(x, y[0], z[0]), (x, y[1], z[0]), (x, y[1], z[1]), (x, y[0], z[1])]
        return laid_on(skin, corners, AHEAD if ahead else BACK, name, out, steps)

    span = nose - low
    parts = [
        plate((-0.36 * w, 0.36 * w), (low + 0.58 * span, low + 0.76 * span), True, "trim", (4, 2)),
        plate((-0.62 * w, 0.62 * w), (low + 0.12 * span, low + 0.3 * span), True, "trim", (6, 1)),
        plate((-0.26, 0.26), (low + 0.36 * span, low + 0.36 * span + 0.11), True, "plate", (3, 1), 0.014),
        plate((-0.26, 0.26), (tail - 0.36, tail - 0.25), False, "plate", (3, 1), 0.014),
        plate((-0.7 * w, 0.7 * w), (low + 0.06, low + 0.2), False, "trim", (6, 1)),
    ]
    return [*parts, *_lamps(car, skin, front, rear)]


def _lamps(car: Car, skin: Shape, front: float, rear: float) -> list[Shape]:
    tail, w = car.heights[3], car.width / 2
    low, span = car.clearance, car.heights[0] - car.clearance
    look = LAMPS[car.lamps]
    inner = look.inner * w
    bottom, top = (low + part * span for part in look.front)
    lamp = [
        (front, inner, bottom),
        (front, 0.76 * w, bottom + 0.02),
        (front, 0.765 * w, top),
        (front, inner, top - 0.03),
    ]
    turn = [
        (front, 0.55 * w, low + 0.36 * span),
        (front, 0.72 * w, low + 0.36 * span),
        (front, 0.72 * w, low + 0.42 * span),
        (front, 0.55 * w, low + 0.42 * span),
    ]
    back = [
        (rear, 0.5 * w, tail - 0.2),
        (rear, 0.82 * w, tail - 0.08 - look.rear),
        (rear, 0.825 * w, tail - 0.06),
        (rear, 0.5 * w, tail - 0.07),
    ]
    wrapped = [
        laid_on(skin, lamp, AHEAD, "light_front", 0.008, (3, 2)),
        laid_on(skin, turn, AHEAD, "light_turn", 0.006, (2, 1)),
        laid_on(skin, back, BACK, "light_rear", 0.008, (3, 2)),
    ]
    return [both_sides(*wrapped)]


def _sides(car: Car, body: Body, skin: Shape) -> list[Shape]:
    """Door gaps, handles, mirrors, a rubbing strip, on the left; mirrored to the right."""
    parts, beside = [], car.width / 2 + 1
    for part in car.doors:
        parts.append(_gap(car, body, skin, part))
    for rear_gap in car.doors[1:]:
        x = car.x(rear_gap) + 0.17
        z = float(top_at(body, x)) - 0.2
        parts.append(block((0.17, 0.03, 0.025), (x, half_width_at(body, x) * 0.985 + 0.01, z), "trim"))
    strip = [
        (car.x(part), beside, car.clearance + h)
        for part, h in ((car.doors[0], 0.24), (car.doors[-1], 0.24), (car.doors[-1], 0.28), (car.doors[0], 0.28))
    ]
    parts.append(laid_on(skin, strip, INWARD, "trim", 0.008, (4, 1)))
    x, z = car.x(car.doors[0]) - 0.22, car.heights[1] + 0.06
    mirror = ball((0.07, 0.11, 0.075), (x, car.width / 2 + 0.03, z + 0.03), "paint", 8, 6)
    pane = block((0.012, 0.15, 0.09), (x - 0.062, car.width / 2 + 0.03, z + 0.03), "glass")
    arm = limb(
        (x + 0.03, car.width / 2 - 0.18, z - 0.03), (x + 0.01, car.width / 2 - 0.02, z), (0.025, 0.02), "trim", 5
    )
    return [both_sides(*parts, mirror, pane, arm)]


def _gap(car: Car, body: Body, skin: Shape, part: float) -> Shape:
    x, beside = car.x(part), car.width / 2 + 1
    low = car.clearance + 0.12 * (float(top_at(body, x)) - car.clearance)
    for axle in car.axles:  # where a door ends over a wheel, its gap ends at the arch
        reach = car.wheel_radius + 0.08
        if abs(x - axle) < reach:
            low = car.wheel_radius + float(np.sqrt(reach**2 - (x - axle) ** 2)) + 0.02
    high = float(top_at(body, x)) - 0.03
    corners = [(x, beside, low), (x + GAP_M, beside, low), (x + GAP_M, beside, high), (x, beside, high)]
    return laid_on(skin, corners, INWARD, "trim", 0.003, (1, 5))
