"""Jars with screwed lids, full of jam, honey or gherkins."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods import motifs
from goods.bottles import ridged_cap
from goods.files import Good
from goods.materials import Material, glass, metal, plastic, printed
from goods.outlines import inner, rounded
from goods.prints import Brand, wrap_image
from goods.shapes import lathe
from goods.solids import Solid, join
from goods.stickers import sleeve


def jar(brand: Brand, radius: float, height: float, content: Material, lid: Material) -> Solid:
    """A glass with a label around, full to its shoulder."""
    neck, top = 0.86 * radius, height - 0.004
    corners = [
        (0, 0.002),
        (0.8 * radius, 0.0),
        (radius, 0.002),
        (radius, 0.74 * height),
        (neck, 0.85 * height),
        (neck, top),
    ]
    profile = rounded(corners, [0, 0.004, 0.005, 0.012, 0.008, 0], 3)
    shell = lathe(inner(profile, 0.0024), glass("glass"), 36)
    bottom = [(max(r - 0.0026, 0), max(z, 0.0052)) for r, z in profile if z < 0.8 * height]
    filled = lathe(np.array([*bottom, (0.0, bottom[-1][1])]), content, 36)
    low, high = 0.16 * height, 0.62 * height
    label = printed("label", wrap_image(brand, 2 * np.pi * radius, high - low), 0.5)
    cap = ridged_cap(neck + 0.003, 0.13 * height, 0.87 * height, lid)
    return join(shell, filled, sleeve(radius, low, high, label), cap)


JAM = Brand(name="jam_1", ground="#fff3e6", accent="#c7253e", motif=motifs.strawberry, letters=5)
HONEY = Brand(name="honey_1", ground="#3b2410", accent="#8a5a14", motif=motifs.honeycomb, title="#ffe39a", letters=5)
GHERKINS = Brand(name="gherkins_1", ground="#f4f1d8", accent="#2c6b2f", motif=motifs.cucumber, letters=7)

GOODS = (
    Good(
        asset_id="jar_jam_01",
        category="jar",
        build=partial(jar, JAM, 0.034, 0.1, plastic("jam", "#8e0f1e", 0.15), metal("lid", "#c0392f", 0.35)),
    ),
    Good(
        asset_id="jar_honey_01",
        category="jar",
        build=partial(jar, HONEY, 0.037, 0.085, plastic("honey", "#d98a10", 0.1), metal("lid", "#d8a52c", 0.3)),
    ),
    Good(
        asset_id="jar_gherkins_01",
        category="jar",
        build=partial(jar, GHERKINS, 0.041, 0.145, plastic("gherkins", "#6f8a2a", 0.3), metal("lid", "#3d7a3a", 0.35)),
    ),
)
