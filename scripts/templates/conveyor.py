"""A conveyor in a warehouse: parcels between rollers, a scanner's arch, racks, yellow lines, high-bay lamps."""

from __future__ import annotations

import math

import bpy

from templates import looks
from templates.assemblies import Slab, again, profile, rod, slabs
from templates.files import collection
from templates.marks import mark, note
from templates.pieces import anchor, board, box, camera, cylinder, lamp, line, sky

HALL = (-6.0, 6.0, -3.6, 4.6, 5.4)  # x from and to, y from and to, height in metres
LONG, WIDE, HIGH = 7.2, 0.72, 0.75  # of what carries the parcels
BELT = (-1.8, 1.8)  # where the belt begins and ends; before and after it are rollers
RACK = (3.55, 1.0, (0.12, 1.45, 2.75))  # y of the racks' middle, depth, heights of their levels


def build() -> None:
    """Build the conveyor along x, in the direction in which the parcels go."""
    sky(0.25, (0.8, 0.9, 1.0))
    _hall(collection("Hall"))
    _bed(collection("Conveyor"))
    _stand(collection("Stand"))
    _drive(collection("Drive"))
    _scanner(collection("Scanner"))
    _racks(collection("Racks"))
    _bench(collection("Packing bench"))
    _lights(collection("Lights"))
    _helpers(collection("Variegate"))
    into = bpy.context.scene.collection
    for word, at, look_at, focal, ranges in (
        ("Overview", (2.9, -2.5, 2.05), (-0.3, 0.35, 0.75), 24.0, [22.0, 30.0]),
        ("Side", (-1.3, -2.0, 1.6), (-0.5, 0.0, 0.85), 30.0, [26.0, 42.0]),
        ("Above", (-0.45, -0.12, 2.75), (-0.45, 0.0, 0.75), 26.0, [22.0, 34.0]),
    ):
        item = camera("Camera" if word == "Overview" else f"Camera {word.lower()}", at, look_at, into, focal)
        mark(item, "camera", name=word)
        note(item, move_m=[0.25, 0.15, 0.15], turn_deg=[5.0, 6.0, 2.0], focal_length_mm=ranges)


# --- the hall -------------------------------------------------------------------------------------------------------


def _hall(into: bpy.types.Collection) -> None:
    left, right, front, back, height = HALL
    wide, deep, x, y = right - left, back - front, (left + right) / 2, (front + back) / 2
    concrete = looks.speckled("Concrete", "#74746f", "#8f8e88", 2.2, 0.5)
    sheet = looks.plain("Wall sheet", "#b9c0c2", 0.5, 0.2)
    roof = looks.plain("Roof", "#8d9396", 0.7)
    box("Floor", (wide, deep, 0.1), (x, y, -0.05), concrete, into, 0.0)
    box("Roof", (wide, deep, 0.1), (x, y, height + 0.05), roof, into, 0.0)
    for name, size, at in (
        ("Wall left", (0.1, deep, height), (left - 0.05, y, height / 2)),
        ("Wall right", (0.1, deep, height), (right + 0.05, y, height / 2)),
        ("Wall front", (wide, 0.1, height), (x, front - 0.05, height / 2)),
        ("Wall back", (wide, 0.1, height), (x, back + 0.05, height / 2)),
    ):
        mark(box(name, size, at, sheet, into, 0.0), "randomize", materials="jitter")
    seams: list[Slab] = [((0.02, 0.03, height), (left + 0.25 * i, back - 0.01, height / 2)) for i in range(1, 48)]
    seams += [((0.03, 0.02, height), (s, front + 0.25 * i, height / 2)) for i in range(1, 33) for s in (left, right)]
    slabs("Wall seams", seams, sheet, into)
    yellow = looks.plain("Floor line", "#e3b313", 0.6)
    lines: list[Slab] = [((wide - 0.6, 0.1, 0.002), (x, one, 0.001)) for one in (-1.55, -0.95, 1.15, 2.6)]
    lines += [((0.1, 1.45, 0.002), (one, 1.875, 0.001)) for one in (-5.0, 5.0)]
    slabs("Floor lines", lines, yellow, into)
    truss = looks.plain("Truss", "#5f666b", 0.5, 0.4)
    for i, one in enumerate((-4.0, 0.0, 4.0), start=1):
        chords: list[Slab] = [((0.1, deep, 0.1), (one, y, z)) for z in (height - 0.1, height - 0.6)]
        chords += [((0.05, 0.05, 0.5), (one, front + 0.7 * k, height - 0.35)) for k in range(1, 12)]
        slabs(f"Truss {i}", chords, truss, into)
    _gate(into, left)


