"""A dining room: a table that things stand on, chairs that move, light from a window and a lamp above."""

from __future__ import annotations

import math

import bmesh
import bpy

from templates import looks
from templates.files import asset, collection
from templates.marks import mark, note, paint
from templates.pieces import anchor, attach, board, box, camera, cylinder, lamp, sky

ROOM = (4.6, 5.2, 2.7)  # inner width (x), depth (y), height in metres
WALL = 0.12
TABLE = (1.7, 0.95, 0.75)
UPRIGHT = (22.0, 22.0, 1.5)  # grain that runs along z
WINDOW = (1.7, 1.25, 0.95)  # width, height, sill


def build() -> None:
    """Build the room about the table, whose middle is the origin."""
    sky(1.1, (0.62, 0.76, 1.0))
    _shell(collection("Room"))
    _table(collection("Table"))
    _chairs(collection("Chairs"))
    _furniture(collection("Furniture"))
    _lights(collection("Lights"))
    _helpers(collection("Variegate"))
    camera("Camera", (1.75, -1.95, 1.75), (0.0, 0.05, 0.72), bpy.context.scene.collection, 30.0)


# --- the room -------------------------------------------------------------------------------------------------------


def _shell(into: bpy.types.Collection) -> None:
    width, depth, height = ROOM
    planks = looks.bricks("Parquet", "#8a5a33", "#a3713f", "#4a2f1a", 1.1, 0.14, 0.004)
    wall = looks.speckled("Wall paint", "#d9d2c3", "#e6e0d3", 40.0, 0.9)
    white = looks.plain("White paint", "#f2f0ea", 0.45)
    box("Floor", (width, depth, 0.1), (0, 0, -0.05), planks, into, 0.0)
    box("Ceiling", (width, depth, 0.1), (0, 0, height + 0.05), white, into, 0.0)
    for name, size, at in (
        ("Wall left", (WALL, depth, height), (-(width + WALL) / 2, 0, height / 2)),
        ("Wall front", (width, WALL, height), (0, -(depth + WALL) / 2, height / 2)),
        ("Wall right", (WALL, depth, height), ((width + WALL) / 2, 0, height / 2)),
    ):
        box(name, size, at, wall, into, 0.0)
    _window_wall(into, wall, white)
    for name, size, at in (
        ("Skirting left", (0.015, depth, 0.09), (-width / 2 + 0.0075, 0, 0.045)),
        ("Skirting right", (0.015, depth, 0.09), (width / 2 - 0.0075, 0, 0.045)),
        ("Skirting back", (width, 0.015, 0.09), (0, depth / 2 - 0.0075, 0.045)),
        ("Skirting front", (width, 0.015, 0.09), (0, -depth / 2 + 0.0075, 0.045)),
    ):
        box(name, size, at, white, into, 0.003)
    for item in into.objects:
        if item.name.startswith("Wall"):
            mark(item, "randomize", materials="jitter")


def _window_wall(into: bpy.types.Collection, wall: bpy.types.Material, white: bpy.types.Material) -> None:
    width, depth, height = ROOM
    wide, high, sill = WINDOW
    y = (depth + WALL) / 2
    side = (width - wide) / 2
    for name, size, at in (
        ("Wall back left", (side, WALL, height), (-(wide + side) / 2, y, height / 2)),
        ("Wall back right", (side, WALL, height), ((wide + side) / 2, y, height / 2)),
        ("Wall back below", (wide, WALL, sill), (0, y, sill / 2)),
        ("Wall back above", (wide, WALL, height - sill - high), (0, y, (height + sill + high) / 2)),
    ):
        box(name, size, at, wall, into, 0.0)
    middle = sill + high / 2
    for name, size, at in (
        ("Frame left", (0.05, 0.06, high), (-wide / 2 + 0.025, y, middle)),
        ("Frame right", (0.05, 0.06, high), (wide / 2 - 0.025, y, middle)),
        ("Frame middle", (0.06, 0.06, high), (0, y, middle)),
        ("Frame below", (wide, 0.06, 0.05), (0, y, sill + 0.025)),
        ("Frame above", (wide, 0.06, 0.05), (0, y, sill + high - 0.025)),
        ("Window sill", (wide + 0.2, 0.24, 0.03), (0, depth / 2 - 0.08, sill - 0.015)),
    ):
        box(name, size, at, white, into, 0.004)
    cloth = looks.speckled("Curtain", "#b9a98e", "#cbbda4", 90.0, 0.95)
    for x in (-1, 1):
        _curtain(f"Curtain {'left' if x < 0 else 'right'}", x * (wide / 2 + 0.12), depth / 2 - 0.1, cloth, into)


