"""A road: a cross-section led along an arc, cut into strips of one material, and lines of traffic on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.built.shapes import Built, Part, points_of
from pipeline.geometry import Array
from pipeline.records import MarkedSpline, MarkedSurface, RoadPlan

STEP_M = 1.0  # between cross-sections, about
DASH, GAP = 3, 6  # steps
KERB_TOP_M = 0.15

Mask = Callable[[int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """What lies between two places across the road (t, z), t to the left: its part, and in which steps it is there."""

    part: str
    right: tuple[float, float]
    left: tuple[float, float]
    mask: Mask | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where things are across the road: `lanes` and `oncoming` middles from the middle outward, `edges` of asphalt,
    right and left, and the middles of what lies beside, None where it is left out."""

    lanes: tuple[float, ...]
    oncoming: tuple[float, ...]
    median: float
    edges: tuple[float, float]
    sidewalks: tuple[float, float] | None
    verges: tuple[float, float] | None


def build_road(plan: RoadPlan) -> Built:
    """Return a road with its strips, surfaces and splines."""
    section = section_of(plan)
    strips = list(_strips(plan, section))
    parts = [_part(plan, name, [one for one in strips if one.part == name]) for name in plan.materials]
    return Built(
        parts=tuple(one for one in parts if one is not None),
        surfaces=tuple(_surfaces(plan, section)),
        splines=tuple(_splines(plan, section)),
    )


def section_of(plan: RoadPlan) -> Section:
    """Return the cross-section of a road: its asphalt lies evenly about the middle."""
    width = (plan.lanes + plan.oncoming) * plan.lane_m + plan.median_m + 2 * plan.shoulder_m
    side = 1.0 if plan.left_hand else -1.0  # on which the lanes along +x are
    middle = -side * (plan.lanes - plan.oncoming) * plan.lane_m / 2
    first = plan.median_m / 2 + plan.lane_m / 2
    out = width / 2 + (KERB_TOP_M if plan.kerb_m else 0.0)
    beside, beyond = out + plan.sidewalk_m / 2, out + plan.sidewalk_m + plan.verge_m / 2
    return Section(
        lanes=tuple(middle + side * (first + i * plan.lane_m) for i in range(plan.lanes)),
        oncoming=tuple(middle - side * (first + i * plan.lane_m) for i in range(plan.oncoming)),
        median=middle,
        edges=(-width / 2, width / 2),
        sidewalks=(-beside, beside) if plan.sidewalk_m else None,
        verges=(-beyond, beyond) if plan.verge_m else None,
    )


# --- strips ---------------------------------------------------------------------------------------------------------


def _strips(plan: RoadPlan, section: Section) -> Iterator[Strip]:
    """Yield the strips from right to left; painted lines take their place out of the asphalt."""
    right, left = section.edges
    h, out = plan.kerb_m, KERB_TOP_M if plan.kerb_m else 0.0
    for side, edge in ((-1.0, right), (1.0, left)):
        kerb, walk = edge + side * out, edge + side * (out + plan.sidewalk_m)
        if h:
            yield _across("kerb", side, (edge, 0.0), (edge, h))
            yield _across("kerb", side, (edge, h), (kerb, h))
        if plan.sidewalk_m:
            yield _across("sidewalk", side, (kerb, h), (walk, h))
        if plan.verge_m:
            yield _across("verge", side, (walk, h), (walk + side * plan.verge_m, h))
    yield from _asphalt(plan, section)
    if plan.median_m:
        yield from _median(plan, section)


def _across(part: str, side: float, inner: tuple[float, float], outer: tuple[float, float]) -> Strip:
    return Strip(part=part, right=outer if side < 0 else inner, left=inner if side < 0 else outer)


def _median(plan: RoadPlan, section: Section) -> Iterator[Strip]:
    h, half = plan.kerb_m, plan.median_m / 2
    rim = min(KERB_TOP_M, half / 2) if h else 0.0
    for side in (-1.0, 1.0):
        foot, top = section.median + side * half, section.median + side * (half - rim)
        if h:
            yield _across("kerb", -side, (foot, 0.0), (foot, h))
            yield _across("kerb", -side, (foot, h), (top, h))
    yield Strip(part="verge", right=(section.median - half + rim, h), left=(section.median + half - rim, h))


def _asphalt(plan: RoadPlan, section: Section) -> Iterator[Strip]:
    right = section.edges[0]
    for low, high, kind in sorted(_cuts(plan, section)):
        yield from _plain(right, low)
        if kind != "median":
            yield Strip(part="marking", right=(low, 0.0), left=(high, 0.0), mask=_is_dash if kind == "dashed" else None)
        if kind == "dashed":
            yield Strip(part="asphalt", right=(low, 0.0), left=(high, 0.0), mask=_is_gap)
        right = high
    yield from _plain(right, section.edges[1])


def _plain(right: float, left: float) -> Iterator[Strip]:
    if left > right:
        yield Strip(part="asphalt", right=(right, 0.0), left=(left, 0.0))


def _cuts(plan: RoadPlan, section: Section) -> Iterator[tuple[float, float, str]]:
    """Yield from where to where the asphalt is painted, or is not there."""
    half = plan.median_m / 2
    if plan.median_m:
        yield section.median - half, section.median + half, "median"
    for middle, kind in _lines(plan, section) if plan.marking_m else ():
        yield middle - plan.marking_m / 2, middle + plan.marking_m / 2, kind


