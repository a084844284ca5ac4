"""A robot's cell: a bin of parts on a steel table below a lamp, profiles and safety mesh around."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy

from templates import looks
from templates.assemblies import Slab, again, profile, rod, slabs, wire_panel
from templates.files import collection
from templates.marks import mark, note
from templates.pieces import Point, anchor, attach, box, camera, cylinder, lamp, sky

TABLE = (1.5, 0.9, 0.8)  # width, depth, height in metres
BIN = (0.4, 0.3, 0.14)  # outer width, depth, height
WALL, INSET = 0.006, 0.012  # thickness of its walls, and how far they lie behind its rim
COLOURS = {"blue": "#1f5fae", "grey": "#7d858b", "red": "#a82a2a", "green": "#2c7a4b"}


def build() -> None:
    """Build the cell about the bin, whose floor's middle lies on the table, above the origin."""
    sky(0.35, (0.85, 0.92, 1.0))
    _hall(collection("Hall"))
    alloy = looks.plain("Aluminium", "#c3c7ca", 0.35, 1.0)
    _table(collection("Table"))
    _bins(collection("Bins"))
    _frame(collection("Frame"), alloy)
    _fence(collection("Fence"))
    _robot(collection("Robot"))
    _tools(collection("Tools"))
    _helpers(collection("Variegate"))
    into = bpy.context.scene.collection
    over = camera("Camera", (0.78, -1.22, 1.62), (0.0, 0.12, 0.95), into, 26.0)
    mark(over, "camera", name="Cell", move_m=[0.15, 0.1, 0.15], turn_deg=[4.0, 5.0, 3.0])
    note(over, focal_length_mm=[26.0, 40.0])


# --- the hall -------------------------------------------------------------------------------------------------------


def _hall(into: bpy.types.Collection) -> None:
    floor = looks.speckled("Floor paint", "#7b8186", "#8a9095", 6.0, 0.45)
    wall = looks.speckled("Hall wall", "#c9ccca", "#d6d8d5", 12.0, 0.9)
    yellow = looks.plain("Floor line", "#e7b416", 0.55)
    box("Floor", (7.0, 7.0, 0.1), (0, 0, -0.05), floor, into, 0.0)
    box("Ceiling", (7.0, 7.0, 0.1), (0, 0, 3.85), wall, into, 0.0)
    for name, size, at in (
        ("Wall back", (7.0, 0.1, 3.8), (0, 3.55, 1.9)),
        ("Wall front", (7.0, 0.1, 3.8), (0, -3.55, 1.9)),
        ("Wall left", (0.1, 7.0, 3.8), (-3.55, 0, 1.9)),
        ("Wall right", (0.1, 7.0, 3.8), (3.55, 0, 1.9)),
    ):
        mark(box(name, size, at, wall, into, 0.0), "randomize", materials="jitter")
    lines: list[Slab] = [((4.4, 0.08, 0.002), (0, y, 0.001)) for y in (-1.5, 2.2)]
    lines += [((0.08, 3.7, 0.002), (x, 0.35, 0.001)) for x in (-2.2, 2.2)]
    slabs("Floor lines", lines, yellow, into)
    pipe = looks.plain("Cable tray", "#9aa0a3", 0.4, 0.8)
    box("Cable tray", (6.8, 0.2, 0.06), (0, 3.2, 3.1), pipe, into)
    cabinet = looks.plain("Control cabinet", "#d5d7d2", 0.5)
    box("Control cabinet", (0.8, 0.45, 1.9), (2.6, 3.2, 0.95), cabinet, into, 0.01)
    box("Cabinet screen", (0.3, 0.02, 0.2), (2.6, 2.965, 1.45), looks.glowing("Screen", "#3c8fd0", 1.5), into, 0.0)
    switch = cylinder("Main switch", 0.04, 0.03, (2.85, 2.96, 1.45), looks.plain("Switch", "#c0272d", 0.4), into)
    switch.rotation_euler.x = math.radians(90)


