"""The numbers of one object in a YOLO label file. All are shares of the picture's width and height, 0 its left and top
edge and 1 its right and bottom edge."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.exporters.keypoints import Names, keypoints_of
from pipeline.exporters.polygons import joined_polygon
from pipeline.exporters.yolo.rectangles import hull_of_mask, smallest_rectangle
from pipeline.records import InstanceLabel

Mask = NDArray[np.bool_]  # within the box of its instance
Size = tuple[int, int]  # width, height of the picture


def box_row(item: InstanceLabel, mask: Mask, size: Size) -> list[float]:
    """Return middle x, y, width and height of the box of what is visible."""
    x, y, width, height = item.bbox_xywh_px or (0, 0, 0, 0)
    return [(x + width / 2) / size[0], (y + height / 2) / size[1], width / size[0], height / size[1]]


def polygon_row(item: InstanceLabel, mask: Mask, size: Size) -> list[float]:
    """Return x, y of the corners of one polygon that is the mask: YOLO has one an object, so pieces and holes hang
    together by lines without width (the largest piece alone would lose the others)."""
    return _shares((joined_polygon(mask) + _origin(item)).tolist(), size)


def rectangle_row(item: InstanceLabel, mask: Mask, size: Size) -> list[float]:
    """Return x, y of the four corners of the smallest rectangle around the mask."""
    x, y = _origin(item)
    hull = [(px + x, py + y) for px, py in hull_of_mask(mask)]
    return _shares(smallest_rectangle(hull, *size), size)


def pose_row(item: InstanceLabel, mask: Mask, size: Size, names: Names, count: int) -> list[float]:
    """Return the box and x, y, v of `count` keypoints: those of the category, then zeros."""
    row = box_row(item, mask, size)
    for point in [*keypoints_of(item, names), *[None] * count][:count]:
        if point is None or point.position_px is None or point.visibility == 0:
            row += [0.0, 0.0, 0.0]
        else:
            row += [*_shares([point.position_px], size), float(point.visibility)]
    return row


def show_row(class_index: int, values: Iterable[float]) -> str:
    """Return the line of an object: nine decimals are far below a pixel's share."""
    texts = (f"{value:.9f}".rstrip("0").rstrip(".") for value in values)
    return f"{class_index} {' '.join(texts)}\n"


def _origin(item: InstanceLabel) -> tuple[int, int]:
    x, y, _, _ = item.bbox_xywh_px or (0, 0, 0, 0)
    return x, y


def _shares(points: Iterable[Iterable[float]], size: Size) -> list[float]:
    return [value / side for point in points for value, side in zip(point, size, strict=True)]
