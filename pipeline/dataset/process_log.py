"""The log of one process, read line by line, whoever wrote it and wherever it was cut off.

Times come back by the disk's clock: a log says how far its machine's clock was from that when it began, so attempts of
any machines can be put in order.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipeline.dataset.last_words import why_it_died

TAIL_BYTES = 65_536  # more than any line but a first, which tells the frames asked for
_NODE = re.compile(r" on (?P<node>[^\s,]+)(,|$)")  # "slurm 12_3 on n1, start 1"

Outcome = Literal["accepted", "rejected", "failed", "lost", "stopped", "running"]

# Why frames of a process were lost, and whether that counts against them, as the processes that watch it told.
Lost = dict[int, tuple[str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a frame. `seconds` is the wall clock of each stage where it was done, `at_s` the Unix time of its
    begin, `ended_s` of its end, 0 where nobody told it; `reason` says why it failed, was lost, or was rejected."""

    frame: int
    outcome: Outcome
    at_s: float
    ended_s: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    memory_mib: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process. `start` holds the facts it began with, `outcome` how it ended: "" while it lives, "died" when it
    left without a word; `asked` are the lists of frames that it was to see to, run by run, none where it does not say.
    `released` is when it let frames that were given up be tried again. It began at `start_s` and told its last event at
    `last_s`; its machine's clock was `slow_s` behind the disk's."""

    name: str
    start: Mapping[str, Any]
    last_s: float
    outcome: str
    attempts: tuple[Attempt, ...] = ()
    asked: tuple[str, ...] = ()
    released: Mapping[int, float] = field(default_factory=dict)
    start_s: float = 0.0
    slow_s: float = 0.0


class ProcessLog:
    """Reads the log `path` once: first `attempts`, to their end; then `unfinished` and `worker` know the rest.

    `alive` says whether the process lived before the log was opened, so that one which ends meanwhile is no dead one.
    """

    def __init__(self, path: Path, alive: bool) -> None:
        self.name = path.stem
        self._path, self._alive = path, alive
        self._start: dict[str, Any] = {}
        self._asked: list[str] = []
        self._start_s: float | None = None
        self._last_s = self._slow_s = 0.0
        self._outcome = ""
        self._is_stopping = False
        self._begun: dict[int, float] = {}
        self._released: dict[int, float] = {}

    def attempts(self, told: dict[str, Lost]) -> Iterator[Attempt]:
        """Yield the attempts that have an end, and add what the log tells of others' frames to `told`.

        Raises OSError when the file cannot be read.
        """
        for event in _events(self._path):
            kind, frame = event["event"], event.get("frame")
            self._note(kind, event)
            if not isinstance(frame, int):
                continue
            if kind == "begin":
                self._begun[frame] = self._last_s
            elif kind == "lost":
                one = (str(event.get("reason", "")), bool(event.get("counts", True)))
                told.setdefault(str(event.get("worker")), {})[frame] = one
            elif kind == "released":
                self._released[frame] = self._last_s
            elif outcome := _outcome(kind, event):
                yield self._attempt(frame, outcome, event)

    @property
    def outcome(self) -> str:
        """How the process ended: "" while it lives, "stopped" when it was asked to, "died" when it left without a
        word."""
        return self._outcome or ("" if self._alive else "stopped" if self._is_stopping else "died")

    @property
    def supervisor(self) -> str:
        """The process that watches over this one, "" for none."""
        return str(self._start.get("supervisor", ""))

    @property
    def _is_watched_by_people(self) -> bool:
        return self._start.get("role") == "render"

    def unfinished(self, lost: Lost, is_orphan: bool = False) -> Iterator[Attempt]:
        """Yield the attempts without an end: under way, given up, or lost with the process. `lost` is what others told
        of this one's frames. An orphan died with the process that watches over it: a killed queue's job, a lost
        machine, and nothing that speaks against the frame. Neither does the death of a plain `render`, which people
        kill and whose crashes they see."""
        ended = self.outcome
        for frame, at_s in self._begun.items():
            outcome: Outcome
            if frame in lost:
                reason, counts = lost[frame]
                outcome = "lost" if counts else "stopped"
            elif not ended:
                outcome, reason = "running", ""
            elif ended in ("done", "stopped"):
                outcome, reason = "stopped", ""
            elif is_orphan and ended == "died":
                outcome, reason = "stopped", "its supervisor was killed"
            elif self._is_watched_by_people and ended == "died":
                outcome, reason = "stopped", "the process was killed, or crashed"
            else:
                why = why_it_died(self._path.parent.parent, self.name) if ended == "died" else ""
                outcome, reason = "lost", why or f"the process ended: {ended}"
            yield Attempt(frame=frame, outcome=outcome, at_s=at_s, reason=reason)

    def worker(self) -> Worker:
        """Return the process, without its attempts."""
        return Worker(
            name=self.name,
            start=self._start,
            last_s=self._last_s,
            outcome=self.outcome,
            asked=tuple(self._asked),
            released=self._released,
            start_s=self._start_s or 0.0,
            slow_s=self._slow_s,
        )

    def _note(self, kind: str, event: dict[str, Any]) -> None:
        at_s = _number(event.get("at_s"))
        if kind == "start" and isinstance(asked := event.get("asked"), str):
            self._asked.append(asked)
        if kind == "start" and not self._start:
            self._start = event
            disk_s = _number(event.get("disk_s"))
            self._slow_s = disk_s - at_s if disk_s and at_s else 0.0
        elif kind == "stopping":
            self._is_stopping = True
        elif kind == "end":
            self._outcome = str(event.get("outcome")) or "died"
        if at_s:
            self._last_s = at_s + self._slow_s
        if self._start_s is None:
            self._start_s = self._last_s

    def _attempt(self, frame: int, outcome: Outcome, event: dict[str, Any]) -> Attempt:
        seconds = event.get("seconds")
        return Attempt(
            frame=frame,
            outcome=outcome,
            at_s=self._begun.pop(frame, self._last_s),
            ended_s=self._last_s,
            # Names of stages are kept once, not once a frame.
            seconds={sys.intern(k): _number(v) for k, v in seconds.items()} if isinstance(seconds, dict) else {},
            memory_mib=_number(event.get("memory_mib")),
            reason=str(event.get("reason", "")),
        )


def host_of(process: str) -> str:
    """Return the machine of a process that is called "HOST-PID-TOKEN"."""
    return process.rsplit("-", 2)[0]


def node_of(worker: Worker) -> str:
    """Return the machine of a process as its queue calls it, else as it calls itself."""
    match = _NODE.search(str(worker.start.get("task", "")))
    return match["node"] if match else host_of(worker.name)


def last_event(path: Path) -> str:
    """Return the name of the last event in a log, "" when it is cut off. Raises OSError when it cannot be read."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().splitlines()
    event = _event(lines[-1]) if lines else None
    return event["event"] if event else ""


def _outcome(kind: str, event: Mapping[str, Any]) -> Outcome | None:
    """Return how an event ends an attempt, None where it ends none."""
    if kind == "failed":
        return "failed"
    if kind == "stopped":
        return "stopped"
    if kind == "done" and event.get("status") in ("accepted", "rejected"):
        return "accepted" if event["status"] == "accepted" else "rejected"
    return None


def _number(value: Any) -> float:
    """Return a number of an event, 0 for what is none."""
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return 0.0


def _events(path: Path) -> Iterator[dict[str, Any]]:
    with open(path, "rb") as lines:
        for line in lines:
            if event := _event(line):
                yield event


def _event(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line, None when it was cut off by a full disk or a dying machine, or is being written."""
    try:
        event = json.loads(line.decode())  # as text, which is read faster than bytes
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
