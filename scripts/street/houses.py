"""Detached houses, their front towards +x."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from street.openings import door, garage_door, plain_window, window
from street.roofs import chimney, gable_roof, gable_walls, gutters, parapet, sloping_roof
from street.shape import Shape, both_sides, centred, joined
from street.solids import box, tube

EAVES_M = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`depth` along x and `width` along y in metres; `rise` of the roof above its eaves."""

    depth: float
    width: float
    storeys: int
    roof: Literal["eaves", "gable", "hip", "flat"]  # which side of the roof looks to the front
    rise: float = 3.0
    storey: float = 2.8
    door_y: float = 0.0
    window: tuple[float, float] = (1.25, 1.35)
    bars: tuple[int, int] = (1, 0)
    shutters: bool = False
    glazed_door: bool = False
    extras: tuple[str, ...] = ()

    @property
    def eaves(self) -> float:
        return 0.35 + self.storeys * self.storey


def build_house(house: House) -> Shape:
    parts = [*_shell(house), *_front(house), *_other_sides(house)]
    parts += [EXTRAS[extra](house) for extra in house.extras]
    return centred(joined(*parts))


def _shell(house: House) -> list[Shape]:
    x, y, high = house.depth / 2, house.width / 2, house.eaves
    plinth = box((-x - 0.05, -y - 0.05, 0), (x + 0.05, y + 0.05, 0.4), "plinth", 0.02)
    if house.roof == "flat":
        return [plinth, box((-x, -y, 0), (x, y, high), "facade"), parapet(x, y, 0.45).at(0, 0, high)]
    if house.roof == "hip":
        ridge = (max(x - y, 0.0), max(y - x, 0.0))
        roof = sloping_roof((x + EAVES_M, y + EAVES_M), ridge, house.rise, 14).at(0, 0, high - 0.15)
        return [plinth, box((-x, -y, 0), (x, y, high), "facade"), roof, *gutters(x + EAVES_M, y + EAVES_M, high - 0.16)]
    if house.roof == "gable":
        return [plinth, *(part.turned("z", 90) for part in _gabled(y, x, high, house.rise))]
    return [plinth, *_gabled(x, y, high, house.rise)]


def _gabled(x: float, y: float, high: float, rise: float) -> list[Shape]:
    drop = rise * EAVES_M / x
    roof = gable_roof(x + EAVES_M, y + 0.35, rise + drop, 14).at(0, 0, high - drop + 0.14)
    ridge = tube([(0, -y - 0.36, high + rise + 0.14), (0, y + 0.36, high + rise + 0.14)], 0.11, "roof", 6)
    verge = [_verge(x, side * (y + 0.36), high, rise, drop) for side in (-1, 1)]
    return [gable_walls(x, y, high, rise), roof, ridge, *verge, *gutters(x + EAVES_M + 0.02, y + 0.3, high - drop)]


def _verge(x: float, y: float, high: float, rise: float, drop: float) -> Shape:
    """The white board under the tiles of a gable."""
    top = high + rise - 0.02
    return (
        both_sides(
            tube([(0.0, 0.0, top), (x + EAVES_M, 0.0, high - drop - 0.02)], 0.09, "frame", 4).turned("z", -90),
        )
        .turned("z", 90)
        .at(0, y)
    )


