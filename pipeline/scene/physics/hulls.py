"""Convex hulls: of points, with fewer vertices for collision, and their volume.

Sums are written out element by element, never as matrix products: BLAS differs between builds of numpy in the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import bpy  # first: with the wheel, bmesh exists only once bpy is loaded

# isort: split
import bmesh
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.geometry import Array

FLAT = 1e-4  # a set thinner than this share of its size counts as flat
FLAT_THICKNESS = 1e-3  # what a flat set gets instead
COLLISION_VERTICES = 192  # more cost time in every contact; with so many a ball is right to 0.7 % of its size
COLLISION_ERROR = 3e-3  # of the size: hulls within this need no more vertices

Triangles = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hull:
    """A closed convex surface. `vertices` (V, 3) float64; `triangles` (T, 3) int32, anticlockwise seen from outside."""

    vertices: Array
    triangles: Triangles


def dots(a: ArrayLike, b: ArrayLike) -> Array:
    """Return the dot products of 3-vectors along the last axis, broadcast, the same bits with every numpy."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return np.asarray(x[..., 0] * y[..., 0] + x[..., 1] * y[..., 1] + x[..., 2] * y[..., 2], dtype=np.float64)


def crosses(a: ArrayLike, b: ArrayLike) -> Array:
    """Return the cross products of 3-vectors along the last axis, broadcast."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return np.stack(
        [
            x[..., 1] * y[..., 2] - x[..., 2] * y[..., 1],
            x[..., 2] * y[..., 0] - x[..., 0] * y[..., 2],
            x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0],
        ],
        axis=-1,
    )


def convex_hull(points: ArrayLike) -> Hull:
    """Return the hull of `points` (N, 3), its vertices a subset of them in their order.

    Flat, straight and single-point sets get a thickness of a thousandth of their size, half to either side.
    Raises ValueError for no points or points that are not finite.
    """
    array = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    if len(array) == 0 or not np.isfinite(array).all():
        raise ValueError("a hull needs at least one point, all of them finite")
    low, high = array.min(axis=0), array.max(axis=0)
    size = float((high - low).max()) or 1.0
    for direction in _missing_directions(array, size):
        step = direction * (size * FLAT_THICKNESS / 2)
        array = np.concatenate([array - step, array + step])
    # Bullet rounds its input to integers anyway; centring first keeps far-away points as exact as near ones.
    polygons = _hull_polygons((array - (low + high) / 2) / size)
    fans = [(face[0], face[i], face[i + 1]) for face in polygons for i in range(1, len(face) - 1)]
    triangles = np.array(sorted(_rolled(fan) for fan in fans), dtype=np.int64)
    used, inverse = np.unique(triangles, return_inverse=True)
    return _outward(array[used], inverse.reshape(-1, 3).astype(np.int32))


def _rolled(face: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the same triangle starting at its lowest index."""
    first = face.index(min(face))
    return (face[first], face[(first + 1) % 3], face[(first + 2) % 3])


def _missing_directions(points: Array, size: float) -> list[Array]:
    """Return unit directions (0 to 3) in which the points have no extent."""
    origin = points[int(np.argmin(points[:, 0]))]
    offsets = points - origin
    along = offsets[int(np.argmax(dots(offsets, offsets)))]
    length = math.sqrt(float(dots(along, along)))
    if length < FLAT * size:
        return list(np.eye(3))
    along = along / length
    aside = offsets - dots(offsets, along)[:, None] * along
    across = aside[int(np.argmax(dots(aside, aside)))]
    width = math.sqrt(float(dots(across, across)))
    if width < FLAT * size:
        helper = crosses(along, np.eye(3)[int(np.argmin(np.abs(along)))])
        helper = helper / math.sqrt(float(dots(helper, helper)))
        return [helper, crosses(along, helper)]
    normal = crosses(along, across / width)
    height = dots(offsets, normal)
    return [normal] if float(height.max() - height.min()) < FLAT * size else []


def _hull_polygons(points: Array) -> list[list[int]]:
    """Return the hull's faces as indices into `points`."""
    mesh = bpy.data.meshes.new("hull")
    bm = bmesh.new()
    try:
        mesh.vertices.add(len(points))
        mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
        bm.from_mesh(mesh)
        bmesh.ops.convex_hull(bm, input=bm.verts, use_existing_faces=False)
        return [[vertex.index for vertex in face.verts] for face in bm.faces]
    finally:
        bm.free()
        bpy.data.meshes.remove(mesh)