def _fence(into: bpy.types.Collection) -> None:
    """Safety mesh behind and beside the table, between yellow posts."""
    black = looks.plain("Fence mesh", "#17191a", 0.5, 0.3)
    yellow = looks.plain("Fence post", "#f0b90b", 0.5)
    first = wire_panel("Fence 1", (1.12, 1.9), (-1.2, 1.9, 1.1), black, into, 0.075)
    for i, x in enumerate((0.0, 1.2), start=2):
        again(first, f"Fence {i}", (x, 1.9, 1.1), into)
    for i, (x, y) in enumerate(((-1.8, 1.3), (-1.8, 0.1), (1.8, 1.3), (1.8, 0.1)), start=4):
        again(first, f"Fence {i}", (x, y, 1.1), into, 90.0)
    posts = [(x, 1.9) for x in (-1.8, -0.6, 0.6, 1.8)] + [(x, y) for x in (-1.8, 1.8) for y in (0.7, -0.5)]
    for i, (x, y) in enumerate(posts, start=1):
        box(f"Fence post {i}", (0.05, 0.05, 2.15), (x, y, 1.075), yellow, into)
        box(f"Fence foot {i}", (0.14, 0.14, 0.012), (x, y, 0.006), yellow, into)


# --- the table and what is on it ------------------------------------------------------------------------------------


def _table(into: bpy.types.Collection) -> None:
    wide, deep, high = TABLE
    steel = looks.speckled("Table steel", "#a9adaf", "#b9bdbf", 4.0, 0.38)
    steel.node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 0.85
    rubber = looks.speckled("Table rubber", "#2b2e31", "#35393c", 120.0, 0.85)
    looks.keep(rubber, looks.wood("Table beech", "#b98d58", "#d3ab76"))
    top = box("Table top", (wide, deep, 0.04), (0, 0, high - 0.02), steel, into, 0.004)
    mark(top, "randomize", materials="Table *")
    paint = looks.plain("Frame paint", "#39566e", 0.45)
    for i, (x, y) in enumerate(((-1, -1), (1, -1), (1, 1), (-1, 1)), start=1):
        at = (x * (wide / 2 - 0.05), y * (deep / 2 - 0.05), (high - 0.04) / 2)
        box(f"Table leg {i}", (0.06, 0.06, high - 0.04), at, paint, into, 0.006)
    for y in (-1, 1):
        box(f"Table beam {y + 2}", (wide - 0.16, 0.03, 0.06), (0, y * (deep / 2 - 0.05), high - 0.08), paint, into)
    box("Table shelf", (wide - 0.1, deep - 0.1, 0.02), (0, 0, 0.22), steel, into)


def _bin(
    name: str, at_m: Point, colour: bpy.types.Material, trim: Sequence[bpy.types.Material], into: bpy.types.Collection
) -> bpy.types.Object:
    """A ribbed container for small parts, its middle above a point; grips and labels are its children."""
    wide, deep, high = BIN
    pieces: list[Slab] = [((wide - 2 * INSET, deep - 2 * INSET, WALL), (0, 0, WALL / 2 + 0.002))]
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        pieces += _bin_side(dx, dy)
    body = slabs(name, pieces, colour, into, 0.0008)
    for side in (-1, 1):
        at = (side * (wide / 2 - INSET + 0.002), 0, 0.112)
        attach(box(f"{name} grip {side + 2}", (0.004, 0.1, 0.03), at, trim[0], into, 0.0), body)
        at = (0, side * (deep / 2 + 0.0005), 0.062)
        attach(box(f"{name} label {side + 2}", (0.09, 0.001, 0.045), at, trim[1], into, 0.0), body)
    body.location = at_m
    return body


def _bin_side(dx: int, dy: int) -> list[Slab]:
    """The wall that faces (dx, dy), with its rim, its bands and its ribs."""
    wide, deep, high = BIN
    reach = (wide if dx else deep) / 2 - INSET
    along = (deep if dx else wide) - 2 * INSET

    def slab(thick: float, length: float, tall: float, out: float, shift: float, z: float) -> Slab:
        size = (thick, length, tall) if dx else (length, thick, tall)
        return size, (dx * (reach + out) + abs(dy) * shift, dy * (reach + out) + abs(dx) * shift, z)

    corner = 2 * INSET if dx else 0.0  # one side reaches around the corner, so that no two faces lie in one plane
    sides = [
        slab(WALL, along - (2 * WALL if dx else 0.0), high - 0.002, -WALL / 2, 0, high / 2 + 0.001),
        slab(INSET, along + corner, 0.012, INSET / 2, 0, high - 0.006),
        slab(INSET * 0.8, along + 0.8 * corner, 0.006, INSET * 0.4, 0, high * 0.66),
        slab(INSET * 0.8, along + 0.8 * corner, 0.02, INSET * 0.4, 0, 0.014),
    ]
    count = 6 if dx else 8
    for k in range(count):
        shift = along * ((k + 0.5) / count - 0.5)
        low = dx != 0 and abs(shift) < 0.06  # below the grip
        tall = high * 0.6 if low else high - 0.012
        sides.append(slab(INSET, 0.005, tall, INSET / 2, shift, tall / 2 + 0.004))
    return sides


