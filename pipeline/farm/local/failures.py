"""Frames that failed: how often, why, and when to give them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.dataset.last_words import read_last_words
from pipeline.dataset.process_log import Worker
from pipeline.dataset.quarantine import quarantine
from pipeline.dataset.store import Store, is_complete
from pipeline.farm.local.time_limit import blame_time_limit, time_limit_in
from pipeline.farm.sizing import seconds_per_frame
from pipeline.sampling.plan import plan_or_none

HOPELESS_AT_FIRST = 8  # frames that fail before any is made, after which the machine is to blame and not the frames
HOPELESS = 24  # frames that fail one after another later on: no asset is in as many


class Failures:
    """Counts failures over all runs: `before` are those of earlier ones. After `attempts` a frame is given up."""

    def __init__(self, store: Store, attempts: int, before: Mapping[int, Iterable[str]]) -> None:
        self._store, self._attempts = store, attempts
        self._reasons = {frame: list(reasons) for frame, reasons in before.items()}
        self._in_a_row: list[int] = []
        self._made = 0
        self._not_made: dict[int, str] = {}  # why, of the frames that this run tried or gave up
        self.given_up: list[int] = []

    def made(self, frame: int) -> None:
        """A frame was made: this machine can do it."""
        self._in_a_row.clear()
        self._made += 1
        self._not_made.pop(frame, None)

    def add(self, frame: int, reason: str, last_words: str) -> bool:
        """A frame failed once more. Return whether it is given up by that; it is in quarantine then."""
        if frame not in self._reasons:  # that a frame fails again tells nothing new
            self._in_a_row.append(frame)
        self._reasons.setdefault(frame, []).append(reason)
        self._not_made[frame] = reason
        return self.give_up_if_due(frame, last_words)

    def give_up_if_due(self, frame: int, last_words: str) -> bool:
        """Put a frame that failed too often into quarantine, and return whether it did."""
        reasons = self._reasons.get(frame, [])
        if len(reasons) < self._attempts:
            return False
        if is_complete(self._store, frame):  # made elsewhere, or its process died just after it was in place
            return False
        quarantine(self._store, frame, reasons, plan_or_none(self._store.job, frame), last_words)
        self.given_up.append(frame)
        self._not_made[frame] = reasons[-1]
        return True

    def worth_trying(self, frames: Iterable[int], workers: Iterable[Worker]) -> list[int]:
        """Return those of `frames` that did not fail too often yet. The others are given up, with the last words of
        the process, of all the `workers` there were, in which each failed last."""
        failed_in = {
            attempt.frame: worker.name
            for worker in workers
            for attempt in worker.attempts
            if attempt.outcome in ("failed", "lost")
        }

        def words_of(frame: int) -> str:
            return read_last_words(self._store.root, failed_in[frame]) if frame in failed_in else ""

        return [frame for frame in frames if not self.give_up_if_due(frame, words_of(frame))]

    def count(self, frame: int) -> int:
        """Return how often a frame has failed."""
        return len(self._reasons.get(frame, []))

    def hopeless(self) -> str:
        """Return why it is no use to go on, "" when it is: so many frames failed one after another."""
        if len(self._in_a_row) < (HOPELESS if self._made else HOPELESS_AT_FIRST):
            return ""
        frame = self._in_a_row[0]
        return (
            f"{len(self._in_a_row)} frames failed one after another, so the fault is no frame's and the others are not "
            f"tried; frame {frame}:\n{self._reasons[frame][-1]}"
        )

    def blame_time_limit(self) -> str:
        """Return a sentence where the time limit ended nearly all frames that this run tried, "" where it did not."""
        limits_s = [limit_s for why in self._not_made.values() if (limit_s := time_limit_in(why)) is not None]
        if not limits_s:
            return ""
        tried = self._made + len(self._not_made)
        return blame_time_limit(limits_s[-1], len(limits_s), tried, seconds_per_frame(self._store.root))
