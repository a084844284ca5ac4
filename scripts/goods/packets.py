"""Boxes of a shop, and drinks in cartons: the front faces +x."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods import motifs
from goods.files import Good
from goods.materials import plastic, printed
from goods.outlines import circle, rectangle
from goods.prints import Area, Brand, Draw, back, box_sheet, face, lid, part
from goods.shapes import box, loft, plate
from goods.solids import Solid, box_map, join, move, turn

PacketSize = tuple[float, float, float]  # x (depth), y (width), z (height), metres


def packet(brand: Brand, size: PacketSize) -> Solid:
    """A cardboard box printed on all sides but its bottom."""
    sides = [("front", face), ("back", face), ("left", back), ("right", back), ("top", lid)]
    image, cells = box_sheet(size, [(name, partial(paint, brand=brand)) for name, paint in sides], brand.ground)
    board = printed("print", image, 0.4)
    return box_map(box(*size, 0.0015, board), board, cells)


def brick(brand: Brand, size: PacketSize) -> Solid:
    """A drink's brick with a screw cap on its top."""
    x, _, z = size
    cap = plate(circle(0.013, 28), 0.014, plastic("cap", brand.accent), 0.0015)
    collar = plate(circle(0.016, 28), 0.003, plastic("collar", "#f2f2f2"), 0.0005)
    return join(packet(brand, size), move(collar, -x * 0.1, 0, z), move(cap, -x * 0.1, 0, z + 0.003))


def under_roof(draw: Draw, area: Area, *, brand: Brand, roof: float) -> None:
    """The front of a carton whose roof takes a share of the height: the roof has the accent's colour."""
    draw.rectangle(area, fill=brand.accent)
    face(draw, part(area, 0, roof, 1, 1), brand)


def gable(brand: Brand, size: PacketSize) -> Solid:
    """A milk carton: a square body of height z, a roof sloping to a ridge along y, and a cap on its front slope."""
    x, y, z = size
    rise, fin = 0.45 * x, 0.016
    outline = rectangle(x, y, 0.004, 3)
    ridge = np.column_stack((np.sign(outline[:, 0]) * 0.0015, outline[:, 1] * 0.98))
    rings = [(0.97 * outline, 0.0), (outline, 0.0015), (outline, z), (ridge, z + rise), (ridge, z + rise + fin)]
    whole = (x, y, z + rise + fin)
    roof = 1 - z / whole[2]
    sides = [(side, partial(under_roof, roof=roof)) for side in ("front", "back")]
    sides += [("left", back), ("right", back), ("top", lid)]
    image, cells = box_sheet(whole, [(name, partial(paint, brand=brand)) for name, paint in sides], brand.ground)
    board = printed("print", image, 0.35)
    body = loft(np.array([np.column_stack((o, np.full(len(o), h))) for o, h in rings]), board)
    cap = plate(circle(0.015, 28), 0.012, plastic("cap", brand.accent), 0.0015)
    slope = np.degrees(np.arctan2(rise, x / 2))
    cap = move(turn(cap, "y", float(slope)), 0.25 * x, 0, z + 0.5 * rise)
    return join(box_map(body, board, cells), cap)


CEREAL = Brand(
    name="cereal_1", ground="#e8a317", accent="#c4201d", motif=motifs.cereal_bowl("#2c5fb3", "#f4c55a"), letters=6
)
MUESLI = Brand(
    name="cereal_2",
    ground="#5b2a86",
    accent="#f2d230",
    motif=motifs.cereal_bowl("#e3e3ec", "#a5622a"),
    layout="disc",
)
WASH = Brand(
    name="wash_1",
    ground="#1266b8",
    accent="#f26a1b",
    motif=motifs.bubbles("#bfe4ff", "#7cc4f5", "#e6f5ff"),
    letters=4,
)
RINSE = Brand(name="wash_2", ground="#1f9c5a", accent="#0d5f39", motif=motifs.bubbles("#ffffff", "#cdf3dc"))
GREEN_TEA = Brand(name="tea_1", ground="#2d5a31", accent="#d8b24a", motif=motifs.tea_leaves("#9cc46a"))
BLACK_TEA = Brand(name="tea_2", ground="#9c1f33", accent="#3b0d16", motif=motifs.cup("#ffffff", "#b5651d"), letters=6)
CRACKERS = Brand(
    name="crackers_1", ground="#f3e2bb", accent="#19705e", motif=motifs.cracker, title="#fffaf0", letters=7
)
MILK = Brand(name="milk_1", ground="#d9edfb", accent="#1f78c8", motif=motifs.cow, letters=4)
MILK_GREEN = Brand(name="milk_2", ground="#e3f3dc", accent="#3a9a3e", motif=motifs.cow, letters=5)
JUICE = Brand(
    name="juice_1", ground="#f7a01d", accent="#2a7f3b", motif=motifs.round_fruit("#ff7a12", star=False), letters=5
)

BOXES = (
    ("box_cereal_01", "cereal", CEREAL, (0.065, 0.19, 0.28)),
    ("box_cereal_02", "cereal", MUESLI, (0.07, 0.2, 0.3)),
    ("box_detergent_01", "detergent", WASH, (0.08, 0.16, 0.22)),
    ("box_detergent_02", "detergent", RINSE, (0.09, 0.2, 0.16)),
    ("box_tea_01", "tea", GREEN_TEA, (0.075, 0.13, 0.085)),
    ("box_tea_02", "tea", BLACK_TEA, (0.07, 0.12, 0.09)),
    ("box_crackers_01", "crackers", CRACKERS, (0.05, 0.16, 0.21)),
)
GOODS = (
    *(Good(asset_id=name, category=kind, build=partial(packet, brand, size)) for name, kind, brand, size in BOXES),
    Good(asset_id="carton_milk_01", category="milk", build=partial(gable, MILK, (0.07, 0.07, 0.19))),
    Good(asset_id="carton_milk_02", category="milk", build=partial(gable, MILK_GREEN, (0.063, 0.063, 0.12))),
    Good(asset_id="carton_juice_01", category="juice", build=partial(brick, JUICE, (0.06, 0.09, 0.195))),
)
