"""Cans: food in tins, fish in a flat tin, drinks in aluminium."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods import motifs
from goods.files import Good
from goods.materials import metal, printed
from goods.outlines import ellipse, rectangle, rounded
from goods.prints import Brand, back, box_sheet, face, lid, wrap_image
from goods.shapes import lathe, plate, sections, sweep
from goods.solids import Solid, box_map, join, move, paint, wrap

STEEL = metal("tin", "#c6c7c9", 0.3)
ALUMINIUM = metal("aluminium", "#d5d7da", 0.25)


def ring_pull(length: float, z: float) -> Solid:
    """The tab of a lid, flat on its top at height `z`."""
    tab = plate(
        ellipse(length, 0.6 * length, 24, 2.6), 0.0012, ALUMINIUM, 0.0004, [ellipse(length * 0.45, length * 0.34, 16)]
    )
    return move(tab, -0.2 * length, 0, z)


def labelled(profile: np.ndarray, brand: Brand, low: float, high: float, steel: bool) -> Solid:
    """A turned can with its label around between two heights."""
    radius = float(profile[:, 0].max())
    label = printed("label", wrap_image(brand, 2 * np.pi * radius, high - low), 0.4 if steel else 0.25)
    body = lathe(profile, STEEL if steel else ALUMINIUM, 48)
    around = paint(
        body, label, lambda c, n: (c[:, 2] > low) & (c[:, 2] < high) & ((n[:, :2] * c[:, :2]).sum(axis=1) > 0)
    )
    return wrap(around, label, low, high)


def food_can(brand: Brand, radius: float, height: float) -> Solid:
    """A tin with rolled rims and beads beside its paper label."""
    rim = 0.0012
    low, high = 0.008, height - 0.008
    side = [(radius, 0.001), (radius, 0.003), (radius - rim, 0.0045), (radius - rim, low), (radius - rim / 3, low)]
    lower = [(0, 0.002), (radius - 0.006, 0.002), (radius - 0.004, 0.0), (radius - 0.001, 0.0), *side]
    upper = [(r, height - z) for r, z in reversed(lower)]
    body = labelled(np.array(lower + upper), brand, low, high, steel=True)
    return join(body, ring_pull(0.5 * radius, height - 0.002))


def drink_can(brand: Brand, radius: float, height: float) -> Solid:
    """An aluminium can: a domed foot, a printed body, a neck and a lid sunk within its rim."""
    neck = radius * 0.82
    corners = [
        (0, 0.008), (radius * 0.62, 0.003), (radius * 0.7, 0.0), (radius * 0.76, 0.001), (radius, 0.012),
        (radius, height - 0.018), (neck, height - 0.006), (neck, height - 0.003), (neck + 0.001, height - 0.0008),
        (neck, height), (neck - 0.0015, height - 0.001), (neck - 0.002, height - 0.005), (0, height - 0.005),
    ]  # fmt: skip
    profile = rounded(corners, [0, 0, 0.002, 0.002, 0.008, 0.01, 0.006, 0, 0, 0, 0, 0.0005, 0], 4)
    body = labelled(profile, brand, 0.006, height - 0.008, steel=False)
    return join(body, ring_pull(0.024, height - 0.005))


def fish_can(brand: Brand, x: float, y: float, z: float) -> Solid:
    """A flat tin with round corners; its lid and sides are printed, and the front faces +x when it stands."""
    sides = [("top", face), ("front", lid), ("back", lid), ("left", back), ("right", back)]
    named = [(name, partial(paint_side, brand=brand)) for name, paint_side in sides]
    image, cells = box_sheet((x, y, z), named, brand.ground)
    label = printed("label", image, 0.3)
    outline = rectangle(x, y, 0.4 * x, 8)
    insets, heights = (
        (1.0, 1.0, 0.985, 0.985, 1.0, 1.0, 0.96, 0.955),
        (0.0, 0.002, 0.003, z - 0.003, z - 0.002, z, z, z - 0.0015),
    )
    body = sections([scale * outline for scale in insets], heights, STEEL)
    body = paint(
        body,
        label,
        lambda c, n: (
            (c[:, 2] > 0.0028) & (n[:, 2] > -0.5) & ((c[:, 2] < z - 0.0028) | (c[:, 2] < z - 0.001) & (n[:, 2] > 0.9))
        ),
    )
    loop = 0.008 * np.column_stack(
        (
            np.cos(np.linspace(0, 2 * np.pi, 20, endpoint=False)),
            0.8 * np.sin(np.linspace(0, 2 * np.pi, 20, endpoint=False)),
            np.zeros(20),
        )
    )
    pull = move(sweep(loop, 0.0008, STEEL, 8, closed=True), 0, 0.36 * y, z - 0.0005)
    return join(box_map(body, label, cells), pull)


TOMATO = Brand(name="tomato_1", ground="#f5ead2", accent="#b3181f", motif=motifs.round_fruit("#d8261c"), letters=6)
BEANS = Brand(name="beans_1", ground="#1f7a72", accent="#0c3f46", motif=motifs.beans("#d9702b"), letters=5)
PEAS = Brand(
    name="peas_1", ground="#f0c419", accent="#226b2f", motif=motifs.bubbles("#4f9e35", "#6cb84c", "#8fd068"), letters=4
)
FISH = Brand(name="fish_1", ground="#174f8f", accent="#e0b53a", motif=motifs.fish("#dfe9f2"), letters=5)
COLA = Brand(name="cola_1", ground="#b8121b", accent="#7d0a12", motif=motifs.lightning("#ffd21f", "#1b1b22"), letters=4)
LIME = Brand(
    name="lime_1",
    ground="#3da33a",
    accent="#f3e34a",
    motif=motifs.round_fruit("#f6e53a", star=False),
    title="#0d4a1c",
    letters=5,
    layout="stripes",
)

GOODS = (
    Good(asset_id="can_food_01", category="food can", build=partial(food_can, TOMATO, 0.037, 0.11)),
    Good(asset_id="can_food_02", category="food can", build=partial(food_can, BEANS, 0.0425, 0.11)),
    Good(asset_id="can_food_03", category="food can", build=partial(food_can, PEAS, 0.0365, 0.058)),
    Good(asset_id="can_fish_01", category="food can", build=partial(fish_can, FISH, 0.06, 0.105, 0.025)),
    Good(asset_id="can_drink_01", category="drink can", build=partial(drink_can, COLA, 0.033, 0.115)),
    Good(asset_id="can_drink_02", category="drink can", build=partial(drink_can, LIME, 0.029, 0.145)),
)
