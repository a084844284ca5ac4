"""Closed solids to build with: boxes, extrusions, lathes, lofts, tubes, balls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi, sin

import numpy as np

from street.shape import Array, Shape, closed

Point = tuple[float, float, float]
Paint = str | Callable[[int, int], str]  # one name, or by ring and place in the ring


def loft(
    rings: Sequence[Sequence[Sequence[float]]] | Array, paint: Paint, caps: tuple[str, str] | None = None
) -> Shape:
    """A skin over rings (K, N, 3), closed by a flat face at both ends. `caps` names their materials."""
    array = np.asarray(rings, dtype=np.float64)
    count, size, _ = array.shape
    faces, names = [], []
    for k in range(count - 1):
        for n in range(size):
            a, b = k * size + n, k * size + (n + 1) % size
            faces.append((a, b, b + size, a + size))
            names.append(paint if isinstance(paint, str) else paint(k, n))
    ends = caps or (names[0], names[-1])
    faces += [tuple(reversed(range(size))), tuple(range((count - 1) * size, count * size))]
    return closed(array.reshape(-1, 3), faces, [*names, *ends])


def extrude(outline: Sequence[tuple[float, float]], depth: float, material: str, bevel: float = 0.0) -> Shape:
    """A convex or star-shaped outline in (x, y), raised from z = 0 to z = depth, its upper edge bevelled."""
    flat = np.asarray(outline, dtype=np.float64)
    rings = [_level(flat, 0.0)]
    if bevel:
        rings += [_level(flat, depth - bevel), _level(inset(flat, bevel), depth)]
    else:
        rings.append(_level(flat, depth))
    return loft(np.array(rings), material)


def _level(flat: Array, z: float) -> Array:
    return np.column_stack((flat, np.full(len(flat), z)))


def inset(outline: Array, amount: float) -> Array:
    """Move every edge of a counter-clockwise outline (N, 2) inwards by `amount`."""
    edges = np.roll(outline, -1, axis=0) - outline
    normals = np.column_stack((-edges[:, 1], edges[:, 0])) / np.linalg.norm(edges, axis=1)[:, None]
    before = np.roll(normals, 1, axis=0)
    mean = normals + before
    return np.asarray(outline + amount * 2 * mean / (mean * mean).sum(axis=1)[:, None])


def box(low: Point, high: Point, material: str, bevel: float = 0.0) -> Shape:
    """An upright box with its twelve edges cut off by `bevel`."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    b = bevel

    def ring(inward: float, corner: float, z: float) -> list[Point]:
        i, c = inward, inward + corner
        return [
            (x0 + c, y0 + i, z), (x1 - c, y0 + i, z), (x1 - i, y0 + c, z), (x1 - i, y1 - c, z),
            (x1 - c, y1 - i, z), (x0 + c, y1 - i, z), (x0 + i, y1 - c, z), (x0 + i, y0 + c, z),
        ]  # fmt: skip

    if not b:
        return loft([ring(0, 0, z0), ring(0, 0, z1)], material)
    return loft([ring(b, 0, z0), ring(0, b, z0 + b), ring(0, b, z1 - b), ring(b, 0, z1)], material)


def block(size: Point, centre: Point, material: str, bevel: float = 0.0) -> Shape:
    """A box by its size and its centre."""
    (w, d, h), (x, y, z) = size, centre
    return box((x - w / 2, y - d / 2, z - h / 2), (x + w / 2, y + d / 2, z + h / 2), material, bevel)


def lathe(profile: Sequence[tuple[float, float]], segments: int, paint: Paint) -> Shape:
    """A profile of (radius, z) turned about the z axis; `paint` gets the place in the profile and the segment."""
    angles = 2 * pi * np.arange(segments) / segments
    rings = [np.column_stack((r * np.cos(angles), r * np.sin(angles), np.full(segments, z))) for r, z in profile]
    return loft(np.array(rings), paint)


def cone(low_radius: float, high_radius: float, height: float, segments: int, material: str) -> Shape:
    return lathe([(low_radius, 0.0), (high_radius, height)], segments, material)


def wheel_ring(radius: float, thickness: float, segments: int, sides: int, material: str) -> Shape:
    """A ring around the y axis: `radius` to the middle of its round section."""
    profile = [
        (radius + thickness * cos(2 * pi * k / sides), thickness * sin(2 * pi * k / sides)) for k in range(sides)
    ]
    points, faces = [], []
    for s in range(segments):
        angle = 2 * pi * s / segments
        points += [(r * cos(angle), y, r * sin(angle)) for r, y in profile]
        for k in range(sides):
            n, t = (k + 1) % sides, (s + 1) % segments
            faces.append((s * sides + k, s * sides + n, t * sides + n, t * sides + k))
    return closed(points, faces, [material] * len(faces))


def ball(radii: Point, centre: Point, material: str, columns: int = 12, rows: int = 8) -> Shape:
    """An ellipsoid with poles up and down."""
    tilt = pi * np.arange(rows + 1) / rows
    profile = [(max(sin(t), 0.0), -cos(t)) for t in tilt]
    profile[0], profile[-1] = (0.0, -1.0), (0.0, 1.0)
    return lathe(profile, columns, material).scaled(*radii).at(*centre)


def tube(path: Sequence[Point], radii: Sequence[float] | float, material: Paint, sides: int = 8) -> Shape:
    """A round bar along a path, its section turning as little as it can; flat ends."""
    points = np.asarray(path, dtype=np.float64)
    widths = np.full(len(points), radii) if isinstance(radii, (int, float)) else np.asarray(radii)
    steps = np.diff(points, axis=0)
    along = np.concatenate((steps[:1], steps[:-1] + steps[1:], steps[-1:]))
    along /= np.linalg.norm(along, axis=1)[:, None]
    across = np.cross(along[0], (0, 0, 1) if abs(along[0][2]) < 0.9 else (1, 0, 0))
    angles = 2 * pi * (np.arange(sides) + 0.5) / sides
    rings = []
    for point, direction, width in zip(points, along, widths, strict=True):
        across = across - direction * (across @ direction)
        across /= np.linalg.norm(across)
        other = np.cross(direction, across)
        rings.append(point + width * (np.outer(np.cos(angles), across) + np.outer(np.sin(angles), other)))
    return loft(np.array(rings), material)


def limb(start: Point, end: Point, radii: tuple[float, float], material: str, sides: int = 8) -> Shape:
    """A bar with rounded ends that reach past `start` and `end` by their radii."""
    a, b = np.asarray(start), np.asarray(end)
    along = (b - a) / np.linalg.norm(b - a)
    (r, s) = radii
    path = [a - along * r, a - along * r * 0.6, a, b, b + along * s * 0.6, b + along * s]
    return tube([tuple(p) for p in path], [r * 0.1, r * 0.8, r, s, s * 0.8, s * 0.1], material, sides)
