"""What a run tells whoever watches it: progress, notices and a summary. Printing is the watcher's business."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run did. `already_done` frames were complete before it, or came from another process meanwhile; `seconds`
    is the time of its own frames, `given_up` are left out because they failed too often."""

    total: int
    already_done: int
    accepted: int = 0
    rejected: int = 0
    given_up: int = 0
    seconds: float = 0.0

    @property
    def made(self) -> int:
        """The frames this run made."""
        return self.accepted + self.rejected

    def with_frame(self, status: str, seconds: float) -> Summary:
        """Return the summary with one more frame, "accepted" or "rejected"."""
        accepted = self.accepted + (status == "accepted")
        rejected = self.rejected + (status != "accepted")
        return replace(self, accepted=accepted, rejected=rejected, seconds=self.seconds + seconds)


class Reporter(Protocol):
    """Called by the conductor in this order: begin, then per frame its stages and frame_done, then end."""

    def begin(self, total: int, already_done: int) -> None:
        """`total` frames were asked for, `already_done` of them are complete."""

    def stage(self, frame: int, name: str) -> None:
        """Frame `frame` enters stage `name`: build, render, annotate, commit ..."""

    def frame_done(self, frame: int, status: str, seconds: float) -> None:
        """Frame `frame` is "accepted" or "rejected", `seconds` after its start."""

    def notice(self, text: str) -> None:
        """Something worth knowing that is no error. May come at any time, before `begin` too."""

    def end(self, summary: Summary) -> None:
        """All frames asked for are done."""


class SilentReporter:
    """Tells nobody."""

    def begin(self, total: int, already_done: int) -> None: ...

    def stage(self, frame: int, name: str) -> None: ...

    def frame_done(self, frame: int, status: str, seconds: float) -> None: ...

    def notice(self, text: str) -> None: ...

    def end(self, summary: Summary) -> None: ...
