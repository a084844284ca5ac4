"""What marks are drawn with: smooth lines and discs in a brush's size, outlines of masks, colours mixed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.geometry import Array
from pipeline.show.colors import Color, Picture

Mask = NDArray[np.bool_]

SMOOTH = 2  # lines are drawn so many times larger and then reduced, so that they have no steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    """How large to draw: `scale` pixels of the drawing for one of the frame, lines and letters in the drawing's."""

    scale: int
    line_px: int = 1
    font_px: float = 11.0


def brush_for(width_px: int, scale: int) -> Brush:
    """Return the brush for a frame `width_px` wide that is enlarged `scale` times."""
    wide = width_px * scale
    return Brush(scale=scale, line_px=max(1, round(wide / 400)), font_px=max(10.0, wide / 52))


def outline(mask: Mask, wide_px: int = 1) -> Mask:
    """Return the pixels of a mask within `wide_px` of what is not in it; the picture's border does not count."""
    inner = mask
    for _ in range(wide_px):
        outer, inner = inner, inner.copy()
        inner[1:] &= outer[:-1]
        inner[:-1] &= outer[1:]
        inner[:, 1:] &= outer[:, :-1]
        inner[:, :-1] &= outer[:, 1:]
    edge: Mask = mask & ~inner
    return edge


def blend(picture: Picture, where: Mask, color: Color, opacity: float) -> None:
    """Mix a colour into some pixels of a picture, in place."""
    mixed = opacity * np.asarray(color) + (1 - opacity) * picture[where]
    picture[where] = mixed.astype(np.uint8)


class Pen:
    """Draws smooth lines and discs on a sheet over a picture; `result` is both together."""

    def __init__(self, picture: Picture, brush: Brush) -> None:
        self._factor = brush.scale * SMOOTH
        self._line_px = brush.line_px * SMOOTH
        self._radius_px = brush.font_px * SMOOTH / 3
        self._sheet = Image.new("RGBA", (picture.shape[1] * SMOOTH, picture.shape[0] * SMOOTH))
        self._draw = ImageDraw.Draw(self._sheet)
        self.result = picture

    def lines(self, pieces: Iterable[Array], color: Color, alpha: int, wide: float = 1.0) -> None:
        """Draw curves (P, 2), in pixels of the frame."""
        for piece in pieces:
            points = [(float(x), float(y)) for x, y in piece * self._factor]
            self._draw.line(points, fill=(*color, alpha), width=round(self._line_px * wide), joint="curve")

    def fill(self, corners_px: Array, color: Color, alpha: int) -> None:
        """Fill a polygon (P, 2), in pixels of the frame."""
        points = [(float(x), float(y)) for x, y in corners_px * self._factor]
        self._draw.polygon(points, fill=(*color, alpha))

    def disc(self, center_px: Array, color: Color, *, is_filled: bool) -> None:
        """Draw a disc with a dark rim, or a ring."""
        x, y = (float(value) for value in center_px * self._factor)
        r = self._radius_px
        self._draw.ellipse((x - r, y - r, x + r, y + r), outline=(0, 0, 0, 255), width=self._line_px)
        r -= self._line_px / 2
        fill = (*color, 255) if is_filled else None
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=fill, outline=(*color, 255), width=self._line_px)

    def lay(self) -> None:
        """Put the sheet onto the picture."""
        base = Image.fromarray(self.result).convert("RGBA")
        self.result = np.asarray(Image.alpha_composite(base, self._sheet.reduce(SMOOTH)).convert("RGB"))


@contextmanager
def smooth_lines(picture: Picture, brush: Brush) -> Iterator[Pen]:
    """Yield a pen whose `result` is the picture with all that was drawn, once the block ends."""
    pen = Pen(picture, brush)
    yield pen
    pen.lay()
