"""The mask of an instance, cut to its box, and proven to be the one its labels speak of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.layout import LABELS, frame_folder
from pipeline.errors import StoreError
from pipeline.records import InstanceLabel


def mask_in_box(dataset: Path, frame: int, instance: NDArray[np.uint16], item: InstanceLabel) -> NDArray[np.bool_]:
    """Return the mask (h, w) of an instance within its `bbox_xywh_px`. Raises StoreError when it is not the labels'."""
    x, y, width, height = item.bbox_xywh_px or (0, 0, 0, 0)
    mask: NDArray[np.bool_] = np.equal(instance[y : y + height, x : x + width], item.instance_id)
    check_pixels(dataset, frame, item, int(np.count_nonzero(mask)))
    return mask


def check_pixels(dataset: Path, frame: int, item: InstanceLabel, pixels: int) -> None:
    """Raise StoreError when instance.png shows another number of pixels of an instance than labels.json says."""
    if pixels != item.visible_px:
        raise StoreError(
            f"{frame_folder(dataset, frame)}: instance {item.instance_id} has {pixels} px in instance.png "
            f"and {item.visible_px} px in {LABELS} (one was changed: remove the folder and run render again)"
        )
