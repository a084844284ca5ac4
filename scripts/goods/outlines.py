"""Closed outlines (N, 2), counter-clockwise, and profiles (N, 2) of radius and height, metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Points = Sequence[tuple[float, ...]]


def circle(radius: float, count: int = 32, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    angles = 2 * np.pi * np.arange(count) / count
    return np.stack((x + radius * np.cos(angles), y + radius * np.sin(angles)), axis=1)


def polygon(sides: int, across: float, turn_deg: float = 0.0) -> np.ndarray:
    """A regular polygon by the distance of opposite sides."""
    radius = across / 2 / np.cos(np.pi / sides)
    angles = 2 * np.pi * np.arange(sides) / sides + np.radians(turn_deg)
    return np.stack((radius * np.cos(angles), radius * np.sin(angles)), axis=1)


def rectangle(x: float, y: float, radius: float, steps: int = 4) -> np.ndarray:
    """A rectangle of full size x, y about the origin with round corners."""
    corners = [(x / 2, -y / 2), (x / 2, y / 2), (-x / 2, y / 2), (-x / 2, -y / 2)]
    return rounded(corners, [radius] * 4, steps, closed=True)


def ellipse(x: float, y: float, count: int = 32, power: float = 2.0) -> np.ndarray:
    """A superellipse of full size x, y; a power over 2 is boxier."""
    angles = 2 * np.pi * np.arange(count) / count
    c, s = np.cos(angles), np.sin(angles)
    return np.stack(
        (x / 2 * np.sign(c) * np.abs(c) ** (2 / power), y / 2 * np.sign(s) * np.abs(s) ** (2 / power)), axis=1
    )


def gear(teeth: int, root: float, tip: float) -> np.ndarray:
    """A spur gear by the radii of root and tip: flanks lean, as an involute's do."""
    pitch = 2 * np.pi / teeth
    middle = (root + tip) / 2
    shares, radii = (0.0, 0.24, 0.34, 0.42, 0.58, 0.66, 0.76), (root, root, middle, tip, tip, middle, root)
    found = [
        (r * np.cos(pitch * (t + s)), r * np.sin(pitch * (t + s)))
        for t in range(teeth)
        for s, r in zip(shares, radii, strict=True)
    ]
    return np.array(found)


def rounded(points: Points, radii: Sequence[float], steps: int = 4, closed: bool = False) -> np.ndarray:
    """A polyline with its corners replaced by arcs; a radius too long for its neighbours is cut to fit."""
    corners = np.asarray(points, dtype=np.float64)
    last = len(corners) - 1
    found: list[np.ndarray] = []
    for i, (corner, radius) in enumerate(zip(corners, radii, strict=True)):
        if radius <= 0 or (not closed and i in (0, last)):
            found.append(corner[None])
        else:
            found.append(_arc(corners[i - 1], corner, corners[(i + 1) % len(corners)], radius, steps))
    return np.concatenate(found)


def _arc(before: np.ndarray, corner: np.ndarray, after: np.ndarray, radius: float, steps: int) -> np.ndarray:
    into, out = before - corner, after - corner
    reach = 0.499 * min(np.linalg.norm(into), np.linalg.norm(out))
    into, out = into / np.linalg.norm(into), out / np.linalg.norm(out)
    half = np.arccos(np.clip(into @ out, -1, 1)) / 2
    if half > np.pi / 2 - 1e-4:
        return corner[None]
    cut = min(radius / np.tan(half), reach)
    radius = cut * np.tan(half)
    middle = (into + out) / np.linalg.norm(into + out)
    centre = corner + middle * radius / np.sin(half)
    start, end = corner + cut * into - centre, corner + cut * out - centre
    sweep = np.pi - 2 * half
    shares = np.linspace(0, 1, steps + 1)[:, None]
    return centre + (np.sin((1 - shares) * sweep) * start + np.sin(shares * sweep) * end) / np.sin(sweep)


def inset(outline: np.ndarray, distance: float) -> np.ndarray:
    """A counter-clockwise outline moved inwards, each side in parallel."""
    before, after = outline - np.roll(outline, 1, axis=0), np.roll(outline, -1, axis=0) - outline
    left = [np.stack((-e[:, 1], e[:, 0]), axis=1) / np.linalg.norm(e, axis=1, keepdims=True) for e in (before, after)]
    miter = left[0] + left[1]
    scale = 2 / np.maximum((miter * miter).sum(axis=1), 0.3)
    return outline + distance * miter * scale[:, None]


def inner(profile: Points, wall: float) -> np.ndarray:
    """A vessel's profile closed into a thick one: bottom, outside, rim, and back down inside at `wall` metres."""
    outer = np.asarray(profile, dtype=np.float64)
    edge = np.diff(outer, axis=0)
    normal = np.stack((-edge[:, 1], edge[:, 0]), axis=1) / np.linalg.norm(edge, axis=1, keepdims=True)
    miter = np.concatenate((normal[:1], normal[:-1] + normal[1:], normal[-1:]))
    miter *= (np.where(np.arange(len(outer)) % (len(outer) - 1) == 0, 1, 2) / (miter * miter).sum(axis=1))[:, None]
    inside = outer + wall * miter
    inside[:, 0] = np.maximum(inside[:, 0], 0)
    top, bottom = outer[-1], inside[-1]
    lip = [(top + bottom) / 2 + wall / 2 * 0.8 * (edge[-1] / np.linalg.norm(edge[-1]))]
    return np.concatenate((outer, lip, inside[::-1]))