def _gate(into: bpy.types.Collection, x: float) -> None:
    """A dock gate of panels between black and yellow posts."""
    white = looks.plain("Gate", "#dfe3e3", 0.45)
    yellow, black = looks.plain("Post yellow", "#edb810", 0.5), looks.plain("Post black", "#1b1c1d", 0.5)
    for i in range(6):
        box(f"Gate panel {i + 1}", (0.06, 2.8, 0.54), (x + 0.03, 0.6, 0.28 + 0.55 * i), white, into, 0.01)
    for side in (-1, 1):
        y = 0.6 + side * 1.55
        bands: list[Slab] = [((0.12, 0.12, 0.16), (x + 0.3, y, 0.08 + 0.32 * k)) for k in range(4)]
        slabs(f"Gate post yellow {side + 2}", bands, yellow, into)
        bands = [((0.12, 0.12, 0.16), (x + 0.3, y, 0.24 + 0.32 * k)) for k in range(4)]
        slabs(f"Gate post black {side + 2}", bands, black, into)


def _lights(into: bpy.types.Collection) -> None:
    shade = looks.plain("Lamp shade", "#3b4146", 0.4, 0.6)
    disc = looks.glowing("Lamp disc", "#fffaf0", 9.0)
    cord = looks.plain("Lamp cord", "#16181a", 0.6)
    height = HALL[4] - 1.1
    for i, (x, y) in enumerate(((-3.6, -0.9), (0.0, -0.9), (3.6, -0.9), (-1.8, 2.0), (1.8, 2.0)), start=1):
        cylinder(f"Lamp cord {i}", 0.01, 1.0, (x, y, height + 0.6), cord, into, 0.0, sides=8)
        cylinder(f"Lamp shade {i}", 0.26, 0.2, (x, y, height + 0.12), shade, into, 0.004, 0.1)
        cylinder(f"Lamp disc {i}", 0.22, 0.01, (x, y, height + 0.012), disc, into, 0.0)
        light = lamp(f"Lamp {i}", "AREA", 170.0, (x, y, height), into, 0.42, (1.0, 0.96, 0.88))
        light.data.shape = "DISK"
        mark(light, "light", energy_scale=[0.25, 1.8], temperature_k=[3200.0, 6500.0], visible=0.9)


# --- the conveyor ---------------------------------------------------------------------------------------------------


def _bed(into: bpy.types.Collection) -> None:
    rubber = looks.speckled("Belt rubber", "#1d2022", "#2b2f31", 160.0, 0.75)
    looks.keep(
        looks.speckled("Belt green", "#1f5a3c", "#27704a", 160.0, 0.7),
        looks.speckled("Belt grey", "#6a6f72", "#7b8083", 160.0, 0.75),
        looks.plain("Rail orange", "#d96a12", 0.4),
        looks.plain("Rail aluminium", "#c2c6c8", 0.35, 1.0),
    )
    blue = looks.plain("Rail blue", "#1f4f8f", 0.4)
    start, end = BELT
    belt = box("Belt", (end - start, WIDE - 0.06, 0.012), ((start + end) / 2, 0, HIGH - 0.006), rubber, into, 0.0)
    mark(belt, "randomize", materials="Belt *")
    box(
        "Belt bed",
        (end - start - 0.1, WIDE - 0.02, 0.09),
        ((start + end) / 2, 0, HIGH - 0.075),
        looks.plain("Bed paint", "#4b5257", 0.5, 0.5),
        into,
    )
    for i, x in enumerate(BELT, start=1):
        shift = 0.045 if i == 1 else -0.045
        rod(
            f"Belt drum {i}",
            0.049,
            (x + shift, -WIDE / 2, HIGH - 0.05),
            (x + shift, WIDE / 2, HIGH - 0.05),
            rubber,
            into,
        )
    steel = looks.plain("Roller steel", "#c9cdd0", 0.25, 1.0)
    first = None
    for side, (low, high) in enumerate(((-LONG / 2, start), (end, LONG / 2)), start=1):
        count = round((high - low) / 0.09)
        for k in range(count):
            x = low + (high - low) * (k + 0.5) / count
            at = (x, 0.0, HIGH - 0.026)
            if first is None:
                first = rod(f"Roller {side}-{k}", 0.025, (x, -WIDE / 2, at[2]), (x, WIDE / 2, at[2]), steel, into, 16)
            else:
                again(first, f"Roller {side}-{k}", at, into)
    sides: list[Slab] = [((LONG, 0.035, 0.14), (0, y * (WIDE / 2 + 0.02), HIGH - 0.04)) for y in (-1, 1)]
    mark(slabs("Side rails", sides, blue, into, 0.004), "randomize", materials="Rail *")
    for y in (-1, 1):
        guide = (LONG - 0.1, 0.012, 0.045)
        box(f"Guide {y + 2}", guide, (0, y * (WIDE / 2 + 0.055), HIGH + 0.12), steel, into)
        for k in range(9):
            x = -LONG / 2 + 0.25 + (LONG - 0.5) * k / 8
            box(
                f"Guide post {y + 2}-{k}",
                (0.03, 0.008, 0.2),
                (x, y * (WIDE / 2 + 0.045), HIGH + 0.05),
                steel,
                into,
                0.0,
            )


