"""Volumes: closed meshes, and empties shown as boxes."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, box_corners, transform_points
from pipeline.records import MarkedVolume, Settings
from pipeline.scene.marks.arrays import in_world, triangles_of, vectors_of
from pipeline.scene.marks.find import Found, Report

WELD_M = 1e-6
FLAT = 1e-9  # of the cube of its longest side
BOX = np.array(
    [
        *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
        *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
    ],
    dtype=np.int32,
)  # of `box_corners`, normals outward


def volume_of(
    one: Found, settings: Settings, mesh: bpy.types.Mesh | None, matrix: Array, report: Report
) -> MarkedVolume | None:
    """Return the record of a volume, or None after reporting why it encloses nothing."""
    solid = _box(one, matrix, report) if one.item.type == "EMPTY" else _closed(one, mesh, matrix, report)
    if solid is None:
        return None
    vertices, triangles = solid
    longest = float((vertices.max(axis=0) - vertices.min(axis=0)).max())
    size = signed_volume(vertices, triangles)
    if abs(size) <= FLAT * longest**3:
        report(f"{one} is flat and encloses nothing", "give it a thickness")
        return None
    if size < 0:
        report(f"{one} is inside out", "recalculate its normals: Shift+N in edit mode")
        return None
    return MarkedVolume(
        name=one.name,
        object_name=one.object_name,
        vertices_m=vectors_of(vertices),
        triangles=triangles_of(triangles),
        settings=settings,
    )


def _box(one: Found, matrix: Array, report: Report) -> tuple[Array, NDArray[np.int32]] | None:
    if one.item.empty_display_type != "CUBE":
        report(f"{one} encloses nothing", "display it as a cube, or mark a closed mesh")
        return None
    half = float(one.item.empty_display_size)
    vertices = transform_points(matrix, box_corners([-half] * 3, [half] * 3))
    return vertices, BOX if np.linalg.det(matrix[:3, :3]) >= 0 else BOX[:, ::-1]


def _closed(
    one: Found, mesh: bpy.types.Mesh | None, matrix: Array, report: Report
) -> tuple[Array, NDArray[np.int32]] | None:
    if mesh is None or not mesh.polygons:
        report(f"{one} encloses nothing", "mark a closed mesh, or an empty displayed as a cube")
        return None
    world = in_world(mesh, matrix)
    vertices, triangles = welded(world.vertices, world.triangles)
    holes = open_edges(triangles)
    if holes:
        edges = "edge is" if holes == 1 else "edges are"
        report(f"{one} is not closed: {holes} {edges} open or wound both ways", "fill its holes, recalculate normals")
        return None
    return vertices, triangles


def welded(vertices: Array, triangles: NDArray[np.int32]) -> tuple[Array, NDArray[np.int32]]:
    """Return a mesh with vertices at one place as one, and without triangles that have become lines."""
    cells = np.round(vertices / WELD_M).astype(np.int64)
    _, first, numbers = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    whole = rank[numbers.reshape(-1)][triangles].astype(np.int32)
    sound = (whole[:, 0] != whole[:, 1]) & (whole[:, 1] != whole[:, 2]) & (whole[:, 2] != whole[:, 0])
    return vertices[first[order]], whole[sound]


def open_edges(triangles: NDArray[np.int32]) -> int:
    """Return how many edges do not lie between triangles that pass them in opposite directions."""
    ways = np.concatenate([triangles[:, [i, (i + 1) % 3]] for i in range(3)]).astype(np.int64)
    low, high = ways.min(axis=1), ways.max(axis=1)
    _, edges = np.unique(low * (int(triangles.max()) + 1) + high, return_inverse=True)
    passes = np.bincount(edges.reshape(-1), weights=np.where(ways[:, 0] == low, 1.0, -1.0))
    return int((passes != 0).sum())


def signed_volume(vertices: Array, triangles: NDArray[np.int32]) -> float:
    """Return the volume that triangles enclose, negative where they are wound inward."""
    middle = vertices.mean(axis=0)
    a, b, c = (vertices[triangles[:, i]] - middle for i in range(3))
    return float((a * np.cross(b, c)).sum()) / 6