def _curtain(name: str, x: float, y: float, cloth: bpy.types.Material, into: bpy.types.Collection) -> None:
    """A hanging cloth in folds."""
    columns, rows = 49, 2
    points = [
        (x + 0.42 * (i / (columns - 1) - 0.5), y + 0.03 * math.sin(i * math.tau / 8), 0.06 + 2.32 * j)
        for j in range(rows)
        for i in range(columns)
    ]
    faces = [(i, i + 1, i + 1 + columns, i + columns) for i in range(columns - 1)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    mesh.materials.append(cloth)
    mesh.shade_smooth()
    item = bpy.data.objects.new(name, mesh)
    into.objects.link(item)
    item.modifiers.new("Thickness", "SOLIDIFY").thickness = 0.004
    mark(item, "randomize", materials="jitter", visible=0.8)


# --- the table and its chairs ---------------------------------------------------------------------------------------


def _table(into: bpy.types.Collection) -> None:
    width, depth, height = TABLE
    oak = looks.wood("Oak", "#7d522c", "#b98a55")
    for spare in (
        looks.wood("Walnut", "#3d2415", "#6b452a"),
        looks.wood("Birch", "#c9a877", "#e3cba2"),
        looks.plain("White laminate", "#ece9e2", 0.3),
    ):
        spare.use_fake_user = True  # nothing wears it until a frame draws it
    upright = looks.wood("Oak upright", "#7d522c", "#b98a55", UPRIGHT)
    top = board("Table top", (width, depth), (0, 0, height), oak, into, (34, 19))
    top.modifiers.new("Thickness", "SOLIDIFY").thickness = 0.035
    top.modifiers.new("Edges", "BEVEL").width = 0.006
    mark(top, "surface, randomize", name="Table", density="density", clearance_m=0.01)
    note(top, materials="Oak, Walnut, Birch, White laminate")
    paint(top, "density", lambda at: 1.25 - max(abs(at.x) / (width / 2), abs(at.y) / (depth / 2)))
    for i, (x, y) in enumerate(((-1, -1), (1, -1), (1, 1), (-1, 1)), start=1):
        at = (x * (width / 2 - 0.07), y * (depth / 2 - 0.07), (height - 0.035) / 2)
        attach(box(f"Table leg {i}", (0.06, 0.06, height - 0.035), at, upright, into), top)
    rail = 0.075
    for name, size, at in (
        ("Table rail front", (width - 0.2, 0.022, rail), (0, -depth / 2 + 0.07, height - 0.035 - rail / 2)),
        ("Table rail back", (width - 0.2, 0.022, rail), (0, depth / 2 - 0.07, height - 0.035 - rail / 2)),
    ):
        attach(box(name, size, at, oak, into, 0.002), top)


def _chairs(into: bpy.types.Collection) -> None:
    frame = looks.wood("Chair wood", "#5a3a22", "#8c6239", UPRIGHT)
    seat = looks.speckled("Seat fabric", "#44586b", "#5c7288", 120.0, 0.95)
    places = (
        ("Chair front left", -0.42, -0.72, 90),
        ("Chair front right", 0.42, -0.72, 90),
        ("Chair back left", -0.42, 0.72, -90),
        ("Chair back right", 0.42, 0.72, -90),
        ("Chair head", -1.18, 0.0, 0),
    )
    for name, x, y, heading in places:
        chair = _chair(name, frame, seat, into)
        chair.location, chair.rotation_euler = (x, y, 0.0), (0.0, 0.0, math.radians(heading))
        mark(chair, "randomize, target", category="chair", move_m=[0.1, 0.1, 0.0], turn_deg=[-20.0, 20.0])
        note(chair, materials="jitter", visible=0.85)


def _chair(
    name: str, frame: bpy.types.Material, seat: bpy.types.Material, into: bpy.types.Collection
) -> bpy.types.Object:
    """A chair that faces +x, its origin on the floor below the seat's middle."""
    root = box(name, (0.42, 0.42, 0.045), (0, 0, 0.0), seat, into, 0.015)
    for vertex in root.data.vertices:
        vertex.co.z += 0.455
    parts = [
        (f"{name} {word}", (0.036, 0.036, tall), (x, y, tall / 2))
        for word, x, y, tall in (
            ("leg 1", 0.18, 0.18, 0.435),
            ("leg 2", 0.18, -0.18, 0.435),
            ("leg 3", -0.185, 0.18, 0.9),
            ("leg 4", -0.185, -0.18, 0.9),
        )
    ]
    parts += [(f"{name} slat {i}", (0.018, 0.33, 0.06), (-0.19, 0, 0.58 + 0.13 * i)) for i in range(3)]
    for part, size, at in parts:
        piece = box(part, size, at, frame, into, 0.006)
        piece.parent = root  # which is still at the origin
    return root


# --- what else is there ---------------------------------------------------------------------------------------------


def _furniture(into: bpy.types.Collection) -> None:
    width, depth, _ = ROOM
    rug = looks.speckled("Rug", "#6f3b34", "#94564a", 200.0, 1.0)
    box("Rug", (2.9, 2.2, 0.012), (0, 0, 0.006), rug, into, 0.004)
    mark(into.objects["Rug"], "randomize", visible=0.7, materials="jitter")
    _sideboard(into)
    for i, (y, z, wide, high, colour) in enumerate(
        ((-0.6, 1.6, 0.6, 0.45, "#35566b"), (0.35, 1.65, 0.42, 0.55, "#a8552f"), (1.15, 1.55, 0.5, 0.4, "#58694a")), 1
    ):
        dark = looks.plain(f"Picture frame {i}", "#241c17", 0.4)
        picture = looks.speckled(f"Picture {i}", colour, "#e7d9bd", 4.0 + i, 0.6)
        frame = box(f"Picture {i} frame", (0.03, wide, high), (-width / 2 + 0.015, y, z), dark, into, 0.006)
        sheet = box(f"Picture {i}", (0.01, wide - 0.07, high - 0.07), (-width / 2 + 0.032, y, z), picture, into, 0.0)
        attach(sheet, frame)
        mark(sheet, "randomize", materials="jitter")
    plant = asset("household/plant_01.glb", into, "Plant")
    plant.scale = (2.6, 2.6, 2.6)
    plant.location = (-width / 2 + 0.4, depth / 2 - 0.45, 0.0)


def _sideboard(into: bpy.types.Collection) -> None:
    width, _, _ = ROOM
    x = width / 2 - 0.22
    body = looks.wood("Sideboard wood", "#6e4a2c", "#9c7148")
    dark = looks.plain("Handles", "#1d1b1a", 0.35, 0.8)
    box("Sideboard", (0.42, 1.7, 0.72), (x, 0.3, 0.44), body, into)
    for i in range(3):
        y = 0.3 + (i - 1) * 0.56
        box(f"Sideboard door {i + 1}", (0.018, 0.53, 0.66), (x - 0.218, y, 0.44), body, into)
        box(f"Sideboard handle {i + 1}", (0.02, 0.14, 0.014), (x - 0.235, y, 0.68), dark, into, 0.003)
    for i, (dx, dy) in enumerate(((-0.15, -0.75), (-0.15, 0.75), (0.15, -0.75), (0.15, 0.75)), 1):
        cylinder(f"Sideboard foot {i}", 0.022, 0.08, (x + dx, 0.3 + dy, 0.04), dark, into)
    for i, file in enumerate(("book_01", "book_03", "book_02")):
        book = asset(f"household/{file}.glb", into, f"Book {i + 1}")
        book.location = (x + 0.02, -0.3, 0.8 + 0.03 * i)
        book.rotation_euler.z = 0.2 * (i - 1)
        bpy.context.view_layer.update()
    _stack([into.objects[f"Book {i + 1}"] for i in range(3)], 0.8)
    vase = asset("household/flask_01.glb", into, "Vase")
    vase.location = (x, 0.95, 0.8)


def _stack(items: list[bpy.types.Object], height_m: float) -> None:
    for item in items:
        item.location.z = height_m
        height_m += item.dimensions.z


def _lights(into: bpy.types.Collection) -> None:
    _, depth, height = ROOM
    wide, high, sill = WINDOW
    window = lamp("Window light", "AREA", 160.0, (0, depth / 2 + 0.25, sill + high / 2), into, wide)
    window.data.shape, window.data.size_y = "RECTANGLE", high
    window.rotation_euler = (math.radians(-90), 0.0, 0.0)
    mark(window, "light", energy_scale=[0.15, 2.0], temperature_k=[4500.0, 9000.0])
    shade = looks.plain("Lamp shade", "#e9e2d2", 0.7)
    cord = looks.plain("Cord", "#15130f", 0.6)
    cylinder("Pendant cord", 0.004, 0.75, (0, 0, height - 0.375), cord, into, 0.0, sides=12)
    pendant = cylinder("Pendant shade", 0.24, 0.2, (0, 0, height - 0.85), shade, into, 0.002, 0.09, 48)
    _open_below(pendant)
    bulb = lamp("Pendant light", "POINT", 45.0, (0, 0, height - 0.88), into, 0.04, (1.0, 0.83, 0.62))
    mark(bulb, "light", energy_w=[5.0, 90.0], temperature_k=[2500.0, 4200.0], visible=0.75)


def _open_below(item: bpy.types.Object) -> None:
    """Take the lower cap of a cone away and give the rest a thickness."""
    made = bmesh.new()
    made.from_mesh(item.data)
    lowest = min(vertex.co.z for vertex in made.verts)
    caps = [face for face in made.faces if all(abs(vertex.co.z - lowest) < 1e-6 for vertex in face.verts)]
    bmesh.ops.delete(made, geom=caps, context="FACES_ONLY")
    made.to_mesh(item.data)
    made.free()
    item.modifiers.new("Thickness", "SOLIDIFY").thickness = 0.003


def _helpers(into: bpy.types.Collection) -> None:
    """Places that are marked by things of their own, which are never rendered."""
    for name, x, y, heading in (
        ("Setting 1", -0.42, -0.3, 90),
        ("Setting 2", 0.42, -0.3, 90),
        ("Setting 3", -0.42, 0.3, -90),
        ("Setting 4", 0.42, 0.3, -90),
    ):
        mark(
            anchor(name, (x, y, TABLE[2]), into, heading),
            "anchor",
            name="Settings",
            move_m=0.03,
            turn_deg=[-15.0, 15.0],
        )
    plain = looks.plain("Helper", "#33aaff", 0.5)
    around = box("Camera space", (3.0, 3.4, 0.9), (0.0, 0.0, 1.55), plain, into, 0.0)
    around.display_type = "WIRE"
    mark(around, "volume", name="Camera space")
    below = box("Under the pendant", (0.6, 0.6, 0.5), (0, 0, ROOM[2] - 0.9), plain, into, 0.0)
    below.display_type = "WIRE"
    mark(below, "keep_out")
