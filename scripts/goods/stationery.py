"""Books, a notebook, a cup of pencils."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods import motifs
from goods.files import Good
from goods.materials import Material, plastic, printed
from goods.outlines import circle, inner, polygon, rounded
from goods.prints import Area, Brand, Draw, Motif, box_sheet, part, rng_for, small_print, square, writing
from goods.shapes import box, lathe, plate, sections, sweep
from goods.solids import Solid, box_map, join, move, turn

WOOD = Material(name="wood", colour="#d9b380", roughness=0.7)
PAPER = Material(name="pages", colour="#efe8d8", roughness=0.85)


def cover_front(draw: Draw, area: Area, *, brand: Brand) -> None:
    """Title, author, picture."""
    rng = rng_for(brand.name, "cover")
    draw.rectangle(area, fill=brand.ground)
    draw.rectangle(part(area, 0.06, 0.04, 0.94, 0.96), outline=brand.accent, width=6)
    writing(draw, part(area, 0.12, 0.08, 0.88, 0.2), rng, brand.letters, brand.title, 0.16)
    writing(draw, part(area, 0.12, 0.21, 0.88, 0.3), rng, brand.letters + 3, brand.title, 0.16)
    brand.motif(draw, square(part(area, 0.16, 0.36, 0.84, 0.82)))
    writing(draw, part(area, 0.25, 0.86, 0.75, 0.92), rng, 9, brand.accent, 0.16)


def cover_back(draw: Draw, area: Area, *, brand: Brand) -> None:
    draw.rectangle(area, fill=brand.ground)
    small_print(draw, part(area, 0.14, 0.15, 0.86, 0.6), rng_for(brand.name, "back"), 12, brand.title)


def book(brand: Brand, size: tuple[float, float, float]) -> Solid:
    """A hardback lying on its back, cover up; spine at -y, head at -x, so that it reads from +x."""
    x, y, z = size
    board = 0.0025
    faces = [
        ("top", partial(cover_front, brand=brand)),
        ("bottom", partial(cover_back, brand=brand)),
        ("right", partial(spine, brand=brand)),
    ]
    image, cells = box_sheet(size, faces, brand.ground)
    cloth = printed("cover", image, 0.55)
    lower = box(x, y, board, 0.0008, cloth)
    back = move(box(x, board, z - 2 * board + 0.001, 0.0006, cloth), 0, -y / 2 + board / 2, board - 0.0005)
    case = join(lower, move(lower, z=z - board), back)
    pages = move(box(x - 0.007, y - 0.006, z - 2 * board + 0.0004, 0.0003, PAPER, 1), 0, -0.0015, board - 0.0002)
    return join(box_map(case, cloth, cells), pages)


def spine(draw: Draw, area: Area, *, brand: Brand) -> None:
    """The spine of a lying book: its title runs along it."""
    draw.rectangle(area, fill=brand.ground)
    for share in (0.05, 0.91):
        draw.rectangle(part(area, share, 0, share + 0.04, 1), fill=brand.accent)
    writing(draw, part(area, 0.12, 0.2, 0.88, 0.8), rng_for(brand.name, "cover"), brand.letters, brand.title, 0.16)


def notebook(colour: str, size: tuple[float, float, float]) -> Solid:
    """A notebook on a wire spiral, lying, with an elastic band and a label on its cover."""
    x, y, z = size
    cover = plastic("cover", colour, 0.6)
    lower = move(box(x, y, 0.0012, 0.0003, cover, 1), z=0.0)
    pages = move(box(x - 0.004, y - 0.004, z - 0.0024, 0.0002, PAPER, 1), z=0.0012)
    upper = move(lower, z=z - 0.0012)
    title = move(box(0.03, 0.06, 0.0004, 0.0001, plastic("label", "#f4efe2", 0.7), 1), -0.2 * x, 0, z)
    band = move(box(x + 0.001, 0.006, z + 0.001, 0.0004, plastic("band", "#1d1d20", 0.6), 1), 0, 0.4 * y, -0.0004)
    turns, per = 21, 12
    t = np.linspace(0, turns, turns * per + 1)
    reach = z / 2 + 0.0025
    path = np.column_stack(
        (
            0.92 * x * (t / turns - 0.5),
            -y / 2 + 0.001 + reach * np.cos(2 * np.pi * t),
            z / 2 + reach * np.sin(2 * np.pi * t),
        )
    )
    wire = sweep(path, 0.0007, Material(name="wire", colour="#b9bbbe", roughness=0.3, metallic=1.0), 6)
    return join(lower, pages, upper, title, band, wire)


def pencil(length: float, colour: str, lean: float, around: float) -> Solid:
    """A pencil from its blunt end at the origin to its point, leaning away from the z axis."""
    across, cone = 0.0072, 0.022
    paint = plastic(f"pencil_{colour[1:]}", colour, 0.35)
    body = plate(polygon(6, across), length - cone, paint, 0.0003)
    ring = circle(1.0, 12)
    wood = sections([0.0036 * ring, 0.0013 * ring], [length - cone - 0.0002, length - 0.006], WOOD)
    lead = sections([0.0013 * ring, 0.0002 * ring], [length - 0.0061, length], paint)
    return turn(turn(join(body, wood, lead), "y", lean), "z", around)


def pencil_cup(colour: str) -> Solid:
    """A cup with six pencils."""
    radius, height, wall = 0.038, 0.1, 0.003
    profile = rounded([(0, 0.0), (radius, 0.0), (radius, height)], [0, 0.004, 0], 4)
    cup = lathe(inner(profile, wall), plastic("cup", colour, 0.5), 44)
    colours = ("#d8282f", "#f0b81e", "#2a62b8", "#2f9648", "#e86f1a", "#7a3a96")
    pencils = [
        move(
            pencil(0.16 + 0.006 * (i % 3), shade, 9 + i % 3, 60 * i + 15),
            0.012 * np.cos(np.radians(60 * i + 15)),
            0.012 * np.sin(np.radians(60 * i + 15)),
            0.0045,
        )
        for i, shade in enumerate(colours)
    ]
    return join(cup, *pencils)


def frame(colour: str, *shares: float) -> Motif:
    """Nested squares, turned: a picture that means nothing."""

    def paint(draw: Draw, area: Area) -> None:
        for i, share in enumerate(shares):
            corners = [
                (0.5 + share * np.cos(a), 0.5 + share * np.sin(a))
                for a in np.radians([45 + 20 * i, 135 + 20 * i, 225 + 20 * i, 315 + 20 * i])
            ]
            draw.polygon(motifs.at(area, *corners), outline=colour, width=9)

    return paint


BOOKS = (
    (
        "book_01",
        (0.21, 0.14, 0.028),
        Brand(
            name="book_1",
            ground="#7d1f2b",
            accent="#d9b45a",
            motif=frame("#d9b45a", 0.5, 0.38, 0.28, 0.18),
            title="#f3e6c4",
            letters=6,
        ),
    ),
    (
        "book_02",
        (0.235, 0.165, 0.018),
        Brand(name="book_2", ground="#1f4d6b", accent="#e8e2d0", motif=motifs.mountains, title="#ffffff", letters=5),
    ),
    (
        "book_03",
        (0.18, 0.115, 0.034),
        Brand(
            name="book_3",
            ground="#e0a41f",
            accent="#26231f",
            motif=motifs.round_fruit("#26231f", "#26231f", star=False),
            title="#26231f",
            letters=4,
        ),
    ),
)

GOODS = (
    *(Good(asset_id=name, category="book", build=partial(book, brand, size)) for name, size, brand in BOOKS),
    Good(asset_id="notebook_01", category="notebook", build=partial(notebook, "#2e5a46", (0.21, 0.148, 0.012))),
    Good(asset_id="pencil_cup_01", category="pencil cup", build=partial(pencil_cup, "#4a4f58")),
)
