"""The line above a tile: what the layer is called, and the key to its colours."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.geometry import Array
from pipeline.show.colors import NOTHING, Picture, flow_colors, viridis
from pipeline.show.pictures import Bar, Legend, Names, Note, Wheel
from pipeline.show.tiles import INK

DIM = (150, 150, 150)
STEPS = (1.0, 2.0, 5.0)  # marks on a scale stand at these times a power of ten
FINER = (2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)  # or at every multiple of these


def add_heading(picture: Picture, name: str, legend: Legend) -> Picture:
    """Return the picture under a line that names it and explains its colours."""
    width = picture.shape[1]
    font_px = float(np.clip(width / 34, 9, 26))
    font = ImageFont.load_default(size=font_px)
    head = Image.new("RGB", (width, round(2.6 * font_px)), NOTHING)
    draw = ImageDraw.Draw(head)
    draw.text((4, 0.6 * font_px), name, font=font, fill=INK)
    left = round(draw.textlength(name, font=font) + 2 * font_px)
    small = ImageFont.load_default(size=0.85 * font_px)
    match legend:
        case Bar():
            _draw_bar(head, draw, legend, (max(left, width // 3), width - round(font_px)), small)
        case Wheel():
            _draw_wheel(head, draw, legend, small)
        case Names():
            _draw_names(draw, legend, left, width, head.height, small)
        case Note():
            _draw_right(draw, legend.text, width - 6, head.height, small)
    return np.vstack([np.asarray(head), picture])


Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def _draw_bar(head: Image.Image, draw: ImageDraw.ImageDraw, bar: Bar, span: tuple[int, int], font: Font) -> None:
    """Colours from near to far with metres below them."""
    left, right = span
    along = np.linspace(1.0, 0.0, right - left)
    high = round(head.height * 0.36)
    strip = np.broadcast_to(viridis(along), (high, right - left, 3)).copy()
    head.paste(Image.fromarray(strip), (left, 3))
    end = -1.0
    for metres in marks_between(bar.near_m, bar.far_m):
        x = left + (right - left) * np.log(metres / bar.near_m) / np.log(bar.far_m / bar.near_m)
        text = f"{metres:g} m"
        wide = draw.textlength(text, font=font)
        start = min(max(x - wide / 2, left), head.width - 2 - wide)
        if start > end + 6:
            draw.line((x, 3, x, 5 + high), fill=INK)
            draw.text((start, 5 + high), text, font=font, fill=INK)
            end = start + wide


def marks_between(near_m: float, far_m: float) -> tuple[float, ...]:
    """Return round distances within a range: of the coarsest kind that has three of them, else both ends."""
    power = 10.0 ** np.floor(np.log10(near_m))
    powers = power * 10.0 ** np.arange(np.ceil(np.log10(far_m / near_m)) + 1)
    for kind in (np.outer(powers, STEPS).ravel(), *(_multiples(step * power, far_m) for step in FINER)):
        inside = tuple(float(f"{mark:.6g}") for mark in kind if near_m <= mark <= far_m)
        if len(inside) >= 3:
            return inside
    return (float(f"{near_m:.3g}"), float(f"{far_m:.3g}"))


def _multiples(step_m: float, end_m: float) -> Array:
    return np.arange(1, end_m / step_m + 1) * step_m


def _draw_wheel(head: Image.Image, draw: ImageDraw.ImageDraw, wheel: Wheel, font: Font) -> None:
    size = head.height - 4
    y, x = (np.mgrid[0:size, 0:size] + 0.5 - size / 2) * (2 / size)
    disc = np.where((np.hypot(x, y) <= 1)[..., None], flow_colors(np.stack([x, y], axis=-1), 1.0), np.uint8(NOTHING[0]))
    head.paste(Image.fromarray(disc.astype(np.uint8)), (head.width - size - 4, 2))
    _draw_right(draw, f"rim moves {wheel.longest_px:.3g} px", head.width - size - 10, head.height, font)


def _draw_names(draw: ImageDraw.ImageDraw, names: Names, left: int, right: int, height: int, font: Font) -> None:
    """Chips with names in one line or two; what has no room is counted."""
    line_px = draw.textbbox((0, 0), "Ag", font=font)[3] + 2
    wide = [1.7 * line_px + draw.textlength(name, font=font) for _, name in names.names]
    is_one_line = left + sum(wide) < right
    x, y = float(left), (height - line_px) / 2 if is_one_line else 2.0
    for number, (color, name) in enumerate(names.names):
        if x + wide[number] > right and y == 2.0:
            x, y = float(left), 4.0 + line_px
        is_last = number == len(wide) - 1
        if x + wide[number] + (0 if is_last else 2.5 * line_px) > right and y != 2.0 and not is_one_line:
            draw.text((x, y), f"+{len(wide) - number}", font=font, fill=DIM)
            return
        draw.rectangle((x, y + 2, x + line_px * 0.7, y + line_px - 2), fill=color)
        draw.text((x + line_px, y), name, font=font, fill=INK)
        x += wide[number]


def _draw_right(draw: ImageDraw.ImageDraw, text: str, right: int, height: int, font: Font) -> None:
    box = draw.textbbox((0, 0), text, font=font)
    draw.text((right - box[2], (height - box[3]) / 2), text, font=font, fill=DIM)
