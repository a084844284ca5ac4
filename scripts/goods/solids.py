"""Solids: points and polygons with a material and texture coordinates each, and what joins, moves and paints them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from goods.materials import Material

WELD_M = 1e-6
Where = Callable[[np.ndarray, np.ndarray], np.ndarray]
Cells = Mapping[str, tuple[float, float, float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solid:
    """A surface. `points` (N, 3) metres; polygons counter-clockwise from outside; `uvs` (K, 2) per polygon of K."""

    points: np.ndarray
    polygons: tuple[tuple[int, ...], ...]
    materials: tuple[Material, ...]
    uvs: tuple[np.ndarray, ...]


def solid(points: np.ndarray, polygons: list[tuple[int, ...]], material: Material) -> Solid:
    """A solid of one material; points closer than a micrometre become one, polygons without area go."""
    keys = np.round(np.asarray(points) / WELD_M).astype(np.int64)
    _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    kept = [_without_repeats([int(index[i]) for i in polygon]) for polygon in polygons]
    faces = tuple(polygon for polygon in kept if len(polygon) > 2)
    return Solid(
        points=np.asarray(points, dtype=np.float64)[first],
        polygons=faces,
        materials=(material,) * len(faces),
        uvs=tuple(np.zeros((len(face), 2)) for face in faces),
    )


def _without_repeats(corners: list[int]) -> tuple[int, ...]:
    return tuple(corner for i, corner in enumerate(corners) if corner != corners[i - 1])


def join(*solids: Solid) -> Solid:
    """All of them as one, not welded to each other."""
    starts = np.cumsum([0, *(len(one.points) for one in solids)])
    return Solid(
        points=np.concatenate([one.points for one in solids]),
        polygons=tuple(
            tuple(int(start) + i for i in polygon)
            for start, one in zip(starts[:-1], solids, strict=True)
            for polygon in one.polygons
        ),
        materials=tuple(material for one in solids for material in one.materials),
        uvs=tuple(uv for one in solids for uv in one.uvs),
    )


def move(one: Solid, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solid:
    return replace(one, points=one.points + (x, y, z))


def turn(one: Solid, axis: str, degrees: float) -> Solid:
    """Turned about a world axis ("x", "y", "z") through the origin, right-handed."""
    return replace(one, points=one.points @ rotation(axis, degrees).T)


def rotation(axis: str, degrees: float) -> np.ndarray:
    """(3, 3) right-handed rotation about a world axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i = "xyz".index(axis)
    matrix = np.eye(3)
    j, k = (i + 1) % 3, (i + 2) % 3
    matrix[j, j], matrix[j, k], matrix[k, j], matrix[k, k] = c, -s, s, c
    return matrix


def bend(one: Solid, how: Callable[[np.ndarray], np.ndarray]) -> Solid:
    """Every point (N, 3) moved by a function."""
    return replace(one, points=how(one.points.copy()))


def standing(one: Solid) -> Solid:
    """Moved so that the origin is the centre of the bounding box's bottom."""
    low, high = one.points.min(axis=0), one.points.max(axis=0)
    return move(one, -(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2])


def centroids(one: Solid) -> np.ndarray:
    return np.array([one.points[list(polygon)].mean(axis=0) for polygon in one.polygons])


def area_normals(one: Solid) -> np.ndarray:
    """(P, 3) normals of the polygons, as long as their areas (Newell)."""
    found = []
    for polygon in one.polygons:
        corners = one.points[list(polygon)]
        found.append(np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0) / 2)
    return np.array(found)


def paint(one: Solid, material: Material, where: Where) -> Solid:
    """Give polygons a material; `where(centroids, unit normals)` (P, 3), (P, 3) -> (P,) bool says which."""
    normals = area_normals(one)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-18)
    chosen = where(centroids(one), normals)
    materials = tuple(material if yes else old for yes, old in zip(chosen, one.materials, strict=True))
    return replace(one, materials=materials)


