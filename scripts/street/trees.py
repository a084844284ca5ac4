"""Trees with leaves: a trunk, branches, and crowns of many small folded leaves around dark balls of foliage."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from pipeline.sampling.rng import rng_for
from street.shape import Array, Shape, centred, joined
from street.solids import ball, tube

GOLDEN = pi * (3 - 5**0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crown:
    """A ball of foliage: its centre and its half sizes in metres."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """`trunk` is the radius at the foot, `bare` the height of the lowest branch, `leaf` the length of one clump of
    leaves, `tints` its materials from the shade to the light."""

    name: str
    trunk: float
    bare: float
    crowns: tuple[Crown, ...]
    leaves: int
    leaf: float
    bark: str = "bark"
    lean: float = 0.0
    tints: tuple[str, str, str] = ("leaf_dark", "leaf", "leaf_light")


def build_tree(tree: Tree) -> Shape:
    parts = [_trunk(tree), *_branches(tree), *_cores(tree), _foliage(tree)]
    if tree.bark == "bark_white":
        parts.append(_marks(tree))
    return centred(joined(*parts))


def _draws(tree: Tree, stream: str, *shape: int) -> Array:
    return rng_for(0, ("scene", 0), f"assets/{tree.name}/{stream}").random(shape)


def _height(tree: Tree) -> float:
    return max(crown.centre[2] for crown in tree.crowns)


def _axis(tree: Tree, z: float) -> tuple[float, float, float]:
    part = z / _height(tree)
    return (tree.lean * part**1.5, 0.25 * tree.lean * sin(4 * part), z)


def _trunk(tree: Tree) -> Shape:
    top = _height(tree)
    heights = [0.0, 0.12, 0.5, *np.linspace(1.0, top, 6)]
    radii = [tree.trunk * w for w in (1.55, 1.2, 1.03, 0.98, 0.84, 0.68, 0.5, 0.33, 0.15)]
    return tube([_axis(tree, float(z)) for z in heights], radii, tree.bark, 9)


def _branches(tree: Tree) -> list[Shape]:
    """One to the middle of every crown that is off the trunk."""
    parts = []
    for k, crown in enumerate(tree.crowns):
        tip = np.array(crown.centre)
        foot = np.array(_axis(tree, tree.bare + (crown.centre[2] - tree.bare) * 0.35))
        if np.hypot(*(tip - foot)[:2]) < 0.3:
            continue
        bend = (foot + tip) / 2 + (0, 0, 0.12 * np.linalg.norm(tip - foot) * (1 if k % 2 else -0.4))
        radius = 0.42 * tree.trunk
        parts.append(tube([tuple(foot), tuple(bend), tuple(tip)], [radius, 0.7 * radius, 0.3 * radius], tree.bark, 6))
    return parts


def _cores(tree: Tree) -> list[Shape]:
    """Balls that keep the sky from showing through, their points moved a little in and out."""
    parts = []
    for k, crown in enumerate(tree.crowns):
        core = ball((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), tree.tints[0], 9, 6)
        rough = 0.62 + 0.26 * _draws(tree, f"core/{k}", len(core.points))
        points = core.points * rough[:, None] * crown.radii + crown.centre
        parts.append(Shape(points, core.faces, core.materials))
    return parts


def _foliage(tree: Tree) -> Shape:
    """Leaves over the crowns by their surface, a little inside and outside of it."""
    areas = np.array([np.prod(np.square(crown.radii)) ** (1 / 3) for crown in tree.crowns])
    counts = np.floor(tree.leaves * areas / areas.sum()).astype(int)
    points, faces, names = [], [], []
    for k, (crown, count) in enumerate(zip(tree.crowns, counts, strict=True)):
        draws = _draws(tree, f"leaves/{k}", int(count), 6)
        for n, draw in enumerate(draws):
            corners = _leaf(tree, crown, n, int(count), draw)
            start = len(points)
            points += corners
            faces += [tuple(start + i for i in face) for face in ((0, 2, 1), (0, 3, 2), (0, 1, 3), (1, 2, 3))]
            names += [_tint(tree, draw, corners, crown)] * 4
    return _outward(np.array(points), faces, names)


def _tint(tree: Tree, draw: Array, corners: list[Array], crown: Crown) -> str:
    """Light above, dark below, with chance."""
    up = (corners[0][2] - crown.centre[2]) / crown.radii[2]
    value = up + 1.4 * (draw[5] - 0.5)
    return tree.tints[2 if value > 0.55 else 0 if value < -0.45 else 1]


def _leaf(tree: Tree, crown: Crown, n: int, count: int, draw: Array) -> list[Array]:
    """Four corners of a folded leaf: foot, right, tip, left; it points outwards and down a little."""
    z = 1 - 2 * (n + 0.5) / count
    angle = GOLDEN * n + 0.6 * draw[0]
    flat = (1 - z * z) ** 0.5
    outward = np.array((flat * cos(angle), flat * sin(angle), z))
    place = np.array(crown.centre) + outward * crown.radii * (0.72 + 0.36 * draw[1])
    turn = 2 * pi * draw[2]
    side = np.cross(outward, (cos(turn), sin(turn), 0.35))
    side /= np.linalg.norm(side)
    along = np.cross(side, outward) * (0.55 + 0.5 * draw[3]) + outward * (0.75 - 0.5 * draw[4]) - (0, 0, 0.3)
    along /= np.linalg.norm(along)
    size = tree.leaf * (0.7 + 0.6 * draw[3])
    fold = np.cross(along, side) * 0.16 * size
    middle = place + 0.5 * size * along
    return [place, middle + 0.42 * size * side + fold, place + size * along, middle - 0.42 * size * side + fold]


def _outward(points: Array, faces: list[tuple[int, ...]], names: list[str]) -> Shape:
    """Leaves as closed tetrahedra: those wound the wrong way are turned."""
    corners = points.reshape(-1, 4, 3)
    edges = corners[:, 1:] - corners[:, :1]
    signs = np.einsum("ij,ij->i", np.cross(edges[:, 0], edges[:, 1]), edges[:, 2])
    turned = [face if signs[i // 4] > 0 else face[::-1] for i, face in enumerate(faces)]
    return Shape(points, tuple(turned), tuple(names))


def _marks(tree: Tree) -> Shape:
    """The dark scars of a birch's bark: flat blocks around the trunk."""
    parts = []
    for k, draw in enumerate(_draws(tree, "marks", 26, 3)):
        z = 0.25 + (0.85 * _height(tree) - 0.25) * (k + draw[0]) / 26
        radius = tree.trunk * (1.0 - 0.8 * z / _height(tree))
        x, y, _ = _axis(tree, z)
        scar = ball((0.035, 0.5 * radius, 0.02 + 0.05 * draw[1]), (0.93 * radius, 0, 0), "bark", 6, 4)
        parts.append(scar.turned("z", 360 * float(draw[2])).at(x, y, z))
    return joined(*parts)


