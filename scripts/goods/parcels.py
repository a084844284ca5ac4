"""Parcels: cartons with tape and labels, mailers, a tube, a crate of wood."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods.files import Good
from goods.materials import Material, plastic, printed
from goods.outlines import ellipse
from goods.prints import INK, Area, Draw, barcode, box_sheet, finished, part, rng_for, sheet, small_print, writing
from goods.shapes import box, lathe, loft, rod
from goods.solids import Solid, box_map, join, move, solid, top_map, turn
from goods.stickers import front_paper, sticker

CARDBOARD, WHITE = "#b98d5e", "#e9e7e2"


def address_label(name: str) -> np.ndarray:
    """A shipping label: sender, address, a large code of the route, a barcode."""
    rng = rng_for(name, "address")
    image, draw = sheet(192, 128, "#fbfbf8")
    whole = (0.0, 0.0, float(image.width), float(image.height))
    draw.rectangle(part(whole, 0.02, 0.03, 0.98, 0.97), outline=INK, width=4)
    small_print(draw, part(whole, 0.06, 0.08, 0.46, 0.24), rng, 3, INK)
    writing(draw, part(whole, 0.52, 0.06, 0.94, 0.26), rng, 3, INK, 0.22)
    draw.line(part(whole, 0.02, 0.29, 0.98, 0.29), fill=INK, width=4)
    for row in range(3):
        writing(draw, part(whole, 0.06, 0.33 + 0.09 * row, 0.6, 0.40 + 0.09 * row), rng, 11, INK, 0.18)
    draw.rectangle(part(whole, 0.72, 0.34, 0.92, 0.56), fill=INK)
    draw.rectangle(part(whole, 0.76, 0.40, 0.88, 0.50), fill="#ffffff")
    barcode(draw, part(whole, 0.06, 0.62, 0.94, 0.95), rng, 46)
    return finished(image)


def this_side_up(draw: Draw, area: Area, colour: str) -> None:
    """Two arrows over a bar."""
    draw.rectangle(part(area, 0.1, 0.86, 0.9, 0.93), fill=colour)
    for x in (0.3, 0.7):
        draw.rectangle(part(area, x - 0.05, 0.3, x + 0.05, 0.8), fill=colour)
        tip = part(area, x - 0.15, 0.08, x + 0.15, 0.36)
        draw.polygon([(tip[0], tip[3]), (tip[2], tip[3]), ((tip[0] + tip[2]) / 2, tip[1])], fill=colour)


def fragile(draw: Draw, area: Area, colour: str) -> None:
    """A stemmed glass."""
    draw.pieslice(part(area, 0.25, -0.3, 0.75, 0.6), 0, 180, fill=colour)
    draw.rectangle(part(area, 0.46, 0.5, 0.54, 0.88), fill=colour)
    draw.rectangle(part(area, 0.28, 0.86, 0.72, 0.94), fill=colour)


def mottle(draw: Draw, area: Area, name: str, colour: str) -> None:
    """Flutes of the board, faint."""
    rng = rng_for(name, "flutes")
    base = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    step = max(int((area[2] - area[0]) / 90), 2)
    for x in range(int(area[0]), int(area[2]), step):
        shade = np.clip(base * rng.uniform(0.985, 1.01), 0, 255).astype(int)
        draw.rectangle((x, area[1], x + step, area[3]), fill=tuple(int(c) for c in shade))


def carton_side(draw: Draw, area: Area, *, name: str, colour: str, tape: str | None, marks: bool) -> None:
    """A side of a carton: board, the end of the tape at its upper edge, marks for the carrier."""
    mottle(draw, area, name, colour)
    middle, half = (area[0] + area[2]) / 2, 0.022 * max(area[2] - area[0], area[3] - area[1]) + 12
    if tape:
        draw.rectangle((middle - half, area[1], middle + half, area[1] + 0.22 * (area[3] - area[1])), fill=tape)
    if marks:
        size = 0.26 * min(area[2] - area[0], area[3] - area[1])
        spot = (area[2] - 1.25 * size, area[3] - 1.25 * size, area[2] - 0.25 * size, area[3] - 0.25 * size)
        this_side_up(draw, spot, "#3a2a1a")
        fragile(draw, (spot[0] - 1.1 * size, spot[1], spot[2] - 1.1 * size, spot[3]), "#3a2a1a")


def carton_top(draw: Draw, area: Area, *, name: str, colour: str, tape: str | None) -> None:
    """Two flaps that meet along y, taped."""
    mottle(draw, area, name, colour)
    middle = (area[1] + area[3]) / 2
    if tape:
        draw.rectangle((area[0], middle - 26, area[2], middle + 26), fill=tape)
    draw.line((area[0], middle, area[2], middle), fill="#6b4a2a", width=4)


def carton(name: str, size: tuple[float, float, float], colour: str, tape: str | None, marks: bool) -> Solid:
    """A cardboard box with its address on its top and a small label on its front; the tape runs along y."""
    x, y, z = size
    style = {"name": name, "colour": colour}
    ends = partial(carton_side, **style, tape=tape, marks=False)
    sides = partial(carton_side, **style, tape=None, marks=marks)
    faces = [
        ("front", sides),
        ("back", sides),
        ("left", ends),
        ("right", ends),
        ("top", partial(carton_top, **style, tape=tape)),
    ]
    image, cells = box_sheet(size, faces, colour)
    board = printed("cardboard", image, 0.75)
    body = box_map(box(x, y, z, 0.003, board), board, cells)
    label = printed("label", address_label(name), 0.5)
    width = min(0.15, 0.6 * y, 1.2 * x)
    flat = sticker(z, -0.2 * y * (y > 1.5 * width), 0, (width, width / 1.5), 0.002, label)
    top = move(turn(flat, "y", -90), x=0.12 * x)
    low = min(0.08, 0.45 * z)
    front = sticker(x / 2 - 0.0003, -y / 2 + 0.9 * low, z - 0.75 * low, (1.4 * low, 0.93 * low), 0.002, label)
    return join(body, top, front)


def mailer(name: str, size: tuple[float, float, float], colour: str, roughness: float, padded: bool) -> Solid:
    """A mailer lying on its back, its address up: swollen in its middle, its edges sealed."""
    x, y, z = size
    phases = rng_for(name, "creases").uniform(0, 2 * np.pi, (3, 2))

    def swollen(spot: np.ndarray) -> np.ndarray:
        """Half the thickness at places (..., 2) of the unit square about the origin."""
        fat = np.clip(1 - np.abs(2 * spot) ** (4 if padded else 2.4), 0, 1).prod(axis=-1) ** (0.5 if padded else 0.8)
        u, v = spot[..., 0], spot[..., 1]
        waves = np.sin(300 * u * x) * np.sin(300 * v * y)  # bubbles under the paper
        if not padded:
            waves = sum(np.sin(14 * u * k + a) * np.sin(11 * v * k + b) for k, (a, b) in enumerate(phases[:2], 1))
        return np.asarray(0.0006 + (z / 2 - 0.0006) * fat * (0.9 + (0.04 if padded else 0.07) * waves))

    outline = ellipse(1.0, 1.0, 56, 14.0)
    rings = []
    for side, shares in ((-1, np.linspace(0.04, 1, 14)), (1, np.linspace(1, 0.04, 14))):
        for spot in shares[:, None, None] * outline:
            rings.append(np.column_stack((spot * (x, y), z / 2 + side * swollen(spot))))
    body = loft(np.array(rings), Material(name="mailer", colour=colour, roughness=roughness))
    label = printed("label", address_label(name), 0.5)
    u, v = np.mgrid[-0.3:0.22:13j, -0.32:0.32:17j]
    spots = np.stack((u, v), axis=-1).reshape(-1, 2)
    points = np.column_stack((spots * (x, y), z / 2 + swollen(spots) + (0.001 if padded else 0.002)))
    paper = solid(points, [(i, i + 17, i + 18, i + 1) for i in range(12 * 17) if i % 17 < 16], label)
    return join(body, top_map(paper, label))


def mailing_tube(name: str, radius: float, length: float) -> Solid:
    """A tube of cardboard lying along y, a white cap in each end, its label up."""
    body = rod(radius, length, Material(name="cardboard", colour="#c09a6b", roughness=0.7), 0.0008, 40)
    white = plastic("cap", "#f1f1ee")
    caps = [
        move(
            lathe(
                [
                    (radius - 0.004, 0),
                    (radius + 0.001, 0.0),
                    (radius + 0.001, 0.003),
                    (radius - 0.002, 0.004),
                    (radius - 0.006, -0.004),
                    (0, -0.004),
                ],
                white,
                40,
            ),
            z=length - 0.001,
        ),
        rod(radius + 0.001, 0.004, white, 0.001, 40, -0.003),
    ]
    label = printed("label", address_label(name), 0.5)
    paper = front_paper(radius, 0.3 * length, 0.3 * length + 0.09, 0.06, label)
    seams = [(radius + 0.0002, z) for z in (0.16 * length, 0.16 * length + 0.05)]
    tape = lathe(
        [(radius - 0.0003, seams[0][1]), *seams, (radius - 0.0003, seams[1][1])], plastic("tape", "#a9824f", 0.2), 40
    )
    return turn(turn(join(body, *caps, paper, tape), "y", -90), "z", 90)


CARTONS = (
    ("carton_01", (0.2, 0.3, 0.15), CARDBOARD, "#d8bf8f", True),
    ("carton_02", (0.3, 0.4, 0.3), "#a97b4e", "#7a5a36", True),
    ("carton_03", (0.25, 0.35, 0.08), CARDBOARD, "#e6e2d6", False),
    ("carton_04", (0.15, 0.15, 0.15), "#c39a6c", "#b3202a", False),
    ("carton_05", (0.14, 0.5, 0.14), "#b0845a", "#d8bf8f", True),
    ("carton_06", (0.2, 0.27, 0.1), WHITE, "#2d6fb5", False),
    ("carton_07", (0.4, 0.6, 0.35), "#b48a5a", "#cdb07c", True),
)
GOODS = (
    *(
        Good(asset_id=name, category="carton", build=partial(carton, name, size, colour, tape, marks))
        for name, size, colour, tape, marks in CARTONS
    ),
    Good(
        asset_id="mailer_padded_01",
        category="mailer",
        build=partial(mailer, "mailer_padded_01", (0.29, 0.22, 0.03), "#c7a061", 0.7, True),
    ),
    Good(
        asset_id="mailer_bag_01",
        category="mailer",
        build=partial(mailer, "mailer_bag_01", (0.35, 0.27, 0.06), "#5c6470", 0.3, False),
    ),
    Good(asset_id="tube_mailing_01", category="tube", build=partial(mailing_tube, "tube_mailing_01", 0.04, 0.48)),
)