def _bins(into: bpy.types.Collection) -> None:
    """The bin that is picked from, and others beside it, stacked and below the table."""
    colours = [looks.plain(f"Bin plastic {name}", code, 0.42) for name, code in COLOURS.items()]
    trim = looks.plain("Bin grip", "#101214", 0.8), looks.plain("Bin label", "#eceae2", 0.7)
    picked = _bin("Bin", (0.0, 0.0, TABLE[2]), colours[0], trim, into)
    mark(picked, "randomize", materials="Bin plastic *")
    stacked = TABLE[2] + BIN[2] - 0.004
    places = ((-0.53, 0.16, TABLE[2]), (-0.53, 0.16, stacked), (0.55, 0.22, TABLE[2]))
    places += ((-0.4, 0.1, 0.23), (0.05, 0.1, 0.23), (0.5, 0.1, 0.23))
    for i, at in enumerate(places, start=1):
        spare = _bin(f"Spare bin {i}", at, colours[(i + 1) % len(colours)], trim, into)
        mark(spare, "randomize", materials="Bin plastic *")
        if i > 2:
            note(spare, visible=0.75, move_m=[0.03, 0.03, 0.0], turn_deg=[-9.0, 9.0])


def _tools(into: bpy.types.Collection) -> None:
    """What lies on the table beside the bin."""
    red = looks.plain("Button", "#c5161d", 0.35)
    yellow = looks.plain("Button box", "#efbe17", 0.5)
    box("Emergency stop", (0.075, 0.075, 0.06), (0.62, -0.34, TABLE[2] + 0.03), yellow, into, 0.006)
    cylinder("Emergency button", 0.02, 0.03, (0.62, -0.34, TABLE[2] + 0.075), red, into, 0.005)
    black = looks.plain("Scanner", "#22262a", 0.5)
    scanner = box("Scanner", (0.07, 0.17, 0.05), (-0.48, -0.26, TABLE[2] + 0.025), black, into, 0.012)
    mark(scanner, "randomize", visible=0.6, move_m=[0.06, 0.05, 0.0], turn_deg=[-60.0, 60.0])
    paper = looks.plain("Work order", "#f1efe6", 0.8)
    sheet = box("Work order", (0.21, 0.297, 0.001), (0.5, -0.12, TABLE[2] + 0.0006), paper, into, 0.0)
    mark(sheet, "randomize", visible=0.5, move_m=[0.05, 0.05, 0.0], turn_deg=[-30.0, 30.0])


# --- above ----------------------------------------------------------------------------------------------------------


def _frame(into: bpy.types.Collection, alloy: bpy.types.Material) -> None:
    """Profiles over the table, which carry the lamp and the robot's own camera."""
    wide, deep = TABLE[0] / 2 - 0.02, TABLE[1] / 2 + 0.03
    top = 2.05
    for i, x in enumerate((-wide, wide), start=1):
        profile(f"Frame post {i}", (x, deep, 0.0), (x, deep, top), alloy, into)
        profile(f"Frame arm {i}", (x, deep - 0.02, top - 0.02), (x, -0.3, top - 0.02), alloy, into)
        profile(f"Frame brace {i}", (x, deep - 0.03, top - 0.45), (x, deep - 0.42, top - 0.05), alloy, into)
    for i, y in enumerate((0.0, -0.28), start=1):
        profile(f"Frame beam {i}", (-wide + 0.02, y, top - 0.02), (wide - 0.02, y, top - 0.02), alloy, into)
    profile("Frame beam back", (-wide + 0.02, deep, top - 0.02), (wide - 0.02, deep, top - 0.02), alloy, into)
    grey = looks.plain("Lamp housing", "#dadcdc", 0.4)
    for i, x in enumerate((-0.34, 0.34), start=1):
        box(f"Lamp {i}", (0.12, 0.62, 0.05), (x, -0.1, top - 0.07), grey, into)
        box(
            f"Lamp glow {i}",
            (0.1, 0.58, 0.006),
            (x, -0.1, top - 0.097),
            looks.glowing("Glow", "#fbfdff", 8.0),
            into,
            0.0,
        )
        light = lamp(f"Lamp light {i}", "AREA", 12.0, (x, -0.1, top - 0.105), into, 0.1)
        light.data.shape, light.data.size_y = "RECTANGLE", 0.58
        mark(light, "light", energy_scale=[0.2, 2.2], temperature_k=[3800.0, 7500.0], visible=0.9)
    for i, (x, y) in enumerate(((-1.8, -1.6), (1.6, 1.4)), start=1):
        hall = lamp(f"Hall light {i}", "AREA", 190.0, (x, y, 3.7), into, 1.2)
        mark(hall, "light", energy_scale=[0.1, 1.6], temperature_k=[3500.0, 6500.0])
    dark = looks.plain("Sensor", "#23282d", 0.4)
    lens = looks.plain("Sensor lens", "#0a0f1c", 0.05)
    box("Sensor", (0.26, 0.07, 0.06), (0.0, 0.0, top - 0.09), dark, into, 0.01)
    for i, x in enumerate((-0.1, 0.1), start=1):
        cylinder(f"Sensor lens {i}", 0.022, 0.02, (x, 0.0, top - 0.125), lens, into)


