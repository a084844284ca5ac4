"""What bodies fall on, in simulation units: obstacles near the drop zones, and the invisible walls around these."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.geometry import Array, box_corners, matrix_from_quaternion
from pipeline.records import DropPlan, Quaternion, Vector
from pipeline.scene.physics.hulls import convex_hull
from pipeline.scene.physics.penetration import Convex, convex_of, turned
from pipeline.scene.physics.rigid_world import COLLISION_GROUPS, Solid

FLOOR_THICKNESS = 8.0  # units: bodies fall through thin floors
WALL_THICKNESS = 8.0
WALL_HEIGHT = 1000.0
ESCAPED = 1.0  # sizes beyond the edge of its zone
FALLEN = 1.0  # half areas below the zone's centre


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Obstacle:
    """Something solid that stays: a box of `half_extents_m` at `center_m`, turned by `rotation`, or a mesh of
    `vertices_m` (V, 3), world metres, and `triangles` (T, 3), which lies between `low_m` and `high_m` (3,)."""

    center_m: Vector = (0.0, 0.0, 0.0)
    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    half_extents_m: Vector | None = None
    vertices_m: Array | None = None
    triangles: NDArray[np.int32] | None = None
    low_m: Array = field(init=False, default_factory=lambda: np.full(3, -np.inf))
    high_m: Array = field(init=False, default_factory=lambda: np.full(3, np.inf))

    def __post_init__(self) -> None:
        if self.vertices_m is not None and len(self.vertices_m):
            object.__setattr__(self, "low_m", self.vertices_m.min(axis=0))
            object.__setattr__(self, "high_m", self.vertices_m.max(axis=0))
        if (self.half_extents_m is None) == (self.vertices_m is None or self.triangles is None):
            raise ValueError("an obstacle is either a box (half_extents_m) or a mesh (vertices_m and triangles)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Simulation lengths are (metres - origin) * scale."""

    origin_m: Vector
    scale: float

    def points(self, points_m: Array) -> Array:
        return (np.asarray(points_m, dtype=np.float64) - np.asarray(self.origin_m)) * self.scale

    def metres(self, points: Array) -> Array:
        return points / self.scale + np.asarray(self.origin_m)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zone:
    """A drop zone in simulation units. `group` is the collision group of its fence, None without one."""

    center: Array
    half: Array
    group: int | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """`solids` for Bullet, and the same as `convexes` and `triangles` (T, 3, 3) for checking; `fences` are extra."""

    zones: tuple[Zone, ...]
    solids: tuple[Solid, ...]
    fences: tuple[Solid, ...]
    convexes: tuple[Convex, ...]
    triangles: Array


def build_zones(plans: tuple[DropPlan, ...], units: Units) -> tuple[Zone, ...]:
    """Return the zones; equal plans share one. Raises PipelineError for more fences than Blender can tell apart."""
    distinct = tuple(dict.fromkeys(plans))
    if sum(plan.fence for plan in distinct) >= COLLISION_GROUPS:
        raise PipelineError(
            f"placement: {sum(plan.fence for plan in distinct)} different fenced drop zones, at most "
            f"{COLLISION_GROUPS - 1} are possible; give some of them the same area or fence: false"
        )
    groups = iter(range(1, COLLISION_GROUPS))
    return tuple(
        Zone(
            center=units.points(np.asarray(plan.center_m)),
            half=np.asarray(plan.area_m) * units.scale / 2,
            group=next(groups) if plan.fence else None,
        )
        for plan in distinct
    )


def zone_at(zones: tuple[Zone, ...], point: Array) -> int:
    """Return the index of the zone over which `point` (3,) lies, or of the nearest."""

    def distance(zone: Zone) -> tuple[float, float]:
        outside = np.maximum(np.abs(point[:2] - zone.center[:2]) - zone.half, 0.0)
        return (round(float(outside.max()), 6), abs(float(point[2] - zone.center[2])))

    return min(range(len(zones)), key=lambda index: distance(zones[index]))


def has_escaped(zone: Zone, center: Array, size: float) -> bool:
    """Return whether a body of `size` with its centre of mass at `center` (3,) has left its zone."""
    # Without a fence things may roll as far as the area is wide.
    room = zone.half * (1.0 if zone.group is not None else 2.0)
    outside = np.abs(center[:2] - zone.center[:2]) - np.maximum(room, size)
    lowest = zone.center[2] - FALLEN * float(zone.half.max()) - ESCAPED * size
    return bool(outside.max() > ESCAPED * size or center[2] < lowest)


def reachable(zones: tuple[Zone, ...], releases: Array, size: float) -> tuple[Array, Array]:
    """Return the lowest and highest corner (3,) of all that bodies up to `size` long can touch before they have
    escaped, released at points (N, 3)."""
    low, high = [releases.min(axis=0) - size], [releases.max(axis=0) + size]
    for zone in zones:
        wide = np.maximum(zone.half * (1.0 if zone.group is not None else 2.0), size) + (ESCAPED + 1) * size
        deep = FALLEN * float(zone.half.max()) + (ESCAPED + 1) * size
        low.append(np.array([*(zone.center[:2] - wide), zone.center[2] - deep]))
        high.append(np.array([*(zone.center[:2] + wide), zone.center[2]]))
    return np.min(low, axis=0), np.max(high, axis=0)


