"""Labels drawn onto pictures, and pictures laid out as a contact sheet. For looking at, never for training."""

from __future__ import annotations

import colorsys
import math
import textwrap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.records import InstanceLabel, Labels

Picture = NDArray[np.uint8]

GAP = 6
MARGIN_COLOR = (24, 24, 24)
OTHER_COLOR = (170, 170, 170)  # what has no category
GOLDEN = 0.618033988749895  # steps of the golden ratio keep the hues of neighbouring ids apart
OUTLINE_OPACITY = 0.9


def draw_labels(rgb: Picture, labels: Labels, instance: NDArray[np.uint16], scale: int = 2) -> Picture:
    """Return rgb (H, W, 3) enlarged `scale` times, with outlines of masks, boxes and category names.

    `instance` (H, W) holds instance ids, 0 background. Instances without a category get a thin grey outline only.
    """
    large = np.repeat(np.repeat(rgb, scale, axis=0), scale, axis=1)
    ids = np.repeat(np.repeat(instance, scale, axis=0), scale, axis=1)
    seen = [item for item in labels.instances if item.bbox_xywh_px is not None]
    for item in seen:
        _blend(large, _outline(ids == item.instance_id), _color_of(item))
    image = Image.fromarray(large)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=5.5 * scale)
    for item in sorted((item for item in seen if item.category_id), key=lambda item: -item.distance_m):
        _draw_box(draw, item, scale, font, image.size)
    return np.asarray(image)


def text_tile(text: str, width: int, height: int) -> Picture:
    """Return a dark picture (height, width, 3) with `text` on it."""
    image = Image.new("RGB", (width, height), (56, 32, 32))
    font = ImageFont.load_default(size=max(10, width // 28))
    lines = textwrap.fill(text, max(10, width * 2 // max(10, width // 28)))
    ImageDraw.Draw(image).multiline_text((width // 20, width // 20), lines, font=font, fill=(240, 220, 220))
    return np.asarray(image)


def add_caption(picture: Picture, text: str) -> Picture:
    """Return the picture with a line of text in its lower left corner."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=max(10, picture.shape[1] // 42))
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    y = picture.shape[0] - (bottom + 8)
    draw.rectangle((0, y, right - left + 10, picture.shape[0]), fill=MARGIN_COLOR)
    draw.text((5, y + 4), text, font=font, fill=(235, 235, 235))
    return np.asarray(image)


def contact_sheet(tiles: Sequence[Picture]) -> Image.Image:
    """Return the tiles, all of one size, in a grid that is about as wide as it is high."""
    height, width = tiles[0].shape[:2]
    columns = math.ceil(math.sqrt(len(tiles) * height / width)) if len(tiles) > 1 else 1
    columns = min(max(columns, 1), len(tiles))
    rows = math.ceil(len(tiles) / columns)
    size = (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP)
    sheet = Image.new("RGB", size, MARGIN_COLOR)
    for i, tile in enumerate(tiles):
        row, column = divmod(i, columns)
        sheet.paste(Image.fromarray(tile), (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    return sheet


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that touch what is not in it; the picture's border does not count."""
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    outline: NDArray[np.bool_] = mask & ~inner
    return outline


def _blend(rgb: Picture, where: NDArray[np.bool_], color: tuple[int, int, int]) -> None:
    mixed = OUTLINE_OPACITY * np.asarray(color) + (1 - OUTLINE_OPACITY) * rgb[where]
    rgb[where] = mixed.astype(np.uint8)


def _color_of(item: InstanceLabel) -> tuple[int, int, int]:
    if not item.category_id:
        return OTHER_COLOR
    r, g, b = colorsys.hsv_to_rgb((item.category_id * GOLDEN) % 1.0, 0.85, 1.0)
    return (round(255 * r), round(255 * g), round(255 * b))


def _draw_box(
    draw: ImageDraw.ImageDraw,
    item: InstanceLabel,
    scale: int,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    size: tuple[int, int],
) -> None:
    assert item.bbox_xywh_px is not None
    x, y, width, height = (value * scale for value in item.bbox_xywh_px)
    color = _color_of(item)
    draw.rectangle((x, y, x + width - 1, y + height - 1), outline=color)
    left, top, right, bottom = draw.textbbox((0, 0), item.category, font=font)
    wide, high = right - left + 4, bottom - top + 4
    label_x = min(max(x, 0), size[0] - wide)
    label_y = y - high if y >= high else min(y + height, size[1] - high)
    draw.rectangle((label_x, label_y, label_x + wide, label_y + high), fill=color)
    dark = 0.3 * color[0] + 0.6 * color[1] + 0.1 * color[2] > 110
    draw.text(
        (label_x + 2 - left, label_y + 2 - top), item.category, font=font, fill=(0, 0, 0) if dark else (255, 255, 255)
    )
