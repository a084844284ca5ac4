"""A frame as one picture: its layers laid over each other, or side by side in a grid with headings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from pipeline.dataset import Frame
from pipeline.show.colors import NOTHING, Picture
from pipeline.show.headings import add_heading
from pipeline.show.marks import MARKS, draw_marks
from pipeline.show.pen import Brush, brush_for
from pipeline.show.pictures import PICTURES, LayerPicture, Legend, Note, base_picture
from pipeline.show.tiles import GAP, add_caption, contact_sheet, enlarge, text_tile

WIDE_PX = 480  # tiles are enlarged to at least this, so that names can be read
WIDEST_PX = 960  # and made smaller than this, so that a sheet stays a picture
VEIL_OPACITY = 0.7  # of a whole picture laid over the rgb


def overlay_tile(frame: Frame, layers: Sequence[str], scale: int | None) -> Picture:
    """Return the frame's rgb with all layers over it and its number below; of a rejected frame the reason."""
    if not frame.is_accepted:
        return _rejected_tile(frame, scale)
    brush = _brush(frame, scale)
    picture = base_picture(frame)
    for layer in (name for name in layers if name in PICTURES and name != "rgb" and name in frame.outputs):
        picture = _veil(picture, PICTURES[layer](frame))
    drawn = draw_marks(enlarge(picture, brush.scale), frame, layers, brush)
    return _fit(add_caption(drawn, f"frame {frame.number}"), scale)


def side_by_side(frame: Frame, layers: Sequence[str], scale: int | None) -> Picture:
    """Return a grid with a tile for each layer, each under its name and the key to its colours."""
    if not frame.is_accepted:
        return _rejected_tile(frame, scale)
    brush = _brush(frame, scale)
    tiles = []
    for number, layer in enumerate(layers):
        name = layer if number else f"frame {frame.number}: {layer}"
        picture, legend = _layer_tile(frame, layer, brush)
        tiles.append(add_heading(_fit(picture, scale), name, legend))
    return np.asarray(contact_sheet(tiles))


def _layer_tile(frame: Frame, layer: str, brush: Brush) -> tuple[Picture, Legend]:
    if layer in MARKS:
        return draw_marks(enlarge(base_picture(frame), brush.scale), frame, (layer,), brush), Note(text="")
    if layer not in frame.outputs:
        height, width = (side * brush.scale for side in frame.read("instance").shape)
        return text_tile(f"no {layer}: no view comes after this one", width, height), Note(text="")
    shown = PICTURES[layer](frame)
    return enlarge(shown.picture, brush.scale), shown.legend


def _veil(picture: Picture, layer: LayerPicture) -> Picture:
    mixed = (1 - VEIL_OPACITY) * picture + VEIL_OPACITY * layer.picture
    veiled: Picture = np.where(layer.has_value[..., None], mixed, picture).astype(np.uint8)
    return veiled


def _brush(frame: Frame, scale: int | None) -> Brush:
    width = frame.plan.camera.resolution[0]
    return brush_for(width, scale or max(1, -(-WIDE_PX // width)))


def _rejected_tile(frame: Frame, scale: int | None) -> Picture:
    width, height = (side * _brush(frame, scale).scale for side in frame.plan.camera.resolution)
    return _fit(text_tile(f"frame {frame.number}: {frame.commit['reason']} (rejected)", width, height), scale)


def _fit(picture: Picture, scale: int | None) -> Picture:
    height, width = picture.shape[:2]
    if scale is not None or width <= WIDEST_PX:
        return picture
    small = (WIDEST_PX, max(1, round(height * WIDEST_PX / width)))
    return np.asarray(Image.fromarray(picture).resize(small, Image.Resampling.LANCZOS))


def stack(pictures: Sequence[Picture]) -> Image.Image:
    """Return pictures of any size below each other."""
    sheet = Image.new(
        "RGB",
        (max(p.shape[1] for p in pictures), sum(p.shape[0] for p in pictures) + GAP * (len(pictures) - 1)),
        NOTHING,
    )
    y = 0
    for picture in pictures:
        sheet.paste(Image.fromarray(picture), (0, y))
        y += picture.shape[0] + GAP
    return sheet
