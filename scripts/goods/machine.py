"""Parts of machines: bracket, gears, bearing, shaft, pulley, spring."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods.fasteners import BLACK, BRASS, ZINC
from goods.files import Good
from goods.fittings import STAINLESS, bolt_circle
from goods.materials import Material, metal, plastic
from goods.outlines import circle, gear, rectangle, rounded
from goods.shapes import ball, lathe, plate, sweep
from goods.solids import Solid, join, move, turn

ALUMINIUM = metal("aluminium_cast", "#b4b7bb", 0.38)
CHROME = metal("bearing_steel", "#d9dadc", 0.12)


def bracket(arm: float, width: float, thick: float, material: Material) -> Solid:
    """An angle of two arms, two holes in each, its inner corner stiffened by a rib."""
    hole = 0.17 * width
    holes = [circle(hole, 24, x, y) for x, y in ((0.2 * arm, 0.22 * width), (0.2 * arm, -0.22 * width))]
    slab = move(plate(rectangle(arm, width, 0.1 * width), thick, material, 0.0008, holes), x=arm / 2)
    wall = move(turn(slab, "y", -90), x=thick)
    rib = plate(rounded([(0, 0), (0.42 * arm, 0), (0, 0.42 * arm)], [0.001, 0.002, 0.002], 3), thick, material, 0.0006)
    rib = move(turn(rib, "x", 90), 0.9 * thick, thick / 2, 0.9 * thick)
    return join(slab, wall, rib)


def spur_gear(teeth: int, root: float, tip: float, height: float, bore: float, material: Material) -> Solid:
    """A gear with a hub on one side and holes that make it lighter."""
    holes = [circle(bore / 2, 32)]
    if root > 0.02:
        holes += bolt_circle(5, 0.62 * root, 0.36 * root)
    wheel = plate(gear(teeth, root, tip), height, material, 0.0006, holes)
    hub = plate(circle(0.85 * bore, 40), 0.5 * height, material, 0.0006, [circle(bore / 2, 32)])
    return join(wheel, move(hub, z=0.98 * height))


def bearing(bore: float, outer: float, height: float) -> Solid:
    """A ball bearing without shields: two grooved rings, the balls between them, a cage of brass."""
    mid, rail = (bore + outer) / 4, (outer - bore) / 12
    size = 0.30 * (outer - bore)
    lip = 0.6 * rail

    def race(edge: float, shoulder: float, inside: bool) -> Solid:
        deep = shoulder + (-lip if inside else lip)
        points = [
            (edge, 0.0),
            (shoulder, 0.0),
            (shoulder, 0.28 * height),
            (deep, 0.5 * height),
            (shoulder, 0.72 * height),
            (shoulder, height),
            (edge, height),
            (edge, 0.0),
        ]
        chamfer = 0.06 * height
        profile = rounded(
            points[:-1], [chamfer, chamfer, chamfer, 0.3 * height, chamfer, chamfer, chamfer], 3, closed=True
        )
        profile = np.concatenate((profile, profile[:1]))
        return lathe(profile if inside else profile[::-1], CHROME, 48)

    number = int(np.pi * mid * 2 / (size * 1.3))
    balls = [
        move(ball(size, size, size, CHROME, 14), mid * np.cos(a), mid * np.sin(a), height / 2)
        for a in 2 * np.pi * np.arange(number) / number
    ]
    half = 0.3 * size
    cage = [
        (mid - half, 0.36 * height),
        (mid + half, 0.36 * height),
        (mid + half, 0.64 * height),
        (mid - half, 0.64 * height),
        (mid - half, 0.36 * height),
    ]
    return join(race(bore / 2, mid - rail, True), race(outer / 2, mid + rail, False), lathe(cage, BRASS, 40), *balls)


def shaft(length: float, material: Material) -> Solid:
    """A stepped shaft lying along y, with a groove for a ring and a key in its seat."""
    steps = [
        (0.006, 0.0),
        (0.006, 0.22),
        (0.0055, 0.22),
        (0.0055, 0.24),
        (0.006, 0.24),
        (0.006, 0.3),
        (0.01, 0.3),
        (0.01, 0.62),
        (0.013, 0.62),
        (0.013, 0.68),
        (0.008, 0.68),
        (0.008, 1.0),
    ]
    corners = [(0, 0), *((r, z * length) for r, z in steps), (0, length)]
    chamfers = [0, 0.001, 0, 0, 0, 0, 0, 0.0006, 0, 0.0006, 0.0006, 0, 0.001, 0]
    body = lathe(rounded(corners, chamfers, 1), material, 40)
    key = move(plate(rectangle(0.02, 0.004, 0.0019, 4), 0.004, BLACK, 0.0003), z=0.0065)
    return join(turn(body, "x", -90), move(turn(key, "z", 90), y=0.83 * length))


def pulley(outer: float, bore: float, height: float, material: Material) -> Solid:
    """A V-belt pulley with two grooves, its web sunk, and a set screw's hub."""
    r, web = outer / 2, 0.3 * height
    groove = [
        (r, 0.06),
        (0.78 * r, 0.2),
        (0.78 * r, 0.28),
        (r, 0.44),
        (r, 0.56),
        (0.78 * r, 0.72),
        (0.78 * r, 0.8),
        (r, 0.94),
    ]
    outside = [(r - 0.001, 0.0), *((radius, z * height) for radius, z in groove), (r - 0.001, height)]
    top = [
        (0.70 * r, height),
        (0.68 * r, height - web),
        (0.42 * r, height - web),
        (0.40 * r, 1.12 * height),
        (bore / 2 + 0.0006, 1.12 * height),
        (bore / 2, 1.12 * height - 0.0006),
    ]
    under = [
        (bore / 2, 0.0006),
        (bore / 2 + 0.0006, 0.0),
        (0.40 * r, 0.0),
        (0.42 * r, web),
        (0.68 * r, web),
        (0.70 * r, 0.0),
        (r - 0.001, 0.0),
    ]
    return lathe([*outside, *top, *under], material, 56)


