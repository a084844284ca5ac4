"""Fasteners of steel: bolts, nuts, a washer. Threads are rings, close enough together to pass for a helix."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods.files import Good
from goods.materials import Material, metal
from goods.outlines import circle, polygon, rectangle
from goods.shapes import lathe, plate, rod
from goods.solids import Solid, join, move, turn

ZINC = metal("steel_zinc", "#c3c6cb", 0.3)
BLACK = metal("steel_black", "#3a3b3f", 0.42)
BRASS = metal("brass", "#c8a04c", 0.28)


def thread(radius: float, low: float, high: float, pitch: float) -> list[tuple[float, float]]:
    """A profile of ridges between two heights."""
    count = max(round((high - low) / pitch), 1)
    step, depth = (high - low) / count, 0.61 * pitch
    return [
        point for i in range(count) for point in ((radius - depth, low + i * step), (radius, low + (i + 0.5) * step))
    ] + [(radius - depth, high)]


def shank(diameter: float, length: float, threaded: float, pitch: float, material: Material) -> Solid:
    """A bolt's shaft from z = 0 upwards, threaded from its lower end."""
    r = diameter / 2
    profile = [(0, 0), (0.72 * r, 0), *thread(r, 0.1 * diameter, threaded, pitch)]
    if threaded < length:
        profile += [(r, threaded + 0.5 * pitch), (r, length)]
    return lathe(np.array([*profile, (0, length)]), material, 28)


def chamfered_hexagon(across: float, height: float, material: Material, hole: float | None = None) -> Solid:
    holes = [] if hole is None else [circle(hole / 2, 28)]
    return plate(polygon(6, across, 30), height, material, 0.035 * across, holes)


def hex_bolt(diameter: float, length: float, across: float, head: float, material: Material) -> Solid:
    """A bolt standing on its head, with the flange of a washer under it."""
    body = shank(diameter, length, 0.62 * length, 0.15 * diameter, material)
    top = move(chamfered_hexagon(across, head, material), z=length)
    collar = move(plate(circle(0.48 * across, 36), 0.04 * diameter, material), z=length - 0.03 * diameter)
    return turn(join(body, top, collar), "x", 180)


def socket_screw(diameter: float, length: float, head: float, key: float, material: Material) -> Solid:
    """A cap screw with a hexagon socket, standing on its head."""
    body = shank(diameter, length, length - 0.3 * diameter, 0.15 * diameter, material)
    depth = 0.55 * diameter
    cap = plate(circle(head / 2, 40), depth, material, 0.04 * diameter, [polygon(6, key, 30)])
    foot = rod(head / 2, diameter - depth + 1e-4, material, 0.03 * diameter, 40)
    head_of_it = join(move(foot, z=length - 1e-4), move(cap, z=length + diameter - depth))
    return turn(join(body, head_of_it), "x", 180)


def hex_nut(diameter: float, across: float, height: float, material: Material) -> Solid:
    """A nut with a threaded bore."""
    bore = diameter / 2
    outer = chamfered_hexagon(across, height, material, diameter + 0.001)
    inside = [(r, height - z) for r, z in thread(bore + 0.0003, 0.0004, height - 0.0004, 0.15 * diameter)]
    return join(outer, lathe(np.array([(bore + 0.0006, height), *inside, (bore + 0.0006, 0.0)]), material, 28))


def washer(inner: float, outer: float, height: float, material: Material) -> Solid:
    return plate(circle(outer / 2, 48), height, material, 0.18 * height, [circle(inner / 2, 40)])


def t_nut(size: float, bore: float, material: Material) -> Solid:
    """A nut for the slot of a profile: a wide foot, a narrow neck, a threaded bore through both."""
    hole = [circle(bore / 2, 28)]
    foot = plate(rectangle(size, 0.62 * size, 0.06 * size), 0.24 * size, material, 0.02 * size, hole)
    neck = plate(rectangle(size, 0.34 * size, 0.04 * size), 0.24 * size, material, 0.02 * size, hole)
    inside = [(r, 0.46 * size - z) for r, z in thread(bore / 2, 0.001, 0.46 * size - 0.001, 0.12 * bore)]
    return join(foot, move(neck, z=0.22 * size), lathe(np.array(inside), material, 28))


GOODS = (
    Good(asset_id="bolt_hex_01", category="bolt", build=partial(hex_bolt, 0.012, 0.06, 0.019, 0.0075, ZINC)),
    Good(asset_id="bolt_hex_02", category="bolt", build=partial(hex_bolt, 0.016, 0.04, 0.024, 0.01, BLACK)),
    Good(asset_id="bolt_socket_01", category="bolt", build=partial(socket_screw, 0.012, 0.05, 0.018, 0.010, BLACK)),
    Good(asset_id="nut_hex_01", category="nut", build=partial(hex_nut, 0.016, 0.024, 0.013, ZINC)),
    Good(asset_id="nut_hex_02", category="nut", build=partial(hex_nut, 0.02, 0.03, 0.016, BRASS)),
    Good(asset_id="washer_01", category="washer", build=partial(washer, 0.017, 0.036, 0.003, ZINC)),
    Good(asset_id="nut_t_slot_01", category="t-slot nut", build=partial(t_nut, 0.028, 0.009, ZINC)),
)
