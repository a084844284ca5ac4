"""A closed mesh with a material name per face, and what moves, mirrors and joins such meshes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Face = tuple[int, ...]

WELD_M = 1e-6
FLAT_M2 = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """`points` (N, 3) in metres; faces are counter-clockwise seen from outside; a material name for each face."""

    points: Array
    faces: tuple[Face, ...]
    materials: tuple[str, ...]

    def at(self, x: float, y: float = 0.0, z: float = 0.0) -> Shape:
        return Shape(self.points + (x, y, z), self.faces, self.materials)

    def scaled(self, x: float, y: float, z: float) -> Shape:
        """Factors have to be positive: a mirror turns faces around."""
        return Shape(self.points * (x, y, z), self.faces, self.materials)

    def turned(self, axis: str, angle_deg: float) -> Shape:
        """Turn about a world axis, counter-clockwise seen from its tip."""
        return Shape(self.points @ rotation(axis, angle_deg).T, self.faces, self.materials)

    def mirrored(self) -> Shape:
        """The other side's twin: y becomes -y."""
        return Shape(self.points * (1, -1, 1), tuple(face[::-1] for face in self.faces), self.materials)

    @property
    def low(self) -> Array:
        return np.asarray(self.points.min(axis=0))

    @property
    def high(self) -> Array:
        return np.asarray(self.points.max(axis=0))


def rotation(axis: str, angle_deg: float) -> Array:
    c, s = cos(radians(angle_deg)), sin(radians(angle_deg))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turn = np.eye(3)
    turn[i, i], turn[i, j], turn[j, i], turn[j, j] = c, -s, s, c
    return turn


def joined(*shapes: Shape) -> Shape:
    """One mesh of several; points that coincide stay apart, so every part stays closed."""
    starts = np.cumsum([0, *(len(shape.points) for shape in shapes)])
    faces = [
        tuple(i + int(start) for i in face)
        for shape, start in zip(shapes, starts, strict=False)
        for face in shape.faces
    ]
    materials = [name for shape in shapes for name in shape.materials]
    return Shape(np.concatenate([shape.points for shape in shapes]), tuple(faces), tuple(materials))


def both_sides(*shapes: Shape) -> Shape:
    return joined(*shapes, *(shape.mirrored() for shape in shapes))


def centred(shape: Shape) -> Shape:
    """Put the origin on the ground under the middle of the bounding box."""
    middle = (shape.low + shape.high) / 2
    return shape.at(-middle[0], -middle[1], -shape.low[2])


def closed(points: Sequence[Sequence[float]] | Array, faces: Sequence[Face], materials: Sequence[str]) -> Shape:
    """Weld a solid's coinciding points, drop what collapsed, and turn it inside out if its volume is negative."""
    array = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    keys = np.round(array / WELD_M).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    welded, place = array[first[order]], rank[inverse.reshape(-1)]
    kept, names = [], []
    for face, name in zip(faces, materials, strict=True):
        loop = _without_repeats([int(place[i]) for i in face])
        if len(loop) >= 3 and np.linalg.norm(area_vector(welded[loop])) > FLAT_M2:
            kept.append(tuple(loop))
            names.append(name)
    shape = Shape(welded, tuple(kept), tuple(names))
    if volume(shape) < 0:
        return Shape(welded, tuple(face[::-1] for face in kept), tuple(names))
    return shape


def _without_repeats(loop: list[int]) -> list[int]:
    return [i for k, i in enumerate(loop) if i != loop[k - 1]]


def area_vector(corners: Array) -> Array:
    """Half the sum of the cross products around a polygon (K, 3): its normal, as long as its area."""
    return np.asarray(np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0) / 2)


def triangles_of(shape: Shape) -> NDArray[np.int64]:
    """Fans of all faces (M, 3)."""
    fans = [(face[0], face[i], face[i + 1]) for face in shape.faces for i in range(1, len(face) - 1)]
    return np.array(fans, dtype=np.int64)


def volume(shape: Shape) -> float:
    """Signed volume in cubic metres: positive when faces look outwards."""
    a, b, c = np.moveaxis(shape.points[triangles_of(shape)], 1, 0)
    return float((a * np.cross(b, c)).sum() / 6)
