"""How deep convex bodies reach into each other and into triangles (separating axes, Gottschalk 1996).

The depth is the shortest way out along any face normal or cross product of edges; at most 0 when they are apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.scene.physics.hulls import Hull, crosses, dots, face_planes

MAX_EDGES = 48  # edges of each body that are crossed: the longest within reach of the other
SHORTEST = 1e-9  # axes shorter than this come from parallel edges and say nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Convex:
    """A convex body: vertices (V, 3), unit outward normals (F, 3) with their offsets (F,), and edges (E, 2, 3)."""

    vertices: Array
    normals: Array
    offsets: Array
    edges: Array


def convex_of(hull: Hull) -> Convex:
    """Return the body of a hull."""
    normals, offsets = face_planes(hull)
    pairs = np.concatenate([hull.triangles[:, [0, 1]], hull.triangles[:, [1, 2]], hull.triangles[:, [2, 0]]])
    edges = hull.vertices[np.unique(np.sort(pairs, axis=1), axis=0)]
    return Convex(vertices=hull.vertices, normals=normals, offsets=offsets, edges=edges)


def triangle_of(corners: Array) -> Convex:
    """Return a triangle (3, 3) as a body without thickness."""
    normal = crosses(corners[1] - corners[0], corners[2] - corners[0])
    normal = normal / max(float(np.sqrt(dots(normal, normal))), 1e-300)
    offset = float(dots(normal, corners[0]))
    return Convex(
        vertices=corners,
        normals=np.stack([normal, -normal]),
        offsets=np.array([offset, -offset]),
        edges=np.stack([corners[[0, 1]], corners[[1, 2]], corners[[2, 0]]]),
    )


def placed(body: Convex, rotation: Array, location: Array) -> Convex:
    """Return the body turned by `rotation` (3, 3) and moved by `location` (3,)."""
    normals = turned(body.normals, rotation)
    return Convex(
        vertices=turned(body.vertices, rotation) + location,
        normals=normals,
        offsets=body.offsets + dots(normals, location),
        edges=turned(body.edges, rotation) + location,
    )


def turned(points: Array, rotation: Array) -> Array:
    """Return points (..., 3) turned by `rotation` (3, 3), the same bits with every numpy."""
    return np.stack([dots(points, rotation[row]) for row in range(3)], axis=-1)


def bounds(body: Convex) -> tuple[Array, Array]:
    """Return the lowest and highest corner (3,) of the box around a body."""
    return body.vertices.min(axis=0), body.vertices.max(axis=0)


def depth(a: Convex, b: Convex, enough: float = 0.0) -> float:
    """Return how deep two bodies reach into each other; at most 0 apart. Below `enough` it may be too high."""
    low_a, high_a = bounds(a)
    low_b, high_b = bounds(b)
    result = float(np.minimum(high_a - low_b, high_b - low_a).min())
    if result <= 0:
        return result
    for one, other in ((a, b), (b, a)):
        result = min(result, float((one.offsets - _extent(other.vertices, one.normals)[0]).min()))
        if result <= 0:
            return result
    return result if result <= enough else min(result, _edge_depth(a, b))


def _edge_depth(a: Convex, b: Convex) -> float:
    low = np.maximum(a.vertices.min(axis=0), b.vertices.min(axis=0))
    high = np.minimum(a.vertices.max(axis=0), b.vertices.max(axis=0))
    near_a, near_b = _edges_within(a.edges, low, high), _edges_within(b.edges, low, high)
    axes = crosses(near_a[:, None], near_b[None, :]).reshape(-1, 3)
    lengths = np.sqrt(dots(axes, axes))
    sound = lengths > SHORTEST
    if not sound.any():
        return float("inf")
    axes = axes[sound] / lengths[sound][:, None]
    low_a, high_a = _extent(a.vertices, axes)
    low_b, high_b = _extent(b.vertices, axes)
    return float(np.minimum(high_a - low_b, high_b - low_a).min())


def _edges_within(edges: Array, low: Array, high: Array) -> Array:
    """Return unit directions (E, 3) of the longest edges whose boxes meet the box low..high."""
    meets = (edges.min(axis=1) <= high).all(axis=1) & (edges.max(axis=1) >= low).all(axis=1)
    along = edges[meets][:, 1] - edges[meets][:, 0]
    lengths = np.sqrt(dots(along, along))
    longest = np.argsort(-lengths, kind="stable")[:MAX_EDGES]
    return along[longest] / np.maximum(lengths[longest], 1e-300)[:, None]


def _extent(points: Array, axes: Array) -> tuple[Array, Array]:
    """Return the lowest and highest coordinate (A,) of points (N, 3) along axes (A, 3)."""
    along = axes[:, 0:1] * points[:, 0] + axes[:, 1:2] * points[:, 1] + axes[:, 2:3] * points[:, 2]
    return along.min(axis=1), along.max(axis=1)


def mesh_depth(body: Convex, corners: Array, enough: float) -> float:
    """Return how deep triangles (T, 3, 3) reach into the body; at most 0 when none touches it.

    Stops at the first triangle found to be deeper than `enough`.
    """
    low, high = bounds(body)
    near = corners[(corners.min(axis=1) <= high).all(axis=1) & (corners.max(axis=1) >= low).all(axis=1)]
    if len(near) == 0:
        return 0.0
    depths = _face_depths(body, near)
    result = 0.0
    for index in np.argsort(-depths, kind="stable"):
        if depths[index] <= max(result, 0.0):
            break
        result = max(result, depth(body, triangle_of(near[index]), enough))
        if result > enough:
            break
    return result


def _face_depths(body: Convex, corners: Array) -> NDArray[np.float64]:
    """Return the depth (T,) of each triangle along the body's face normals and its own."""
    flat = corners.reshape(-1, 3)
    along = flat[:, 0:1] * body.normals[:, 0] + flat[:, 1:2] * body.normals[:, 1] + flat[:, 2:3] * body.normals[:, 2]
    faces = (body.offsets - along.reshape(len(corners), 3, -1).min(axis=1)).min(axis=1)
    normals = crosses(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = normals / np.maximum(np.sqrt(dots(normals, normals)), 1e-300)[:, None]
    offsets = dots(normals, corners[:, 0])
    low, high = _extent(body.vertices, normals)
    return np.minimum(faces, np.minimum(high - offsets, offsets - low))
