"""The lower body of a vehicle: cross sections along its length, wheel arches cut out of its sides."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from street.shape import Array, Shape
from street.solids import loft

# Height between the lower and the upper edge of a side, and the half width there: a car's, a bus's.
SIDE = ((0.0, 0.95), (0.1, 0.985), (0.3, 1.0), (0.52, 0.997), (0.7, 0.98), (0.85, 0.95), (0.95, 0.91), (1.0, 0.86))
SLAB_SIDE = ((0.0, 0.97), (0.12, 1.0), (0.55, 1.0), (0.97, 1.0), (1.0, 0.985))
ARCH_DEG = (0, 15, 38, 64, 90, 116, 142, 165, 180)
ROUND_END = (0.0, 0.02, 0.07, 0.16, 0.3, 0.48)  # distances of the sections from an end
UNDER_SEGMENTS = 3  # of a half section: underside, wheel well's wall, wheel well's roof


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Metres. `top` is the upper edge seen from the side, (x, z) from the tail to the nose.

    `ends` is how far the plan's corners are rounded at the tail and at the nose, `end_width` the half width left there
    in parts of the full one, `skirt` the part of the height that is not painted.
    """

    length: float
    width: float
    axles: tuple[float, ...]
    wheel_radius: float
    clearance: float
    top: tuple[tuple[float, float], ...]
    ends: tuple[float, float] = (0.5, 0.7)
    end_width: tuple[float, float] = (0.84, 0.78)
    skirt: float = 0.1
    crown: float = 0.03
    arch_gap: float = 0.055
    side: tuple[tuple[float, float], ...] = SIDE
    wheel_width: float = 0.22


def corner_cut(line: Array, rounds: int) -> Array:
    """Chaikin's corner cutting of an open polyline (N, 2); its ends stay."""
    for _ in range(rounds):
        quarter = 0.75 * line[:-1] + 0.25 * line[1:]
        three = 0.25 * line[:-1] + 0.75 * line[1:]
        line = np.concatenate((line[:1], np.stack((quarter, three), axis=1).reshape(-1, 2), line[-1:]))
    return line


def top_at(body: Body, x: Array | float) -> Array:
    line = corner_cut(np.asarray(body.top, dtype=np.float64), 2)
    return np.asarray(np.interp(x, line[:, 0], line[:, 1]))


def half_width_at(body: Body, x: float) -> float:
    """Half the width at x: full in the middle, a quarter of a superellipse at both ends."""
    for sign, reach, left in ((-1, body.ends[0], body.end_width[0]), (1, body.ends[1], body.end_width[1])):
        into = (sign * x - (body.length / 2 - reach)) / reach
        if into > 0:
            full = (1 - min(into, 1.0) ** 2.6) ** (1 / 2.6)
            return body.width / 2 * (left + (1 - left) * full)
    return body.width / 2


def build_body(body: Body) -> Shape:
    half = [_half_section(body, x, low) for x, low in _stations(body)]
    rings = [
        [(x, y, z) for y, z in side] + [(x, -y, z) for y, z in reversed(side[1:-1])]
        for (x, _), side in zip(_stations(body), half, strict=True)
    ]
    count, size = len(half[0]), len(rings[0])

    def paint(k: int, n: int) -> str:
        step = n if n < count - 1 else size - 1 - n
        if step < UNDER_SEGMENTS:
            return "trim"
        here = step - UNDER_SEGMENTS
        return "trim" if here < len(body.side) - 1 and body.side[here][0] < body.skirt else "paint"

    return loft(np.array(rings), paint, ("paint", "paint"))


def _stations(body: Body) -> list[tuple[float, float]]:
    """Pairs of x and the height of the side's lower edge, from tail to nose."""
    half, radius = body.length / 2, body.wheel_radius + body.arch_gap
    arches = []
    for axle in body.axles:
        for angle in ARCH_DEG:
            x, z = axle - radius * cos(radians(angle)), body.wheel_radius + radius * sin(radians(angle))
            arches.append((x, body.clearance if angle in (0, 180) else max(z, body.clearance)))
    ends = [-half + d for d in ROUND_END] + [half - d for d in ROUND_END]
    plain = [*ends, *np.arange(-half + 0.7, half - 0.65, 0.4)]
    free = [x for x in plain if all(abs(x - axle) > radius + 0.03 for axle in body.axles)]
    return sorted([*arches, *((float(x), body.clearance) for x in free)])


def _half_section(body: Body, x: float, low: float) -> list[tuple[float, float]]:
    """(y, z) from the middle of the underside to the middle of the top."""
    width, top, under = half_width_at(body, x), float(top_at(body, x)), body.clearance
    inner = max(width - body.wheel_width - 0.06, 0.2 * width)
    heights, widths = np.array(body.side).T
    levels = np.maximum(under + heights * (top - under), low)
    across = width * np.interp((levels - under) / (top - under), heights, widths)
    side = list(zip(across.tolist(), levels.tolist(), strict=True))
    crown = [(0.62 * width, top + 0.6 * body.crown), (0.3 * width, top + 0.95 * body.crown), (0.0, top + body.crown)]
    return [(0.0, under), (inner, under), (inner, low), *side, *crown]
