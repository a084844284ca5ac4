"""Templates marked on the spot, and what is read of them."""

from __future__ import annotations

from typing import Any

import bmesh
import bpy

from pipeline.records import Marks
from pipeline.scene.marks.read import read_marks


def mark(item: Any, role: str | None = None, **settings: Any) -> Any:
    """Give an object, collection or bone the custom properties of a mark."""
    if role is not None:
        item["vg.role"] = role
    for name, value in settings.items():
        item[f"vg.{name}"] = value
    return item


def add(name: str, data: Any, into: Any = None, at: Any = (0, 0, 0)) -> bpy.types.Object:
    item = bpy.data.objects.new(name, data)
    item.location = at
    (into or bpy.context.scene.collection).objects.link(item)
    return item


def mesh(name: str, corners: Any, edges: Any = (), faces: Any = ()) -> bpy.types.Mesh:
    data = bpy.data.meshes.new(name)
    data.from_pydata(corners, edges, faces)
    return data


def box_mesh(name: str, size: Any = (1, 1, 1)) -> bpy.types.Mesh:
    """A closed box about the origin."""
    data = bpy.data.meshes.new(name)
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=1.0)
    bmesh.ops.scale(shape, vec=size, verts=shape.verts)
    shape.to_mesh(data)
    shape.free()
    return data


def box(name: str, size: Any = (1, 1, 1), **place: Any) -> bpy.types.Object:
    return add(name, box_mesh(name, size), **place)


def plane(name: str, size: float = 2.0, **place: Any) -> bpy.types.Object:
    half = size / 2
    corners = [(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)]
    return add(name, mesh(name, corners, faces=[(0, 1, 2, 3)]), **place)


def curve(name: str, *lines: Any, kind: str = "POLY", closed: bool = False, **place: Any) -> bpy.types.Object:
    """A curve of one spline a line of points."""
    data = bpy.data.curves.new(name, "CURVE")
    data.dimensions = "3D"
    for line in lines:
        spline = data.splines.new(kind)
        spline.use_cyclic_u = closed
        points = spline.bezier_points if kind == "BEZIER" else spline.points
        points.add(len(line) - 1)
        for point, place_m in zip(points, line, strict=True):
            point.co = place_m if kind == "BEZIER" else (*place_m, 1.0)
            if kind == "BEZIER":
                point.handle_left_type = point.handle_right_type = "VECTOR"
    return add(name, data, **place)


def group(name: str, parent: Any = None) -> bpy.types.Collection:
    made = bpy.data.collections.new(name)
    (parent or bpy.context.scene.collection).children.link(made)
    return made


def read(complaints: list[str] | None = None) -> Marks:
    """The marks of the open file; without a list for them, there must be no complaints."""
    told: list[str] = []
    marks = read_marks(bpy.context.scene, lambda text, remedy: told.append(f"{text} ({remedy})"))
    if complaints is None:
        assert told == []
    else:
        complaints.extend(told)
    return marks