def _stand(into: bpy.types.Collection) -> None:
    paint = looks.plain("Stand paint", "#3b4046", 0.45)
    foot = looks.plain("Foot", "#15171a", 0.7)
    for i in range(5):
        x = -LONG / 2 + 0.3 + (LONG - 0.6) * i / 4
        for y in (-1, 1):
            where = y * (WIDE / 2 + 0.01)
            box(f"Leg {i}-{y + 2}", (0.06, 0.04, HIGH - 0.11), (x, where, (HIGH - 0.11) / 2 + 0.01), paint, into)
            cylinder(f"Foot {i}-{y + 2}", 0.05, 0.02, (x, where, 0.01), foot, into)
        box(f"Cross beam {i}", (0.04, WIDE, 0.05), (x, 0, 0.28), paint, into)
        if i < 4:
            step = (LONG - 0.6) / 4
            box(f"Long beam {i}", (step - 0.06, 0.03, 0.04), (x + step / 2, 0, 0.28), paint, into)


def _drive(into: bpy.types.Collection) -> None:
    """The motor below the belt, its guard, a stop button, and light barriers at the side rails."""
    motor = looks.plain("Motor", "#2f6f8f", 0.4)
    grey = looks.plain("Gear box", "#8b9296", 0.4, 0.5)
    yellow, red = looks.plain("Guard", "#f0b90b", 0.5), looks.plain("Button", "#c5161d", 0.35)
    black = looks.plain("Barrier", "#1d2023", 0.5)
    y = -WIDE / 2 - 0.06
    box("Gear box", (0.16, 0.16, 0.2), (1.45, y + 0.02, 0.54), grey, into, 0.012)
    rod("Motor", 0.085, (1.37, y, 0.52), (1.02, y, 0.52), motor, into, 32)
    fins: list[Slab] = [((0.008, 0.2, 0.2), (1.06 + 0.03 * k, y, 0.52)) for k in range(9)]
    slabs("Motor fins", fins, motor, into)
    box("Drive guard", (0.3, 0.05, 0.26), (1.72, y + 0.01, 0.6), yellow, into, 0.01)
    box("Stop box", (0.09, 0.07, 0.11), (0.3, y - 0.01, HIGH - 0.03), yellow, into, 0.006)
    button = cylinder("Stop button", 0.026, 0.04, (0.3, y - 0.06, HIGH - 0.03), red, into, 0.006)
    button.rotation_euler.x = math.radians(90)
    for i, x in enumerate((-2.6, -0.9, 2.6), start=1):
        for side in (-1, 1):
            at = (x, side * (WIDE / 2 + 0.085), HIGH + 0.08)
            box(f"Barrier {i}-{side + 2}", (0.03, 0.035, 0.06), at, black, into, 0.004)
            bracket = (0.025, 0.006, 0.2)
            box(f"Barrier bracket {i}-{side + 2}", bracket, (x, side * (WIDE / 2 + 0.1), HIGH), grey, into, 0.0)