def _robot(into: bpy.types.Collection) -> None:
    """An arm of six joints behind the table, its gripper above the bin's far side."""
    orange = looks.plain("Robot paint", "#e8650e", 0.35)
    dark = looks.plain("Robot joint", "#2a2d30", 0.45)
    steel = looks.plain("Gripper", "#b4b8bb", 0.3, 1.0)
    base = cylinder("Robot", 0.17, 0.5, (0.0, 1.12, 0.25), dark, into, 0.01, 0.14)
    parts = [cylinder("Robot turntable", 0.15, 0.26, (0.0, 1.12, 0.63), orange, into, 0.012, 0.12)]
    shoulder, elbow, wrist, tool = (0.0, 1.12, 0.82), (0.0, 1.3, 1.5), (0.0, 0.62, 1.66), (0.0, 0.4, 1.52)
    for name, at, radius, length in (
        ("shoulder", shoulder, 0.115, 0.3),
        ("elbow", elbow, 0.095, 0.26),
        ("wrist", wrist, 0.062, 0.15),
    ):
        left, right = (at[0] - length / 2, *at[1:]), (at[0] + length / 2, *at[1:])
        parts.append(rod(f"Robot {name}", radius, left, right, orange, into, 32))
        caps = ((left[0] - 0.012, *at[1:]), (right[0] + 0.012, *at[1:]))
        parts.append(rod(f"Robot {name} caps", radius * 0.8, *caps, dark, into, 32))
    parts.append(rod("Robot upper arm", 0.092, shoulder, elbow, orange, into, 32, 0.075))
    parts.append(rod("Robot forearm", 0.075, elbow, wrist, orange, into, 32, 0.052))
    parts.append(rod("Robot hand", 0.048, wrist, tool, orange, into, 32, 0.04))
    hand = (0.0, 0.36, 1.42)
    parts.append(rod("Robot flange", 0.042, tool, hand, dark, into))
    parts.append(box("Gripper", (0.13, 0.06, 0.06), hand, steel, into, 0.006))
    for side in (-1, 1):
        parts.append(
            box(f"Gripper finger {side + 2}", (0.014, 0.03, 0.11), (side * 0.04, 0.36, 1.34), steel, into, 0.002)
        )
    parts.append(rod("Robot hose", 0.014, (0.1, 1.18, 0.9), (0.1, 1.27, 1.45), dark, into, 16))
    for part in parts:
        attach(part, base)
    mark(base, "randomize", turn_deg=[-28.0, 28.0])


# --- the marks ------------------------------------------------------------------------------------------------------


def _helpers(into: bpy.types.Collection) -> None:
    plain = looks.plain("Helper", "#33aaff", 0.5)
    wide, deep, high = BIN
    inner = 2 * (0.012 + WALL)
    low = TABLE[2] + WALL + 0.003
    fill = (wide - inner - 0.004, deep - inner - 0.004, 0.3)
    for name, role, size, at, settings in (
        ("Fill", "volume", fill, (0, 0, low + fill[2] / 2), {"use": "drop"}),
        ("Camera space", "volume", (0.5, 0.5, 0.35), (0, -0.12, TABLE[2] + 0.68), {}),
        ("Beside the bins", "keep_out", (0.42, 0.32, 0.5), (-0.53, 0.16, TABLE[2] + 0.25), {}),
    ):
        item = box(name, size, at, plain, into, 0.0)
        item.display_type = "WIRE"
        mark(item, role, name=name, **settings)
    for i, (x, y) in enumerate(((-0.3, -0.34), (0.05, -0.36), (0.34, -0.3)), start=1):
        place = anchor(f"Loose {i}", (x, y, TABLE[2]), into, 90.0, 0.05)
        mark(place, "anchor", name="Loose", move_m=0.04, turn_deg=[-180.0, 180.0])
