"""Town houses of several floors with a shop on the ground floor, their front towards +x."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from street.openings import plain_window, shop_front, window
from street.roofs import chimney, gable_roof, gable_walls, parapet, sloping_roof
from street.shape import Shape, centred, joined
from street.solids import box, tube

GROUND_M, STOREY_M, GABLE_M = 3.8, 3.1, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TownHouse:
    """`depth` along x and `width` along y in metres; `storeys` with the ground floor; `bays` windows in a row."""

    depth: float
    width: float
    storeys: int
    bays: int
    roof: Literal["flat", "mansard", "eaves"]
    window: tuple[float, float] = (1.2, 1.75)
    bars: tuple[int, int] = (1, 1)
    shops: int = 1
    awning: bool = False
    balconies: bool = False

    @property
    def height(self) -> float:
        return GROUND_M + (self.storeys - 1) * STOREY_M


def build_town_house(house: TownHouse) -> Shape:
    x, y, high = house.depth / 2, house.width / 2, house.height
    eaves = house.roof == "eaves"
    walls = gable_walls(x, y, high, GABLE_M) if eaves else box((-x, -y, 0), (x, y, high), "facade")
    plinth = box((-x - 0.04, -y - 0.04, 0), (x + 0.04, y + 0.04, 0.3), "plinth", 0.02)
    return centred(joined(walls, plinth, *_shops(house), *_windows(house), *_bands(house), *_roof(house)))


def _shops(house: TownHouse) -> list[Shape]:
    wide = (house.width - 0.6) / house.shops
    places = [-house.width / 2 + 0.3 + wide * (k + 0.5) for k in range(house.shops)]
    return [shop_front(wide - 0.3, GROUND_M - 0.35, house.awning).at(house.depth / 2, y, 0.05) for y in places]


def _windows(house: TownHouse) -> list[Shape]:
    (w, h), x, parts = house.window, house.depth / 2, []
    step = house.width / house.bays
    places = [-house.width / 2 + step * (k + 0.5) for k in range(house.bays)]
    for storey in range(house.storeys):
        z = GROUND_M + (storey - 1) * STOREY_M + 0.85 if storey else 1.2
        back = plain_window(w, h if storey else 1.4).turned("z", 180)
        parts += [back.at(-x, y, z) for y in places]
        if storey:
            parts += [window(w, h, house.bars).at(x, y, z) for y in places]
            parts += [
                box((x - 0.02, y - w / 2 - 0.15, z + h + 0.1), (x + 0.12, y + w / 2 + 0.15, z + h + 0.24), "sill")
                for y in places
            ]
            if house.balconies and storey % 2 == 1:
                parts += [_balcony(w + 1.0).at(x, y, z - 0.2) for y in places[1::2]]
    return parts


def _balcony(width: float) -> Shape:
    w = width / 2
    slab = box((-0.05, -w, -0.16), (1.05, w, 0.0), "sill", 0.02)
    rails = [box((0.98, -w, z), (1.03, w, z + 0.05), "gutter") for z in (0.12, 1.0)]
    sides = [box((0.0, y - 0.025, 1.0), (1.03, y + 0.025, 1.05), "gutter") for y in (-w + 0.03, w - 0.03)]
    count = int(width / 0.22)
    bars = [
        box((0.99, y - 0.012, 0.0), (1.015, y + 0.012, 1.0), "gutter")
        for y in (-w + 0.03 + k * (width - 0.06) / count for k in range(count + 1))
    ]
    return joined(slab, *rails, *sides, *bars)


def _bands(house: TownHouse) -> list[Shape]:
    x, y, parts = house.depth / 2, house.width / 2, []
    for storey in range(1, house.storeys):
        z = GROUND_M + (storey - 1) * STOREY_M
        parts.append(box((x - 0.05, -y - 0.06, z - 0.06), (x + 0.1, y + 0.06, z + 0.14), "sill", 0.03))
    parts.append(box((x - 0.1, -y - 0.15, house.height - 0.35), (x + 0.35, y + 0.15, house.height), "sill", 0.1))
    parts += [
        box((x - 0.05, side * y - 0.25, GROUND_M), (x + 0.05, side * y + 0.25, house.height - 0.3), "sill").at(
            0, -side * 0.2
        )
        for side in (-1, 1)
    ]
    return parts


def _roof(house: TownHouse) -> list[Shape]:
    x, y, high = house.depth / 2, house.width / 2, house.height
    if house.roof == "flat":
        hut = box((-1.6, -1.2, high), (1.2, 1.2, high + 2.2), "facade", 0.03)
        return [
            parapet(x, y, 0.7).at(0, 0, high),
            hut,
            *(tube([(d, 2.4, high), (d, 2.4, high + 1.1)], 0.25, "gutter", 8) for d in (-2.0, -1.0)),
        ]
    if house.roof == "eaves":
        roof = gable_roof(x + 0.45, y + 0.1, GABLE_M * (x + 0.45) / x - 0.02, 16).at(
            0, 0, high - GABLE_M * 0.45 / x + 0.14
        )
        return [roof, chimney(0.8, y - 0.7, high, high + 4.0), chimney(-0.8, -y + 0.7, high, high + 4.0)]
    steep = sloping_roof((x + 0.1, y + 0.05), (x - 0.8, y - 0.5), 2.7, 12).at(0, 0, high)
    top = sloping_roof((x - 0.75, y - 0.45), (x - 2.5, y - 1.8), 0.5, 2).at(0, 0, high + 2.72)
    step = house.width / house.bays
    places = [-y + step * (k + 0.5) for k in range(house.bays)]
    dormers = [_dormer(house).at(x - 0.75, place, high + 0.15) for place in places]
    return [steep, top, *dormers, chimney(-1.0, y - 1.2, high + 1.5, high + 4.4)]


def _dormer(house: TownHouse) -> Shape:
    """A window before the steep part of the roof, under a small gable."""
    case = box((-0.6, -0.75, 0.0), (0.62, 0.75, 1.95), "facade")
    cover = sloping_roof((0.9, 0.95), (0.9, 0.0), 0.5, 3).at(-0.1, 0, 1.92)
    return joined(case, cover, window(1.0, 1.45, house.bars).at(0.62, 0, 0.35))


CORNER = TownHouse(depth=11.0, width=9.5, storeys=4, bays=4, roof="mansard", awning=True, balconies=True)
BRICK = TownHouse(depth=10.0, width=8.0, storeys=3, bays=3, roof="eaves", bars=(1, 2))
OFFICE = TownHouse(depth=12.0, width=13.5, storeys=6, bays=6, roof="flat", window=(1.75, 1.9), bars=(1, 0), shops=2)
TERRACE = TownHouse(
    depth=10.0, width=10.5, storeys=5, bays=4, roof="flat", balconies=True, awning=True, window=(1.1, 1.7)
)
