"""The id image as runs of equal pixels: one pass over the picture serves every instance in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.conventions import BACKGROUND_ID


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """The foreground of an id image, cut into horizontal runs, top row first, left to right.

    All arrays (R,), int64. A run covers columns `first`..`last` (both inside) of `row` and holds one `instance_id` > 0.
    """

    row: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    instance_id: NDArray[np.int64]


def runs_of(instance: NDArray[np.uint16]) -> Runs:
    """Return the runs of an id image (H, W) uint16, 0 background. Raises ValueError for another shape or dtype."""
    if instance.ndim != 2 or instance.dtype != np.uint16:
        raise ValueError(f"an id image is (H, W) uint16, got {instance.shape} {instance.dtype}")
    width = instance.shape[1]
    start, length, ids = line_runs(np.ascontiguousarray(instance).ravel(), width)
    inside = ids != BACKGROUND_ID
    start, length = start[inside], length[inside]
    first = start % width
    return Runs(row=start // width, first=first, last=first + length - 1, instance_id=ids[inside].astype(np.int64))


def line_runs(pixels: NDArray[np.uint16], line: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint16]]:
    """Return start, length and value of the runs of equal values in `pixels` (N,), broken every `line` pixels."""
    changes = np.empty(pixels.size, dtype=bool)
    np.not_equal(pixels[1:], pixels[:-1], out=changes[1:])
    changes[::line] = True
    start = np.flatnonzero(changes)
    length = np.diff(start, append=pixels.size)
    return start, length, pixels[start]


def visible_px(runs: Runs) -> dict[int, int]:
    """Return the number of pixels of every id that has any."""
    counts = np.bincount(runs.instance_id, weights=runs.last - runs.first + 1)
    return {int(i): int(counts[i]) for i in np.flatnonzero(counts)}


def mask_of(instance: NDArray[np.uint16], instance_id: int) -> NDArray[np.bool_]:
    """Return the visible mask (H, W) of one instance. Raises ValueError for the background id."""
    if instance_id == BACKGROUND_ID:
        raise ValueError(f"{BACKGROUND_ID} is the background, not an instance")
    return np.equal(instance, instance_id)
