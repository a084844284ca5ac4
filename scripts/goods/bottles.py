"""Bottles: water, soda, wine, detergent, sauce."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods import motifs
from goods.files import Good
from goods.materials import Material, glass, metal, plastic, printed
from goods.outlines import circle, ellipse, rounded
from goods.prints import Brand, label_image, wrap_image
from goods.shapes import lathe, plate, sections, sweep
from goods.solids import Solid, front_map, join, move, paint
from goods.stickers import front_paper, sleeve, sticker


def ridged_cap(radius: float, height: float, z: float, material: Material) -> Solid:
    """A screw cap with ridges to hold it by."""
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    rim = radius * (1 - 0.035 * (np.arange(72) % 3 == 0))
    outline = np.column_stack((rim * np.cos(angles), rim * np.sin(angles)))
    return move(plate(outline, height, material, 0.0012), z=z)


def water_bottle(brand: Brand, drink: Material, radius: float, height: float, cap: str) -> Solid:
    """A thin plastic bottle with waists, full to its shoulder, its label around."""
    low, high, level, neck = 0.42 * height, 0.64 * height, 0.86 * height, 0.0125
    waists = [(radius * (0.955 if i % 2 else 1.0), (0.05 + 0.032 * i) * height) for i in range(11)]
    corners = [
        (0, 0.004), (radius * 0.7, 0.0), (radius * 0.97, 0.004), *waists, (radius, low), (radius, high),
        (radius, 0.7 * height), (neck, 0.9 * height), (neck, 0.935 * height), (neck + 0.003, 0.937 * height),
        (neck + 0.003, 0.945 * height), (neck, 0.947 * height), (neck, height - 0.002),
    ]  # fmt: skip
    profile = rounded(corners, [0, 0.003, 0.004] + [0.003] * 11 + [0.003, 0.003, 0.03, 0.02, 0, 0, 0, 0, 0], 3)
    body = paint(lathe(profile, CLEAR, 36), drink, lambda c, _: c[:, 2] < level)
    across = float(np.interp(level, profile[:, 1], profile[:, 0])) - 0.0004
    surface = lathe([(across, level), (0, level)], drink, 36)
    label = printed("label", wrap_image(brand, 2 * np.pi * radius, high - low), 0.4)
    top = ridged_cap(0.015, 0.052 * height, 0.95 * height, plastic("cap", cap))
    return join(body, surface, sleeve(radius, low, high, label), top)


def wine_bottle(brand: Brand, material: Material, foil: str) -> Solid:
    """A Bordeaux bottle: high shoulders, a long neck in foil, a label on its front."""
    radius, neck, height = 0.0375, 0.0145, 0.3
    corners = [
        (0, 0.012),
        (0.022, 0.008),
        (0.031, 0.0),
        (radius, 0.001),
        (radius, 0.19),
        (neck, 0.232),
        (neck, height - 0.002),
    ]
    profile = rounded(corners, [0, 0.01, 0.003, 0.006, 0.024, 0.02, 0], 8)
    body = lathe(np.array([*profile, (0.0, height - 0.002)]), material, 48)
    cover = [
        (neck + 0.0001, 0.238),
        (neck + 0.0006, 0.2382),
        (neck + 0.0006, 0.287),
        (neck + 0.0016, 0.288),
        (neck + 0.0016, 0.295),
        (neck, 0.299),
        (0, 0.3),
    ]
    paper = front_paper(radius, 0.045, 0.135, 0.085, printed("label", label_image(brand, 0.085, 0.09), 0.6))
    return join(body, paper, lathe(cover, metal("foil", foil, 0.4), 40))


def detergent_bottle(brand: Brand, colour: str, cap: str) -> Solid:
    """A flat bottle with a handle at its side and a dosing cap."""
    material = plastic("bottle", colour, 0.3)
    heights = np.array([0.0, 0.003, 0.01, 0.03, 0.12, 0.16, 0.185, 0.2, 0.208, 0.212, 0.222])
    deep = np.array([0.066, 0.074, 0.078, 0.08, 0.08, 0.076, 0.066, 0.052, 0.042, 0.038, 0.038])
    wide = np.array([0.116, 0.126, 0.132, 0.136, 0.132, 0.116, 0.09, 0.064, 0.046, 0.038, 0.038])
    powers = np.array([3.2, 3.2, 3.2, 3.2, 3.2, 3.0, 2.6, 2.2, 2.0, 2.0, 2.0])
    body = sections([ellipse(x, y, 48, p) for x, y, p in zip(deep, wide, powers, strict=True)], list(heights), material)
    label = printed("label", label_image(brand, 0.096, 0.105), 0.3)
    front = sticker(0.0397, 0, 0.0825, (0.096, 0.105), 0.015, label)
    handle = rounded([(0, 0.05, 0.145), (0, 0.075, 0.15), (0, 0.06, 0.2), (0, 0.022, 0.206)], [0, 0.02, 0.02, 0], 6)
    grip = sweep(handle, ellipse(0.02, 0.026, 16), material)
    dose = move(plate(circle(0.026, 40), 0.045, plastic("cap", cap), 0.003), z=0.218)
    return join(body, front, grip, dose)


def sauce_bottle(brand: Brand, colour: str, cap: str) -> Solid:
    """A squeeze bottle that stands on its cap's end up: waisted, oval, its label on the front."""
    material = plastic("bottle", colour, 0.25)
    heights = [0.0, 0.003, 0.012, 0.05, 0.1, 0.13, 0.15, 0.158, 0.166]
    wide = np.array([0.054, 0.062, 0.066, 0.064, 0.062, 0.058, 0.044, 0.036, 0.034])
    body = sections(
        [ellipse(0.62 * w + 0.38 * 0.034 * (z > 0.14), w, 40, 2.3) for w, z in zip(wide, heights, strict=True)],
        heights,
        material,
    )
    label = printed("label", label_image(brand, 0.06, 0.085), 0.3)
    body = paint(body, label, lambda c, n: (c[:, 2] > 0.012) & (c[:, 2] < 0.1) & (np.abs(n[:, 0]) > 0.25))
    body = front_map(body, label, (-0.03, 0.01), (0.03, 0.101))
    tip = lathe(
        rounded(
            [(0.017, 0.166), (0.017, 0.182), (0.006, 0.19), (0.004, 0.205), (0, 0.205)], [0, 0.003, 0.003, 0.001, 0], 4
        ),
        plastic("cap", cap),
        32,
    )
    return join(body, tip)


