"""What the conductor tells while it works; who shows it and how is up to the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a run ended. `seconds` is the time spent on the frames made."""

    total: int
    already_done: int
    accepted: int = 0
    rejected: int = 0
    seconds: float = 0.0

    @property
    def made(self) -> int:
        return self.accepted + self.rejected

    def with_frame(self, status: str, seconds: float) -> Summary:
        """Return the summary with one more frame."""
        if status == "accepted":
            return replace(self, accepted=self.accepted + 1, seconds=self.seconds + seconds)
        return replace(self, rejected=self.rejected + 1, seconds=self.seconds + seconds)


class Reporter(Protocol):
    """Receives progress. Every method returns at once and never fails."""

    def notice(self, text: str) -> None:
        """Something worth knowing that is no error."""

    def begin(self, total: int, already_done: int) -> None:
        """A run of `total` frames starts, `already_done` of them on disk."""

    def stage(self, frame: int, name: str) -> None:
        """A frame enters a stage: build, render, annotate, commit ..."""

    def frame_done(self, frame: int, status: str, seconds: float) -> None:
        """A frame is finished: "accepted" or "rejected"."""

    def end(self, summary: Summary) -> None:
        """The run is over."""


class SilentReporter:
    """Tells nobody."""

    def notice(self, text: str) -> None: ...

    def begin(self, total: int, already_done: int) -> None: ...

    def stage(self, frame: int, name: str) -> None: ...

    def frame_done(self, frame: int, status: str, seconds: float) -> None: ...

    def end(self, summary: Summary) -> None: ...
