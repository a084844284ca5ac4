"""An open bin: floor, walls and rim as one surface, solid boxes behind its inside, and what things fall into."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from pipeline.built.shapes import Block, Built, Part, points_of, polygon_surface
from pipeline.geometry import quaternion_about
from pipeline.records import BinPlan, MarkedVolume

CORNER_STEPS = 6
RIM_THICKNESS_M = 0.012


def build_bin(plan: BinPlan) -> Built:
    """Return a bin whose inside stands on z = 0 about the origin."""
    outline = [(x, y, 0.0) for x, y in _outline(plan, 0.0)]
    return Built(
        parts=(_shell(plan),),
        blocks=_blocks(plan),
        surfaces=(polygon_surface("bin.floor", "bin.floor", outline),),
        volumes=(_inside(plan, outline),),
    )


def _outline(plan: BinPlan, outward_m: float) -> list[tuple[float, float]]:
    """Return the corners of the inside, moved outward, anticlockwise."""
    radius = plan.corner_m
    x, y = plan.width_m / 2 - radius, plan.depth_m / 2 - radius
    steps = range(CORNER_STEPS + 1) if radius else range(1)
    points = []
    for quarter, (a, b) in enumerate(((1, -1), (1, 1), (-1, 1), (-1, -1))):
        for step in steps:
            if not radius:
                points.append((a * (x + outward_m), b * (y + outward_m)))
                continue
            angle = math.pi / 2 * (quarter - 1 + step / CORNER_STEPS)
            reach = radius + outward_m
            points.append((a * x + reach * math.cos(angle), b * y + reach * math.sin(angle)))
    return points


def _shell(plan: BinPlan) -> Part:
    """Return the profile from the edge of the floor up, over the rim and down outside, led around."""
    under = _under_m(plan)
    profile = [(0.0, 0.0), (0.0, plan.height_m), (plan.wall_m + plan.rim_m, plan.height_m)]
    if plan.rim_m:
        profile += [(plan.wall_m + plan.rim_m, under), (plan.wall_m, under)]
    profile.append((plan.wall_m, -plan.wall_m))
    rings = [[(x, y, z) for x, y in _outline(plan, outward)] for outward, z in profile]
    count = len(rings[0])
    faces: list[tuple[int, ...]] = [tuple(range(count))]
    uv = [(x, y) for x, y, _ in rings[0]]
    sides = [0.0]
    for a, b in zip(rings[0], rings[0][1:] + rings[0][:1], strict=True):
        sides.append(sides[-1] + math.dist(a, b))
    climb = 0.0
    for lower, (below, above) in enumerate(zip(profile, profile[1:], strict=False)):
        rise = math.dist(below, above)
        for i in range(count):
            j, first = (i + 1) % count, lower * count
            faces.append((first + j, first + i, first + count + i, first + count + j))
            uv += [(sides[i + 1], climb), (sides[i], climb), (sides[i], climb + rise), (sides[i + 1], climb + rise)]
        climb += rise
    vertices = np.array([point for ring in rings for point in ring])
    return Part(name="bin", vertices_m=vertices, faces=tuple(faces), uv_m=np.array(uv), material=plan.material)


def _blocks(plan: BinPlan) -> tuple[Block, ...]:
    """Return the bottom, and a box behind each side of the inside and of the rim."""
    t = plan.wall_m
    x, y = plan.width_m / 2 + t, plan.depth_m / 2 + t
    blocks = [Block(center_m=(0.0, 0.0, -t / 2), half_m=(x, y, t / 2)), *_ring(plan, 0.0, t, 0.0)]
    if plan.rim_m:
        blocks += _ring(plan, t, t + plan.rim_m, _under_m(plan))
    return tuple(blocks)


def _ring(plan: BinPlan, inner_m: float, outer_m: float, low_m: float) -> Iterator[Block]:
    """Yield boxes around the inside, as long as their outer sides, up to the rim. What of them is longer than the inner
    side lies beyond it, as the inside has no corner that points inward."""
    inner, outer = _outline(plan, inner_m), _outline(plan, outer_m)
    half, rise = (outer_m - inner_m) / 2, (plan.height_m - low_m) / 2
    for i, (ax, ay) in enumerate(inner):
        j = (i + 1) % len(inner)
        bx, by = inner[j]
        size = math.dist((ax, ay), (bx, by))
        out = ((by - ay) / size, (ax - bx) / size)
        center = ((ax + bx) / 2 + out[0] * half, (ay + by) / 2 + out[1] * half, low_m + rise)
        rotation = quaternion_about((0.0, 0.0, 1.0), math.atan2(by - ay, bx - ax))
        yield Block(center_m=center, half_m=(math.dist(outer[i], outer[j]) / 2, half, rise), rotation=rotation)


def _under_m(plan: BinPlan) -> float:
    """Return the height of the rim's underside."""
    return max(plan.height_m - RIM_THICKNESS_M, plan.height_m / 2)


def _inside(plan: BinPlan, outline: list[tuple[float, float, float]]) -> MarkedVolume:
    count = len(outline)
    top = [(x, y, plan.height_m) for x, y, _ in outline]
    triangles: list[tuple[int, int, int]] = []
    for i in range(1, count - 1):
        triangles += [(0, i + 1, i), (count, count + i, count + i + 1)]
    for i in range(count):
        j = (i + 1) % count
        triangles += [(i, j, count + j), (i, count + j, count + i)]
    return MarkedVolume(
        name="bin", object_name="bin", vertices_m=points_of([*outline, *top]), triangles=tuple(triangles)
    )
