"""An aisle in a supermarket: a gondola of four bays, cold cabinets across from it, tiles, strip lights."""

from __future__ import annotations

import math

import bpy

from templates import looks
from templates.assemblies import Slab, slabs
from templates.files import collection
from templates.marks import mark, note
from templates.pieces import attach, box, camera, cylinder, lamp, line, sky

ROOM = (-4.2, 4.6, -3.1, 3.6, 3.1)  # x from and to, y from and to, height in metres
BAYS = ("Household", "Breakfast", "Pantry", "Drinks")
BAY = 1.0  # width
LEVELS = (0.16, 0.53, 0.89, 1.25, 1.61)  # heights of the boards
DEPTH, BOARD, TOP = 0.42, 0.03, 1.99
ROW = (0.065, 0.105)  # of products: behind the board's edge, and from one to the next


def build() -> None:
    """Build the aisle along x. The edges of the boards are at y = 0, and face -y."""
    sky(0.25, (0.9, 0.95, 1.0))
    _shell(collection("Shop"))
    steel = looks.plain("Shelf paint", "#dfe1e0", 0.4, 0.1)
    _gondola(collection("Gondola"), steel)
    _boards(collection("Boards"), steel)
    _headers(collection("Headers"))
    _cabinets(collection("Cold cabinets"))
    _promotion(collection("Promotion"))
    _trolley(collection("Trolley"), (-2.75, -0.75, 0.0), 75.0)
    _lights(collection("Lights"))
    _edges(collection("Variegate"))
    into = bpy.context.scene.collection
    main = camera("Camera", (-2.6, -1.9, 1.62), (0.25, 0.25, 0.98), into, 24.0)
    mark(main, "camera", name="Overview", move_m=[0.3, 0.15, 0.2], turn_deg=[4.0, 6.0, 2.0])
    note(main, focal_length_mm=[22.0, 32.0])


def _bay_x(bay: int) -> float:
    return (bay - (len(BAYS) - 1) / 2) * BAY


# --- the hall -------------------------------------------------------------------------------------------------------


def _shell(into: bpy.types.Collection) -> None:
    left, right, front, back, height = ROOM
    wide, deep, x, y = right - left, back - front, (left + right) / 2, (front + back) / 2
    tiles = looks.bricks("Floor tiles", "#cfcbc2", "#d8d4cb", "#a9a59d", 0.45, 0.45, 0.006, 0.0)
    wall = looks.speckled("Wall paint", "#dcdad2", "#e6e4de", 30.0, 0.9)
    panel = looks.bricks("Ceiling panels", "#e8e8e4", "#eeeeea", "#b9bbba", 0.6, 0.6, 0.02, 0.0)
    box("Floor", (wide, deep, 0.1), (x, y, -0.05), tiles, into, 0.0)
    box("Ceiling", (wide, deep, 0.1), (x, y, height + 0.05), panel, into, 0.0)
    for name, size, at in (
        ("Wall left", (0.1, deep, height), (left - 0.05, y, height / 2)),
        ("Wall right", (0.1, deep, height), (right + 0.05, y, height / 2)),
        ("Wall front", (wide, 0.1, height), (x, front - 0.05, height / 2)),
        ("Wall back", (wide, 0.1, height), (x, back + 0.05, height / 2)),
    ):
        mark(box(name, size, at, wall, into, 0.0), "randomize", materials="jitter")
    stripe = looks.plain("Wall stripe", "#2f7d4f", 0.6)
    for name, size, at in (
        ("Stripe right", (0.02, deep, 0.5), (right - 0.01, y, 2.55)),
        ("Stripe back", (wide, 0.02, 0.5), (x, back - 0.01, 2.55)),
        ("Stripe left", (0.02, deep, 0.5), (left + 0.01, y, 2.55)),
    ):
        mark(box(name, size, at, stripe, into, 0.0), "randomize", materials="jitter")
    _door(into, right)
    _posters(into, left)


