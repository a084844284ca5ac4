"""Conifers: whorls of hanging branches around a straight trunk."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

from pipeline.sampling.rng import rng_for
from street.shape import Shape, centred, closed, joined
from street.solids import tube


@dataclass(frozen=True, slots=True, kw_only=True)
class Conifer:
    """Metres. `whorls` layers of `arms` branches from `bare` to the top; `droop` is how far tips hang, in radii;
    `slim` above 1 keeps the middle wide."""

    name: str
    height: float
    radius: float
    trunk: float
    bare: float
    whorls: int
    arms: int
    droop: float
    slim: float = 1.0


def build_conifer(tree: Conifer) -> Shape:
    trunk = tube([(0, 0, 0), (0, 0, 0.3), (0, 0, 0.94 * tree.height)], [1.3 * tree.trunk, tree.trunk, 0.03], "bark", 8)
    return centred(joined(trunk, *(_whorl(tree, k) for k in range(tree.whorls))))


def _whorl(tree: Conifer, k: int) -> Shape:
    """A star with a fold on every arm, closed from below; tips and gaps hang by chance."""
    part = k / tree.whorls
    radius = tree.radius * (1 - part**tree.slim) + 0.12
    low = tree.bare + (tree.height - tree.bare) * part
    high = min(low + 2.6 * (tree.height - tree.bare) / tree.whorls + 0.25 * radius, tree.height)
    draws = rng_for(0, ("scene", 0), f"assets/{tree.name}/whorl/{k}").random((2 * tree.arms, 2))
    turn = pi * (3 - 5**0.5) * k
    rim = []
    for n, draw in enumerate(draws):
        tip = n % 2 == 0
        reach = radius * ((0.88 if tip else 0.52) + 0.22 * draw[0])
        drop = tree.droop * radius * (0.8 + 0.4 * draw[1]) if tip else 0.2 * tree.droop * radius
        angle = turn + pi * n / tree.arms
        rim.append((reach * cos(angle), reach * sin(angle), low - drop))
    middle = [(0.42 * x, 0.42 * y, low + 0.5 * (high - low)) for x, y, _ in rim]
    count = len(rim)
    points = [*rim, *middle, (0.0, 0.0, high), (0.0, 0.0, low + 0.1 * radius)]
    faces, names = [], []
    for n in range(count):
        m = (n + 1) % count
        faces += [(n, m, count + m, count + n), (count + n, count + m, 2 * count), (m, n, 2 * count + 1)]
        names += ["needle_light" if n % 4 < 2 else "needle", "needle", "needle"]
    return closed(points, faces, names)


SPRUCE = Conifer(name="tree_spruce_01", height=9.5, radius=2.1, trunk=0.2, bare=1.1, whorls=15, arms=11, droop=0.28)
FIR = Conifer(name="tree_fir_01", height=6.2, radius=1.7, trunk=0.15, bare=0.55, whorls=11, arms=10, droop=0.16)
