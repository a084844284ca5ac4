"""A city bus."""

from __future__ import annotations

from street.decal import laid_on
from street.lorries import AHEAD, BACK, WHEEL_M, front_plate, lorry_axle
from street.shape import Shape, both_sides, centred, joined
from street.solids import block, box, tube
from street.vehicle_body import SLAB_SIDE, Body, build_body
from street.vehicle_cabin import Cabin, build_cabin

LEFT_IN, RIGHT_IN = (0.0, -1.0, 0.0), (0.0, 1.0, 0.0)
AXLES = (-2.3, 2.95)
DOORS = (4.55, 0.25)


def city_bus() -> Shape:
    """11 m, doors on the right."""
    skin = _skin()
    doors = [_door(skin, x) for x in DOORS]
    band = [
        laid_on(skin, [(a, 9, 0.72), (b, 9, 0.72), (b, 9, 0.9), (a, 9, 0.9)], LEFT_IN, "stripe", 0.006, (4, 1))
        for a, b in ((5.1, 3.6), (2.3, -1.65), (-2.95, -5.2))
    ]
    pods = [box((x, -0.8, 3.0), (x + 1.9, 0.8, 3.26), "cargo", 0.07) for x in (-3.9, 1.0)]
    axles = [part for x in AXLES for part in lorry_axle(x)]
    return centred(joined(skin, *doors, both_sides(*band), *pods, *_front(skin), *_rear(skin), *axles))


def _skin() -> Shape:
    body = Body(
        length=11.0, width=2.5, axles=AXLES, wheel_radius=WHEEL_M, clearance=0.32, side=SLAB_SIDE,
        top=((-5.5, 1.1), (5.5, 1.1)), ends=(0.2, 0.3), end_width=(0.95, 0.92), skirt=0.1, wheel_width=0.32,
    )  # fmt: skip
    cabin = Cabin(
        belt_x=(5.36, -5.4), roof_x=(5.16, -5.34), belt=(1.05, 1.05), roof=3.08, half_width=(1.245, 1.2),
        pillars=tuple((x, 0.1) for x in (3.85, 2.4, 0.95, -0.5, -1.95, -3.4, -4.75)), blind=1, rear_post=(0.2, 0.18),
        front_post=(0.14, 0.14), bow=(0.12, 0.06), crown=0.16,
    )  # fmt: skip
    return joined(build_body(body), build_cabin(cabin))


def _front(skin: Shape) -> list[Shape]:
    """The sign that tells where to, the number plate, lamps and mirrors."""
    sign = laid_on(skin, front_plate(0.75, 2.56, 2.82), AHEAD, "sign_black", 0.03, (6, 1))
    text = laid_on(skin, front_plate(0.45, 2.63, 2.75), AHEAD, "sign_lamp", 0.036, (6, 1))
    number = laid_on(skin, front_plate(0.26, 0.5, 0.62), AHEAD, "plate", 0.014, (3, 1))
    corners = [(9, 0.62, 0.62), (9, 1.0, 0.62), (9, 1.0, 0.84), (9, 0.62, 0.84)]
    lamp = laid_on(skin, corners, AHEAD, "light_front", 0.012, (2, 1))
    arm = tube([(5.3, 1.15, 2.6), (5.72, 1.25, 2.58), (5.76, 1.3, 2.3)], 0.025, "trim", 6)
    mirror = block((0.1, 0.2, 0.42), (5.74, 1.36, 2.1), "trim", 0.03)
    return [sign, text, number, both_sides(lamp, arm, mirror)]


def _rear(skin: Shape) -> list[Shape]:
    def plate(y: tuple[float, float], z: tuple[float, float], name: str, steps: tuple[int, int]) -> Shape:
        corners = [(-9, y[0], z[0]), (-9, y[1], z[0]), (-9, y[1], z[1]), (-9, y[0], z[1])]
        return laid_on(skin, corners, BACK, name, 0.012, steps)

    lamps = both_sides(
        plate((0.95, 1.12), (0.75, 1.02), "light_rear", (2, 1)), plate((0.95, 1.12), (0.58, 0.7), "light_turn", (2, 1))
    )
    return [lamps, plate((-0.7, 0.7), (0.5, 0.95), "trim", (3, 1))]


def _door(skin: Shape, x: float) -> Shape:
    """Two glazed leaves in a black frame, on the right."""

    def plate(x0: float, x1: float, z0: float, z1: float, name: str, out: float) -> Shape:
        return laid_on(skin, [(x0, -9, z0), (x1, -9, z0), (x1, -9, z1), (x0, -9, z1)], RIGHT_IN, name, out, (2, 3))

    leaves = [plate(x + a, x + b, 0.5, 2.36, "glass", 0.03) for a, b in ((-0.56, -0.04), (0.04, 0.56))]
    return joined(plate(x - 0.64, x + 0.64, 0.36, 2.46, "trim", 0.02), *leaves)
