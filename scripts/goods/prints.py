"""Printed sheets: labels drawn with blocks of colour, pictures, bars and marks that look like writing but are none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

FINE = 3  # drawn this many times larger, then made small, for smooth edges
LABEL_PX = 256
INK = "#1c1c20"
Draw = ImageDraw.ImageDraw
Area = tuple[float, float, float, float]  # x0, y0, x1, y1 in fine pixels, y down
Motif = Callable[[Draw, Area], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How a product's print looks. Colours are sRGB hex; `letters` is the length of the made-up name."""

    name: str
    ground: str
    accent: str
    motif: Motif
    title: str = "#ffffff"
    letters: int = 5
    layout: str = "band"  # or "disc", "stripes"


def rng_for(name: str, purpose: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{name}/{purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def sheet(width_px: int, height_px: int, ground: str) -> tuple[Image.Image, Draw]:
    image = Image.new("RGB", (width_px * FINE, height_px * FINE), ground)
    return image, ImageDraw.Draw(image)


def finished(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 of a fine drawing."""
    return np.asarray(image.resize((image.width // FINE, image.height // FINE), Image.Resampling.BOX))


def part(area: Area, x0: float, y0: float, x1: float, y1: float) -> Area:
    """A part of an area, by shares of its sides."""
    width, height = area[2] - area[0], area[3] - area[1]
    return (area[0] + x0 * width, area[1] + y0 * height, area[0] + x1 * width, area[1] + y1 * height)


def square(area: Area) -> Area:
    """The largest square in the middle of an area."""
    half = min(area[2] - area[0], area[3] - area[1]) / 2
    x, y = (area[0] + area[2]) / 2, (area[1] + area[3]) / 2
    return (x - half, y - half, x + half, y + half)


# Nodes of a letter, 3 across and 5 down; a letter is a chain of them.
CHAINS = (
    (0, 12, 14),
    (0, 2, 14, 12),
    (12, 1, 14),
    (0, 12, 2, 14),
    (0, 6, 8, 2, 14),
    (2, 0, 6, 8, 14, 12),
    (0, 2, 12, 14),
    (1, 13),
    (0, 12, 14, 2, 0),
    (0, 7, 2, 7, 13),
    (12, 0, 2, 8, 6),
    (2, 0, 12, 14, 8, 7),
    (0, 2, 1, 13),
)


def writing(draw: Draw, area: Area, rng: np.random.Generator, letters: int, colour: str, weight: float = 0.16) -> None:
    """One line of made-up letters, as large as fits."""
    height = min(area[3] - area[1], (area[2] - area[0]) / (0.72 * letters))
    step, width = height * 0.72, height * 0.5
    left = (area[0] + area[2] - step * letters + step - width) / 2
    top = (area[1] + area[3] - height) / 2
    pen = max(round(weight * height), 2)
    for number, choice in enumerate(rng.integers(0, len(CHAINS), letters)):
        nodes = [
            (left + number * step + (n % 3) * width / 2, top + pen / 2 + (n // 3) * (height - pen) / 4)
            for n in CHAINS[int(choice)]
        ]
        draw.line(nodes, fill=colour, width=pen, joint="curve")
        for x, y in nodes:
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=colour)


def small_print(draw: Draw, area: Area, rng: np.random.Generator, rows: int, colour: str) -> None:
    """Rows of words too small to read."""
    height = (area[3] - area[1]) / rows
    for row in range(rows):
        x = area[0]
        end = area[2] - (rng.uniform(0.2, 0.6) * (area[2] - area[0]) if row == rows - 1 else 0)
        while x < end:
            word = height * rng.uniform(0.8, 3.0)
            draw.rectangle(
                (x, area[1] + row * height, min(x + word, end), area[1] + (row + 0.45) * height), fill=colour
            )
            x += word + 0.5 * height


def barcode(draw: Draw, area: Area, rng: np.random.Generator, bars: int = 34) -> None:
    """Bars on a white field, with a row of digits below."""
    draw.rectangle(area, fill="#ffffff")
    widths = rng.integers(1, 4, 2 * bars)
    unit = (area[2] - area[0]) * 0.88 / widths.sum()
    x = area[0] + 0.06 * (area[2] - area[0])
    low = area[1] + 0.08 * (area[3] - area[1])
    high = area[1] + 0.80 * (area[3] - area[1])
    for i, width in enumerate(widths):
        if i % 2 == 0:
            draw.rectangle((x, low, x + width * unit, high), fill="#000000")
        x += width * unit
    small_print(draw, part(area, 0.15, 0.86, 0.85, 1.02), rng, 1, "#000000")


def table(draw: Draw, area: Area, rng: np.random.Generator, colour: str) -> None:
    """What a packet says of its contents: a frame with rows and figures."""
    draw.rectangle(area, fill="#ffffff", outline=colour, width=FINE)
    rows = 7
    for row in range(rows):
        line = part(area, 0.06, (row + 0.2) / rows, 0.94, (row + 1) / rows)
        draw.line((line[0], line[3], line[2], line[3]), fill=colour, width=max(FINE // 2, 1))
        share = float(rng.uniform(0.3, 0.6))
        draw.rectangle(part(line, 0, 0.2, share, 0.65), fill=colour)
        draw.rectangle(part(line, 0.8, 0.2, 1, 0.65), fill=colour)


def face(draw: Draw, area: Area, brand: Brand) -> None:
    """The front of a product: name, picture, small print."""
    rng = rng_for(brand.name, "face")
    draw.rectangle(area, fill=brand.ground)
    if brand.layout == "stripes":
        for i in range(0, 12, 2):
            draw.rectangle(part(area, i / 12, 0, (i + 1) / 12, 1), fill=brand.accent)
        draw.rectangle(part(area, 0.06, 0.06, 0.94, 0.34), fill=brand.ground)
        draw.ellipse(square(part(area, 0.08, 0.36, 0.92, 0.92)), fill="#ffffff")
    elif brand.layout == "disc":
        draw.ellipse(square(part(area, 0.02, 0.3, 0.98, 0.96)), fill=brand.accent)
    else:
        draw.rectangle(part(area, 0, 0.05, 1, 0.33), fill=brand.accent)
        draw.rectangle(part(area, 0, 0.345, 1, 0.365), fill=brand.title)
    brand.motif(draw, square(part(area, 0.12, 0.40, 0.88, 0.88)))
    writing(draw, part(area, 0.08, 0.09, 0.92, 0.27), rng, brand.letters, brand.title, 0.2)
    small_print(draw, part(area, 0.14, 0.92, 0.86, 0.98), rng, 2, brand.title)


def back(draw: Draw, area: Area, brand: Brand) -> None:
    """The back or the side of a product: name, table, small print, barcode."""
    rng = rng_for(brand.name, "back")
    draw.rectangle(area, fill=brand.ground)
    draw.rectangle(part(area, 0, 0, 1, 0.2), fill=brand.accent)
    writing(draw, part(area, 0.08, 0.04, 0.92, 0.16), rng_for(brand.name, "face"), brand.letters, brand.title, 0.2)
    table(draw, part(area, 0.1, 0.26, 0.9, 0.56), rng, INK)
    small_print(draw, part(area, 0.1, 0.6, 0.9, 0.74), rng, 5, brand.title)
    barcode(draw, part(area, 0.14, 0.78, 0.86, 0.95), rng)


def lid(draw: Draw, area: Area, brand: Brand) -> None:
    """The top of a box: the name on the accent."""
    draw.rectangle(area, fill=brand.accent)
    writing(draw, part(area, 0.1, 0.2, 0.9, 0.8), rng_for(brand.name, "face"), brand.letters, brand.title, 0.2)


def wrap_image(brand: Brand, around_m: float, height_m: float) -> np.ndarray:
    """A label once around: the front in the middle, table and barcode beside it; the image is 2 labels wide at most."""
    width = round(LABEL_PX * min(max(around_m / height_m, 1.2), 2.6))
    image, draw = sheet(width, LABEL_PX, brand.ground)
    whole = (0.0, 0.0, float(image.width), float(image.height))
    half = min(0.5 * image.height / image.width, 0.24)
    if brand.layout == "band":
        draw.rectangle(part(whole, 0, 0.05, 1, 0.33), fill=brand.accent)
    face(draw, part(whole, 0.5 - half, 0, 0.5 + half, 1), brand)
    rng = rng_for(brand.name, "wrap")
    table(draw, part(whole, 0.04, 0.42, 0.20, 0.9), rng, INK)
    barcode(draw, part(whole, 0.80, 0.5, 0.96, 0.86), rng)
    return finished(image)


def label_image(brand: Brand, width_m: float, height_m: float) -> np.ndarray:
    """The front alone, as a sticker."""
    scale = LABEL_PX / max(width_m, height_m)
    image, draw = sheet(round(scale * width_m), round(scale * height_m), brand.ground)
    face(draw, (0.0, 0.0, float(image.width), float(image.height)), brand)
    return finished(image)


def box_sheet(
    size_m: tuple[float, float, float], faces: Sequence[tuple[str, Callable[[Draw, Area], None]]], ground: str
) -> tuple[np.ndarray, dict[str, tuple[float, float, float, float]]]:
    """One image with the faces of a box of (x, y, z) side by side, and the cell of each; the largest has 256 px.

    A face that is not named shows the ground.
    """
    x, y, z = size_m
    extents = {"front": (y, z), "back": (y, z), "left": (x, z), "right": (x, z), "top": (y, x), "bottom": (y, x)}
    scale = LABEL_PX / max(size_m)
    sizes = [tuple(max(round(scale * side), 16) for side in extents[name]) for name, _ in faces]
    width, height = sum(w for w, _ in sizes) + 16, max(h for _, h in sizes)
    image, draw = sheet(width, height, ground)
    cells = dict.fromkeys(extents, ((width - 12) / width, 0.2, (width - 4) / width, 0.8))
    left = 0
    for (name, paint), (w, h) in zip(faces, sizes, strict=True):
        tile, pen = sheet(w, h, ground)
        paint(pen, (0.0, 0.0, float(tile.width), float(tile.height)))
        image.paste(tile, (left * FINE, 0))
        cells[name] = (left / width, 1 - h / height, (left + w) / width, 1.0)
        left += w
    return finished(image), cells
