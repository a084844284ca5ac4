"""Falling bodies as the physics sees them: convex parts about a centre of mass, with a mass, in simulation units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.geometry import Array, box_corners
from pipeline.records import Pose, Vector
from pipeline.scene.physics.hulls import (
    COLLISION_VERTICES,
    collision_points,
    convex_hull,
    even_directions,
    volume_and_centroid,
)
from pipeline.scene.physics.penetration import Convex, convex_of

MARGIN = 0.01  # Bullet's collision margin in half thicknesses; parts are shrunk by it, so that nothing floats
MAX_MARGIN = 0.01
MASS_RATIO = 10.0  # heavier or lighter than the median by more than this, and stacks sink into each other
BALL_VERTICES = 128
FLATTEST = 1e-3  # of the size: boxes are at least so thick


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """One thing to drop. `parts` are point sets (N, 3) in its own axes at scale 1, metres; their hulls are the body.

    `collision` "convex_hull" takes the hull of all parts, "convex_parts" one a part, "box" and "sphere" the bounds.
    `poses[k]` is where the object's origin is released in round k; there are as many rounds as poses.
    """

    instance_id: int
    parts: tuple[Array, ...]
    collision: str
    scale: Vector
    density_kg_m3: float
    poses: tuple[Pose, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """A body in simulation units about its centre of mass, which lies at `center` (3,) in the object's axes, metres.

    `convexes` is what is checked, `parts` what Bullet gets: shrunk by `margin`, empty for a ball of `radius`. `size` is
    the longest side, `thickness` the shortest, `reach` the farthest point from the object's origin.
    """

    center: Array
    convexes: tuple[Convex, ...]
    parts: tuple[Array, ...]
    radius: float
    margin: float
    size: float
    thickness: float
    reach: float
    mass_kg: float


def size_m(body: Body) -> float:
    """Return the longest side of the body's box, or a millimetre for a single point."""
    points = np.concatenate(body.parts) * np.asarray(body.scale)
    return float((points.max(axis=0) - points.min(axis=0)).max()) or 1e-3


def shape_of(body: Body, scale: float) -> Shape:
    """Return the body's shape with lengths multiplied by `scale`."""
    sets = _point_sets(body)
    hulls = [convex_hull(points) for points in sets]
    measures = [volume_and_centroid(hull) for hull in hulls]
    volume = sum(measure[0] for measure in measures)
    center = sum((measure[0] * measure[1] for measure in measures), start=np.zeros(3)) / volume
    local = [(hull.vertices - center) * scale for hull in hulls]
    everything = np.concatenate(local)
    sides = everything.max(axis=0) - everything.min(axis=0)
    margin = min(MAX_MARGIN, MARGIN * min(float((part.max(axis=0) - part.min(axis=0)).min()) / 2 for part in local))
    ball = body.collision == "sphere"
    return Shape(
        center=center,
        convexes=tuple(convex_of(convex_hull(part)) for part in local),
        parts=() if ball else tuple(_shrunk(part, margin) for part in local),
        radius=float(sides.max()) / 2 if ball else 0.0,
        margin=0.0 if ball else margin,
        size=float(sides.max()),
        thickness=float(sides.min()),
        reach=float(np.sqrt(((everything + center * scale) ** 2).sum(axis=1).max())),
        mass_kg=body.density_kg_m3 * volume,
    )


def _point_sets(body: Body) -> list[Array]:
    """Return the points of each convex part, metres, scale included."""
    scale = np.asarray(body.scale, dtype=np.float64)
    sets = [np.asarray(part, dtype=np.float64) * scale for part in body.parts]
    if body.collision == "convex_parts":
        return [_few(points) for points in sets]
    points = np.concatenate(sets)
    if body.collision == "convex_hull":
        return [_few(points)]
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    if body.collision == "sphere":
        return [middle + even_directions(BALL_VERTICES) * float(half.max())]
    half = np.maximum(half, FLATTEST * float(half.max()))
    return [box_corners(middle - half, middle + half)]


def _few(points: Array) -> Array:
    return points if len(points) <= COLLISION_VERTICES else collision_points(points)


def _shrunk(points: Array, margin: float) -> Array:
    """Move points (N, 3) inward by `margin` along each axis, most at the ends: exact for a box, near for the rest."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    return middle + (points - middle) * (1 - margin / half)


def masses(shapes: tuple[Shape, ...]) -> list[float]:
    """Return masses relative to the median, kept within MASS_RATIO of it."""
    median = sorted(shape.mass_kg for shape in shapes)[len(shapes) // 2]
    return [min(max(shape.mass_kg / median, 1 / MASS_RATIO), MASS_RATIO) for shape in shapes]
