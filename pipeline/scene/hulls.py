"""Convex hulls: of points, with fewer vertices for collision, their volume, and the ways a thing can lie.

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

from pipeline.conventions import JSON_DECIMALS
from pipeline.geometry import Array, quaternion_between
from pipeline.records import RestingPose

FLAT = 1e-4  # a set thinner than this share of its size counts as flat
FLAT_THICKNESS = 1e-3  # what a flat set gets instead
COLLISION_VERTICES = 192  # more cost time in every contact; with so many a ball is right to 0.7 % of its size
COLLISION_ERROR = 3e-3  # of the size: hulls within this need no more vertices
MAX_RESTING_POSES = 24
FACET_ANGLE_RAD = math.radians(1.0)  # scans: faces this near to each other are one facet
FACET_DEPTH = 2e-3  # of the size: vertices this near to the plane carry the facet

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
    size = _size(hull)
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
    allowed = COLLISION_ERROR * _size(hull)
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
    return center + (few.vertices - center) * (1 + max(0.0, float(_excess(hull, few).max())) / _size(hull))


def _size(hull: Hull) -> float:
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


# --- ways to lie ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facet:
    """One flat side: unit outward `normal`, its distance `offset` from the origin, and its solid angle."""

    normal: Array
    offset: float
    solid_angle: float


def resting_poses(points: ArrayLike) -> tuple[RestingPose, ...]:
    """Return the stable ways in which the hull of `points` (N, 3) lies on a floor, the likeliest first, at most 24.

    A facet of the hull carries the body when the centre of mass lies over it. Its probability is its share of the
    solid angle seen from there. Rounded to nine decimals.
    """
    hull = simplified(convex_hull(points))
    _, center = volume_and_centroid(hull)
    stable = [facet for facet in _facets(hull, center) if _carries(hull, facet, center)]
    stable.sort(key=lambda facet: (-round(facet.solid_angle, 6), *(round(float(v), 6) for v in -facet.normal)))
    stable = stable[:MAX_RESTING_POSES]
    total = sum(facet.solid_angle for facet in stable)
    return tuple(_resting_pose(facet, facet.solid_angle / total) for facet in stable)


def _resting_pose(facet: _Facet, probability: float) -> RestingPose:
    w, x, y, z = (round(v, JSON_DECIMALS) + 0.0 for v in quaternion_between(facet.normal, (0.0, 0.0, -1.0)))
    return RestingPose(
        rotation=(w, x, y, z),
        height_m=round(facet.offset, JSON_DECIMALS),
        probability=round(probability, JSON_DECIMALS),
    )


def _facets(hull: Hull, center: Array) -> list[_Facet]:
    """Merge the faces whose normals are near those of a larger one."""
    corners = hull.vertices[hull.triangles]
    normals = crosses(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.sqrt(dots(normals, normals))
    normals = normals / np.maximum(doubled, 1e-300)[:, None]
    angles = _solid_angles(corners - center)
    free = np.ones(len(normals), dtype=bool)
    facets = []
    for index in sorted(range(len(normals)), key=lambda i: (-round(float(doubled[i]), 12), i)):
        if not free[index]:
            continue
        members = free & (dots(normals, normals[index]) > math.cos(FACET_ANGLE_RAD))
        members[index] = True
        free &= ~members
        normal = (normals[members] * doubled[members][:, None]).sum(axis=0)
        length = math.sqrt(float(dots(normal, normal)))
        if length > 0:
            normal = normal / length
            offset = float(dots(hull.vertices, normal).max())
            facets.append(_Facet(normal=normal, offset=offset, solid_angle=float(angles[members].sum())))
    return facets


def _solid_angles(corners: Array) -> Array:
    """Return the solid angles (T,) of triangles (T, 3, 3) seen from the origin (Van Oosterom and Strackee 1983)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    la, lb, lc = (np.sqrt(dots(v, v)) for v in (a, b, c))
    numerator = np.abs(dots(a, crosses(b, c)))
    denominator = la * lb * lc + dots(a, b) * lc + dots(b, c) * la + dots(c, a) * lb
    return np.array([2 * math.atan2(y, x) for y, x in zip(numerator.tolist(), denominator.tolist(), strict=True)])


def _carries(hull: Hull, facet: _Facet, center: Array) -> bool:
    """Return whether `center` lies over the facet: no vertex that touches the floor is missing on any side of it."""
    size = _size(hull)
    touching = hull.vertices[dots(hull.vertices, facet.normal) > facet.offset - FACET_DEPTH * size] - center
    helper = crosses(facet.normal, np.eye(3)[int(np.argmin(np.abs(facet.normal)))])
    u = helper / math.sqrt(float(dots(helper, helper)))
    v = crosses(facet.normal, u)
    flat = [(float(x), float(y)) for x, y in zip(dots(touching, u), dots(touching, v), strict=True)]
    angles = sorted(math.atan2(y, x) for x, y in flat if math.hypot(x, y) > 1e-9 * size)
    if len(angles) < 3:
        return False
    gaps = [b - a for a, b in zip(angles, angles[1:] + [angles[0] + 2 * math.pi], strict=True)]
    return max(gaps) < math.pi - 1e-6
