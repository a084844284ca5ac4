"""Assets as plain meshes for formats that ship models: vertices, normals and the largest distance across."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import AssetError, Problem
from pipeline.geometry import Array
from pipeline.records import Asset, Vector
from pipeline.scene.assets.library import Library
from pipeline.scene.physics.hulls import convex_hull

SAME_M = 1e-6  # catalogues hold bounds to a nanometre
ROWS = 256  # of the table of distances looked at in one go


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelMesh:
    """A mesh in millimetres, in the object's own axes. `vertices_mm` and unit `normals` (N, 3), `triangles` (M, 3)."""

    vertices_mm: Array
    normals: Array
    triangles: NDArray[np.int32]
    diameter_mm: float


def model_mesh(library: Library, asset: Asset, scale: Vector) -> ModelMesh:
    """Return an asset's mesh at a scale.

    Raises AssetError for a file that cannot be read or is not the one that the catalogue measured.
    """
    loaded = library.load(asset.recipe)
    differences = np.abs(np.subtract([loaded.low_m, loaded.high_m], [asset.low_m, asset.high_m]))
    if differences.max() > SAME_M:
        message = f"its bounds are {loaded.low_m} to {loaded.high_m} m, the dataset was made with another content"
        raise AssetError([Problem(where=asset.asset_id, message=message, remedy="bring the file of that time back")])
    vertices = loaded.vertices * np.asarray(scale, dtype=np.float64) * 1000
    return ModelMesh(
        vertices_mm=vertices,
        normals=vertex_normals(vertices, loaded.triangles),
        triangles=loaded.triangles,
        diameter_mm=diameter(vertices),
    )


def vertex_normals(vertices: Array, triangles: NDArray[np.int32]) -> Array:
    """Return unit normals (N, 3): those of the faces around, weighted by their angles (Thuerrner and Wuethrich 1998).

    A vertex of flat faces alone gets (0, 0, 1).
    """
    corners = vertices[triangles]
    face = _unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    total = np.zeros_like(vertices)
    for corner in range(3):
        a = _unit(corners[:, (corner + 1) % 3] - corners[:, corner])
        b = _unit(corners[:, (corner + 2) % 3] - corners[:, corner])
        angle = np.arccos(np.clip((a * b).sum(axis=1), -1.0, 1.0))
        np.add.at(total, triangles[:, corner], face * angle[:, None])
    normals = _unit(total)
    normals[~normals.any(axis=1)] = (0.0, 0.0, 1.0)
    return normals


def diameter(vertices: Array) -> float:
    """Return the largest distance between two vertices (N, 3): it lies between two of their convex hull."""
    points = convex_hull(vertices).vertices
    largest = 0.0
    for start in range(0, len(points), ROWS):
        away = points[start : start + ROWS, None] - points[None]
        largest = max(largest, float((away * away).sum(axis=2).max()))
    return float(np.sqrt(largest))


def _unit(vectors: Array) -> Array:
    length = np.sqrt((vectors * vectors).sum(axis=1))[:, None]
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