def _lines(plan: RoadPlan, section: Section) -> Iterator[tuple[float, str]]:
    """Yield the middles of the painted lines."""
    for lanes in (section.lanes, section.oncoming):
        for a, b in zip(lanes, lanes[1:], strict=False):
            yield (a + b) / 2, "dashed"
    if plan.median_m:
        yield section.median - plan.median_m / 2 - plan.marking_m, "solid"
        yield section.median + plan.median_m / 2 + plan.marking_m, "solid"
    elif plan.oncoming:
        yield section.median, "dashed" if plan.lanes + plan.oncoming == 2 else "solid"
    if plan.shoulder_m >= plan.marking_m:
        yield section.edges[0] + plan.shoulder_m, "solid"
        yield section.edges[1] - plan.shoulder_m, "solid"


def _is_dash(step: int) -> bool:
    return step % (DASH + GAP) < DASH


def _is_gap(step: int) -> bool:
    return not _is_dash(step)


def _part(plan: RoadPlan, name: str, strips: Sequence[Strip]) -> Part | None:
    vertices: list[Array] = []
    faces: list[tuple[int, ...]] = []
    uv: list[tuple[float, float]] = []
    along = _along(plan)
    for strip in strips:
        first = len(vertices) * len(along)
        width = math.dist(strip.right, strip.left)
        vertices.append(_lifted(plan, along, strip.right))
        vertices.append(_lifted(plan, along, strip.left))
        for i in range(len(along) - 1):
            if strip.mask is None or strip.mask(i):
                a, b = first + i, first + len(along) + i
                faces.append((a, a + 1, b + 1, b))
                t = strip.right[0]
                uv += [(along[i], t), (along[i + 1], t), (along[i + 1], t + width), (along[i], t + width)]
    if not faces:
        return None
    used = sorted({index for face in faces for index in face})
    number = {index: i for i, index in enumerate(used)}
    return Part(
        name=f"road {name}",
        vertices_m=np.concatenate(vertices)[used],
        faces=tuple(tuple(number[index] for index in face) for face in faces),
        uv_m=np.array(uv),
        material=plan.materials[name],
        is_ground=True,
    )


# --- along the road -------------------------------------------------------------------------------------------------


def _along(plan: RoadPlan) -> list[float]:
    count = max(2, math.ceil(plan.length_m / STEP_M))
    return [plan.length_m * (i / count - 0.5) for i in range(count + 1)]


def _lifted(plan: RoadPlan, along: Sequence[float], place: tuple[float, float]) -> Array:
    """Return the points (N, 3) at a place (t, z) across the road."""
    bend, (t, z) = plan.curvature_per_m, place
    rows = []
    for s in along:
        turn = bend * s
        c, n = math.cos(turn), math.sin(turn)
        x, y = (n / bend, (1 - c) / bend) if bend else (s, 0.0)
        rows.append((x - t * n, y + t * c, z))
    return np.array(rows)


def _splines(plan: RoadPlan, section: Section) -> Iterator[MarkedSpline]:
    along = _along(plan)

    def line(name: str, t: float, z: float, backward: bool) -> MarkedSpline:
        points = _lifted(plan, along, (t, z))
        return MarkedSpline(name=name, object_name=name, points_m=points_of(points[::-1] if backward else points))

    for i, t in enumerate(section.lanes):
        yield line(f"road.lane.{i}", t, 0.0, False)
    for i, t in enumerate(section.oncoming):
        yield line(f"road.oncoming.{i}", t, 0.0, True)
    if plan.median_m:
        yield line("road.median", section.median, plan.kerb_m, False)
    for index, side in enumerate(("right", "left")):
        backward = (side == "left") != plan.left_hand
        yield line(f"road.kerb.{side}", section.edges[index], 0.0, backward)
        if section.sidewalks is not None:
            yield line(f"road.sidewalk.{side}", section.sidewalks[index], plan.kerb_m, backward)
        if section.verges is not None:
            yield line(f"road.verge.{side}", section.verges[index], plan.kerb_m, backward)


def _surfaces(plan: RoadPlan, section: Section) -> Iterator[MarkedSurface]:
    half = plan.median_m / 2
    right, left = section.edges
    if plan.median_m:
        yield _band(plan, "road.asphalt", "road.asphalt.right", right, section.median - half, 0.0)
        yield _band(plan, "road.asphalt", "road.asphalt.left", section.median + half, left, 0.0)
        yield _band(plan, "road.median", "road.median", section.median - half, section.median + half, plan.kerb_m)
    else:
        yield _band(plan, "road.asphalt", "road.asphalt", right, left, 0.0)
    for index, side in enumerate(("right", "left")):
        for kind, middles, width in (
            ("sidewalk", section.sidewalks, plan.sidewalk_m),
            ("verge", section.verges, plan.verge_m),
        ):
            if middles is not None:
                t, name = middles[index], f"road.{kind}.{side}"
                yield _band(plan, name, name, t - width / 2, t + width / 2, plan.kerb_m)


def _band(plan: RoadPlan, name: str, object_name: str, right: float, left: float, z: float) -> MarkedSurface:
    along = _along(plan)
    count = len(along)
    points = [*_lifted(plan, along, (right, z)), *_lifted(plan, along, (left, z))]
    triangles: list[tuple[int, int, int]] = []
    for a in range(count - 1):
        b = a + count
        triangles += [(a, a + 1, b + 1), (a, b + 1, b)]
    return MarkedSurface(name=name, object_name=object_name, vertices_m=points_of(points), triangles=tuple(triangles))
