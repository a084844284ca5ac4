"""Road wheels, lying along y."""

from __future__ import annotations

from math import cos, pi, sin

from street.shape import Shape, joined
from street.solids import box, lathe

SEGMENTS = 18


def wheel(radius: float, width: float, rim: float = 0.66, spokes: int = 5) -> Shape:
    """A wheel around the y axis, centred, its rim towards +y; `rim` in parts of the radius."""
    half, r = width / 2, radius * rim
    profile = [
        (0.0, -half),
        (0.93 * radius, -half),
        (radius, -half * 0.72),
        (radius, half * 0.72),
        (0.93 * radius, half),
        (r, half * 0.96),
        (r * 0.92, half * 0.35),
        (0.0, half * 0.35),
    ]

    def paint(k: int, n: int) -> str:
        return "trim" if k == 7 else "rim" if k == 6 else "tyre"

    round_part = lathe(profile, SEGMENTS, paint)
    hub = lathe([(0.0, half * 0.3), (0.2 * r, half * 0.3), (0.2 * r, half * 0.78), (0.0, half * 0.85)], 7, "rim")
    broad = 0.55 * r / spokes
    arm = box((0.19 * r, -broad, half * 0.4), (0.97 * r, broad, half * 0.76), "rim")
    arms = [arm.turned("z", 360 * k / spokes + 90) for k in range(spokes)]
    return joined(round_part, hub, *arms).turned("x", -90)


def steel_wheel(radius: float, width: float, nuts: int = 6) -> Shape:
    """A lorry's wheel around the y axis: a dished disc with a ring of nuts, towards +y."""
    half, r = width / 2, radius * 0.58
    profile = [
        (0.0, -half * 0.4),
        (r, -half * 0.9),
        (0.92 * radius, -half),
        (radius, -half * 0.75),
        (radius, half * 0.75),
        (0.92 * radius, half),
        (r, half * 0.95),
        (r * 0.92, half * 0.6),
        (r * 0.6, half * 0.25),
        (r * 0.45, half * 0.75),
        (0.0, half * 0.8),
    ]

    def paint(k: int, n: int) -> str:
        return "tyre" if 1 <= k <= 5 else "rim" if k > 5 else "trim"

    place = r * 0.52
    bolts = [
        lathe([(0.03 * radius, 0.0), (0.03 * radius, 0.05)], 4, "chrome").at(
            place * cos(2 * pi * k / nuts), place * sin(2 * pi * k / nuts), half * 0.5
        )
        for k in range(nuts)
    ]
    return joined(lathe(profile, SEGMENTS, paint), *bolts).turned("x", -90)
