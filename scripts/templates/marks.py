"""Marks: what tells Variegate where things may go and what may vary. An artist does the same in Blender's panels."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from mathutils import Vector

PREFIX = "vg."
Setting = float | str | bool | list[float]


def mark(item: bpy.types.ID, role: str, **settings: Setting) -> None:
    """Give an object, a collection or a pose bone a role and its settings as custom properties."""
    item[f"{PREFIX}role"] = role
    note(item, **settings)


def note(item: bpy.types.ID, **settings: Setting) -> None:
    """Add settings to a mark, with ranges that Blender's slider may take."""
    for name, value in settings.items():
        item[f"{PREFIX}{name}"] = value


def paint(item: bpy.types.Object, group: str, weight_at: Callable[[Vector], float]) -> None:
    """Paint a vertex group by a function of the point in the object's own axes, 0..1."""
    vertices = item.vertex_groups.new(name=group)
    for vertex in item.data.vertices:
        vertices.add([vertex.index], min(1.0, max(0.0, weight_at(vertex.co))), "REPLACE")
