"""Boxes of what is visible: half-open pixel edges, so a box of one pixel is one wide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.masks import Runs

Box = tuple[int, int, int, int]


def visible_boxes(runs: Runs) -> dict[int, Box]:
    """Return `bbox_xywh_px` of every id that has pixels: the smallest box that holds its visible mask."""
    if runs.instance_id.size == 0:
        return {}
    count = int(runs.instance_id.max()) + 1
    big = np.iinfo(np.int64).max
    left, top = np.full(count, big), np.full(count, big)
    right, bottom = np.full(count, -1), np.full(count, -1)
    np.minimum.at(left, runs.instance_id, runs.first)
    np.maximum.at(right, runs.instance_id, runs.last)
    np.minimum.at(top, runs.instance_id, runs.row)
    np.maximum.at(bottom, runs.instance_id, runs.row)
    return {
        int(i): (int(left[i]), int(top[i]), int(right[i] - left[i] + 1), int(bottom[i] - top[i] + 1))
        for i in np.flatnonzero(right >= 0)
    }


def mask_box(mask: NDArray[np.bool_], left: int = 0, top: int = 0) -> Box | None:
    """Return the smallest box xywh of a mask (H, W) whose first pixel is at (left, top), None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return (x + left, y + top, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)
