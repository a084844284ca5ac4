"""Things that grow: apple, banana, orange, a plant in its pot."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods.files import Good
from goods.materials import Material, plastic, printed
from goods.outlines import inner, rounded
from goods.prints import rng_for
from goods.shapes import lathe, loft, sweep
from goods.solids import Solid, bend, join, move, paint, turn, wrap

STALK = Material(name="stalk", colour="#5d4326", roughness=0.8)


def skin_image(name: str, colours: tuple[str, str], streaks: int) -> np.ndarray:
    """Skin blending from below to above, streaked and speckled. (128, 256, 3) uint8."""
    rng = rng_for(name, "skin")
    low, high = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)], dtype=float) for c in colours)
    v, u = np.mgrid[0:128, 0:256]
    angle = 2 * np.pi * u / 256
    lines = sum(
        np.sin(int(k) * angle + p + 0.3 * np.sin(v / 19 + p))
        for k, p in zip(rng.integers(17, 90, streaks), rng.uniform(0, 2 * np.pi, streaks), strict=True)
    )
    blush = np.sin(np.pi * (v + 0.5) / 128) ** 0.5  # the other colour is near the stalk and below
    mix = np.clip(0.42 + 0.5 * np.cos(angle - 1.0) + 0.35 * blush + 0.14 * lines / streaks**0.5, 0, 1)[..., None]
    speckles = np.where(rng.random((128, 256, 1)) > 0.994, 1.15, 1.0)
    return np.clip((low * (1 - mix) + high * mix) * speckles, 0, 255).astype(np.uint8)


def apple(radius: float, colours: tuple[str, str]) -> Solid:
    """An apple with dimples above and below, five faint lobes and a stalk."""
    t = np.linspace(-np.pi, 0, 29)
    r = radius * np.abs(np.sin(t)) ** 0.8 * (1 + 0.10 * -np.cos(t))
    z = radius * (-0.92 * np.cos(-t) * -1)
    dimple = 0.36 * radius * np.exp(-((r / (0.32 * radius)) ** 2))
    z = np.where(t > -np.pi / 2, z - dimple, z + 0.6 * dimple)
    skin = printed("skin", skin_image(f"apple_{colours[1]}", colours, 7), 0.25)
    body = lathe(np.column_stack((np.where(r < 1e-9, 0, r), z)), skin, 40)

    def lobed(points: np.ndarray) -> np.ndarray:
        angle = np.arctan2(points[:, 1], points[:, 0])
        below = np.clip(0.3 - points[:, 2] / radius, 0, 1)
        points[:, :2] *= (1 + 0.02 * below * np.cos(5 * angle))[:, None]
        return points

    high = float(body.points[:, 2].max())
    body = wrap(bend(body, lobed), skin, -high, high)
    base = float(z[-1])
    stalk = rounded(
        [(0, 0, base - 0.002), (0.001, 0, base + 0.4 * radius), (0.005, 0.001, base + 0.62 * radius)], [0, 0.02, 0], 6
    )
    return join(body, sweep(stalk, np.linspace(0.0012, 0.0019, len(stalk)), STALK, 10))


def banana(length: float, thick: float) -> Solid:
    """A banana on its side, bowed, five-cornered, with a stalk and a dark tip."""
    skin, tip = plastic("skin", "#f0c832", 0.45), plastic("tip", "#4a3a1c", 0.7)
    t = np.linspace(0, 1, 36)
    bow = np.radians(105)
    reach = length / bow
    angle = bow * (t - 0.5)
    path = np.column_stack((reach * np.cos(angle) - reach, reach * np.sin(angle), np.zeros(36)))
    radius = (
        thick
        / 2
        * np.interp(
            t, [0, 0.02, 0.06, 0.2, 0.5, 0.78, 0.88, 0.93, 1.0], [0.18, 0.3, 0.5, 0.88, 1.0, 0.86, 0.45, 0.3, 0.34]
        )
    )
    around = 2 * np.pi * np.arange(20) / 20
    corner = 1 + 0.055 * np.cos(5 * around)
    shape = np.column_stack((corner * np.cos(around), corner * np.sin(around)))
    body = sweep(path, radius[:, None, None] * shape, skin)
    return paint(body, tip, lambda c, n: np.abs(c[:, 1]) > reach * np.sin(0.478 * bow))


def orange(radius: float) -> Solid:
    """An orange, slightly flat, with its navel's star."""
    t = np.linspace(-np.pi, 0, 25)
    skin = plastic("skin", "#f0861a", 0.5)
    profile = np.column_stack((np.abs(radius * np.sin(t)).round(9), 0.94 * radius * np.cos(t)))
    profile[-1, 1] -= 0.03 * radius
    star = [
        (0.0, 0.9 * radius),
        (0.07 * radius, 0.935 * radius),
        (0.09 * radius, 0.925 * radius),
        (0.0, 0.945 * radius),
    ]
    return join(lathe(profile, skin, 36), lathe(star[1:], plastic("navel", "#5f7a2a", 0.7), 12))


def plant(pot: Material) -> Solid:
    """A pot of clay with a plant of many bent leaves."""
    soil = Material(name="soil", colour="#3b2b1d", roughness=0.95)
    green = [plastic("leaves", "#3d7a34", 0.5), plastic("leaves_young", "#6aa544", 0.5)]
    corners = [(0, 0), (0.032, 0), (0.042, 0.06), (0.046, 0.06), (0.048, 0.078)]
    body = lathe(inner(rounded(corners, [0, 0.002, 0.0006, 0.001, 0], 3), 0.0035), pot, 40)
    earth = lathe([(0.0415, 0.066), (0.02, 0.069), (0, 0.07)], soil, 24)
    rng = rng_for("plant", "leaves")
    leaves = []
    for i in range(17):
        long, rise = rng.uniform(0.075, 0.14), rng.uniform(35, 78)
        one = _leaf(long, rng.uniform(0.012, 0.019), rise, green[int(rng.integers(0, 2))])
        leaves.append(move(turn(one, "z", 137.5 * i), z=0.066))
    return join(body, earth, *leaves)


def _leaf(length: float, half: float, rise_deg: float, material: Material) -> Solid:
    """A leaf that rises from the origin towards +x and bends down, 1 mm thick, folded along its middle."""
    t = np.linspace(0, 1, 9)
    angle = np.radians(rise_deg) - 1.5 * t**1.5
    x = np.concatenate(([0], np.cumsum(np.cos(angle)[:-1]) * length / 8))
    z = np.concatenate(([0], np.cumsum(np.sin(angle)[:-1]) * length / 8))
    wide = half * np.sin(np.pi * np.clip(0.1 + 0.9 * t, 0, 1)) ** 0.8 + 0.0006
    rings = [
        np.array([(px, 0, pz), (px, w, pz + 0.35 * w), (px, 0, pz + 0.001), (px, -w, pz + 0.35 * w)])
        for px, pz, w in zip(x, z, wide, strict=True)
    ]
    return loft(np.array(rings), material)


GOODS = (
    Good(asset_id="apple_01", category="apple", build=partial(apple, 0.038, ("#d8c24a", "#b3161f"))),
    Good(asset_id="apple_02", category="apple", build=partial(apple, 0.036, ("#b9cf52", "#7fb02c"))),
    Good(asset_id="banana_01", category="banana", build=partial(banana, 0.19, 0.036)),
    Good(asset_id="orange_01", category="orange", build=partial(orange, 0.037)),
    Good(
        asset_id="plant_01",
        category="plant",
        build=partial(plant, Material(name="pot", colour="#b5623c", roughness=0.75)),
    ),
)