def _posters(into: bpy.types.Collection, x: float) -> None:
    """Framed prints on the wall by the aisle's near end."""
    frame = looks.plain("Poster frame", "#2a2d2f", 0.4)
    for i, (y, colour) in enumerate(((-1.9, "#c8202b"), (-0.7, "#e8a31b"), (0.5, "#2f7db3")), start=1):
        print_ = looks.speckled(f"Poster {i}", colour, "#f4ead2", 2.5, 0.6)
        box(f"Poster frame {i}", (0.03, 0.84, 1.14), (x + 0.015, y, 1.5), frame, into, 0.004)
        poster = box(f"Poster {i}", (0.01, 0.78, 1.08), (x + 0.031, y, 1.5), print_, into, 0.0)
        mark(poster, "randomize", materials="jitter")


def _door(into: bpy.types.Collection, x: float) -> None:
    """Swing doors to the store, at the end of the aisle."""
    leaf = looks.plain("Door rubber", "#8d9397", 0.5)
    plate = looks.plain("Kick plate", "#b9bcbe", 0.3, 0.9)
    pane = looks.plain("Port hole", "#3d4a50", 0.1)
    for i, y in enumerate((-1.75, -0.85), start=1):
        box(f"Door {i}", (0.04, 0.88, 2.15), (x - 0.02, y, 1.075), leaf, into, 0.005)
        box(f"Kick plate {i}", (0.045, 0.86, 0.4), (x - 0.025, y, 0.22), plate, into, 0.002)
        window = cylinder(f"Port hole {i}", 0.16, 0.05, (x - 0.025, y, 1.55), pane, into)
        window.rotation_euler.y = math.radians(90)


def _lights(into: bpy.types.Collection) -> None:
    height = ROOM[4]
    tube = looks.glowing("Light strip", "#fbfdff", 6.0)
    body = looks.plain("Light body", "#f4f4f2", 0.4)
    for row, y in enumerate((-1.25, 1.9), start=1):
        for i, x in enumerate((-3.0, -1.1, 0.8, 2.7), start=1):
            box(f"Light body {row}{i}", (1.5, 0.16, 0.05), (x, y, height - 0.06), body, into)
            box(f"Light strip {row}{i}", (1.44, 0.1, 0.02), (x, y, height - 0.09), tube, into, 0.0)
            light = lamp(f"Light {row}{i}", "AREA", 38.0, (x, y, height - 0.12), into, 1.44, (1.0, 0.98, 0.94))
            light.data.shape, light.data.size_y = "RECTANGLE", 0.12
            mark(light, "light", energy_scale=[0.35, 1.8], temperature_k=[3300.0, 6500.0], visible=0.94)


# --- the gondola ----------------------------------------------------------------------------------------------------


def _gondola(into: bpy.types.Collection, steel: bpy.types.Material) -> None:
    half = len(BAYS) * BAY / 2
    dark = looks.plain("Plinth", "#4a4d50", 0.5)
    back = looks.plain("Back panel", "#c9cccb", 0.5)
    brand = looks.plain("End panel", "#2f7d4f", 0.5)
    for bay, family in enumerate(BAYS):
        x = _bay_x(bay)
        panel = box(f"Back {family}", (BAY - 0.004, 0.02, TOP), (x, DEPTH + 0.02, TOP / 2), back, into, 0.0)
        mark(panel, "randomize", materials="jitter")
        box(f"Plinth {family}", (BAY, 0.03, 0.12), (x, 0.045, 0.06), dark, into)
    for i in range(len(BAYS) + 1):
        x = i * BAY - half
        box(f"Post {i}", (0.035, 0.03, TOP), (x, DEPTH - 0.005, TOP / 2), steel, into)
        slots: list[Slab] = [((0.006, 0.004, 0.022), (x, DEPTH - 0.021, 0.2 + 0.05 * k)) for k in range(35)]
        slabs(f"Post slots {i}", slots, dark, into)
    for i, side in enumerate((-1, 1), start=1):
        end = box(f"End panel {i}", (0.03, 0.98, TOP), (side * (half + 0.03), 0.45, TOP / 2), brand, into)
        mark(end, "randomize", materials="jitter", name="End panels")
    box("Gondola behind", (len(BAYS) * BAY, 0.02, TOP), (0, 0.93, TOP / 2), back, into, 0.0)


