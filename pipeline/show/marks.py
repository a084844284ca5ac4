"""Labels drawn onto a picture: boxes, masks, silhouettes, 3D boxes, axes, keypoints.

Pictures are (H, W, 3) uint8, enlarged; positions in labels are in pixels of the picture as it was rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.dataset.create import read_dataset
from pipeline.dataset.frame import Frame
from pipeline.geometry import Array
from pipeline.records import InstanceLabel, Labels
from pipeline.show.colors import AXIS_COLORS, Color, Picture, color_of_category, color_of_id, color_of_instance
from pipeline.show.curves import axes_curves, box_curves, corners_of, curves_of
from pipeline.show.pen import Brush, blend, outline, smooth_lines
from pipeline.show.tiles import enlarge

ColorOf = Callable[[InstanceLabel], Color]

OUTLINE_OPACITY = 0.9
TINT_OPACITY = 0.35
HATCH_OPACITY = 0.8


# --- what preview draws ---------------------------------------------------------------------------------------------


def draw_labels(rgb: Picture, labels: Labels, instance: NDArray[np.uint16], scale: int = 2) -> Picture:
    """Return rgb (H, W, 3) enlarged `scale` times, with outlines of masks, boxes and category names.

    `instance` (H, W) holds instance ids, 0 background. Instances without a category get a thin grey outline only.
    """
    large, ids = enlarge(rgb, scale), enlarge(instance, scale)
    seen = [item for item in labels.instances if item.bbox_xywh_px is not None]
    for item in seen:
        blend(large, outline(ids == item.instance_id), color_of_category(item), OUTLINE_OPACITY)
    return draw_boxes(large, seen, color_of_category, Brush(scale=scale, font_px=5.5 * scale))


# --- what show draws: one function a layer --------------------------------------------------------------------------


def draw_marks(picture: Picture, frame: Frame, layers: Iterable[str], brush: Brush) -> Picture:
    """Return the enlarged picture of a frame with layers drawn onto it, names last."""
    wanted = set(layers)
    for name, draw in MARKS.items():
        if name in wanted:
            picture = draw(picture, frame, brush)
    return picture


def _masks(picture: Picture, frame: Frame, brush: Brush) -> Picture:
    ids, drawn = enlarge(frame.read("instance"), brush.scale), picture.copy()
    for item in frame.labels.instances:
        mask = ids == item.instance_id
        if item.category_id:
            blend(drawn, mask, color_of_instance(item), TINT_OPACITY)
        blend(drawn, outline(mask, brush.line_px), color_of_instance(item), OUTLINE_OPACITY)
    return drawn


def _silhouettes(picture: Picture, frame: Frame, brush: Brush) -> Picture:
    """The whole outline, and stripes where something hides the instance."""
    drawn = picture.copy()
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    stripes = (rows + columns) % (8 * brush.line_px) < 2 * brush.line_px
    for item in frame.labels.instances:
        full = enlarge(frame.mask_full(item.instance_id), brush.scale)
        hidden = full & ~enlarge(frame.mask(item.instance_id), brush.scale)
        blend(drawn, hidden & stripes, color_of_instance(item), HATCH_OPACITY)
        blend(drawn, outline(full, brush.line_px), color_of_instance(item), 1.0 if item.category_id else 0.5)
    return drawn


def _boxes(picture: Picture, frame: Frame, brush: Brush) -> Picture:
    return draw_boxes(picture, frame.labels.instances, color_of_instance, brush)


def _boxes_3d(picture: Picture, frame: Frame, brush: Brush) -> Picture:
    """Edges in the instance's colour, faint where the box hides them; those at its low corner in the axes' colours."""
    camera = frame.labels.camera
    assert camera is not None
    with smooth_lines(picture, brush) as pen:
        for item in _far_first(frame.labels.instances):
            if item.box_3d is None or not item.category_id:
                continue
            edges = box_curves(camera, corners_of(item))
            for axis, is_low, is_hidden, pieces in sorted(edges, key=lambda edge: not edge[2]):
                color = AXIS_COLORS[axis] if is_low else color_of_instance(item)
                pen.lines(pieces, color, 90 if is_hidden else 255)
    return pen.result


def _axes(picture: Picture, frame: Frame, brush: Brush) -> Picture:
    camera = frame.labels.camera
    assert camera is not None
    with smooth_lines(picture, brush) as pen:
        for item in _far_first(frame.labels.instances):
            if item.category_id:
                for pieces, color in zip(axes_curves(camera, item), AXIS_COLORS, strict=True):
                    pen.lines(pieces, color, 255, wide=1.5)
    return pen.result


def _keypoints(picture: Picture, frame: Frame, brush: Brush) -> Picture:
    """Discs, hollow where the point is hidden, and the lines of the skeleton."""
    categories = read_dataset(frame.root)["categories"]
    skeletons = {category["id"]: category.get("skeleton") or () for category in categories}
    with smooth_lines(picture, brush) as pen:
        for item in _far_first(frame.labels.instances):
            for pieces in _bones(frame, item, skeletons.get(item.category_id, ())):
                pen.lines(pieces, color_of_instance(item), 255)
            for number, point in enumerate(item.keypoints or (), start=1):
                if point.position_px is not None and point.visibility:
                    pen.disc(np.array(point.position_px), color_of_id(number), is_filled=point.visibility == 2)
    return pen.result


def _bones(frame: Frame, item: InstanceLabel, skeleton: Iterable[Sequence[str]]) -> list[list[Array]]:
    """Return the lines between joined keypoints, where both are in the picture."""
    camera = frame.labels.camera
    assert camera is not None
    seen = {point.name: point.world_m for point in item.keypoints or () if point.visibility}
    pairs = [(seen[a], seen[b]) for a, b in skeleton if a in seen and b in seen]
    ends = np.array(pairs, dtype=np.float64).reshape(-1, 2, 3)
    return curves_of(camera, ends[:, 0], ends[:, 1])


# In the order they are drawn.
MARKS: Mapping[str, Callable[[Picture, Frame, Brush], Picture]] = {
    "masks": _masks,
    "mask_full": _silhouettes,
    "box_3d": _boxes_3d,
    "axes": _axes,
    "keypoints": _keypoints,
    "boxes": _boxes,
}


# --- drawing --------------------------------------------------------------------------------------------------------


def draw_boxes(picture: Picture, items: Iterable[InstanceLabel], color_of: ColorOf, brush: Brush) -> Picture:
    """Return the picture with the box and the category name of everything visible that has a category."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=brush.font_px)
    boxes = [
        (item, tuple(value * brush.scale for value in item.bbox_xywh_px))
        for item in _far_first(items)
        if item.category_id and item.bbox_xywh_px is not None
    ]
    for item, (x, y, width, height) in boxes:
        draw.rectangle((x, y, x + width - 1, y + height - 1), outline=color_of(item), width=brush.line_px)
    for item, box in boxes:
        _draw_name(draw, item.category, box, color_of(item), font, image.size)
    return np.asarray(image)


def _draw_name(
    draw: ImageDraw.ImageDraw,
    name: str,
    box: tuple[int, ...],
    color: Color,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    size: tuple[int, int],
) -> None:
    """Write a name above a box, or below it at the upper border, always within the picture."""
    x, y, _, height = box
    left, top, right, bottom = draw.textbbox((0, 0), name, font=font)
    wide, high = right - left + 4, bottom - top + 4
    label_x = min(max(x, 0), size[0] - wide)
    label_y = y - high if y >= high else min(y + height, size[1] - high)
    draw.rectangle((label_x, label_y, label_x + wide, label_y + high), fill=color)
    is_bright = 0.3 * color[0] + 0.6 * color[1] + 0.1 * color[2] > 110
    ink = (0, 0, 0) if is_bright else (255, 255, 255)
    draw.text((label_x + 2 - left, label_y + 2 - top), name, font=font, fill=ink)


def _far_first(items: Iterable[InstanceLabel]) -> list[InstanceLabel]:
    return sorted(items, key=lambda item: -item.distance_m)
