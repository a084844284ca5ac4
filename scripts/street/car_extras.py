"""What some cars carry: a taxi sign, blue lights, rails, a wing, a spare wheel, a bed."""

from __future__ import annotations

from collections.abc import Callable

from street.car import Car
from street.decal import laid_on
from street.shape import Shape, both_sides, joined
from street.solids import block, box, limb
from street.wheels import wheel

INWARD = (0.0, -1.0, 0.0)


def _taxi_sign(car: Car, skin: Shape) -> Shape:
    x, z = car.x(sum(car.roof) / 2) + 0.25, car.height - 0.01
    lamp = box((x - 0.09, -0.26, z), (x + 0.09, 0.26, z + 0.14), "sign_lamp", 0.03)
    return joined(lamp, block((0.185, 0.36, 0.05), (x, 0, z + 0.07), "sign_black"))


def _light_bar(car: Car, skin: Shape) -> Shape:
    x, z = car.x(sum(car.roof) / 2) + 0.3, car.height
    foot = box((x - 0.1, -0.5, z - 0.02), (x + 0.1, 0.5, z + 0.03), "trim", 0.01)
    lamp = box((x - 0.13, 0.18, z + 0.03), (x + 0.13, 0.6, z + 0.13), "light_blue", 0.03)
    return joined(foot, box((x - 0.12, -0.18, z + 0.03), (x + 0.12, 0.18, z + 0.12), "cargo", 0.02), both_sides(lamp))


def _side_stripe(car: Car, skin: Shape) -> Shape:
    low, beside = car.clearance + 0.34, car.width / 2 + 1
    front, rear = car.axles[1] - car.wheel_radius - 0.1, car.axles[0] + car.wheel_radius + 0.1
    corners = [(front, beside, low), (rear, beside, low), (rear, beside, low + 0.17), (front, beside, low + 0.17)]
    return both_sides(laid_on(skin, corners, INWARD, "stripe", 0.005, (10, 3)))


def _roof_rails(car: Car, skin: Shape) -> Shape:
    y, z = car.roof_width * car.width / 2 * 0.84, car.height - 0.005
    front, rear = car.x(car.roof[0]) - 0.25, car.x(car.roof[1]) + 0.2
    rail = limb((front, y, z + 0.03), (rear, y, z + 0.03), (0.018, 0.018), "chrome", 6)
    feet = [
        block((0.09, 0.03, 0.08), (x, y, z), "trim", 0.008) for x in (front - 0.03, (front + rear) / 2, rear + 0.03)
    ]
    return both_sides(rail, *feet)


def _spoiler(car: Car, skin: Shape) -> Shape:
    x, z, w = car.x(0.97), car.heights[3] + 0.02, car.width / 2
    wing = box((x - 0.1, -0.78 * w, z + 0.15), (x + 0.12, 0.78 * w, z + 0.185), "paint", 0.012)
    return joined(wing, both_sides(box((x - 0.05, 0.5 * w, z - 0.08), (x + 0.06, 0.54 * w, z + 0.16), "trim")))


def _spare_wheel(car: Car, skin: Shape) -> Shape:
    return wheel(0.33, 0.2).turned("z", 90).at(-car.length / 2 - 0.08, 0.1, car.clearance + 0.62)


def _bed(car: Car, skin: Shape) -> Shape:
    """The walls of a pickup's bed on its low deck, and the tailgate."""
    front, rear, w = car.x(car.tail) - 0.08, -car.length / 2 + 0.03, car.width / 2 * 0.97
    low, high = car.heights[2] - 0.12, car.heights[1] + 0.03
    wall = box((rear, w - 0.1, low), (front, w, high), "paint", 0.02)
    floor = box((rear + 0.06, -w + 0.1, low), (front - 0.02, w - 0.1, car.heights[2] + 0.045), "chassis")
    ends = [box((x, -w + 0.05, low), (x + 0.07, w - 0.05, high), "paint", 0.02) for x in (rear, front - 0.07)]
    return joined(both_sides(wall), floor, *ends)


EXTRAS: dict[str, Callable[[Car, Shape], Shape]] = {
    "taxi_sign": _taxi_sign,
    "light_bar": _light_bar,
    "side_stripe": _side_stripe,
    "roof_rails": _roof_rails,
    "spoiler": _spoiler,
    "spare_wheel": _spare_wheel,
    "bed": _bed,
}
