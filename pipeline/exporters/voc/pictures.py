"""VOC's segmentation pictures: indexed PNGs of classes and of objects (in the order of the XML) in VOC's colours.

Pixel 0 is background, 255 void (what the policy ignores). VOC's void seam along the outlines is not drawn: masks here
are exact.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.exporters.masks import check_pixels
from pipeline.exporters.source import ExportFrame

VOID = 255
MOST_IDS = 254


def segmentation_pictures(
    dataset: Path, one: ExportFrame, instance: NDArray[np.uint16], category_ids: Sequence[int]
) -> tuple[bytes, bytes]:
    """Return the PNGs of classes (the place in `category_ids`, from 1) and of objects (their number, from 1).

    Raises StoreError when the id image (H, W) is not the labels'.
    """
    counts = np.bincount(instance.ravel())
    by_class, by_object = (np.zeros(max(counts.size, 1), dtype=np.uint8) for _ in range(2))
    for number, item in enumerate(one.objects, start=1):
        pixels = int(counts[item.instance_id]) if item.instance_id < counts.size else 0
        check_pixels(dataset, one.frame, item, pixels)
        is_void = item.instance_id in one.ignored_ids
        by_class[item.instance_id] = VOID if is_void else category_ids.index(item.category_id) + 1
        by_object[item.instance_id] = VOID if is_void else number
    return _indexed_png(by_class[instance]), _indexed_png(by_object[instance])


def _indexed_png(pixels: NDArray[np.uint8]) -> bytes:
    picture = Image.fromarray(pixels).convert("L")
    picture.putpalette(palette())
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def palette() -> list[int]:
    """Return VOC's 256 colours as RGB triples: the bits of the number, spread over the three from the highest on."""
    colors = []
    for number in range(256):
        for channel in range(3):
            bits = (number >> channel & 1, number >> channel + 3 & 1, number >> channel + 6 & 1)
            colors.append(bits[0] << 7 | bits[1] << 6 | bits[2] << 5)
    return colors
