"""Crates of wooden slats."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods.files import Good
from goods.materials import Material, printed
from goods.prints import finished, rng_for, sheet
from goods.shapes import box
from goods.solids import Solid, join, map_uvs, move


def wood_image(name: str) -> np.ndarray:
    """Grain along the image's width."""
    rng = rng_for(name, "grain")
    image, draw = sheet(256, 128, "#c9a36b")
    for _ in range(170):
        y, dark = rng.uniform(0, image.height), rng.uniform(0.82, 1.06)
        colour = tuple(int(min(255, c * dark)) for c in (201, 163, 107))
        x = np.linspace(0, image.width, 30)
        wave = y + 10 * np.sin(x / 160 + rng.uniform(0, 6)) + rng.uniform(-6, 6)
        draw.line(list(zip(x.tolist(), wave.tolist(), strict=True)), fill=colour, width=int(rng.integers(2, 7)))
    for _ in range(3):
        cx, cy = rng.uniform(0, image.width), rng.uniform(0, image.height)
        draw.ellipse((cx - 18, cy - 9, cx + 18, cy + 9), fill="#7d5730", outline="#9a7243", width=5)
    return finished(image)


def crate(name: str, size: tuple[float, float, float]) -> Solid:
    """An open crate of slats: four posts, three slats a side, a floor of boards."""
    x, y, z = size
    thick, post = 0.012, 0.03
    wood = printed("wood", wood_image(name), 0.65)
    boards: list[Solid] = []
    slat = 0.24 * z
    for level in range(3):
        height = 0.04 * z + level * 0.34 * z
        for sign in (-1, 1):
            boards.append(move(_board((thick, y, slat), wood), sign * (x - thick) / 2, 0, height))
            boards.append(move(_board((x - 2 * thick, thick, slat), wood), 0, sign * (y - thick) / 2, height))
    for sx in (-1, 1):
        for sy in (-1, 1):
            spot = (sx * (x / 2 - thick - post / 2), sy * (y / 2 - thick - post / 2))
            boards.append(move(_board((post, post, 0.98 * z), wood), *spot, 0.0))
    count = 5
    for i in range(count):
        wide = (x - 2 * thick) / count
        boards.append(move(_board((wide - 0.006, y - 2 * thick, thick), wood), (i - (count - 1) / 2) * wide, 0, 0.01))
    return join(*boards)


def _board(size: tuple[float, float, float], wood: Material) -> Solid:
    """A board with the grain along its longest side, at a place of the image of its own."""
    long = int(np.argmax(size))
    start = 0.37 * sum(size) * 10 % 1

    def uv_of(corners: np.ndarray, normal: np.ndarray) -> np.ndarray:
        axes = [axis for axis in range(3) if axis != int(np.argmax(np.abs(normal)))]
        along = long if long in axes else axes[0]
        across = next(axis for axis in axes if axis != along)
        return np.column_stack((corners[:, along] / 0.4 + start, corners[:, across] / 0.2 + start))

    return map_uvs(box(*size, 0.0012, wood, 1), wood, uv_of)


GOODS = (
    Good(asset_id="crate_wood_01", category="crate", build=partial(crate, "crate_wood_01", (0.3, 0.4, 0.22))),
    Good(asset_id="crate_wood_02", category="crate", build=partial(crate, "crate_wood_02", (0.24, 0.34, 0.14))),
)
