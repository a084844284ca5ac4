"""The cabin above a vehicle's belt line: panes between pillars, under a rounded roof."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from street.shape import Shape
from street.solids import loft

# Height over the belt, from 0 to 1 at the roof's edge: glass from the first to the last but one.
LEVELS = (0.0, 0.08, 0.35, 0.62, 0.87, 1.0)
GLASS_ROWS = (1, 2, 3)
# The roof's edge: part of the plan that is left, and part of the crown reached.
EDGE = ((0.975, 0.42), (0.92, 0.74), (0.74, 0.93), (0.4, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabin:
    """Metres; x of the corners at the belt (front, rear) and at the roof's edge; half widths at the two heights.

    `pillars` are (x, width) of upright pillars from front to rear; the last `blind` panes of each side are painted.
    `belt` is the height at the front and at the rear, `rear_post` the width of the rear corner at belt and roof.
    """

    belt_x: tuple[float, float]
    roof_x: tuple[float, float]
    belt: tuple[float, float]
    roof: float
    half_width: tuple[float, float]
    pillars: tuple[tuple[float, float], ...]
    blind: int = 0
    rear_post: tuple[float, float] = (0.2, 0.14)
    front_post: tuple[float, float] = (0.16, 0.12)
    rear_glass: bool = True
    bow: tuple[float, float] = (0.1, 0.07)
    crown: float = 0.06
    pillar: str = "trim"


@dataclass(frozen=True, slots=True)
class _Knot:
    """A point of half the plan: x at belt and roof, part of the half width, and what follows it at window height."""

    belt_x: float
    roof_x: float
    across: float
    follows: str


def build_cabin(cabin: Cabin) -> Shape:
    knots = _knots(cabin)
    rings = [_ring(cabin, knots, level) for level in LEVELS]
    edge = np.array(rings[-1])
    middle = np.array([(sum(cabin.roof_x)) / 2, 0.0, 0.0])
    for left, risen in EDGE:
        ring = middle + (edge - middle) * (left, left, 1.0)
        ring[:, 2] = cabin.roof - cabin.crown * (1 - risen)
        rings.append(ring.tolist())
    count, size = len(knots), len(rings[0])

    def paint(k: int, n: int) -> str:
        if k not in GLASS_ROWS:
            return "paint"
        return knots[n if n < count - 1 else size - 1 - n].follows

    return loft(np.array(rings), paint, ("paint", "paint"))


def _knots(cabin: Cabin) -> list[_Knot]:
    """Half the plan from the middle of the windscreen to the middle of the rear window."""
    (front, rear), (roof_front, roof_rear) = cabin.belt_x, cabin.roof_x
    bow, back = cabin.bow
    rear_pane = "glass" if cabin.rear_glass else "paint"
    knots = [
        _Knot(front + bow, roof_front + bow, 0.0, "glass"),
        _Knot(front + 0.75 * bow, roof_front + 0.75 * bow, 0.5, "glass"),
        _Knot(front, roof_front, 0.86, "paint"),
        _Knot(front - cabin.front_post[0], roof_front - cabin.front_post[1], 0.975, "glass"),
    ]
    for x, width in cabin.pillars:
        knots += [
            _Knot(x + width / 2, x + width / 2, 1.0, cabin.pillar),
            _Knot(x - width / 2, x - width / 2, 1.0, "glass"),
        ]
    panes = [i for i, knot in enumerate(knots) if i > 2 and knot.follows == "glass"]
    for i in panes[len(panes) - cabin.blind :] if cabin.blind else ():
        knots[i] = _Knot(knots[i].belt_x, knots[i].roof_x, knots[i].across, "paint")
    return [
        *knots,
        _Knot(rear + cabin.rear_post[0], roof_rear + cabin.rear_post[1], 0.975, "paint"),
        _Knot(rear, roof_rear, 0.84, rear_pane),
        _Knot(rear - 0.75 * back, roof_rear - 0.75 * back, 0.5, rear_pane),
        _Knot(rear - back, roof_rear - back, 0.0, rear_pane),
    ]


def _ring(cabin: Cabin, knots: list[_Knot], level: float) -> list[tuple[float, float, float]]:
    (front, rear), (low, high) = cabin.belt_x, cabin.half_width
    edge = cabin.roof - cabin.crown
    half = []
    for knot in knots:
        x = knot.belt_x + (knot.roof_x - knot.belt_x) * level
        belt = np.interp(knot.belt_x, (rear, front), (cabin.belt[1], cabin.belt[0]))
        half.append((x, knot.across * (low + (high - low) * level**1.25), float(belt + (edge - belt) * level)))
    return half + [(x, -y, z) for x, y, z in reversed(half[1:-1])]
