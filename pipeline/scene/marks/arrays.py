"""Plain arrays of a mesh: positions in the world, triangles, edges, and what is painted on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.conventions import JSON_DECIMALS
from pipeline.geometry import Array, transform_points
from pipeline.records import Vector
from pipeline.scene.assets import baking

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
COMPONENTS = {"FLOAT": ("value", 1), "INT": ("value", 1), "INT8": ("value", 1), "BOOLEAN": ("value", 1)}
COLORS = {"FLOAT_COLOR": ("color", 4), "BYTE_COLOR": ("color", 4)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Painted:
    """A number for each element of a mesh's domain: "POINT", "CORNER" or "FACE"."""

    domain: str
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """`vertices` (V, 3) in the world, `triangles` (T, 3) wound as their faces are seen, `faces` (T) of each."""

    vertices: Array
    triangles: NDArray[np.int32]
    faces: NDArray[np.int32]


def in_world(mesh: bpy.types.Mesh, matrix: Array) -> World:
    """Return a mesh in the world. Where `matrix` (4, 4) mirrors, triangles are turned over as Blender does."""
    triangles = baking.triangles(mesh)
    faces = np.empty(len(triangles), dtype=np.int32)
    mesh.loop_triangles.foreach_get("polygon_index", faces)
    if np.linalg.det(matrix[:3, :3]) < 0:
        triangles = triangles[:, ::-1]
    return World(vertices=transform_points(matrix, baking.positions(mesh)), triangles=triangles, faces=faces)


def edges_of(mesh: bpy.types.Mesh) -> NDArray[np.int32]:
    """Return the edges (E, 2) of a mesh as vertex indices."""
    flat = np.empty(len(mesh.edges) * 2, dtype=np.int32)
    mesh.edges.foreach_get("vertices", flat)
    return flat.reshape(-1, 2)


def painted(item: bpy.types.Object, mesh: bpy.types.Mesh, name: str) -> Painted | None:
    """Return what an artist painted under a name: a vertex group's weights, a colour attribute's luminance, any number.
    None where the evaluated mesh has none of that name."""
    group = item.vertex_groups.get(name) if item.type == "MESH" else None
    if group is not None:
        return Painted(domain="POINT", values=_weights(mesh, group.index))
    attribute = mesh.attributes.get(name)
    kinds: dict[str, tuple[str, int]] = COMPONENTS | COLORS
    if attribute is None or attribute.data_type not in kinds or attribute.domain == "EDGE":
        return None
    key, width = kinds[attribute.data_type]
    flat = np.empty(len(attribute.data) * width, dtype=np.float32)
    attribute.data.foreach_get(key, flat)
    values = flat.astype(np.float64)
    if width == 4:
        values = (values.reshape(-1, 4)[:, :3] * LUMINANCE).sum(axis=1)
    return Painted(domain=attribute.domain, values=values)


def painted_names(item: bpy.types.Object, mesh: bpy.types.Mesh) -> list[str]:
    """Return the names that `painted` knows of a mesh."""
    kinds = COMPONENTS | COLORS
    named = [one.name for one in mesh.attributes if one.data_type in kinds and one.domain != "EDGE"]
    groups = [group.name for group in item.vertex_groups] if item.type == "MESH" else []
    return sorted({*groups, *(name for name in named if not name.startswith(".") and name not in BUILT_IN)})


BUILT_IN = frozenset({"sharp_face", "material_index", "sharp_edge", "crease_vert"})


def _weights(mesh: bpy.types.Mesh, index: int) -> Array:
    values = np.zeros(len(mesh.vertices))
    for number, vertex in enumerate(mesh.vertices):
        for one in vertex.groups:
            if one.group == index:
                values[number] = one.weight
    return values


def on_vertices(mesh: bpy.types.Mesh, what: Painted) -> Array:
    """Return what is painted as a number (V) for each vertex, the mean of the corners or faces that meet there."""
    if what.domain == "POINT":
        return what.values
    corners = _corners(mesh)
    values = what.values if what.domain == "CORNER" else what.values[_faces_of_corners(mesh)]
    counts = np.bincount(corners, minlength=len(mesh.vertices))
    sums = np.bincount(corners, weights=values, minlength=len(mesh.vertices))
    return sums / np.maximum(counts, 1)


def on_faces(mesh: bpy.types.Mesh, what: Painted) -> NDArray[np.bool_]:
    """Return which faces (F) are painted: those above 0, all corners of which are."""
    if what.domain == "FACE":
        return what.values > 0
    corners = what.values if what.domain == "CORNER" else what.values[_corners(mesh)]
    least = np.full(len(mesh.polygons), np.inf)
    np.minimum.at(least, _faces_of_corners(mesh), corners)
    return least > 0


def _corners(mesh: bpy.types.Mesh) -> NDArray[np.int32]:
    flat = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", flat)
    return flat


def _faces_of_corners(mesh: bpy.types.Mesh) -> NDArray[np.int64]:
    totals = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("loop_total", totals)
    return np.repeat(np.arange(len(totals)), totals)


def material_faces(item: bpy.types.Object, mesh: bpy.types.Mesh, name: str) -> NDArray[np.bool_] | None:
    """Return which faces (F) wear a material, or None where the object has none of that name."""
    names = material_names(item, mesh)
    if name not in names:
        return None
    slots = np.zeros(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    return np.isin(slots, [i for i, one in enumerate(names) if one == name])


def material_names(item: bpy.types.Object, mesh: bpy.types.Mesh) -> list[str]:
    """Return the materials of a mesh slot by slot, "" for none."""
    names = ["" if material is None else material.name for material in mesh.materials]
    for index, material in baking.own_materials(item):
        if index < len(names):
            names[index] = material.name
    return names


def normals_of(world: World) -> Array:
    """Return the unit normals (T, 3), zero for triangles without area."""
    a, b, c = (world.vertices[world.triangles[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    sizes = np.sqrt((normals * normals).sum(axis=1))
    return normals / np.where(sizes > 0, sizes, 1.0)[:, None]


def compact(vertices: Array, triangles: NDArray[np.int32]) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
    """Return the vertices that triangles use, the triangles renumbered, and which vertices these were."""
    used, numbers = np.unique(triangles, return_inverse=True)
    return vertices[used], numbers.reshape(-1, 3).astype(np.int32), used


def round_(value: Any) -> float:
    """Return a number as JSON keeps it."""
    return round(float(value), JSON_DECIMALS) + 0.0


def vector_of(values: Any) -> Vector:
    """Return three numbers as JSON keeps them."""
    x, y, z = (round_(value) for value in values)
    return (x, y, z)


def vectors_of(points: Array) -> tuple[Vector, ...]:
    """Return points (N, 3) as JSON keeps them."""
    return tuple(vector_of(point) for point in points.tolist())


def triangles_of(triangles: NDArray[Any]) -> tuple[tuple[int, int, int], ...]:
    """Return triangles (T, 3) as tuples."""
    return tuple((a, b, c) for a, b, c in triangles.tolist())
