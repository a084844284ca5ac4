"""Shapes of built places: meshes with one material each, solid boxes, and marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.geometry import Array, box_corners, matrix_from_quaternion, product
from pipeline.records import (
    MarkedAnchor,
    MarkedSpline,
    MarkedSurface,
    MarkedVolume,
    MaterialPlan,
    Quaternion,
    Vector,
)

NOT_TURNED: Quaternion = (1.0, 0.0, 0.0, 0.0)
BOX_FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))  # of box_corners


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A mesh: `vertices_m` (V, 3), `faces` indices, `uv_m` (L, 2) of the faces' corners in turn, metres. `is_ground`:
    things that fall come to rest on its faces, as no box is there for them."""

    name: str
    vertices_m: Array
    faces: tuple[tuple[int, ...], ...]
    uv_m: Array
    material: MaterialPlan
    is_ground: bool = False

    def triangles(self) -> list[tuple[int, int, int]]:
        """Return its faces, each cut into a fan."""
        return [(face[0], a, b) for face in self.faces for a, b in zip(face[1:], face[2:], strict=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A solid box: its middle, its axes, half sides in metres."""

    center_m: Vector
    half_m: Vector
    rotation: Quaternion = NOT_TURNED


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Built:
    """All of one place."""

    parts: tuple[Part, ...] = ()
    blocks: tuple[Block, ...] = ()
    surfaces: tuple[MarkedSurface, ...] = ()
    splines: tuple[MarkedSpline, ...] = ()
    volumes: tuple[MarkedVolume, ...] = ()
    anchors: tuple[MarkedAnchor, ...] = ()


def block_between(low: Sequence[float], high: Sequence[float]) -> Block:
    """Return the box along the axes between two corners."""
    x, y, z = ((a + b) / 2 for a, b in zip(low, high, strict=True))
    dx, dy, dz = ((b - a) / 2 for a, b in zip(low, high, strict=True))
    return Block(center_m=(x, y, z), half_m=(dx, dy, dz))


def part_of_blocks(name: str, blocks: Iterable[Block], material: MaterialPlan) -> Part:
    """Return boxes as one mesh, each face's texture laid out from its own middle."""
    vertices: list[Array] = []
    faces: list[tuple[int, ...]] = []
    uv: list[Array] = []
    for block in blocks:
        half = np.asarray(block.half_m)
        corners = box_corners(-half, half)
        first = 8 * len(vertices)
        vertices.append(product(corners, matrix_from_quaternion(block.rotation).T) + np.asarray(block.center_m))
        for number, face in enumerate(BOX_FACES):
            faces.append(tuple(first + corner for corner in face))
            uv.append(np.delete(corners[list(face)], number // 2, axis=1))
    return Part(
        name=name, vertices_m=np.concatenate(vertices), faces=tuple(faces), uv_m=np.concatenate(uv), material=material
    )


def points_of(points: Iterable[Sequence[float]]) -> tuple[Vector, ...]:
    """Return points (N, 3) as records hold them."""
    return tuple((float(x), float(y), float(z)) for x, y, z in points)


def polygon_surface(name: str, object_name: str, outline: Iterable[Sequence[float]]) -> MarkedSurface:
    """Return a convex level polygon, its corners anticlockwise from above, as a surface."""
    points = points_of(outline)
    triangles = tuple((0, i, i + 1) for i in range(1, len(points) - 1))
    return MarkedSurface(name=name, object_name=object_name, vertices_m=points, triangles=triangles)
