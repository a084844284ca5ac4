"""Frames that failed: how often, why, and when to give them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.dataset.quarantine import quarantine
from pipeline.dataset.store import Store
from pipeline.sampling.plan import plan_or_none

HOPELESS = 8  # frames that fail before any is made, after which the machine is to blame and not the frames


class Failures:
    """Counts failures over all runs: `before` are those of earlier ones. After `attempts` a frame is given up."""

    def __init__(self, store: Store, attempts: int, before: Mapping[int, Iterable[str]]) -> None:
        self._store, self._attempts = store, attempts
        self._reasons = {frame: list(reasons) for frame, reasons in before.items()}
        self._old = frozenset(before)
        self._new: set[int] = set()
        self.given_up: list[int] = []

    def add(self, frame: int, reason: str, last_words: str) -> bool:
        """A frame failed once more. Return whether it is given up by that; it is in quarantine then."""
        self._reasons.setdefault(frame, []).append(reason)
        if frame not in self._old:
            self._new.add(frame)
        return self.give_up_if_due(frame, last_words)

    def give_up_if_due(self, frame: int, last_words: str) -> bool:
        """Put a frame that failed too often into quarantine, and return whether it did."""
        reasons = self._reasons.get(frame, [])
        if len(reasons) < self._attempts:
            return False
        quarantine(self._store, frame, reasons, plan_or_none(self._store.job, frame), last_words)
        self.given_up.append(frame)
        return True

    def count(self, frame: int) -> int:
        """Return how often a frame has failed."""
        return len(self._reasons.get(frame, []))

    def hopeless(self, made: int) -> str:
        """Return why it is no use to go on, "" when it is: so many frames failed, and none was made."""
        if made or len(self._new) < HOPELESS:
            return ""
        frame = min(self._new)
        return (
            f"the first {len(self._new)} frames all failed, so the fault is no frame's and the others are not tried; "
            f"frame {frame}:\n{self._reasons[frame][-1]}"
        )
