"""What the logs tell of a dataset, gathered attempt by attempt in memory that hardly grows with it."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count

from pipeline.dataset.process_log import Attempt

SLOWEST = 5


@dataclass(slots=True)
class ProcessTally:
    """What one process did. `seconds` is the wall clock by stage of all its `frames`; `memory_mib` as of each frame."""

    frames: int = 0
    begun_s: float = 0.0
    ended_s: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    memory_mib: array[float] = field(default_factory=lambda: array("f"))

    @property
    def total_s(self) -> float:
        """The time of its frames, all stages."""
        return sum(self.seconds.values())

    def add(self, attempt: Attempt) -> None:
        self.frames += 1
        self.begun_s = min(self.begun_s or attempt.at_s, attempt.at_s)
        self.ended_s = max(self.ended_s, attempt.ended_s)
        for stage, value in attempt.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + value
        if attempt.memory_mib:
            self.memory_mib.append(attempt.memory_mib)


@dataclass(slots=True)
class Tally:
    """Takes attempts at the frames `asked`. Of a frame made several times the last word counts."""

    asked: Collection[int]
    keep_all: bool = False
    statuses: dict[int, str] = field(default_factory=dict)
    """"accepted" or "rejected" by frame."""
    reasons: dict[int, str] = field(default_factory=dict)
    """Why frames were rejected, where their log says it."""
    running: list[tuple[str, Attempt]] = field(default_factory=list)
    troubles: list[tuple[str, Attempt]] = field(default_factory=list)
    """Attempts that failed, were lost, or were stopped by what somebody has a reason for, with their process."""
    begun_s: dict[int, float] = field(default_factory=dict)
    """When each frame was begun last, of attempts that did not make it."""
    attempts: list[tuple[str, Attempt]] = field(default_factory=list)
    """All of them, where asked for."""
    ends_s: array[float] = field(default_factory=lambda: array("d"))
    """When each frame was done, in no order."""
    processes: dict[str, ProcessTally] = field(default_factory=dict)
    makers: set[str] = field(default_factory=set)
    """The processes that tried any frame."""
    _slowest: list[tuple[float, int, str, Attempt]] = field(default_factory=list)
    _number: count[int] = field(default_factory=count)

    def add(self, process: str, attempt: Attempt) -> None:
        """Take an attempt of a process."""
        self.makers.add(process)
        if attempt.frame not in self.asked:
            return
        if self.keep_all:
            self.attempts.append((process, attempt))
        if attempt.outcome in ("accepted", "rejected"):
            self._add_done(process, attempt)
            return
        self.begun_s[attempt.frame] = max(attempt.at_s, self.begun_s.get(attempt.frame, 0.0))
        if attempt.outcome == "running":
            self.running.append((process, attempt))
        elif attempt.outcome in ("failed", "lost") or attempt.reason:
            self.troubles.append((process, attempt))

    @property
    def slowest(self) -> list[tuple[str, Attempt]]:
        """The frames that took longest, the slowest first, with their process."""
        return [(process, attempt) for _, _, process, attempt in sorted(self._slowest, reverse=True)]

    def _add_done(self, process: str, attempt: Attempt) -> None:
        self.statuses[attempt.frame] = attempt.outcome
        if attempt.outcome == "rejected" and attempt.reason:
            self.reasons[attempt.frame] = attempt.reason
        self.ends_s.append(attempt.ended_s)
        mine = self.processes.get(process)
        if mine is None:
            mine = self.processes[process] = ProcessTally()
        mine.add(attempt)
        item = (frame_seconds(attempt), -next(self._number), process, attempt)  # of equals the first ones
        if len(self._slowest) < SLOWEST:
            heapq.heappush(self._slowest, item)
        elif item > self._slowest[0]:
            heapq.heapreplace(self._slowest, item)


def frame_seconds(attempt: Attempt) -> float:
    """Return the wall clock that a frame took, all stages."""
    return sum(attempt.seconds.values())
