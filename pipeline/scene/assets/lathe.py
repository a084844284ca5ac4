"""Surfaces of revolution: what a profile sweeps around the z axis, whole or in part."""

from __future__ import annotations

import math

import numpy as np

from pipeline.geometry import Array

SEGMENTS = 64  # around an axis
RINGS = 32  # from pole to pole of a sphere
BEVEL = 0.015  # radius of the rounding that catches the light along the edges of cube, cylinder and cone

Face = tuple[int, ...]
Solid = tuple[Array, list[Face], list[tuple[float, float]]]  # vertices (N, 3), faces, a UV for each corner


def lathe(profile: list[tuple[float, float]], closed: bool = False) -> Solid:
    """Return the surface that a profile of (radius, height) sweeps, from the bottom up; radius 0 is a pole."""
    if closed:
        profile = [*profile, profile[0]]
    lengths = np.cumsum([0.0, *(math.dist(a, b) for a, b in zip(profile, profile[1:], strict=False))])
    heights = [float(v) for v in lengths / lengths[-1]]
    vertices: list[tuple[float, float, float]] = []
    rings: list[list[int]] = []
    for radius, height in profile[:-1] if closed else profile:
        turns = [2 * math.pi * step / SEGMENTS for step in range(SEGMENTS if radius > 0 else 1)]
        start = len(vertices)
        vertices += [(radius * math.cos(turn), radius * math.sin(turn), height) for turn in turns]
        rings.append([start + step % len(turns) for step in range(SEGMENTS)])
    if closed:
        rings.append(rings[0])
    faces: list[Face] = []
    uvs: list[tuple[float, float]] = []
    for level, (below, above) in enumerate(zip(rings, rings[1:], strict=False)):
        for step in range(SEGMENTS):
            after = (step + 1) % SEGMENTS
            corners: list[tuple[int, float, float]] = [
                (below[step], step, heights[level]),
                (below[after], step + 1, heights[level]),
                (above[after], step + 1, heights[level + 1]),
                (above[step], step, heights[level + 1]),
            ]
            if below[step] == below[after]:
                corners = [(below[step], step + 0.5, heights[level]), *corners[2:]]
            elif above[step] == above[after]:
                corners = [*corners[:2], (above[step], step + 0.5, heights[level + 1])]
            faces.append(tuple(index for index, _, _ in corners))
            uvs += [(turn / SEGMENTS, height) for _, turn, height in corners]
    return np.array(vertices), faces, uvs


def _arc(radius: float, center: tuple[float, float], low: float, high: float, steps: int) -> list[tuple[float, float]]:
    """Return points (radius, height) on an arc; angles in radians above the horizon."""
    angles = [low + (high - low) * step / steps for step in range(steps + 1)]
    points = [(center[0] + radius * math.cos(a), center[1] + radius * math.sin(a)) for a in angles]
    return [(0.0 if abs(r) < 1e-12 else r, z) for r, z in points]


def sphere() -> Solid:
    """A ball."""
    return lathe(_arc(0.5, (0.0, 0.0), -math.pi / 2, math.pi / 2, RINGS))


def capsule() -> Solid:
    """A cylinder between two half balls, along z."""
    quarter = math.pi / 2
    return lathe(
        [*_arc(0.25, (0.0, -0.25), -quarter, 0.0, RINGS // 2), *_arc(0.25, (0.0, 0.25), 0.0, quarter, RINGS // 2)]
    )


def cylinder() -> Solid:
    """A can with rounded edges, along z."""
    inner = 0.5 - BEVEL
    low, high = ((inner, sign * inner) for sign in (-1, 1))
    return lathe([(0.0, -0.5), *_rounded(low, -1), *_rounded(high, 1), (0.0, 0.5)])


def cone() -> Solid:
    """A cone with a rounded lower edge, its tip up."""
    return lathe([(0.0, -0.5), *_rounded((0.5 - BEVEL, BEVEL - 0.5), -1), (0.0, 0.5)])


def _rounded(center: tuple[float, float], side: int) -> list[tuple[float, float]]:
    """Two steps from a flat end to the mantle. One facet of 45 degrees would be a face to stand on; these are not."""
    quarter = math.pi / 2
    return _arc(BEVEL, center, -quarter, 0.0, 2) if side < 0 else _arc(BEVEL, center, 0.0, quarter, 2)


def torus() -> Solid:
    """A ring that lies flat."""
    return lathe(_arc(0.15, (0.35, 0.0), -math.pi / 2, 1.5 * math.pi, RINGS)[:-1], closed=True)


def arrow() -> Solid:
    """A shaft and a head, along z."""
    return lathe([(0.0, -0.5), (0.08, -0.5), (0.08, 0.1), (0.2, 0.1), (0.0, 0.5)])


def half_torus() -> Solid:
    """Half a ring that lies flat, its two ends closed."""
    steps = SEGMENTS // 2
    profile = _arc(0.15, (0.35, 0.0), 0.0, math.tau, RINGS)[:-1]
    turns = [math.pi * step / steps for step in range(steps + 1)]
    vertices = [(radius * math.cos(turn), radius * math.sin(turn), z) for turn in turns for radius, z in profile]
    faces: list[Face] = []
    uvs: list[tuple[float, float]] = []
    for step in range(steps):
        for ring in range(RINGS):
            after = (ring + 1) % RINGS
            a, b = step * RINGS, (step + 1) * RINGS
            faces.append((a + ring, b + ring, b + after, a + after))
            uvs += [(u / steps, v / RINGS) for u, v in _square(step, ring)]
    first, last = range(RINGS), range(steps * RINGS, (steps + 1) * RINGS)
    for end in (tuple(first), tuple(reversed(last))):
        faces.append(end)
        uvs += [(vertices[index % RINGS][0], vertices[index][2] + 0.5) for index in end]
    return np.array(vertices), faces, uvs


def _square(u: int, v: int) -> tuple[tuple[int, int], ...]:
    return (u, v), (u + 1, v), (u + 1, v + 1), (u, v + 1)
