"""Masks as COCO's run lengths: column by column, background first; all instances of a picture in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.masks import line_runs
from pipeline.conventions import BACKGROUND_ID


def run_lengths(instance: NDArray[np.uint16]) -> dict[int, list[int]]:
    """Return the uncompressed counts of every id in an id image (H, W) uint16, 0 background."""
    pixels = np.ascontiguousarray(instance.T).ravel()
    start, length, ids = line_runs(pixels, pixels.size)
    order = np.argsort(ids, kind="stable")
    start, length, ids = start[order], length[order], ids[order]
    cuts = np.flatnonzero(np.diff(ids)) + 1
    groups = zip(np.split(ids, cuts), np.split(start, cuts), np.split(length, cuts), strict=True)
    return {int(i[0]): _counts(s, n, pixels.size) for i, s, n in groups if i[0] != BACKGROUND_ID}


def _counts(start: NDArray[np.int64], length: NDArray[np.int64], total: int) -> list[int]:
    end = start + length
    counts = np.empty(2 * start.size, dtype=np.int64)
    counts[0::2] = start - np.concatenate(([0], end[:-1]))
    counts[1::2] = length
    tail = total - int(end[-1])
    return [*counts.tolist(), tail] if tail else counts.tolist()
