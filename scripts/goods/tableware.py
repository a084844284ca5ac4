"""Mugs, bowls, plates, a tumbler, a flask: hollow where they are hollow."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods import motifs
from goods.files import Good
from goods.materials import Material, glass, metal, plastic, printed
from goods.outlines import ellipse, inner, rounded
from goods.prints import Motif, finished, part, sheet, square
from goods.shapes import lathe, loft, rod, sweep
from goods.solids import Solid, join, move, paint, wrap


def glazed(name: str, colour: str, roughness: float = 0.15) -> Material:
    return Material(name=name, colour=colour, roughness=roughness)


def mug(
    radius: float, height: float, glaze: Material, inside: Material, picture: Motif | None, waist: float = 1.0
) -> Solid:
    """A mug with its handle at +y and its picture, if any, on its front."""
    wall, foot = 0.0036, 0.86 * radius
    corners = [
        (0, 0.002),
        (foot - 0.004, 0.002),
        (foot - 0.003, 0.0),
        (foot, 0.0),
        (radius * waist, 0.2 * height),
        (radius, height - 0.002),
    ]
    profile = rounded(corners, [0, 0, 0.0008, 0.002, 0.12 * height, 0], 6)
    body = lathe(inner(profile, wall), glaze, 44)
    body = paint(
        body,
        inside,
        lambda c, n: ((n[:, :2] * c[:, :2]).sum(axis=1) < -0.2 * radius) | ((n[:, 2] > 0.5) & (c[:, 2] < 0.9 * height)),
    )
    if picture is not None:
        print_ = printed("picture", mug_image(glaze.colour, picture), glaze.roughness)
        body = paint(
            body,
            print_,
            lambda c, n: (
                (c[:, 2] > 0.24 * height) & (c[:, 2] < 0.96 * height) & ((n[:, :2] * c[:, :2]).sum(axis=1) > 0)
            ),
        )
        body = wrap(body, print_, 0.1 * height, height)
    reach = radius * waist - 0.5 * wall
    path = rounded(
        [
            (0, reach, 0.82 * height),
            (0, reach + 0.034, 0.84 * height),
            (0, reach + 0.03, 0.3 * height),
            (0, reach * 0.99, 0.24 * height),
        ],
        [0, 0.022, 0.026, 0],
        7,
    )
    return join(body, sweep(path, ellipse(0.0065, 0.011, 14), glaze))


def mug_image(ground: str, picture: Motif) -> np.ndarray:
    """The picture in the middle of what goes once around."""
    image, draw = sheet(512, 192, ground)
    whole = (0.0, 0.0, float(image.width), float(image.height))
    picture(draw, square(part(whole, 0.3, 0.2, 0.7, 0.88)))
    return finished(image)


def bowl(radius: float, height: float, outside: Material, inside: Material) -> Solid:
    foot = 0.45 * radius
    corners = [
        (0, 0.003),
        (foot - 0.006, 0.003),
        (foot - 0.004, 0.0),
        (foot, 0.0),
        (foot + 0.001, 0.006),
        (0.85 * radius, 0.38 * height),
        (radius, height - 0.002),
    ]
    profile = rounded(corners, [0, 0.001, 0.001, 0.001, 0.003, 0.5 * radius, 0], 6)
    body = lathe(inner(profile, 0.0042), outside, 44)
    return paint(
        body, inside, lambda c, n: (n[:, 2] > 0.02) & ((n[:, :2] * c[:, :2]).sum(axis=1) < 0) | (n[:, 2] > 0.9)
    )


def dish(radius: float, height: float, glaze: Material, rim: Material) -> Solid:
    """A dinner plate with a flat rim, which may have another colour."""
    foot, well = 0.55 * radius, 0.66 * radius
    corners = [
        (0, 0.002),
        (foot - 0.004, 0.002),
        (foot - 0.003, 0),
        (foot, 0),
        (foot + 0.002, 0.003),
        (well + 0.008, 0.55 * height),
        (0.9 * radius, 0.82 * height),
        (radius, height - 0.002),
    ]
    profile = rounded(corners, [0, 0, 0.001, 0.001, 0.003, 0.012, 0, 0], 4)
    body = lathe(inner(profile, 0.0042), glaze, 64)
    return paint(body, rim, lambda c, n: np.hypot(c[:, 0], c[:, 1]) > 0.88 * radius)


def tumbler(radius: float, height: float, material: Material) -> Solid:
    """A drinking glass with a thick bottom, wider at its top."""
    corners = [
        (0, 0.0),
        (0.80 * radius, 0.0),
        (radius, height),
        (radius - 0.0011, height + 0.0008),
        (radius - 0.0022, height),
        (0.80 * radius - 0.0015, 0.014),
        (0, 0.012),
    ]
    return lathe(rounded(corners, [0, 0.004, 0.0006, 0.0006, 0.0006, 0.008, 0], 6), material, 48)


def flask(radius: float, height: float, colour: Material, lid: Material) -> Solid:
    """A steel drinking bottle with a lid and a loop to carry it by."""
    steel = metal("steel", "#c8cacc", 0.3)
    neck = 0.6 * radius
    corners = [
        (0, 0.001),
        (radius - 0.003, 0.0),
        (radius, 0.003),
        (radius, 0.74 * height),
        (neck, 0.86 * height),
        (neck, 0.89 * height),
        (0, 0.89 * height),
    ]
    body = lathe(rounded(corners, [0, 0.001, 0.002, 0.03, 0.012, 0, 0], 6), colour, 48)
    body = paint(body, steel, lambda c, n: (c[:, 2] < 0.06 * height) | (c[:, 2] > 0.845 * height))
    top = move(rod(neck + 0.004, 0.09 * height, lid, 0.003, 40), z=0.88 * height)
    path = rounded(
        [(0, -neck, 0.95 * height), (0, -neck, height + 0.03), (0, neck, height + 0.03), (0, neck, 0.95 * height)],
        [0, 0.02, 0.02, 0],
        7,
    )
    return join(body, top, sweep(path, ellipse(0.011, 0.005, 14), lid))


def spoon(length: float, material: Material) -> Solid:
    """A spoon lying along y, its bowl up and at -y."""
    t = np.linspace(0, 1, 34)
    half = np.interp(
        t,
        [0, 0.05, 0.2, 0.5, 0.62, 0.68, 0.74, 0.85, 0.95, 1.0],
        [0.006, 0.0085, 0.008, 0.0042, 0.004, 0.006, 0.0145, 0.02, 0.014, 0.003],
    )
    high = np.interp(t, [0, 0.3, 0.6, 0.7, 0.85, 1.0], [0.001, 0.009, 0.014, 0.009, 0.0045, 0.006])
    sunk = np.interp(t, [0.68, 0.85, 1.0], [0, 0.0075, 0.001])
    across = np.concatenate((np.linspace(1, -1, 9), np.linspace(-1, 1, 9)))
    rings = []
    for share, wide, z, deep in zip(t, half, high, sunk, strict=True):
        dip = deep * (across**2 - 0.6)
        skin = np.where(np.arange(18) < 9, 0.0011, -0.0011)
        rings.append(np.column_stack((wide * across, np.full(18, (1 - share) * length), z + dip + skin)))
    return loft(np.array(rings), material)


WHITE_GLAZE = glazed("glaze", "#f0efea")
GOODS = (
    Good(
        asset_id="mug_01",
        category="mug",
        build=partial(mug, 0.041, 0.095, glazed("glaze", "#c8342c"), glazed("glaze_inside", "#f2f0ea"), None),
    ),
    Good(
        asset_id="mug_02",
        category="mug",
        build=partial(mug, 0.0405, 0.094, WHITE_GLAZE, WHITE_GLAZE, motifs.round_fruit("#e0701d", star=False)),
    ),
    Good(
        asset_id="mug_03",
        category="mug",
        build=partial(
            mug, 0.045, 0.083, glazed("glaze", "#27506e", 0.3), glazed("glaze_inside", "#d9cfb8", 0.3), None, 1.03
        ),
    ),
    Good(
        asset_id="bowl_01",
        category="bowl",
        build=partial(bowl, 0.075, 0.068, glazed("glaze", "#2f7f86"), glazed("glaze_inside", "#f3efe2")),
    ),
    Good(
        asset_id="bowl_02",
        category="bowl",
        build=partial(bowl, 0.1, 0.075, glazed("glaze", "#e3e0d7"), glazed("glaze_inside", "#e2b23f")),
    ),
    Good(
        asset_id="plate_01", category="plate", build=partial(dish, 0.13, 0.024, WHITE_GLAZE, glazed("rim", "#2b5fa8"))
    ),
    Good(
        asset_id="plate_02",
        category="plate",
        build=partial(dish, 0.1, 0.022, glazed("glaze", "#5d6b5a", 0.35), glazed("rim", "#424d40", 0.35)),
    ),
    Good(asset_id="tumbler_01", category="tumbler", build=partial(tumbler, 0.04, 0.105, glass("glass", "#f6fbfa"))),
    Good(asset_id="tumbler_02", category="tumbler", build=partial(tumbler, 0.042, 0.085, glass("glass", "#7fb8d8"))),
    Good(
        asset_id="flask_01",
        category="flask",
        build=partial(flask, 0.036, 0.235, plastic("paint", "#2c8a72", 0.35), plastic("lid", "#26282b", 0.45)),
    ),
    Good(asset_id="spoon_01", category="spoon", build=partial(spoon, 0.19, metal("steel", "#d0d2d4", 0.16))),
)