WATER = Brand(name="water_1", ground="#e6f4fc", accent="#1c86d1", motif=motifs.mountains, letters=5)
SODA = Brand(
    name="soda_1", ground="#f7a11b", accent="#e2521b", motif=motifs.round_fruit("#ff8a1f", star=False), letters=5
)
WINE = Brand(
    name="wine_1", ground="#f3ead6", accent="#f3ead6", motif=motifs.grapes("#5a1740"), title="#3a1020", letters=7
)
WINE_WHITE = Brand(
    name="wine_2", ground="#fbfaf3", accent="#c9a64a", motif=motifs.grapes("#a8b84a"), title="#6b5514", letters=6
)
WASH = Brand(
    name="wash_3",
    ground="#ffffff",
    accent="#e0348b",
    motif=motifs.bubbles("#f08cc0", "#8fd0f5", "#f9c4de"),
    title="#7a1450",
    letters=5,
)
KETCHUP = Brand(name="ketchup_1", ground="#fff4e0", accent="#b5121b", motif=motifs.round_fruit("#d31b1b"), letters=6)

CLEAR = Material(name="bottle", colour="#eaf5fb", roughness=0.04, transmission=1.0, ior=1.2)
WET = Material(name="water", colour="#eef7ff", roughness=0.0, transmission=1.0, ior=1.33)
ORANGEADE = plastic("drink", "#f08a12", 0.1)

GOODS = (
    Good(
        asset_id="bottle_water_01",
        category="water bottle",
        build=partial(water_bottle, WATER, WET, 0.0325, 0.22, "#1c86d1"),
    ),
    Good(
        asset_id="bottle_soda_01",
        category="soda bottle",
        build=partial(water_bottle, SODA, ORANGEADE, 0.0325, 0.23, "#e2521b"),
    ),
    Good(
        asset_id="bottle_wine_01",
        category="wine bottle",
        build=partial(wine_bottle, WINE, plastic("bottle", "#0f2015", 0.06), "#6d1220"),
    ),
    Good(
        asset_id="bottle_wine_02",
        category="wine bottle",
        build=partial(wine_bottle, WINE_WHITE, glass("bottle", "#c9d58a"), "#c7a548"),
    ),
    Good(
        asset_id="bottle_detergent_01",
        category="detergent bottle",
        build=partial(detergent_bottle, WASH, "#3f57c8", "#e0348b"),
    ),
    Good(
        asset_id="bottle_sauce_01", category="sauce bottle", build=partial(sauce_bottle, KETCHUP, "#b5121b", "#f4f4f0")
    ),
)