def _boards(into: bpy.types.Collection, steel: bpy.types.Material) -> None:
    rail = looks.plain("Price rail", "#f3f3ef", 0.3)
    for word, colour in (("yellow", "#f2c230"), ("red", "#b3262a"), ("grey", "#8f979c")):
        looks.keep(looks.plain(f"Price rail {word}", colour, 0.35))
    paper = looks.plain("Ticket", "#fbfaf4", 0.6)
    looks.keep(looks.plain("Ticket yellow", "#ffe14d", 0.6))
    ink = looks.plain("Ticket print", "#20221f", 0.6)
    for bay, family in enumerate(BAYS):
        for level, z in enumerate(LEVELS, start=1):
            x, name = _bay_x(bay), f"{family} {level}"
            size = (BAY - 0.006, DEPTH - 0.01, BOARD)
            shelf = box(f"Board {name}", size, (x, size[1] / 2, z - BOARD / 2), steel, into, 0.002)
            mark(shelf, "surface", name=f"Boards {family.lower()}", clearance_m=0.005)
            front = box(f"Rail {name}", (BAY - 0.006, 0.008, 0.042), (x, -0.005, z - 0.023), rail, into, 0.002)
            mark(front, "randomize", materials="Price rail*", name="Rails")
            _tickets(f"{name}", (x, -0.010, z - 0.023), 7 * bay + level, paper, ink, into)
            for side in (-1, 1):
                at = (x + side * (BAY / 2 - 0.012), DEPTH / 2 + 0.03, z - BOARD - 0.012)
                box(f"Bracket {name} {'left' if side < 0 else 'right'}", (0.005, 0.34, 0.022), at, steel, into, 0.0)
        top = box(f"Top {family}", (BAY - 0.006, 0.9, 0.025), (_bay_x(bay), 0.46, TOP + 0.0125), steel, into)
        mark(top, "surface", name="Top", clearance_m=0.02)


def _tickets(
    name: str, at: tuple[float, float, float], turn: int, paper: bpy.types.Material, ink: bpy.types.Material,
    into: bpy.types.Collection,
) -> None:  # fmt: skip
    """Price tickets along a rail, with bars instead of words."""
    x, y, z = at
    places = [x + 0.165 * (i - 2.5) + 0.02 * math.sin(3.1 * turn + 2.3 * i) for i in range(6)]
    sheets: list[Slab] = [((0.062, 0.002, 0.034), (one, y, z)) for one in places]
    item = slabs(f"Tickets {name}", sheets, paper, into)
    mark(item, "randomize", materials="Ticket, Ticket yellow", name="Tickets")
    print_: list[Slab] = []
    for one in places:
        print_.append(((0.024, 0.001, 0.014), (one + 0.014, y - 0.001, z + 0.003)))
        print_.append(((0.02, 0.001, 0.003), (one - 0.016, y - 0.001, z + 0.009)))
        print_.append(((0.016, 0.001, 0.003), (one - 0.018, y - 0.001, z + 0.002)))
        print_ += [((0.0012, 0.001, 0.008), (one - 0.026 + 0.0024 * k, y - 0.001, z - 0.009)) for k in range(8)]
    attach(slabs(f"Print {name}", print_, ink, into), item)


