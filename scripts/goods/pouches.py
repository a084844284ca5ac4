"""Bags, pouches and tubes: soft things, swollen with what is in them."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods import motifs
from goods.files import Good
from goods.materials import plastic, printed
from goods.outlines import circle
from goods.prints import Brand, label_image, rng_for
from goods.shapes import loft, plate
from goods.solids import Solid, front_map, join, move


def pillow(
    brand: Brand, width: float, height: float, depth: float, seal: float, gloss: float, flat_bottom: bool
) -> Solid:
    """A bag welded at its top, and at its bottom unless it stands on it, creased near the seams, printed."""
    rng = rng_for(brand.name, "creases")
    phases = rng.uniform(0, 2 * np.pi, 6)
    count, rows = 48, 33
    angles = 2 * np.pi * np.arange(count) / count
    rings = []
    for v in np.linspace(0, 1, rows):
        swollen = _swelling(v, seal / height, flat_bottom)
        across = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** 0.75
        through = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.9
        crease = sum(np.sin(k * 5 * across + p + 9 * v * np.sign(through)) for k, p in enumerate(phases, start=1)) / 6
        thick = swollen * depth / 2 * (1 + 0.12 * crease * (1 - 0.6 * swollen)) + 0.0006
        narrow = 1 - 0.10 * swollen
        rings.append(np.column_stack((thick * through, narrow * width / 2 * across, np.full(count, v * height))))
    film = printed("print", label_image(brand, width, height), gloss)
    return front_map(loft(np.array(rings), film), film, (-width / 2, 0), (width / 2, height))


def _swelling(v: float, seal: float, flat_bottom: bool) -> float:
    """How far the sides are apart at a share of the height, 0..1."""
    low = 0.0 if flat_bottom else seal
    t = np.clip((v - low) / (1 - seal - low), 0, 1)
    if flat_bottom:
        return float(0.82 * (1 - t**2.2) + 0.42 * np.sin(np.pi * t) ** 1.2 * (1 - t) if v < 1 - seal else 0.0)
    return float(np.sin(np.pi * t) ** 0.6 if 0 < t < 1 else 0.0)


def tube(brand: Brand, width: float, height: float, cap: str) -> Solid:
    """A tube standing on its cap: round at its shoulder, welded flat at its top."""
    radius = width / np.pi
    count, foot = 40, 0.028
    ring = circle(1.0, count)
    rings = []
    for t in np.linspace(0, 1, 15):
        flat = min(t / 0.93, 1) ** 1.4
        across, through = radius + (width / 2 - radius) * flat, max(radius * (1 - flat), 0.0007)
        rings.append(
            np.column_stack((through * ring[:, 0], across * ring[:, 1], np.full(count, foot + (height - foot) * t)))
        )
    skin = printed("print", label_image(brand, width, height - foot), 0.3)
    body = front_map(loft(np.array(rings), skin), skin, (-width / 2, foot), (width / 2, height))
    top = plate(circle(0.9 * radius, count), foot - 0.002, plastic("cap", cap), 0.002)
    return join(
        move(top, z=0.0),
        body,
        move(plate(circle(0.8 * radius, count), 0.003, plastic("neck", "#f2f2f2")), z=foot - 0.0025),
    )


CRISPS = Brand(name="crisps_1", ground="#d51f26", accent="#f4c623", motif=motifs.slices, title="#ffffff", letters=6)
CRISPS_GREEN = Brand(
    name="crisps_2", ground="#1f8f4d", accent="#0d4f36", motif=motifs.slices, title="#fff6c9", letters=5
)
COFFEE = Brand(
    name="coffee_1", ground="#2a1a12", accent="#a8791f", motif=motifs.coffee_beans, title="#fff0d0", letters=6
)
PASTE = Brand(name="paste_1", ground="#1b7fc4", accent="#d9232e", motif=motifs.tooth, letters=5)
CREAM = Brand(
    name="cream_1", ground="#f6ece4", accent="#d98aa0", motif=motifs.drop("#d98aa0"), title="#8a3a55", letters=5
)

GOODS = (
    Good(
        asset_id="bag_crisps_01",
        category="crisps",
        build=partial(pillow, CRISPS, 0.19, 0.27, 0.075, 0.014, 0.25, False),
    ),
    Good(
        asset_id="bag_crisps_02",
        category="crisps",
        build=partial(pillow, CRISPS_GREEN, 0.15, 0.21, 0.06, 0.012, 0.25, False),
    ),
    Good(
        asset_id="pouch_coffee_01", category="coffee", build=partial(pillow, COFFEE, 0.13, 0.21, 0.08, 0.02, 0.35, True)
    ),
    Good(asset_id="tube_toothpaste_01", category="toothpaste", build=partial(tube, PASTE, 0.058, 0.17, "#f4f4f4")),
    Good(asset_id="tube_cream_01", category="cream", build=partial(tube, CREAM, 0.05, 0.12, "#d98aa0")),
)
