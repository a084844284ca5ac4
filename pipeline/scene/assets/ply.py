"""A mesh from a PLY file: Blender's own reader ends the process on damaged ones, and leaves vertex colours without a
material.

Read: vertices, faces, vertex normals, UVs (per vertex, or MeshLab's per face `texcoord`), vertex colours, and the
picture that a line "comment TextureFile" names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.ply_elements import Column, PlyError, read_elements

_UV_NAMES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"))


def read_ply(path: Path) -> bpy.types.Mesh:
    """Return a new mesh with what a PLY file holds, in the file's axes. Raises PlyError."""
    header, found = read_elements(path.read_bytes())
    points = found.get("vertex", {})
    vertices = _columns(points, ("x", "y", "z"))
    if vertices is None or not len(vertices):
        raise PlyError("it holds no vertices")
    faces, corners = _faces(found.get("face", {}), len(vertices))
    mesh = bpy.data.meshes.new(path.stem)
    mesh.from_pydata(vertices.tolist(), [], faces)
    _add_uvs(mesh, points, corners)
    colors = _columns(points, ("red", "green", "blue"))
    picture = path.parent / header.textures[0] if header.textures else None
    if colors is not None:
        _add_colors(mesh, colors if colors.dtype.kind == "f" and colors.max() <= 1 else colors / 255.0)
    if picture is not None or colors is not None:
        mesh.materials.append(_material(path.stem, picture))
    mesh.polygons.foreach_set("use_smooth", np.full(len(mesh.polygons), "nx" in points))
    normals = _columns(points, ("nx", "ny", "nz"))
    if normals is not None and np.isfinite(normals).all():
        mesh.normals_split_custom_set_from_vertices(normals)
    return mesh


def _columns(points: dict[str, Column], names: tuple[str, ...]) -> NDArray[Any] | None:
    if not all(isinstance(points.get(name), np.ndarray) for name in names):
        return None
    return np.stack([np.asarray(points[name]) for name in names], axis=1).astype(np.float64)


def _faces(element: dict[str, Column], count: int) -> tuple[list[list[int]], list[NDArray[Any]]]:
    """Return the faces, and the UVs of their corners where the file gives them."""
    rows = element.get("vertex_indices", element.get("vertex_index", []))
    coordinates = element.get("texcoord", [])
    if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.shape[1] >= 3 and not len(coordinates):
        outside = np.flatnonzero((rows.min(axis=1) < 0) | (rows.max(axis=1) >= count))
        if not len(outside):
            return rows.tolist(), []
    faces, corners = [], []
    for index, row in enumerate(rows):
        if len(row) and (row.min() < 0 or row.max() >= count):
            raise PlyError(f"its face {index} names vertex {int(row.max())} of {count}")
        if len(row) >= 3:
            faces.append(row.tolist())
            if len(coordinates):
                corners.append(np.asarray(coordinates[index]))
    return faces, corners


def _add_uvs(mesh: bpy.types.Mesh, points: dict[str, Column], corners: list[NDArray[Any]]) -> None:
    per_vertex = next((uv for names in _UV_NAMES if (uv := _columns(points, names)) is not None), None)
    flat = np.concatenate(corners) if corners else np.empty(0)
    if len(flat) == 2 * len(mesh.loops) and len(flat):
        uvs = flat.reshape(-1, 2)
    elif per_vertex is not None:
        index = np.empty(len(mesh.loops), dtype=np.int32)
        mesh.loops.foreach_get("vertex_index", index)
        uvs = per_vertex[index]
    else:
        return
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", uvs.astype(np.float32).ravel())


def _add_colors(mesh: bpy.types.Mesh, colors: NDArray[Any]) -> None:
    layer = mesh.color_attributes.new("Col", "BYTE_COLOR", "POINT")
    alpha = np.ones((len(colors), 1))
    layer.data.foreach_set("color_srgb", np.concatenate([colors, alpha], axis=1).astype(np.float32).ravel())


def _material(name: str, picture: Path | None) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # before Blender 5
        material.use_nodes = True
    nodes = material.node_tree.nodes
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    if picture is not None:
        source = nodes.new("ShaderNodeTexImage")
        source.image = bpy.data.images.load(str(picture), check_existing=True) if picture.is_file() else None
    else:
        source = nodes.new("ShaderNodeVertexColor")
        source.layer_name = "Col"
    material.node_tree.links.new(source.outputs["Color"], shader.inputs["Base Color"])
    return material
