"""Pictures laid out: captions, headings, contact sheets, and the file they end in."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.dataset.disk import storing
from pipeline.errors import StoreError
from pipeline.show.colors import NOTHING, Picture

T = TypeVar("T", bound=np.generic)
GAP = 6
INK = (235, 235, 235)


def enlarge(picture: NDArray[T], scale: int) -> NDArray[T]:
    """Return an array (H, W) or (H, W, C) with every pixel repeated `scale` times each way."""
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


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
    draw.rectangle((0, y, right - left + 10, picture.shape[0]), fill=NOTHING)
    draw.text((5, y + 4), text, font=font, fill=INK)
    return np.asarray(image)


def contact_sheet(tiles: Sequence[Picture]) -> Image.Image:
    """Return the tiles, all of one size, in a grid that is about as wide as it is high."""
    height, width = tiles[0].shape[:2]
    columns = math.ceil(math.sqrt(len(tiles) * height / width)) if len(tiles) > 1 else 1
    columns = min(max(columns, 1), len(tiles))
    rows = math.ceil(len(tiles) / columns)
    size = (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP)
    sheet = Image.new("RGB", size, NOTHING)
    for i, tile in enumerate(tiles):
        row, column = divmod(i, columns)
        sheet.paste(Image.fromarray(tile), (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    return sheet


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write the sheet. Raises StoreError when that fails."""
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            sheet.save(path)
        except ValueError as error:  # the ending names no kind of picture
            raise StoreError(f"{path}: cannot be written: {error} (end it in .png)") from error
