"""What a supervisor tells, is asked, and leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.farm.local.worker_process import WorkerProcess
from pipeline.reporting import Summary


class Display(Protocol):
    """What a supervisor tells whoever watches it."""

    def begin(self, total: int, already_done: int) -> None:
        """`total` frames were asked for, `already_done` of them are complete."""

    def frame_done(self, frame: int, status: str, seconds: float, worker: int) -> None:
        """Frame `frame` is "accepted" or "rejected", or "there" when another process made it."""

    def stage(self, frame: int, name: str) -> None:
        """Frame `frame` enters stage `name`: build, render, annotate, commit ..."""

    def notice(self, text: str) -> None:
        """Something worth knowing that ends nothing."""

    def show(self, workers: Sequence[WorkerProcess]) -> None:
        """What the workers do now; several times a second."""

    def end(self, summary: Summary) -> None:
        """No frame is made any more."""


@dataclass(slots=True)
class Stop:
    """How often a run was asked to stop. Once: no new frames, and those in progress may end within the time of grace.
    Twice: at once."""

    count: int = 0

    def ask(self) -> None:
        self.count += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended. `reason`, with the exit code for it, is why no frame could be made any more; "" when all frames
    are there or given up, or when it was stopped."""

    summary: Summary
    was_stopped: bool = False
    reason: str = ""
    code: int = 0
