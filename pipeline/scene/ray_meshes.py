"""Meshes that rays meet and that a camera keeps clear of, by trees of their triangles.

A tree is made when a mesh is first asked, and serves wherever the mesh stands: rays are taken into its own coordinates.
Blender would answer the same from an evaluation of the whole scene, which takes long with thousands of objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from pipeline.geometry import Array
from pipeline.scene.assets.baking import positions, triangles

PER_TREE = 200_000  # triangles: on its way into a tree each takes 400 bytes


@dataclass(slots=True, kw_only=True, eq=False)
class RayMesh:
    """A mesh, which must stay as it is, its box `low_m`, `high_m` (3,) in its own coordinates, and whether it has an
    inside; `trees` are None until somebody asks."""

    mesh: bpy.types.Mesh
    low_m: Array
    high_m: Array
    is_closed: bool
    trees: tuple[BVHTree, ...] | None = None


def ray_mesh_of(mesh: bpy.types.Mesh) -> RayMesh:
    """Return a mesh with at least one vertex as what rays can meet."""
    points = positions(mesh)
    return RayMesh(mesh=mesh, low_m=points.min(axis=0), high_m=points.max(axis=0), is_closed=_is_closed(mesh))


def _is_closed(mesh: bpy.types.Mesh) -> bool:
    """A mesh whose every edge has two faces has an inside (Euler's count of edge sides, no edge walk needed)."""
    return len(mesh.loops) == 2 * len(mesh.edges)


def _trees(one: RayMesh) -> tuple[BVHTree, ...]:
    if one.trees is None:
        points, faces = positions(one.mesh), triangles(one.mesh)
        parts = [faces[i : i + PER_TREE] for i in range(0, len(faces), PER_TREE)]
        one.trees = tuple(_tree(points, part) for part in parts)
    return one.trees


def _tree(points: Array, faces: Array) -> BVHTree:
    used, corners = np.unique(faces, return_inverse=True)
    return BVHTree.FromPolygons(points[used].tolist(), corners.reshape(-1, 3).tolist(), all_triangles=True)


def share_of_way(one: RayMesh, matrix: Matrix, start: Vector, end: Vector) -> float | None:
    """Return how much of the way between two points of the world is free before it meets the mesh that stands at
    `matrix`, 0 to 1; None where it meets none."""
    inverse = matrix.inverted_safe()
    begin, way = inverse @ start, inverse @ end - inverse @ start
    if way.length == 0:
        return None
    hits = [tree.ray_cast(begin, way, way.length)[3] for tree in _trees(one)]
    return min((hit / way.length for hit in hits if hit is not None), default=None)


def is_near_or_inside(one: RayMesh, matrix: Matrix, point: Vector, distance_m: float) -> bool:
    """Return whether a point of the world is inside the mesh that stands at `matrix`, or nearer to it than that."""
    inverse = matrix.inverted_safe()
    local = inverse @ point
    found = [tree.find_nearest(local) for tree in _trees(one)]
    nearest, normal, _, _ = min(found, key=lambda hit: hit[3])
    offset = point - matrix @ nearest
    if offset.length < distance_m:
        return True
    outward = inverse.to_3x3().transposed() @ normal
    return one.is_closed and bool(outward.dot(offset) < 0)
