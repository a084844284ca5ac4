"""Keyboard, mouse, phone, remote control, desk lamp."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods.files import Good
from goods.materials import Material, metal, plastic, printed
from goods.outlines import circle, inner, rectangle, rounded
from goods.prints import finished, part, rng_for, sheet, writing
from goods.shapes import ball, box, lathe, loft, plate, rod, sections, sweep
from goods.solids import Solid, bend, join, move, paint, top_map, turn

DARK, GREY = plastic("case", "#2b2d31", 0.5), plastic("keys", "#44474d", 0.6)
ROWS = (
    (1,) * 15,
    (1,) * 13 + (2,),
    (1.5,) + (1,) * 12 + (1.5,),
    (1.8,) + (1,) * 11 + (2.2,),
    (2.3,) + (1,) * 10 + (2.7,),
    (1.25, 1.25, 1.25, 6.25, 1.25, 1.25, 1.25, 1.25),
)


def keyboard(case: Material, keys: Material, accent: Material) -> Solid:
    """A keyboard 0.30 m long along y, its far edge at -x raised; the user sits at +x."""
    depth, width, pitch = 0.125, 0.302, 0.0192
    caps = []
    for row, units in enumerate(ROWS):
        left = -pitch * 7.5
        for number, unit in enumerate(units):
            wide = unit * pitch * 15 / sum(units)
            cap = _key(
                0.0162, wide - 0.0028, accent if (row, number) in ((0, 0), (4, len(units) - 1), (2, 13)) else keys
            )
            caps.append(move(cap, (row - 2.5) * pitch, left + wide / 2, 0.0115))
            left += wide
    body = box(depth, width, 0.013, 0.003, case)
    return bend(join(body, *caps), _tilted)


def _tilted(points: np.ndarray) -> np.ndarray:
    points[:, 2] += np.clip(points[:, 2] / 0.013, 0, 1) * 0.10 * (0.0625 - points[:, 0])
    return points


def _key(x: float, y: float, material: Material) -> Solid:
    """A key cap, narrower at its top."""
    outline = np.array([(x / 2, -y / 2), (x / 2, y / 2), (-x / 2, y / 2), (-x / 2, -y / 2)])
    inner_one = outline - 0.0016 * np.sign(outline)
    return sections([outline, inner_one], [0.0, 0.0058], material)


def mouse(shell: Material, wheel: Material) -> Solid:
    """A mouse, its buttons towards -x: an egg cut flat below, a seam between its buttons, a wheel."""
    count = 40
    rings = []
    ring = circle(1.0, count)
    for share in np.linspace(0, 1, 17):
        lift = np.sin(share * np.pi / 2)
        spread = max(np.cos(share * np.pi / 2), 0.0) ** 0.55
        x = 0.056 * spread * ring[:, 0] + 0.004 * lift
        y = 0.031 * spread * ring[:, 1] * (1 + 0.08 * ring[:, 0])
        z = 0.004 + 0.033 * lift - 0.09 * np.maximum(-x, 0) ** 1.2 * lift
        rings.append(np.column_stack((x, y, z)))
    base = np.column_stack((0.055 * ring[:, 0], 0.03 * ring[:, 1], np.zeros(count)))
    body = loft(np.array([base, *rings]), shell)
    seam = plastic("seam", "#111214", 0.6)
    body = paint(body, seam, lambda c, n: c[:, 2] < 0.0042)
    split = sweep(np.array([(x, 0.0, _height(x) + 0.0002) for x in np.linspace(-0.052, -0.006, 14)]), 0.0007, seam, 6)
    across = sweep(
        np.array(
            [
                (-0.006, y, _height(-0.006) * np.sqrt(max(1 - (y / 0.034) ** 2, 0)) + 0.0006)
                for y in np.linspace(-0.024, 0.024, 15)
            ]
        ),
        0.0006,
        seam,
        6,
    )
    roll = move(turn(rod(0.009, 0.007, wheel, 0.0015, 28, -0.0035), "x", 90), -0.031, 0, _height(-0.031) - 0.0045)
    return join(body, split, across, roll)


def _height(x: float) -> float:
    """How high the back of the mouse is above its axis at x."""
    shares = np.linspace(0, 1, 200)
    lift, spread = np.sin(shares * np.pi / 2), np.maximum(np.cos(shares * np.pi / 2), 0) ** 0.55
    edge = -0.056 * spread + 0.004 * lift
    z = 0.004 + 0.033 * lift - 0.09 * np.maximum(-edge, 0) ** 1.2 * lift
    return float(np.interp(x, edge, z))


def screen_image() -> np.ndarray:
    """A phone's screen: the time, rows of icons, four of them in a dock."""
    rng = rng_for("phone", "screen")
    image, draw = sheet(126, 264, "#14213d")
    whole = (0.0, 0.0, float(image.width), float(image.height))
    for row in range(40):
        shade = tuple(int(c) for c in np.array((20, 33, 61)) + np.array((50, 20, 45)) * row / 40)
        draw.rectangle(part(whole, 0, row / 40, 1, (row + 1) / 40), fill=shade)
    writing(draw, part(whole, 0.2, 0.07, 0.8, 0.16), rng, 4, "#ffffff", 0.12)
    draw.rounded_rectangle(part(whole, 0.04, 0.85, 0.96, 0.98), radius=24, fill="#4a4668")
    colours = ("#e04f3a", "#36a852", "#f2b92a", "#3f7de0", "#8e5bd0", "#f2f2f2", "#1fb5b0")
    for row in (*range(5), 5.9):
        for column in range(4):
            x, y = 0.09 + 0.22 * column, 0.23 + 0.109 * row
            colour = colours[int(rng.integers(0, len(colours)))]
            draw.rounded_rectangle(part(whole, x, y, x + 0.16, y + 0.076), radius=12, fill=colour)
    return finished(image)