def _columns(house: House) -> list[float]:
    """Where the windows of the front stand along y."""
    count = max(2, int((house.width - 0.6) // 2.3))
    step = house.width / count
    return [-house.width / 2 + step * (k + 0.5) for k in range(count)]


def _front(house: House) -> list[Shape]:
    x, parts = house.depth / 2, []
    entry = door(1.05, 2.1, house.glazed_door).at(x, house.door_y, 0.38)
    (w, h) = house.window
    for storey in range(house.storeys):
        z = 0.35 + storey * house.storey + 0.95
        for y in _columns(house):
            if storey or abs(y - house.door_y) > 0.85 + w / 2 + (0.62 * w if house.shutters else 0):
                if storey == 0 and "garage" in house.extras and y < -house.width / 2 + 3.6:
                    continue
                parts.append(window(w, h, house.bars, house.shutters).at(x, y, z))
    if house.roof == "gable" and house.rise > 2.2:
        parts.append(window(0.9, 1.1, house.bars).at(x, 0, house.eaves + 0.25))
    return [entry, *parts]


def _other_sides(house: House) -> list[Shape]:
    """The back like the front without a door; two windows at each flank."""
    (w, h), parts = house.window, []
    for storey in range(house.storeys):
        z = 0.35 + storey * house.storey + 0.95
        parts += [window(w, h, house.bars).turned("z", 180).at(-house.depth / 2, y, z) for y in _columns(house)]
        flank = [(x, z) for x in (-0.22 * house.depth, 0.22 * house.depth)]
        parts += [plain_window(0.8 * w, h).turned("z", 90).at(x, house.width / 2, z) for x, z in flank]
        parts += [plain_window(0.8 * w, h).turned("z", -90).at(x, -house.width / 2, z) for x, z in flank]
    return parts


def _chimney(house: House) -> Shape:
    high = house.eaves + (house.rise + 0.7 if house.roof != "flat" else 1.3)
    return chimney(0.12 * house.depth, 0.28 * house.width, house.eaves - 0.3, high)


def _porch(house: House) -> Shape:
    """Two posts and a small roof over the door."""
    x, y = house.depth / 2, house.door_y
    posts = [box((x + 1.2, y + d - 0.07, 0), (x + 1.34, y + d + 0.07, 2.65), "frame", 0.01) for d in (-1.0, 1.0)]
    floor = box((x, y - 1.25, 0), (x + 1.5, y + 1.25, 0.22), "plinth", 0.02)
    roof = sloping_roof((0.85, 1.35), (0.2, 0.6), 0.6, 4).at(x + 0.75, y, 2.65)
    return joined(*posts, floor, roof)


def _garage(house: House) -> Shape:
    return garage_door(2.5, 2.15).at(house.depth / 2, -house.width / 2 + 1.75, 0.02)


def _dormers(house: House) -> Shape:
    """Two windows standing in the slope that looks to the front."""
    x = house.depth / 2 - 1.0
    z = house.eaves + house.rise * (1.0 / (house.depth / 2)) - 0.35
    parts = []
    for y in (-0.24 * house.width, 0.24 * house.width):
        parts.append(gable_walls(0.75, 1.2, 1.35, 0.55).turned("z", 90).at(x - 1.0, y, z))
        parts.append(gable_roof(0.95, 1.35, 0.72, 5, 0.08).turned("z", 90).at(x - 1.0, y, z + 1.28))
        parts.append(window(0.85, 1.0, house.bars).at(x + 0.2, y, z + 0.32))
    return joined(*parts)


def _wing(house: House) -> Shape:
    """A lower gable that comes forward at the left."""
    width, out = 3.6, 1.9
    y = house.width / 2 - width / 2 - 0.15
    core = joined(*_gabled(width / 2, out / 2 + 1.5, house.eaves - 0.4, 1.7)).turned("z", 90)
    pane = window(1.5, 1.35, (2, 0)).at(out / 2 + 1.5, 0, 1.3)
    return joined(core, pane).at(house.depth / 2 - 1.5 + out / 2, y)


def _cladding(house: House) -> Shape:
    """Upright boards between the windows of a flat front."""
    x, y = house.depth / 2, house.width / 2
    count, clear = int(house.width / 0.3), house.window[0] / 2 + 0.2
    places = [-y + 0.15 + k * (2 * y - 0.3) / count for k in range(count + 1)]
    boards = [place for place in places if all(abs(place - column) > clear for column in _columns(house))]
    band = box((x - 0.02, -y, 0.45 + house.storey - 0.2), (x + 0.05, y, 0.45 + house.storey + 0.1), "sill")
    return joined(
        band,
        *(
            box((x - 0.02, g - 0.1, 0.45 + house.storey + 0.1), (x + 0.04, g + 0.1, house.eaves), "shutter")
            for g in boards
        ),
    )


def _canopy(house: House) -> Shape:
    x, y = house.depth / 2, house.door_y
    return joined(
        box((x - 0.05, y - 1.3, 2.62), (x + 1.3, y + 1.3, 2.78), "sill", 0.02),
        *(tube([(x + 1.15, y + d, 0), (x + 1.15, y + d, 2.65)], 0.05, "gutter", 8) for d in (-1.1, 1.1)),
    )


EXTRAS: dict[str, Callable[[House], Shape]] = {
    "chimney": _chimney,
    "porch": _porch,
    "garage": _garage,
    "dormers": _dormers,
    "wing": _wing,
    "cladding": _cladding,
    "canopy": _canopy,
}

COTTAGE = House(
    depth=7.0, width=8.0, storeys=1, roof="eaves", rise=3.2, shutters=True, bars=(1, 1), extras=("chimney", "dormers")
)
GABLE_FRONT = House(depth=9.0, width=6.6, storeys=2, roof="gable", rise=3.2, door_y=-1.7, extras=("chimney",))
FARM = House(depth=8.0, width=11.5, storeys=2, roof="eaves", rise=3.4, shutters=True, extras=("chimney", "porch"))
BUNGALOW = House(
    depth=8.5,
    width=11.8,
    storeys=1,
    roof="hip",
    rise=2.3,
    door_y=1.5,
    window=(1.6, 1.3),
    bars=(2, 0),
    extras=("porch", "chimney"),
)
VILLA = House(depth=9.0, width=9.6, storeys=2, roof="hip", rise=2.6, bars=(1, 1), extras=("chimney", "porch"))
MODERN = House(
    depth=9.0,
    width=10.5,
    storeys=2,
    roof="flat",
    door_y=1.3,
    window=(1.9, 1.5),
    bars=(1, 0),
    glazed_door=True,
    extras=("cladding", "canopy"),
)
CUBE = House(
    depth=8.0,
    width=8.4,
    storeys=2,
    roof="flat",
    storey=2.9,
    door_y=1.0,
    window=(1.5, 1.6),
    bars=(0, 0),
    glazed_door=True,
    extras=("garage", "canopy"),
)
SUBURBAN = House(
    depth=8.0, width=11.0, storeys=1, roof="eaves", rise=3.0, door_y=-0.5, extras=("wing", "garage", "chimney")
)