def build_stage(
    obstacles: tuple[Obstacle, ...],
    zones: tuple[Zone, ...],
    room: tuple[float, ...],
    units: Units,
    reach: float,
    within: tuple[Array, Array],
) -> Stage:
    """Return the stage within `reach` of the origin, and of meshes what comes `within` the box of two corners (3,):
    artists' rooms are full. `room[i]` is the radius of the largest body of zone i."""
    near = [_box(one, units, reach) for one in obstacles if one.half_extents_m is not None]
    boxes = _with_thick_floor([box for box in near if box is not None])
    triangles = _triangles_within(obstacles, units, *within)
    solids = list(boxes)
    if len(triangles):
        indices = np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)
        solids.append(Solid(vertices=triangles.reshape(-1, 3), triangles=indices))
    return Stage(
        zones=zones,
        solids=tuple(solids),
        fences=tuple(wall for zone, radius in zip(zones, room, strict=True) for wall in _fence(zone, radius)),
        convexes=tuple(_convex(box) for box in boxes),
        triangles=triangles,
    )


def _box(obstacle: Obstacle, units: Units, reach: float) -> Solid | None:
    """Return the part of a box within `reach` of the origin: floats are coarse far away."""
    assert obstacle.half_extents_m is not None
    rotation = matrix_from_quaternion(obstacle.rotation)
    center = units.points(np.asarray(obstacle.center_m))
    half = np.asarray(obstacle.half_extents_m) * units.scale
    middle = turned(center, rotation.T)
    low, high = np.maximum(middle - half, -reach), np.minimum(middle + half, reach)
    if (high <= low).any():
        return None
    x, y, z = (float(v) for v in turned((low + high) / 2, rotation))
    a, b, c = (float(v) for v in (high - low) / 2)
    return Solid(location=(x, y, z), rotation=obstacle.rotation, half_extents=(a, b, c))


def _with_thick_floor(boxes: list[Solid]) -> list[Solid]:
    """Make the lowest upright box thick, downwards."""
    upright = [box for box in boxes if abs(matrix_from_quaternion(box.rotation)[2, 2]) > 1 - 1e-9]
    if not upright:
        return boxes
    lowest = min(upright, key=_underside)
    assert lowest.half_extents is not None
    (x, y, z), (a, b, c) = lowest.location, lowest.half_extents
    grow = max(0.0, FLOOR_THICKNESS / 2 - c)
    thick = Solid(location=(x, y, z - grow), rotation=lowest.rotation, half_extents=(a, b, c + grow))
    return [thick if box is lowest else box for box in boxes]


def _underside(box: Solid) -> float:
    assert box.half_extents is not None
    return box.location[2] - box.half_extents[2]


def _convex(box: Solid) -> Convex:
    half = np.asarray(box.half_extents)
    corners = turned(box_corners(-half, half), matrix_from_quaternion(box.rotation)) + np.asarray(box.location)
    return convex_of(convex_hull(corners))


def _triangles_within(obstacles: tuple[Obstacle, ...], units: Units, low: Array, high: Array) -> Array:
    """Return the corners (T, 3, 3) of all mesh triangles that come into the box low..high."""
    found = [np.zeros((0, 3, 3))]
    meshes = [one for one in obstacles if one.vertices_m is not None]
    lows, highs = np.array([one.low_m for one in meshes]), np.array([one.high_m for one in meshes])
    meets = (lows.reshape(-1, 3) <= units.metres(high)) & (highs.reshape(-1, 3) >= units.metres(low))
    for one in (meshes[i] for i in np.flatnonzero(meets.all(axis=1))):
        assert one.vertices_m is not None and one.triangles is not None
        corners = units.points(one.vertices_m)[one.triangles]
        near = (corners.min(axis=1) <= high).all(axis=1) & (corners.max(axis=1) >= low).all(axis=1)
        edges = corners[:, 1:] - corners[:, :1]
        area = np.abs(np.cross(edges[:, 0], edges[:, 1])).max(axis=1)
        found.append(corners[near & (area > 0)])
    return np.concatenate(found)


def _fence(zone: Zone, radius: float) -> list[Solid]:
    """Return four thick walls around a zone, outside of bodies of `radius` released in its middle."""
    if zone.group is None:
        return []
    room = np.maximum(zone.half, radius * 1.02)
    walls = []
    for axis in (0, 1):
        for side in (-1.0, 1.0):
            center, half = zone.center.copy(), np.full(3, WALL_HEIGHT / 2)
            center[axis] += side * (room[axis] + WALL_THICKNESS / 2)
            half[axis] = WALL_THICKNESS / 2
            half[1 - axis] = room[1 - axis] + WALL_THICKNESS
            walls.append(
                Solid(
                    location=(float(center[0]), float(center[1]), float(center[2])),
                    half_extents=(float(half[0]), float(half[1]), float(half[2])),
                    groups=frozenset({zone.group}),
                )
            )
    return walls


def touches_fence(zone: Zone, radius: float, low: Array, high: Array, within: float) -> bool:
    """Return whether a body with bounds low..high (3,) is `within` reach of its zone's fence."""
    if zone.group is None:
        return False
    room = np.maximum(zone.half, radius * 1.02) - within
    return bool((high[:2] - zone.center[:2] > room).any() or (zone.center[:2] - low[:2] > room).any())


def units_for(sizes_m: list[float], zones: tuple[DropPlan, ...]) -> Units:
    """Return units in which the median body is 0.7 to 1.4 long (a power of two, so that scaling is exact)."""
    median = sorted(sizes_m)[len(sizes_m) // 2]
    return Units(origin_m=zones[0].center_m, scale=2.0 ** round(-math.log2(median)))