def _headers(into: bpy.types.Collection) -> None:
    """A sign above each bay: a picture of what is there, and no words."""
    colours = ("#2d6da3", "#d9822b", "#a8322f", "#2f8a86")
    white = looks.plain("Sign print", "#faf8f0", 0.5)
    for bay, (family, colour) in enumerate(zip(BAYS, colours, strict=True)):
        paint = looks.plain(f"Sign {family}", colour, 0.45)
        x, z = _bay_x(bay), TOP + 0.17
        sign = box(f"Sign {family}", (BAY - 0.02, 0.03, 0.26), (x, -0.02, z), paint, into, 0.006)
        mark(sign, "randomize", materials="jitter", slots="Sign *", visible=0.9)
        disc = cylinder(f"Sign disc {family}", 0.095, 0.006, (x - 0.33, -0.038, z), white, into, 0.0)
        disc.rotation_euler.x = math.radians(90)
        attach(disc, sign)
        icons: dict[str, list[Slab]] = {
            "Household": [((0.06, 0.004, 0.08), (0, 0, -0.015)), ((0.025, 0.004, 0.03), (0.01, 0, 0.045))],
            "Breakfast": [((0.08, 0.004, 0.055), (-0.008, 0, -0.01)), ((0.03, 0.004, 0.012), (0.045, 0, -0.01)),
                          ((0.1, 0.004, 0.01), (0, 0, -0.05))],
            "Pantry": [((0.07, 0.004, 0.09), (0, 0, -0.005)), ((0.078, 0.004, 0.012), (0, 0, 0.048))],
            "Drinks": [((0.045, 0.004, 0.075), (0, 0, -0.03)), ((0.02, 0.004, 0.06), (0, 0, 0.035))],
        }  # fmt: skip
        moved: list[Slab] = [(size, (x - 0.33 + a, -0.043, z + c)) for size, (a, _, c) in icons[family]]
        moved += [
            ((0.42 - 0.12 * i, 0.004, 0.03), (x + 0.07 - 0.06 * i, -0.037, z + 0.035 - 0.075 * i)) for i in (0, 1)
        ]
        attach(slabs(f"Sign picture {family}", moved[:-2], paint, into), sign)
        attach(slabs(f"Sign bars {family}", moved[-2:], white, into), sign)


# --- what stands around ---------------------------------------------------------------------------------------------


def _cabinets(into: bpy.types.Collection) -> None:
    """Tall cold cabinets with doors, with their backs to the front wall."""
    body = looks.plain("Cabinet", "#35393c", 0.4)
    pane = looks.plain("Cabinet pane", "#1b2a30", 0.05)
    steel = looks.plain("Door handle", "#c8cbcd", 0.25, 1.0)
    glow = looks.glowing("Cabinet light", "#dff1ff", 2.0)
    for i, x in enumerate((-2.6, -1.3, 0.0, 1.3, 2.6), start=1):
        box(f"Cabinet {i}", (1.28, 0.66, 2.2), (x, ROOM[2] + 0.35, 1.1), body, into)
        for side in (-1, 1):
            at = (x + side * 0.315, ROOM[2] + 0.69, 1.07)
            box(f"Cabinet door {i} {side + 2}", (0.6, 0.03, 1.8), at, pane, into)
            handle = (x + side * 0.05, ROOM[2] + 0.73, 1.1)
            box(f"Cabinet handle {i} {side + 2}", (0.02, 0.03, 0.7), handle, steel, into)
        box(f"Cabinet light {i}", (1.2, 0.02, 0.12), (x, ROOM[2] + 0.69, 2.06), glow, into, 0.0)


def _promotion(into: bpy.types.Collection) -> None:
    """A cardboard stand at the end of the gondola, whose goods are slots."""
    card = looks.speckled("Stand board", "#b88a54", "#c79b66", 80.0, 0.9)
    tone = looks.plain("Stand print", "#d8402f", 0.6)
    stand = box("Stand", (0.62, 0.5, 0.82), (2.95, 0.2, 0.41), card, into)
    mark(stand, "randomize", materials="jitter")
    box("Stand band", (0.63, 0.51, 0.2), (2.95, 0.2, 0.6), tone, into)
    dummy = looks.plain("Place holder", "#e9e6df", 0.7)
    for i, (dx, dy) in enumerate(((-0.18, -0.12), (0.0, -0.12), (0.18, -0.12), (-0.1, 0.1), (0.1, 0.1)), start=1):
        item = box(f"Offer {i}", (0.1, 0.12, 0.2), (0, 0, 0), dummy, into, 0.002)
        for vertex in item.data.vertices:
            vertex.co.z += 0.1
        item.location = (2.95 + dx, 0.2 + dy, 0.82)
        item.rotation_euler.z = math.radians(-90)
        mark(item, "slot", name="Offers", fit="none")


