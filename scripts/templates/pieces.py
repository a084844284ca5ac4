"""What places are built of: boxes, boards, cylinders, curves, lamps, cameras, as objects of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bmesh
import bpy
from mathutils import Vector

Into = bpy.types.Collection
Point = Sequence[float]


def box(
    name: str, size_m: Point, at_m: Point, material: bpy.types.Material, into: Into, bevel_m: float = 0.004
) -> bpy.types.Object:
    """A box whose middle is at `at_m`, its edges rounded by a modifier."""
    mesh = bpy.data.meshes.new(name)
    made = bmesh.new()
    bmesh.ops.create_cube(made, size=1.0)
    bmesh.ops.scale(made, vec=size_m, verts=made.verts)
    made.to_mesh(mesh)
    made.free()
    return _object(name, mesh, at_m, material, into, bevel_m)


def cylinder(
    name: str, radius_m: float, height_m: float, at_m: Point, material: bpy.types.Material, into: Into,
    bevel_m: float = 0.002, top_radius_m: float | None = None, sides: int = 32,
) -> bpy.types.Object:  # fmt: skip
    """An upright cylinder or cone whose middle is at `at_m`."""
    mesh = bpy.data.meshes.new(name)
    made = bmesh.new()
    top = radius_m if top_radius_m is None else top_radius_m
    bmesh.ops.create_cone(made, cap_ends=True, segments=sides, radius1=radius_m, radius2=top, depth=height_m)
    made.to_mesh(mesh)
    made.free()
    item = _object(name, mesh, at_m, material, into, bevel_m)
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=math.radians(40))
    return item


def board(
    name: str, size_m: Point, at_m: Point, material: bpy.types.Material, into: Into, cells: tuple[int, int] = (1, 1)
) -> bpy.types.Object:
    """A level rectangle that faces up, its middle at `at_m`, in cells that can be painted."""
    mesh = bpy.data.meshes.new(name)
    made = bmesh.new()
    bmesh.ops.create_grid(made, x_segments=cells[0], y_segments=cells[1], size=0.5)
    bmesh.ops.scale(made, vec=(size_m[0], size_m[1], 1.0), verts=made.verts)
    made.to_mesh(mesh)
    made.free()
    return _object(name, mesh, at_m, material, into, 0.0)


def curve(name: str, points_m: Sequence[Point], into: Into, closed: bool = False) -> bpy.types.Object:
    """A smooth curve through points (automatic handles), not rendered by itself."""
    data = bpy.data.curves.new(name, "CURVE")
    data.dimensions = "3D"
    spline = data.splines.new("BEZIER")
    spline.bezier_points.add(len(points_m) - 1)
    spline.use_cyclic_u = closed
    for point, place in zip(spline.bezier_points, points_m, strict=True):
        point.co = place
        point.handle_left_type = point.handle_right_type = "AUTO"
    item = bpy.data.objects.new(name, data)
    into.objects.link(item)
    return item


def line(name: str, points_m: Sequence[Point], into: Into) -> bpy.types.Object:
    """A curve that is straight from point to point."""
    data = bpy.data.curves.new(name, "CURVE")
    data.dimensions = "3D"
    spline = data.splines.new("POLY")
    spline.points.add(len(points_m) - 1)
    for point, place in zip(spline.points, points_m, strict=True):
        point.co = (*place, 1.0)
    item = bpy.data.objects.new(name, data)
    into.objects.link(item)
    return item


def anchor(name: str, at_m: Point, into: Into, heading_deg: float = 0.0, size_m: float = 0.1) -> bpy.types.Object:
    """An empty whose +x points along `heading_deg`."""
    item = bpy.data.objects.new(name, None)
    item.empty_display_type, item.empty_display_size = "ARROWS", size_m
    item.location, item.rotation_euler = at_m, (0.0, 0.0, math.radians(heading_deg))
    into.objects.link(item)
    return item


def lamp(
    name: str, kind: str, watts: float, at_m: Point, into: Into, size_m: float = 0.1, colour: Point = (1.0, 1.0, 1.0)
) -> bpy.types.Object:
    """A POINT, AREA (shining down) or SUN lamp; of an area `size_m` is its side."""
    data = bpy.data.lights.new(name, kind)
    data.energy, data.color = watts, colour
    if kind == "AREA":
        data.size = size_m
    elif kind != "SUN":
        data.shadow_soft_size = size_m
    item = bpy.data.objects.new(name, data)
    item.location = at_m
    into.objects.link(item)
    return item


def camera(name: str, at_m: Point, look_at_m: Point, into: Into, focal_length_mm: float = 35.0) -> bpy.types.Object:
    """A camera that looks at a point; the first one is the scene's."""
    data = bpy.data.cameras.new(name)
    data.lens, data.clip_start = focal_length_mm, 0.01
    item = bpy.data.objects.new(name, data)
    item.location = at_m
    item.rotation_euler = (Vector(look_at_m) - Vector(at_m)).to_track_quat("-Z", "Y").to_euler()
    into.objects.link(item)
    if bpy.context.scene.camera is None:
        bpy.context.scene.camera = item
    return item


def attach(child: bpy.types.Object, parent: bpy.types.Object) -> None:
    """Make one object the child of another, where it stands."""
    bpy.context.view_layer.update()
    child.parent = parent
    child.matrix_parent_inverse = parent.matrix_world.inverted()


def sky(strength: float, colour: Point = (0.55, 0.7, 1.0)) -> None:
    """A plain world of one colour."""
    world = bpy.data.worlds.new("Sky")
    if not world.node_tree:
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*colour, 1.0)
    background.inputs["Strength"].default_value = strength
    bpy.context.scene.world = world


def _object(
    name: str, mesh: bpy.types.Mesh, at_m: Point, material: bpy.types.Material, into: Into, bevel_m: float
) -> bpy.types.Object:
    mesh.materials.append(material)
    item = bpy.data.objects.new(name, mesh)
    item.location = at_m
    into.objects.link(item)
    if bevel_m > 0:
        bevel = item.modifiers.new("Bevel", "BEVEL")
        bevel.width, bevel.segments = bevel_m, 2
    return item
