"""How many frames make a shard: as said, or as many as fill a number of minutes by what frames took so far."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.dataset.attempts import read_workers
from pipeline.errors import FarmError

FRAMES = 50  # where nobody says anything and nothing was timed
MINUTES = 10.0  # where nobody says anything and frames were timed: a lost shard costs little, a start even less


def seconds_per_frame(root: Path) -> float | None:
    """Return the mean wall clock of the frames that were made so far, None where none was timed."""
    if not root.is_dir():
        return None
    return mean(
        sum(attempt.seconds.values())
        for worker in read_workers(root)
        for attempt in worker.attempts
        if attempt.outcome in ("accepted", "rejected")
    )


def mean(values: Iterable[float]) -> float | None:
    """Return the mean of the positive values, None where there is none."""
    positive = [value for value in values if value > 0]
    return sum(positive) / len(positive) if positive else None


def frames_per_shard(root: Path, frames: int | None, minutes: float | None) -> int:
    """Return the size of a shard of the dataset `root`.

    Raises FarmError when it shall take `minutes` and no frame was timed yet.
    """
    if frames is not None:
        return frames
    seconds = seconds_per_frame(root)
    if seconds is None:
        if minutes is None:
            return FRAMES
        raise FarmError(
            f"--minutes-per-shard {minutes:g}: no frame of {root} was timed yet "
            "(render a few first: variegate render --frames 0-4, or give --frames-per-shard)"
        )
    return max(1, int(60 * (MINUTES if minutes is None else minutes) / seconds))