def spring(radius: float, wire: float, turns: float, pitch: float, material: Material) -> Solid:
    """A compression spring lying along y; its end coils touch."""
    t = np.linspace(0, turns, int(turns * 22) + 1)
    rise = pitch * np.clip(t - 1, 0, turns - 2) + 2 * wire * (np.clip(t, 0, 1) + np.clip(t - turns + 1, 0, 1))
    path = np.column_stack((radius * np.cos(2 * np.pi * t), radius * np.sin(2 * np.pi * t), rise))
    return turn(sweep(path, wire, material, 10), "x", 90)


def star_knob(material: Material) -> Solid:
    """A hand knob with five lobes on a brass bush with a hole."""
    angles = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    r = 0.02 + 0.0035 * np.cos(5 * angles)
    head = plate(np.column_stack((r * np.cos(angles), r * np.sin(angles))), 0.014, material, 0.004, steps=4)
    neck = lathe([(0.004, 0), (0.0085, 0), (0.0095, 0.011), (0.012, 0.0135), (0.004, 0.0135), (0.004, 0)], material, 32)
    bush = plate(circle(0.0075, 32), 0.004, BRASS, 0.0004, [circle(0.004, 24)])
    return join(move(head, z=0.014), move(neck, z=0.001), bush)


GOODS = (
    Good(asset_id="bracket_l_01", category="bracket", build=partial(bracket, 0.055, 0.04, 0.004, ALUMINIUM)),
    Good(asset_id="gear_01", category="gear", build=partial(spur_gear, 24, 0.0265, 0.031, 0.01, 0.012, ZINC)),
    Good(asset_id="gear_02", category="gear", build=partial(spur_gear, 14, 0.0125, 0.0165, 0.016, 0.008, BRASS)),
    Good(asset_id="bearing_01", category="bearing", build=partial(bearing, 0.02, 0.047, 0.014)),
    Good(asset_id="shaft_01", category="shaft", build=partial(shaft, 0.09, STAINLESS)),
    Good(asset_id="pulley_01", category="pulley", build=partial(pulley, 0.05, 0.012, 0.028, ALUMINIUM)),
    Good(asset_id="spring_01", category="spring", build=partial(spring, 0.0095, 0.0013, 9, 0.0062, STAINLESS)),
    Good(asset_id="knob_star_01", category="knob", build=partial(star_knob, plastic("knob", "#1b1c1f", 0.5))),
)
