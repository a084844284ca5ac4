"""What lies beyond a road: fields, a wood, hills on the horizon."""

from __future__ import annotations

import math

import bpy

from templates import looks
from templates.course import SIDES, Course, stand
from templates.files import asset
from templates.marks import note

GROUND_M = -0.06  # below the road, so that it never shows through


def countryside(along: Course, begin_m: float, end_m: float, beyond_m: float, into: bpy.types.Collection) -> None:
    """Add fields to the horizon, hills on it, and a wood on both sides, `beyond_m` from the road's middle."""
    fields = looks.weathered("Fields", "#56692f", "#7f8d47", "#9c955a", 0.6, 0.012, 1.0)
    hills = looks.weathered("Hills", "#3c5238", "#526b4a", "#5d6f5c", 0.05, 0.008, 1.0)
    ground = _mesh(
        "Fields", [(900.0 * x, 900.0 * y, GROUND_M) for x, y in _circle(96)], [tuple(range(96))], fields, into
    )
    ring = [(480.0, -1.0), (620.0, 1.0), (800.0, 1.6)]
    points = []
    for radius, high in ring:
        for i, (x, y) in enumerate(_circle(160)):
            turn = i * math.tau / 160
            wave = 14.0 + 9.0 * math.sin(3 * turn + 0.4) + 5.0 * math.sin(7 * turn + 2.0) + 2.5 * math.sin(19 * turn)
            points.append((radius * x, radius * y, -1.0 if high < 0 else high * wave))
    faces = [
        (row * 160 + i, row * 160 + (i + 1) % 160, (row + 1) * 160 + (i + 1) % 160, (row + 1) * 160 + i)
        for row in range(len(ring) - 1)
        for i in range(160)
    ]
    ridge = _mesh("Hills", points, faces, hills, into)
    ridge.data.shade_smooth()
    for item in (ground, ridge):
        note(item, solid=False)
    _wood(along, begin_m, end_m, beyond_m, into)


def _circle(count: int) -> list[tuple[float, float]]:
    return [(math.cos(i * math.tau / count), math.sin(i * math.tau / count)) for i in range(count)]


def _mesh(
    name: str,
    points: list[tuple[float, float, float]],
    faces: list[tuple[int, ...]],
    material: bpy.types.Material,
    into: bpy.types.Collection,
) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    mesh.materials.append(material)
    item = bpy.data.objects.new(name, mesh)
    into.objects.link(item)
    return item


def _wood(along: Course, begin_m: float, end_m: float, beyond_m: float, into: bpy.types.Collection) -> None:
    """Add trees of few meshes, each turned and scaled in its own way."""
    kinds = [
        asset(f"street/{file}.glb", into, file.title()) for file in ("tree_oak_01", "tree_linden_01", "tree_spruce_01")
    ]
    columns = int((end_m - begin_m) / 12.0)
    places = [(word, side, row, i) for word, side in SIDES for row in range(3) for i in range(columns)]
    for number, (word, side, row, i) in enumerate(places, 1):
        one, other = (number * 7919) % 97 / 97.0, (number * 104729) % 89 / 89.0  # spread evenly, without a generator
        tree = bpy.data.objects.new(f"Wood {word} {row + 1} {i + 1}", kinds[int(one * 10 + i) % 3].data)
        into.objects.link(tree)
        left = side * (beyond_m + 8.0 * row + 5.0 * other)
        stand(tree, along, begin_m + 5.0 + 12.0 * i + 7.0 * one, left, GROUND_M, 360.0 * one)
        tree.scale = (1.0 + 0.5 * other,) * 3
        note(tree, solid=False)  # nothing is placed among them
    for kind in kinds:
        bpy.data.objects.remove(kind)