def phone(case: Material) -> Solid:
    """A phone lying on its back, its top at -x: a screen edge to edge, buttons at its side."""
    x, y, z = 0.147, 0.071, 0.008
    body = plate(rectangle(x, y, 0.010, 6), z, case, 0.0022, steps=4)
    lit = printed("screen", screen_image(), 0.04)
    screen = plate(rectangle(x - 0.005, y - 0.005, 0.008, 6), 0.0005, lit, 0.0002)
    screen = move(top_map(screen, lit), z=z - 0.0002)
    lens = move(
        plate(circle(0.0016, 20), 0.0002, Material(name="lens", colour="#1a2030", roughness=0.05), 0.00005),
        -0.066,
        0,
        z + 0.0002,
    )
    steel = metal("buttons", "#8d9096", 0.3)
    keys = [
        move(box(length, 0.0012, 0.0022, 0.0004, steel, 1), px, y / 2, 0.003)
        for px, length in ((-0.035, 0.011), (-0.018, 0.018))
    ]
    return join(body, screen, lens, *keys)


def remote(case: Material) -> Solid:
    """A remote control lying along x, its sender at -x: a ring of arrows, figures, one red button."""
    x, y, z = 0.17, 0.046, 0.017
    body = plate(rectangle(x, y, 0.011, 6), z, case, 0.005, steps=4)
    soft = plastic("buttons", "#c9ccd1", 0.5)
    spots = [(-0.02 + 0.0145 * row, 0.0125 * column, soft) for row in range(6) for column in (-1, 0, 1)]
    spots += [(-0.074, -0.012, plastic("power", "#d0202a", 0.4)), (-0.074, 0.012, soft)]
    caps = [move(rod(0.0042, 0.0022, material, 0.0007, 20), px, py, z - 0.0004) for px, py, material in spots]
    ring = plate(circle(0.0165, 40), 0.0022, plastic("ring", "#555a62", 0.45), 0.0007, [circle(0.0075, 28)])
    middle = rod(0.0062, 0.0026, soft, 0.0007, 28)
    nose = move(
        box(0.003, 0.022, 0.008, 0.001, Material(name="sender", colour="#2a0508", roughness=0.08)),
        -x / 2 + 0.0008,
        0,
        0.0045,
    )
    return join(body, *caps, nose, *(move(one, -0.049, 0, z - 0.0004) for one in (ring, middle)))


def lamp(paint_of_it: Material) -> Solid:
    """A desk lamp: a round foot, two arms with joints, a conical shade that shines forward (+x) and down, a bulb."""
    steel = metal("steel", "#bfc2c6", 0.25)
    foot = lathe(
        rounded(
            [(0, 0), (0.085, 0), (0.085, 0.012), (0.02, 0.02), (0.012, 0.035), (0, 0.035)],
            [0, 0.002, 0.006, 0.012, 0.004, 0],
            4,
        ),
        paint_of_it,
        48,
    )
    low, mid, high = np.array((0, 0, 0.03)), np.array((-0.07, 0, 0.24)), np.array((0.1, 0, 0.40))
    arms = [
        sweep(np.linspace(a, b, 3) + (0, side, 0), 0.0038, steel, 12)
        for a, b in ((low, mid), (mid, high))
        for side in (-0.009, 0.009)
    ]
    joints = [turn(rod(0.013, 0.03, paint_of_it, 0.002, 28, -0.015), "x", 90) for _ in (low, mid, high)]
    joints = [move(one, *spot) for one, spot in zip(joints, (low, mid, high), strict=True)]
    profile = rounded(
        [(0.014, 0.0), (0.02, 0.0), (0.024, 0.03), (0.062, 0.095), (0.065, 0.11)], [0, 0.003, 0.015, 0.01, 0], 4
    )
    shade = lathe(inner(profile, 0.0016), paint_of_it, 40)
    white = plastic("reflector", "#f3f2ec", 0.4)
    shade = paint(shade, white, lambda c, n: ((n[:, :2] * c[:, :2]).sum(axis=1) < 0) & (c[:, 2] > 0.01))
    bulb = move(ball(0.045, 0.045, 0.055, Material(name="bulb", colour="#fff6df", roughness=0.25), 18), z=0.07)
    socket = rod(0.0145, 0.05, plastic("socket", "#e6e3da", 0.5), 0.001, 28, 0.0)
    head = turn(join(shade, bulb, socket, rod(0.0215, 0.012, paint_of_it, 0.003, 32, -0.01)), "y", 125)
    return join(foot, *arms, *joints, move(head, *(high + (0.012, 0, -0.004))))


GOODS = (
    Good(
        asset_id="keyboard_01",
        category="keyboard",
        build=partial(keyboard, DARK, GREY, plastic("keys_accent", "#d9722e", 0.55)),
    ),
    Good(
        asset_id="mouse_01",
        category="mouse",
        build=partial(mouse, plastic("shell", "#d9dbdf", 0.35), plastic("wheel", "#3a3c40", 0.6)),
    ),
    Good(asset_id="phone_01", category="phone", build=partial(phone, metal("frame", "#6f747b", 0.35))),
    Good(asset_id="remote_01", category="remote", build=partial(remote, plastic("case", "#26282c", 0.45))),
    Good(asset_id="lamp_01", category="desk lamp", build=partial(lamp, plastic("paint", "#b8382f", 0.35))),
)