def _trolley(into: bpy.types.Collection, at: tuple[float, float, float], yaw_deg: float) -> None:
    """A shopping trolley of wire, as one object with its handle and wheels as children."""
    wire = looks.plain("Wire", "#c4c8ca", 0.25, 1.0)
    red = looks.plain("Handle", "#c8202b", 0.4)
    black = looks.plain("Wheel", "#1d1f21", 0.6)
    long, wide, low, high = 0.82, 0.5, 0.42, 0.94
    pieces: list[Slab] = []
    for k in range(15):
        x = long * (k / 14 - 0.5)
        pieces += [((0.005, 0.005, high - low), (x, s * wide / 2, (low + high) / 2)) for s in (-1, 1)]
        pieces.append(((0.005, wide, 0.005), (x, 0, low)))
    for k in range(11):
        y = wide * (k / 10 - 0.5)
        pieces += [((0.005, 0.005, high - low), (s * long / 2, y, (low + high) / 2)) for s in (-1, 1)]
        pieces.append(((long, 0.005, 0.005), (0, y, low)))
    for k in range(6):
        z, thick = low + (high - low) * k / 5, 0.016 if k == 5 else 0.005
        pieces += [((long, thick, thick), (0, s * wide / 2, z)) for s in (-1, 1)]
        pieces += [((thick, wide, thick), (s * long / 2, 0, z)) for s in (-1, 1)]
    for s in (-1, 1):
        pieces.append(((long, 0.025, 0.025), (0, s * (wide / 2 - 0.04), 0.2)))
        pieces.append(((0.025, 0.025, high - 0.1), (-long / 2 + 0.02, s * (wide / 2 - 0.04), (high + 0.1) / 2)))
        pieces.append(((0.09, 0.02, 0.02), (-long / 2 - 0.035, s * (wide / 2 - 0.02), high + 0.05)))
        pieces.append(((0.02, 0.02, 0.07), (-long / 2, s * (wide / 2 - 0.02), high + 0.025)))
        pieces.append(((0.02, 0.02, low - 0.2), (long / 2 - 0.1, s * (wide / 2 - 0.04), (low + 0.2) / 2)))
    body = slabs("Trolley", pieces, wire, into)
    grip = box("Trolley handle", (0.03, wide + 0.06, 0.03), (-long / 2 - 0.06, 0, high + 0.05), red, into, 0.012)
    attach(grip, body)
    for i, (x, y) in enumerate(((-1, -1), (1, -1), (1, 1), (-1, 1)), start=1):
        wheel = cylinder(f"Trolley wheel {i}", 0.062, 0.03, (x * (long / 2 - 0.06), y * 0.2, 0.062), black, into)
        wheel.rotation_euler.x = math.radians(90)
        attach(wheel, body)
        attach(box(f"Trolley fork {i}", (0.03, 0.04, 0.1), (x * (long / 2 - 0.06), y * 0.2, 0.14), wire, into), body)
    body.location, body.rotation_euler.z = at, math.radians(yaw_deg)
    mark(body, "randomize", visible=0.6, move_m=[0.15, 0.1, 0.0], turn_deg=[-25.0, 25.0])


# --- the marks ------------------------------------------------------------------------------------------------------


def _edges(into: bpy.types.Collection) -> None:
    """A curve along the front edge of each board, which products face away from, and the camera's path."""
    for bay, family in enumerate(BAYS):
        for level, z in enumerate(LEVELS, start=1):
            x, y = _bay_x(bay), ROW[0]
            edge = line(f"Edge {family} {level}", ((x - BAY / 2 + 0.02, y, z), (x + BAY / 2 - 0.02, y, z)), into)
            mark(edge, "spline", name=f"{family} edges", spacing_m=[0.004, 0.03], heading_deg=-90.0)
            note(edge, copies=[1.0, 3.0], copy_offset_m=ROW[1])
    path = line("Aisle", ((-1.7, -1.35, 0.0), (1.7, -1.35, 0.0)), into)
    mark(path, "camera", name="Aisle", height_m=[0.9, 1.7], look_at="target")