def _scanner(into: bpy.types.Collection) -> None:
    """An arch of profiles over the belt that carries scanners."""
    alloy = looks.plain("Arch", "#c3c7ca", 0.35, 1.0)
    dark, eye = looks.plain("Scan head", "#25292d", 0.4), looks.plain("Scan window", "#64101a", 0.08)
    y, top = WIDE / 2 + 0.2, 1.75
    for i, (x, side) in enumerate(((0.7, -1), (0.7, 1), (1.1, -1), (1.1, 1)), start=1):
        profile(f"Arch post {i}", (x, side * y, 0.0), (x, side * y, top), alloy, into)
    for i, x in enumerate((0.7, 1.1), start=1):
        profile(f"Arch beam {i}", (x, -y - 0.02, top + 0.02), (x, y + 0.02, top + 0.02), alloy, into)
    for side in (-1, 1):
        profile(f"Arch tie {side + 2}", (0.72, side * y, top - 0.02), (1.08, side * y, top - 0.02), alloy, into)
    box("Scan head", (0.3, 0.22, 0.16), (0.9, 0.0, top - 0.08), dark, into, 0.015)
    box("Scan window", (0.24, 0.16, 0.004), (0.9, 0.0, top - 0.162), eye, into, 0.0)
    for side in (-1, 1):
        box(f"Side scanner {side + 2}", (0.2, 0.1, 0.24), (0.9, side * (y - 0.02), 1.2), dark, into, 0.012)
        window = (0.14, 0.004, 0.18)
        box(f"Side window {side + 2}", window, (0.9, side * (y - 0.072), 1.2), eye, into, 0.0)
    colours = (("#29a34a", 0.3), ("#e8b71a", 0.3), ("#c8201f", 3.0))
    for i, (colour, strength) in enumerate(colours):
        glow = looks.glowing(f"Signal {i + 1}", colour, strength)
        cylinder(f"Signal light {i + 1}", 0.03, 0.055, (1.1, -y, top + 0.09 + 0.06 * i), glow, into)


# --- what stands around ---------------------------------------------------------------------------------------------


def _racks(into: bpy.types.Collection) -> None:
    """Three bays of pallet rack along the back wall, which cartons stand in."""
    blue, orange = looks.plain("Rack post", "#1d4a86", 0.45), looks.plain("Rack beam", "#e0661a", 0.45)
    deck = looks.wood("Deck", "#9c7746", "#c09a64")
    y, deep, levels = RACK
    for i in range(4):
        x = -4.2 + 2.8 * i
        for side in (-1, 1):
            box(f"Rack post {i}-{side + 2}", (0.09, 0.07, 3.9), (x, y + side * deep / 2, 1.95), blue, into)
        braces: list[Slab] = [((0.03, deep, 0.03), (x, y, 0.4 + 0.6 * k)) for k in range(6)]
        slabs(f"Rack braces {i}", braces, blue, into)
    for bay in range(3):
        x = -2.8 + 2.8 * bay
        for level, z in enumerate(levels, start=1):
            for side in (-1, 1):
                at = (x, y + side * deep / 2, z - 0.06)
                box(f"Rack beam {bay}-{level}-{side + 2}", (2.7, 0.05, 0.11), at, orange, into)
            mark(
                box(f"Deck {bay}-{level}", (2.68, deep, 0.02), (x, y, z - 0.01), deck, into, 0.0),
                "surface",
                name="Decks",
            )


def _bench(into: bpy.types.Collection) -> None:
    """A pallet and a table for packing across from the racks."""
    wood = looks.wood("Pallet wood", "#a07a48", "#c7a26c", (2.0, 30.0, 30.0))
    planks: list[Slab] = [((1.2, 0.1, 0.022), (-3.1, 1.5 + 0.14 * k, 0.133)) for k in range(6)]
    planks += [((1.2, 0.1, 0.022), (-3.1, 1.5 + 0.35 * k, 0.011)) for k in range(3)]
    planks += [((0.14, 0.1, 0.1), (-3.1 + 0.5 * a, 1.5 + 0.35 * b, 0.072)) for a in (-1, 0, 1) for b in range(3)]
    slabs("Pallet", planks, wood, into, 0.003)
    top = board("Pallet top", (1.16, 0.76), (-3.1, 1.85, 0.1445), wood, into)
    mark(top, "surface", name="Pallet", clearance_m=0.01)


def _helpers(into: bpy.types.Collection) -> None:
    run = line("Belt line", ((-LONG / 2 + 0.05, 0, HIGH), (LONG / 2 - 0.05, 0, HIGH)), into)
    mark(run, "spline", name="Belt line", spacing_m=[0.15, 0.9], lateral_m=0.06, width_m=WIDE)
    for i, x in enumerate((-3.42, -2.78), start=1):
        mark(
            anchor(f"Stack {i}", (x, 1.85, 0.145), into, 90.0),
            "anchor",
            name="Stacks",
            move_m=0.02,
            turn_deg=[-8.0, 8.0],
        )
