"""The course of a road: places beside a bending line, strips swept along it and curves that keep beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import bpy

from templates.pieces import Into, line

STEP_M = 0.25  # of the integration: a chord of a bend of 100 m leaves its arc by less than 0.1 mm
SIDES = (("right", -1), ("left", 1))
POINT_EVERY_M = 1.5  # of curves that keep beside the road


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A level line from station `begin_m` on, at heading 0 to begin with; a point (x, y, heading) every STEP_M."""

    begin_m: float
    points: tuple[tuple[float, float, float], ...]

    def at(self, station_m: float, left_m: float = 0.0, up_m: float = 0.0) -> tuple[float, float, float]:
        """Return the point `left_m` beside a station."""
        x, y, heading = self._middle(station_m)
        return (x - left_m * math.sin(heading), y + left_m * math.cos(heading), up_m)

    def heading_deg(self, station_m: float) -> float:
        """Return the way it goes at a station, from +x, left positive."""
        return math.degrees(self._middle(station_m)[2])

    def _middle(self, station_m: float) -> tuple[float, float, float]:
        steps = (station_m - self.begin_m) / STEP_M
        first = min(max(int(steps), 0), len(self.points) - 2)
        share = steps - first
        a, b = self.points[first], self.points[first + 1]
        x, y, heading = (one + share * (other - one) for one, other in zip(a, b, strict=True))
        return (x, y, heading)


def course(begin_m: float, end_m: float, curvature_at: Callable[[float], float]) -> Course:
    """Return the course whose curvature (1/m, left positive) is a function of the station; station 0 is the origin."""
    x = y = heading = 0.0
    points = []
    for i in range(math.ceil((end_m - begin_m) / STEP_M) + 1):
        points.append((x, y, heading))
        turn = STEP_M * curvature_at(begin_m + (i + 0.5) * STEP_M)
        x += STEP_M * math.cos(heading + turn / 2)
        y += STEP_M * math.sin(heading + turn / 2)
        heading += turn
    found = Course(begin_m=begin_m, points=tuple(points))
    dx, dy, _ = found.at(0.0)
    return Course(begin_m=begin_m, points=tuple((x - dx, y - dy, heading) for x, y, heading in points))


def stations(begin_m: float, end_m: float, step_m: float, also: Iterable[float] = ()) -> list[float]:
    """Return stations at even steps, the ends and `also` among them."""
    count = max(1, round((end_m - begin_m) / step_m))
    even = (begin_m + (end_m - begin_m) * i / count for i in range(count + 1))
    return sorted({round(one, 6) for one in (*even, *also)})


def beside(
    name: str, along: Course, begin_m: float, end_m: float, left_m: float, up_m: float, into: Into
) -> bpy.types.Object:
    """Add a curve beside the course; with `begin_m` above `end_m` it runs backward."""
    places = stations(min(begin_m, end_m), max(begin_m, end_m), POINT_EVERY_M)
    if begin_m > end_m:
        places.reverse()
    return line(name, [along.at(one, left_m, up_m) for one in places], into)


def strip(
    name: str,
    along: Course,
    places: Sequence[float],
    profile: Sequence[tuple[float, float]],
    materials: Sequence[bpy.types.Material],
    into: Into,
    material_at: Callable[[float, float], int] = lambda station_m, left_m: 0,
) -> bpy.types.Object:
    """Add a mesh swept along the course: `profile` is (left, up) from left to right, so that faces look up.

    Its UV map is (station, left) in metres; `material_at` says for the middle of a face which of the materials it has.
    """
    points = [along.at(station, left, up) for station in places for left, up in profile]
    across = len(profile)
    cells = [(row, column) for row in range(len(places) - 1) for column in range(across - 1)]
    faces = [
        (row * across + column + 1, (row + 1) * across + column + 1, (row + 1) * across + column, row * across + column)
        for row, column in cells
    ]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    for material in materials:
        mesh.materials.append(material)
    uv = mesh.uv_layers.new(name="UVMap")
    for polygon, (row, column) in zip(mesh.polygons, cells, strict=True):
        middle = (places[row] + places[row + 1]) / 2, (profile[column][0] + profile[column + 1][0]) / 2
        polygon.material_index = material_at(*middle)
        for loop in polygon.loop_indices:
            row_of, column_of = divmod(mesh.loops[loop].vertex_index, across)
            uv.data[loop].uv = (places[row_of], profile[column_of][0])
    item = bpy.data.objects.new(name, mesh)
    into.objects.link(item)
    return item


def stand(item: bpy.types.Object, along: Course, station_m: float, left_m: float, up_m: float, turn_deg: float) -> None:
    """Put an object beside the course, its +x turned by `turn_deg` from the way that goes."""
    item.location = along.at(station_m, left_m, up_m)
    item.rotation_euler = (0.0, 0.0, math.radians(along.heading_deg(station_m) + turn_deg))


def paint_along(item: bpy.types.Object, group: str, weight_at: Callable[[float, float], float]) -> None:
    """Paint a vertex group of a strip by a function of station and left, 0..1."""
    uv = item.data.uv_layers[0].data
    places = {loop.vertex_index: tuple(uv[loop.index].uv) for loop in item.data.loops}
    vertices = item.vertex_groups.new(name=group)
    for index, (station, left) in sorted(places.items()):
        vertices.add([index], min(1.0, max(0.0, weight_at(station, left))), "REPLACE")
