"""Which frames of a scene were asked for so far, by all runs and submissions: often fewer than it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from pipeline.dataset.presence import present
from pipeline.dataset.process_log import Worker
from pipeline.dataset.quarantine import quarantined
from pipeline.errors import ConfigError, StoreError
from pipeline.farm.ledger import read_ledger
from pipeline.frames import parse_frames

RUNS = ("render", "shard", "supervisor")  # roles of processes that were asked for frames; others are helpers of these


def asked_so_far(root: Path, workers: Iterable[Worker], total: int) -> Collection[int]:
    """Return the frames that the runs of `workers` and the submissions of the dataset `root` were asked for, ascending.

    Frames that are there or given up are among them, whoever asked. All `total` of the scene where one of the runs or
    submissions does not say, or nothing was asked for yet.
    """
    try:
        lists = [entry.submission.frames for entry in read_ledger(root)]
        for worker in workers:
            if worker.start.get("role") not in RUNS:
                continue
            if not worker.asked:  # by a version that did not note it
                return range(total)
            lists += worker.asked
        asked = {frame for text in lists for frame in parse_frames(text, total, clamp=True)}
    except (StoreError, ConfigError):  # damaged
        return range(total)
    if not asked:
        return range(total)
    asked |= {frame for frame in (*present(root), *quarantined(root)) if frame < total}
    return range(total) if len(asked) == total else tuple(sorted(asked))