def _outward(vertices: Array, triangles: Triangles) -> Hull:
    """Turn every triangle so that it faces away from the middle."""
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    inside = vertices[np.unique(triangles)].mean(axis=0) if len(triangles) else middle
    corners = vertices[triangles]
    normals = crosses(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = dots(normals, corners[:, 0] - inside) < 0
    turned = triangles.copy()
    turned[inward] = triangles[inward][:, ::-1]
    return Hull(vertices=vertices, triangles=turned)


def face_planes(hull: Hull) -> tuple[Array, Array]:
    """Return unit outward normals (T, 3) and offsets (T,) with `normal . x <= offset` inside; slivers left out."""
    corners = hull.vertices[hull.triangles]
    normals = crosses(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.sqrt(dots(normals, normals))
    size = size_of(hull)
    sound = lengths > 1e-7 * size * size
    normals = normals[sound] / lengths[sound][:, None]
    # The farthest vertex, not the triangle's own: a sliver's normal may lean and cut into the body.
    return normals, np.max(projections(hull.vertices, normals), axis=0)


def projections(points: Array, directions: Array) -> Array:
    """Return (N, D) products of points (N, 3) with directions (D, 3)."""
    px, py, pz = (np.ascontiguousarray(points[:, k : k + 1]) for k in range(3))
    dx, dy, dz = (np.ascontiguousarray(directions[:, k]) for k in range(3))
    return np.asarray(px * dx + py * dy + pz * dz, dtype=np.float64)


def volume_and_centroid(hull: Hull) -> tuple[float, Array]:
    """Return the volume in cubic units of the points, and the centre of mass (3,) of the solid hull."""
    reference = hull.vertices[0]
    corners = hull.vertices[hull.triangles] - reference
    volumes = dots(corners[:, 0], crosses(corners[:, 1], corners[:, 2])) / 6
    volume = math.fsum(volumes.tolist())
    moments = volumes[:, None] * (corners[:, 0] + corners[:, 1] + corners[:, 2]) / 4
    return volume, reference + np.array([math.fsum(moments[:, k].tolist()) for k in range(3)]) / volume


def simplified(hull: Hull, max_vertices: int = COLLISION_VERTICES) -> Hull:
    """Return a hull of at most `max_vertices` (>= 14) of its vertices: the extremes in evenly spread directions.

    Directions are doubled until nothing sticks out by more than COLLISION_ERROR of the size; if that needs too many,
    the room that is left goes to the vertices that stick out farthest. The extremes along the axes are always kept.
    """
    if len(hull.vertices) <= max_vertices:
        return hull
    allowed = COLLISION_ERROR * size_of(hull)
    count = 40
    while count < max_vertices:
        trial = convex_hull(hull.vertices[extremes(hull, count)])
        if _excess(hull, trial).max() <= allowed:
            return trial
        count *= 2
    kept = extremes(hull, max_vertices)
    while len(kept) < max_vertices:
        excess = _excess(hull, convex_hull(hull.vertices[kept]))
        added = [int(i) for i in np.argsort(-excess, kind="stable")[:8] if excess[i] > allowed]
        if not added:
            break
        kept = np.unique(np.concatenate([kept, added[: max_vertices - len(kept)]]))
    return convex_hull(hull.vertices[kept])


def collision_points(points: ArrayLike, max_vertices: int = COLLISION_VERTICES) -> Array:
    """Return the few points (V, 3) whose hull stands for `points` (N, 3) in the physics. Cache it: it costs a hull.

    Where vertices had to go, the rest is grown by half of what was lost, so that the true surface lies as much above
    the hull's as below.
    """
    hull = convex_hull(points)
    few = simplified(hull, max_vertices)
    _, center = volume_and_centroid(few)
    return center + (few.vertices - center) * (1 + max(0.0, float(_excess(hull, few).max())) / size_of(hull))


def size_of(hull: Hull) -> float:
    """Return the longest side of the box around a hull."""
    return float((hull.vertices.max(axis=0) - hull.vertices.min(axis=0)).max())


def extremes(hull: Hull, count: int) -> NDArray[np.int64]:
    """Return the indices of the vertices farthest out in `count` directions."""
    return np.unique(np.argmax(projections(hull.vertices, even_directions(count)), axis=0))


def _excess(hull: Hull, inner: Hull) -> Array:
    """Return how far each vertex (V,) of `hull` sticks out of `inner`."""
    normals, offsets = face_planes(inner)
    return (projections(hull.vertices, normals) - offsets).max(axis=1)


@cache
def even_directions(count: int) -> Array:
    """Return `count` unit vectors spread evenly over the sphere (a Fibonacci lattice), the axes first; read-only."""
    axes = np.concatenate([np.eye(3), -np.eye(3)])
    rest = [_on_lattice(i, count - 6) for i in range(count - 6)]
    directions = np.concatenate([axes, np.array(rest).reshape(-1, 3)])
    directions.flags.writeable = False
    return directions


def _on_lattice(index: int, count: int) -> tuple[float, float, float]:
    z = 1 - (2 * index + 1) / count
    angle = index * math.pi * (3 - math.sqrt(5))
    radius = math.sqrt(1 - z * z)
    return (radius * math.cos(angle), radius * math.sin(angle), z)