def map_uvs(one: Solid, material: Material, uv_of: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Solid:
    """Texture coordinates for a material's polygons: `uv_of(corners (K, 3), normal (3,))` -> (K, 2)."""
    normals = area_normals(one)
    uvs = tuple(
        uv_of(one.points[list(polygon)], normal) if worn is material else uv
        for polygon, normal, worn, uv in zip(one.polygons, normals, one.materials, one.uvs, strict=True)
    )
    return replace(one, uvs=uvs)


def wrap(one: Solid, material: Material, bottom_m: float, top_m: float) -> Solid:
    """The image once around the z axis, its middle at +x, between two heights."""

    def uv_of(corners: np.ndarray, _: np.ndarray) -> np.ndarray:
        x, y, _z = corners.mean(axis=0)
        middle = np.arctan2(y, x)
        angle = np.arctan2(corners[:, 1], corners[:, 0]) - middle
        angle = (angle + np.pi) % (2 * np.pi) - np.pi + middle  # no polygon goes the long way round
        return np.stack((0.5 + angle / (2 * np.pi), (corners[:, 2] - bottom_m) / (top_m - bottom_m)), axis=1)

    return map_uvs(one, material, uv_of)


# Per side of a box: the axis and sign it faces, and the axes and signs of u and v seen from outside.
SIDES = {
    "front": ((0, 1), (1, 1), (2, 1)),
    "back": ((0, -1), (1, -1), (2, 1)),
    "left": ((1, 1), (0, -1), (2, 1)),
    "right": ((1, -1), (0, 1), (2, 1)),
    "top": ((2, 1), (1, 1), (0, -1)),
    "bottom": ((2, -1), (1, 1), (0, 1)),
}


def box_map(one: Solid, material: Material, cells: Cells) -> Solid:
    """Each side of the bounding box shows its cell (u0, v0, u1, v1) of the image; bevels go with the side they face."""
    low, high = one.points.min(axis=0), one.points.max(axis=0)

    def uv_of(corners: np.ndarray, normal: np.ndarray) -> np.ndarray:
        axis = int(np.argmax(np.round(np.abs(normal) / np.abs(normal).max(), 3)))
        facing = (axis, 1 if normal[axis] > 0 else -1)
        side = next(name for name, axes in SIDES.items() if axes[0] == facing)
        u0, v0, u1, v1 = cells[side]
        (_, (u_axis, u_sign), (v_axis, v_sign)) = SIDES[side]
        share = (corners - low) / np.maximum(high - low, 1e-9)
        u = share[:, u_axis] if u_sign > 0 else 1 - share[:, u_axis]
        v = share[:, v_axis] if v_sign > 0 else 1 - share[:, v_axis]
        return np.stack((u0 + (u1 - u0) * u, v0 + (v1 - v0) * v), axis=1)

    return map_uvs(one, material, uv_of)


def front_map(one: Solid, material: Material, low: tuple[float, float], high: tuple[float, float]) -> Solid:
    """The image seen from +x, or mirrored right from -x, over a rectangle of (y, z), metres."""

    def uv_of(corners: np.ndarray, normal: np.ndarray) -> np.ndarray:
        u = (corners[:, 1] - low[0]) / (high[0] - low[0])
        v = (corners[:, 2] - low[1]) / (high[1] - low[1])
        return np.stack((u if normal[0] > 0 else 1 - u, v), axis=1)

    return map_uvs(one, material, uv_of)


def top_map(one: Solid, material: Material) -> Solid:
    """The image seen from +z over the whole bounding box, its upper edge at -x."""
    low, high = one.points.min(axis=0), one.points.max(axis=0)

    def uv_of(corners: np.ndarray, _: np.ndarray) -> np.ndarray:
        share = (corners - low) / np.maximum(high - low, 1e-9)
        return np.column_stack((share[:, 1], 1 - share[:, 0]))

    return map_uvs(one, material, uv_of)
