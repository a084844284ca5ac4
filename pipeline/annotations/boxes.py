"""Boxes of what is visible: half-open pixel edges, so a box of one pixel is one wide."""

from __future__ import annotations

import numpy as np

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
