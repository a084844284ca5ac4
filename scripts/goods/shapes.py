"""Shapes: rings of points joined to solids. Everything is a loft: a turned vessel, a swept pipe, an extruded plate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mathutils import Vector
from mathutils.geometry import tessellate_polygon

from goods.materials import Material
from goods.outlines import circle, inset, rectangle
from goods.solids import Solid, move, solid


def loft(rings: np.ndarray, material: Material, caps: bool = True, closed: bool = False) -> Solid:
    """Rings (R, N, 3) joined in order, counter-clockwise seen from the next; `closed` joins the last to the first."""
    count, size, _ = rings.shape
    polygons: list[tuple[int, ...]] = []
    for i in range(count if closed else count - 1):
        low, high = i * size, (i + 1) % count * size
        polygons += [(low + j, low + (j + 1) % size, high + (j + 1) % size, high + j) for j in range(size)]
    if caps and not closed:
        polygons += [tuple(reversed(range(size))), tuple(range((count - 1) * size, count * size))]
    return solid(rings.reshape(-1, 3), polygons, material)


def lathe(profile: np.ndarray | Sequence[tuple[float, float]], material: Material, count: int = 40) -> Solid:
    """A profile of (radius, height) turned about z: from the bottom, out, up and, for a hollow, back down inside.

    Open ends at a radius over 0 stay open. A profile that ends where it starts makes a ring.
    """
    points = np.asarray(profile, dtype=np.float64)
    ring = circle(1.0, count)
    rings = np.concatenate((points[:, None, :1] * ring, np.repeat(points[:, None, 1:], count, axis=1)), axis=2)
    return loft(rings, material, caps=False)


def sections(outlines: Sequence[np.ndarray], heights: Sequence[float], material: Material) -> Solid:
    """Outlines (N, 2) at heights, bottom to top."""
    rings = [np.column_stack((o, np.full(len(o), z))) for o, z in zip(outlines, heights, strict=True)]
    return loft(np.array(rings), material)


def sweep(
    path: np.ndarray,
    section: np.ndarray | float,
    material: Material,
    count: int = 14,
    closed: bool = False,
    caps: bool = True,
) -> Solid:
    """A section (N, 2), or the radius of a round one, carried along a path (M, 3) without twisting.

    `section` (M,) radii or (M, N, 2) outlines make the thickness vary.
    """
    path = np.asarray(path, dtype=np.float64)
    frames = _frames(path, closed)
    shape = np.asarray(section, dtype=np.float64)
    if shape.ndim < 2:
        shapes = np.broadcast_to(shape, (len(path),))[:, None, None] * circle(1.0, count)
    else:
        shapes = np.broadcast_to(shape, (len(path), *shape.shape[-2:]))
    rings = path[:, None] + shapes[:, :, :1] * frames[:, None, 0] + shapes[:, :, 1:] * frames[:, None, 1]
    return loft(rings, material, caps, closed)


def _frames(path: np.ndarray, closed: bool) -> np.ndarray:
    """(M, 2, 3) axes across a path, carried along it by the smallest turns."""
    ahead = np.roll(path, -1, axis=0) - path if closed else np.gradient(path, axis=0)
    tangents = ahead + np.roll(ahead, 1, axis=0) if closed else ahead
    tangents = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
    side = np.eye(3)[int(np.argmin(np.abs(tangents[0])))]
    found = []
    for tangent in tangents:
        side = side - (side @ tangent) * tangent
        side = side / np.linalg.norm(side)
        found.append((side, np.cross(tangent, side)))
    return np.array(found)


def plate(
    outline: np.ndarray,
    height: float,
    material: Material,
    bevel: float = 0.0,
    holes: Sequence[np.ndarray] = (),
    steps: int = 2,
) -> Solid:
    """An outline (N, 2) extruded from z = 0 to `height`, with holes through it; rims of both are bevelled."""
    angles = np.linspace(0, np.pi / 2, steps + 1) if bevel > 0 else np.array([np.pi / 2])
    depths = bevel * (1 - np.sin(angles))
    rises = bevel * (1 - np.cos(angles))
    levels = [*zip(depths, rises, strict=True), *zip(depths[::-1], height - rises[::-1], strict=True)]
    contours = [outline, *(hole[::-1] for hole in holes)]  # a hole's inside is the outside of the solid
    points: list[np.ndarray] = []
    polygons: list[tuple[int, ...]] = []
    for contour in contours:
        start, size = sum(map(len, points)), len(contour)
        for depth, z in levels:
            points.append(np.column_stack((inset(contour, depth), np.full(size, z))))
        for i in range(len(levels) - 1):
            low, high = start + i * size, start + (i + 1) * size
            polygons += [(low + j, low + (j + 1) % size, high + (j + 1) % size, high + j) for j in range(size)]
    polygons += _lids([inset(contour, float(depths[0])) for contour in contours], len(levels))
    return solid(np.concatenate(points), polygons, material)


def _lids(contours: list[np.ndarray], levels: int) -> list[tuple[int, ...]]:
    """Both ends of a plate, as indices into its points."""
    bottom: list[int] = []
    rise: dict[int, int] = {}  # from an index of the lower end to that of the upper
    start = 0
    for contour in contours:
        indices = range(start, start + len(contour))
        bottom += indices
        rise |= dict.fromkeys(indices, (levels - 1) * len(contour))
        start += levels * len(contour)
    if len(contours) == 1:
        return [tuple(reversed(bottom)), tuple(index + rise[index] for index in bottom)]
    flat = np.concatenate(contours)
    # Metres of small parts are below what the triangulation tells apart.
    found = tessellate_polygon([[Vector((1000 * x, 1000 * y, 0.0)) for x, y in contour] for contour in contours])
    lids: list[tuple[int, ...]] = []
    for triangle in found:
        (ax, ay), (bx, by), (cx, cy) = (flat[i] for i in triangle)
        ahead = triangle if (bx - ax) * (cy - ay) > (by - ay) * (cx - ax) else triangle[::-1]
        lids.append(tuple(bottom[i] for i in reversed(ahead)))
        lids.append(tuple(bottom[i] + rise[bottom[i]] for i in ahead))
    return lids


def box(x: float, y: float, z: float, bevel: float, material: Material, steps: int = 2) -> Solid:
    """A box of full size x, y, z standing on z = 0 about the z axis, its edges rounded."""
    return plate(rectangle(x, y, 1.05 * bevel, 2 * steps), z, material, bevel, steps=steps)


def ball(x: float, y: float, z: float, material: Material, count: int = 24) -> Solid:
    """An ellipsoid of full size x, y, z about the origin."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, count // 2 + 1)
    one = lathe(np.stack((np.maximum(np.cos(angles), 0).round(12), np.sin(angles)), axis=1), material, count)
    return solid(one.points * (x / 2, y / 2, z / 2), list(one.polygons), material)


def rod(radius: float, height: float, material: Material, bevel: float = 0.0, count: int = 32, z: float = 0.0) -> Solid:
    """A cylinder about z from `z` upwards."""
    return move(plate(circle(radius, count), height, material, bevel), z=z)
