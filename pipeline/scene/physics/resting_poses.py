"""The ways a thing can lie: on the sides of its hull that carry its centre of mass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipeline.conventions import JSON_DECIMALS
from pipeline.geometry import Array, quaternion_between
from pipeline.records import RestingPose
from pipeline.scene.physics.hulls import Hull, convex_hull, crosses, dots, simplified, size_of, volume_and_centroid

MAX_RESTING_POSES = 24
FACET_ANGLE_RAD = math.radians(1.0)  # scans: faces this near to each other are one facet
FACET_DEPTH = 2e-3  # of the size: vertices this near to the plane carry the facet


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
    size = size_of(hull)
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
