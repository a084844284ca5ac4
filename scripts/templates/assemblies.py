"""Pieces that are made of many: slabs in one mesh, rods, aluminium profiles, wire panels, and further copies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import bmesh
import bpy
from mathutils import Matrix, Vector

from templates.pieces import Into, Point, cylinder

Slab = tuple[Point, Point]
"""The size of a box and its middle, in metres."""

PROFILE = ((20, 20), (20, 4), (16, 4), (16, 9), (8, 9), (8, -9), (16, -9), (16, -4), (20, -4), (20, -20))
"""A quarter and more of a slotted 40 mm profile, in millimetres: one side from corner to corner."""


def slabs(
    name: str, pieces: Iterable[Slab], material: bpy.types.Material, into: Into, bevel_m: float = 0.0
) -> bpy.types.Object:
    """Many boxes as one object, whose origin is the world's. What is placed keeps out of the box around all of them."""
    made = bmesh.new()
    for size, at in pieces:
        matrix = Matrix.Translation(at) @ Matrix.Diagonal((*size, 1.0))
        bmesh.ops.create_cube(made, size=1.0, matrix=matrix)
    item = _object(name, made, material, into)
    if bevel_m > 0:
        bevel = item.modifiers.new("Bevel", "BEVEL")
        bevel.width, bevel.segments = bevel_m, 2
    return item


def rod(
    name: str, radius_m: float, start_m: Point, end_m: Point, material: bpy.types.Material, into: Into,
    sides: int = 24, end_radius_m: float | None = None,
) -> bpy.types.Object:  # fmt: skip
    """A cylinder or cone from point to point."""
    start, end = Vector(start_m), Vector(end_m)
    item = cylinder(name, radius_m, (end - start).length, (start + end) / 2, material, into, 0.001, end_radius_m, sides)
    item.rotation_euler = (end - start).to_track_quat("Z", "Y").to_euler()
    return item


def profile(name: str, start_m: Point, end_m: Point, material: bpy.types.Material, into: Into) -> bpy.types.Object:
    """A slotted aluminium profile, 40 mm by 40 mm, from point to point."""
    start, end = Vector(start_m), Vector(end_m)
    length = (end - start).length
    outline = [Matrix.Rotation(-math.pi / 2 * turn, 2) @ Vector(at) / 1000 for turn in range(4) for at in PROFILE[:-1]]
    made = bmesh.new()
    face = made.faces.new([made.verts.new((x, y, -length / 2)) for x, y in outline])
    raised = bmesh.ops.extrude_face_region(made, geom=[face])["geom"]
    bmesh.ops.translate(made, verts=[one for one in raised if isinstance(one, bmesh.types.BMVert)], vec=(0, 0, length))
    bmesh.ops.recalc_face_normals(made, faces=made.faces)
    item = _object(name, made, material, into)
    item.location = (start + end) / 2
    item.rotation_euler = (end - start).to_track_quat("Z", "Y").to_euler()
    return item


def wire_panel(
    name: str, size_m: Sequence[float], at_m: Point, material: bpy.types.Material, into: Into,
    mesh_m: float = 0.05, wire_m: float = 0.004, frame_m: float = 0.02,
) -> bpy.types.Object:  # fmt: skip
    """A framed panel of welded wire, upright in xz, its middle at `at_m`."""
    wide, high = size_m
    pieces: list[Slab] = []
    for side in (-1, 1):
        pieces.append(((frame_m, frame_m, high), (side * (wide - frame_m) / 2, 0, 0)))
        pieces.append(((wide, frame_m, frame_m), (0, 0, side * (high - frame_m) / 2)))
    for count, reach, upright in ((round(wide / mesh_m), wide, True), (round(high / mesh_m), high, False)):
        for i in range(1, count):
            along = reach * (i / count - 0.5)
            if upright:
                pieces.append(((wire_m, wire_m, high), (along, 0, 0)))
            else:
                pieces.append(((wide, wire_m, wire_m), (0, wire_m, along)))
    item = slabs(name, pieces, material, into)
    item.location = at_m
    return item


def again(item: bpy.types.Object, name: str, at_m: Point, into: Into, yaw_deg: float = 0.0) -> bpy.types.Object:
    """Add the same thing once more at another place, its mesh and modifiers shared, turned about the world's z."""
    copy = item.copy()
    copy.name = name
    copy.location = at_m
    copy.rotation_euler.rotate_axis("Z", math.radians(yaw_deg))
    into.objects.link(copy)
    return copy


def _object(name: str, made: bmesh.types.BMesh, material: bpy.types.Material, into: Into) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    made.to_mesh(mesh)
    made.free()
    mesh.materials.append(material)
    item = bpy.data.objects.new(name, mesh)
    into.objects.link(item)
    return item
