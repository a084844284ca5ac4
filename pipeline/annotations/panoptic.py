"""The panoptic map: every pixel of what has a category carries its instance's id, as COCO panoptic writes ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def panoptic_image(instance: NDArray[np.uint16], category: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 whose R + 256 G + 65536 B is the instance id where `category` (H, W) is not 0, else 0."""
    ids = np.where(category > 0, instance, 0)
    picture: NDArray[np.uint8] = np.stack([ids & 0xFF, ids >> 8, np.zeros_like(ids)], axis=-1).astype(np.uint8)
    return picture