def crown(x: float, y: float, z: float, r: float, flat: float = 0.85) -> Crown:
    return Crown(centre=(x, y, z), radii=(r, r, flat * r))


OAK = Tree(
    name="tree_oak_01",
    trunk=0.38,
    bare=2.2,
    leaves=700,
    leaf=0.7,
    crowns=(
        crown(0, 0, 6.6, 2.5),
        crown(2.3, 0.4, 5.0, 1.9),
        crown(-1.6, 1.9, 5.2, 1.9),
        crown(-1.2, -2.0, 4.9, 2.0),
        crown(1.0, -1.6, 6.2, 1.7),
        crown(0.7, 2.2, 6.3, 1.6),
    ),
)
LINDEN = Tree(
    name="tree_linden_01",
    trunk=0.26,
    bare=2.4,
    leaves=640,
    leaf=0.58,
    crowns=(
        crown(0, 0, 4.4, 2.0, 0.9),
        crown(0.3, 0.3, 6.2, 1.8, 1.0),
        crown(-0.5, -0.3, 7.6, 1.2, 1.1),
        crown(1.0, -0.9, 5.0, 1.4),
        crown(-1.1, 0.8, 5.2, 1.4),
    ),
)
YOUNG = Tree(
    name="tree_young_01",
    trunk=0.09,
    bare=1.9,
    leaves=460,
    leaf=0.38,
    lean=0.12,
    crowns=(crown(0, 0, 3.1, 1.05, 1.1), crown(0.35, 0.2, 3.9, 0.8, 1.1), crown(-0.4, -0.2, 3.5, 0.75)),
)
POPLAR = Tree(
    name="tree_poplar_01",
    trunk=0.22,
    bare=1.2,
    leaves=640,
    leaf=0.55,
    crowns=tuple(
        Crown(centre=(0.1 * (-1) ** k, 0.12 * ((k % 3) - 1), z), radii=(r, r, 1.75))
        for k, (z, r) in enumerate(((3.0, 1.15), (5.0, 1.3), (7.0, 1.15), (8.9, 0.85), (10.4, 0.5)))
    ),
)
BIRCH = Tree(
    name="tree_birch_01",
    trunk=0.13,
    bare=2.6,
    leaves=640,
    leaf=0.4,
    bark="bark_white",
    lean=0.35,
    crowns=(
        crown(0.2, 0, 4.2, 1.35, 1.0),
        crown(0.9, 0.5, 5.3, 1.0, 1.1),
        crown(-0.5, -0.5, 5.6, 1.05, 1.1),
        crown(0.4, -0.3, 6.9, 1.05, 1.25),
        crown(0.35, 0.1, 8.1, 0.7, 1.3),
    ),
)
PINE = Tree(
    name="tree_pine_01",
    trunk=0.2,
    bare=4.2,
    leaves=620,
    leaf=0.48,
    lean=0.3,
    tints=("needle", "needle", "needle_light"),
    crowns=tuple(
        Crown(centre=(out * cos(GOLDEN * k), out * sin(GOLDEN * k), z), radii=(r, r, 0.42 * r))
        for k, (out, z, r) in enumerate(
            (
                (1.7, 4.9, 0.95),
                (1.5, 5.4, 1.0),
                (1.7, 5.9, 1.0),
                (1.2, 6.4, 1.1),
                (1.3, 6.9, 1.0),
                (0.9, 7.4, 1.05),
                (0.7, 7.9, 0.95),
                (0.2, 8.5, 1.0),
            )
        )
    ),
)
