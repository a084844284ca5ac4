"""Colours: of instances and categories, of distances, of linear light, and of motion. No picture library needed."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, angle_rad
from pipeline.records import InstanceLabel

Color = tuple[int, int, int]
Picture = NDArray[np.uint8]

NOTHING = (24, 24, 24)  # background, no value, void
OTHER_COLOR = (170, 170, 170)  # what has no category
AXIS_COLORS = ((255, 60, 60), (60, 220, 60), (80, 140, 255))  # x, y, z
GOLDEN = 0.618033988749895  # steps of the golden ratio keep the hues of neighbouring ids apart
_SATURATION = (0.85, 0.6, 1.0)
# Viridis (van der Walt and Smith 2015, CC0) at nine places: equal steps look equal, and lightness only grows.
_VIRIDIS = np.array(
    [
        (68, 1, 84), (71, 45, 123), (59, 82, 139), (44, 114, 142), (33, 145, 140),
        (40, 174, 128), (94, 201, 98), (173, 220, 48), (253, 231, 37),
    ],
    dtype=np.float64,
)  # fmt: skip
# The colour wheel of Baker et al. 2011, "A Database and Evaluation Methodology for Optical Flow": hues from red over
# yellow, green, cyan, blue and magenta back to red, and how many steps lie before each.
_WHEEL = np.array([(255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255), (255, 0, 0)])
_WHEEL_AT = np.array([0, 15, 21, 25, 36, 49, 55])


def color_of_id(number: int) -> Color:
    """Return the colour of an instance or category id, grey for 0."""
    if not number:
        return OTHER_COLOR
    hue = (number * GOLDEN) % 1.0
    r, g, b = colorsys.hsv_to_rgb(hue, _SATURATION[number // 8 % 3], 1.0)
    return (round(255 * r), round(255 * g), round(255 * b))


def color_of_category(item: InstanceLabel) -> Color:
    """Return the colour that all instances of a category share, grey where there is none."""
    return color_of_id(item.category_id)


def color_of_instance(item: InstanceLabel) -> Color:
    """Return the colour of one instance in its frame, grey for what has no category."""
    return color_of_id(item.instance_id if item.category_id else 0)


def paint_ids(ids: NDArray[np.integer[Any]], colors: Mapping[int, Color]) -> Picture:
    """Return the picture (H, W, 3) of an image of ids (H, W), each in its color; others as nothing."""
    table = np.full((int(ids.max(initial=0)) + 1, 3), NOTHING, dtype=np.uint8)
    for number, color in colors.items():
        if 0 < number < len(table):
            table[number] = color
    picture: Picture = table[ids]
    return picture


def viridis(values: Array) -> Picture:
    """Return colours (..., 3) of values 0 (dark violet) to 1 (bright yellow), clipped."""
    at = np.clip(values, 0.0, 1.0) * (len(_VIRIDIS) - 1)
    places = np.arange(len(_VIRIDIS))
    return np.stack([np.interp(at, places, _VIRIDIS[:, i]) for i in range(3)], axis=-1).round().astype(np.uint8)


def srgb_of_linear(linear: NDArray[np.floating[Any]]) -> Picture:
    """Return linear RGB (..., 3) as 8-bit sRGB (IEC 61966-2-1), clipped to 0..1."""
    light = np.clip(np.nan_to_num(linear.astype(np.float64)), 0.0, 1.0)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    picture: Picture = (encoded * 255).round().astype(np.uint8)
    return picture


def flow_colors(flow: Array, longest_px: float) -> Picture:
    """Return the colours (..., 3) of motions (..., 2) in pixels, x right and y down: the hue is the direction, white
    stands still, full colour moves `longest_px`."""
    length = np.hypot(flow[..., 0], flow[..., 1]) / max(longest_px, 1e-9)
    at = (angle_rad(-flow[..., 1], -flow[..., 0]) / np.pi + 1) / 2 * _WHEEL_AT[-1]
    hue = np.stack([np.interp(at, _WHEEL_AT, _WHEEL[:, i]) for i in range(3)], axis=-1)
    faded = 255 - np.clip(length, 0.0, 1.0)[..., None] * (255 - hue)
    picture: Picture = faded.round().astype(np.uint8)
    return picture
