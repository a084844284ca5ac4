"""Leaving out what was given up before, or trying it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.dataset.layout import QUARANTINE, Store
from pipeline.dataset.quarantine import quarantined, release
from pipeline.dataset.worker_log import WorkerLog
from pipeline.frames import frames_are


def not_given_up(
    store: Store, frames: Sequence[int], log: WorkerLog, notice: Callable[[str], None], *, retry: bool
) -> tuple[int, ...]:
    """Return the frames that are not in quarantine; with `retry` all of them, let out of it."""
    held = set(quarantined(store.root)) & set(frames)
    if held and retry:
        for frame in sorted(held):
            log.released(frame)
        release(store.root, held)
        return tuple(frames)
    if held:
        notice(
            f"{frames_are(held)} in quarantine and left out: {store.root / QUARANTINE} says why "
            "(--retry-quarantined tries them again)"
        )
    return tuple(frame for frame in frames if frame not in held)
