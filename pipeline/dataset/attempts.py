"""Every attempt at every frame, read from the logs of all processes that ever worked on a dataset."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipeline.dataset.disk import is_alive_here, server_time_s
from pipeline.dataset.layout import TIMING
from pipeline.errors import StoreError

SILENT_S = 120.0  # a process of another machine whose heartbeat is this old is taken for dead

Outcome = Literal["accepted", "rejected", "failed", "lost", "stopped", "running"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a frame. `seconds` is the wall clock of each stage where it was done, `at_s` the Unix time of its
    begin; `reason` says why it failed or was lost."""

    frame: int
    outcome: Outcome
    at_s: float
    seconds: Mapping[str, float] = field(default_factory=dict)
    memory_mib: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process. `start` holds the facts it began with, `outcome` how it ended: "" while it lives, "died" when it
    left without a word; `released` is when it let frames that were given up be tried again."""

    name: str
    start: Mapping[str, Any]
    last_s: float
    outcome: str
    attempts: tuple[Attempt, ...]
    released: Mapping[int, float] = field(default_factory=dict)


def read_workers(root: Path) -> tuple[Worker, ...]:
    """Return all processes that ever worked on the dataset `root`, in the order of their start."""
    folder = root / TIMING
    try:
        paths = sorted(folder.glob("*.jsonl"))
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error.strerror} (check the disk)") from error
    now_s = _now_s(folder) if paths else 0.0
    logs = {path.stem: _events(path) for path in paths}
    told = _told_by_others(logs.values())
    workers = [_worker(path, logs[path.stem], told.get(path.stem, {}), now_s) for path in paths]
    return tuple(sorted(workers, key=lambda one: (one.start.get("at_s", 0.0), one.name)))


def is_alive(root: Path, worker: str) -> bool:
    """Return whether a process, as its log is called, still lives: by its number on this machine, by its heartbeat on
    another. Both times are of the file server, so no clock need agree with another."""
    here = is_alive_here(worker)
    if here is not None:
        return here
    try:
        beat_s = (root / TIMING / f"{worker}.jsonl").stat().st_mtime
    except OSError:
        return False
    return _beats(_now_s(root / TIMING), beat_s)


def failures_of(workers: Iterable[Worker]) -> dict[int, list[str]]:
    """Return why each frame failed since it was last made or released, oldest first; others are left out."""
    found: dict[int, list[str]] = {}
    workers = tuple(workers)
    forgiven: dict[int, float] = {}
    for worker in workers:
        for frame, at_s in worker.released.items():
            forgiven[frame] = max(at_s, forgiven.get(frame, 0.0))
    attempts = sorted((one for worker in workers for one in worker.attempts), key=lambda one: one.at_s)
    for one in attempts:
        if one.outcome in ("failed", "lost") and one.at_s > forgiven.get(one.frame, 0.0):
            found.setdefault(one.frame, []).append(one.reason)
        elif one.outcome in ("accepted", "rejected"):
            found.pop(one.frame, None)
    return found


def has_ended(root: Path, worker: str) -> bool:
    """Return whether a process said in its log that it is over: no clock is needed to believe that."""
    try:
        events = _events(root / TIMING / f"{worker}.jsonl")
    except StoreError:
        return False
    return bool(events) and events[-1]["event"] == "end"


def _now_s(folder: Path) -> float:
    """Return the present by the clock of the disk that holds `folder`; where it is read-only, the latest heartbeat."""
    now_s = server_time_s(folder)
    if now_s is not None:
        return now_s
    return max((path.stat().st_mtime for path in folder.glob("*.jsonl")), default=0.0)


def _beats(now_s: float, beat_s: float) -> bool:
    """A heartbeat in the future is of a clock that was put back since: a living process would have gone along."""
    return abs(now_s - beat_s) < SILENT_S


def _events(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror} (check the disk)") from error
    return list(_parsed(lines))


def _parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # cut off by a full disk or a dying machine
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            yield event


_Lost = Mapping[int, tuple[str, bool]]  # why a frame of a worker was lost, and whether that counts


def _told_by_others(logs: Iterable[list[dict[str, Any]]]) -> dict[str, dict[int, tuple[str, bool]]]:
    """Return what supervisors told of the frames that workers lost, by worker."""
    told: dict[str, dict[int, tuple[str, bool]]] = {}
    for events in logs:
        for event in events:
            if event["event"] == "lost":
                one = (str(event.get("reason")), bool(event.get("counts", True)))
                told.setdefault(str(event.get("worker")), {})[event["frame"]] = one
    return told


def _worker(path: Path, events: list[dict[str, Any]], lost: _Lost, now_s: float) -> Worker:
    start = next((event for event in events if event["event"] == "start"), {})
    ends = [str(event.get("outcome")) for event in events if event["event"] == "end"]
    alive = is_alive_here(path.stem)
    if alive is None:
        alive = _beats(now_s, path.stat().st_mtime)
    outcome = ends[-1] if ends else "" if alive else "died"
    return Worker(
        name=path.stem,
        start=start,
        last_s=float(events[-1].get("at_s", 0.0)) if events else 0.0,
        outcome=outcome,
        attempts=tuple(_attempts(events, lost, outcome)),
        released={event["frame"]: float(event["at_s"]) for event in events if event["event"] == "released"},
    )


def _attempts(events: list[dict[str, Any]], lost: _Lost, outcome: str) -> Iterator[Attempt]:
    begun: dict[int, float] = {}
    for event in events:
        kind, frame = event["event"], event.get("frame")
        if not isinstance(frame, int):
            continue
        if kind == "begin":
            begun[frame] = float(event["at_s"])
        elif kind in ("done", "failed", "stopped"):
            yield Attempt(
                frame=frame,
                outcome=event["status"] if kind == "done" else kind,
                at_s=begun.pop(frame, float(event["at_s"])),
                seconds=event.get("seconds", {}),
                memory_mib=float(event.get("memory_mib", 0.0)),
                reason=str(event.get("reason", "")),
            )
    for frame, at_s in begun.items():
        yield _unfinished(frame, at_s, lost, outcome)


def _unfinished(frame: int, at_s: float, lost: _Lost, outcome: str) -> Attempt:
    if frame in lost:
        reason, counts = lost[frame]
        return Attempt(frame=frame, outcome="lost" if counts else "stopped", at_s=at_s, reason=reason)
    if not outcome:
        return Attempt(frame=frame, outcome="running", at_s=at_s)
    if outcome in ("done", "stopped"):
        return Attempt(frame=frame, outcome="stopped", at_s=at_s)
    return Attempt(frame=frame, outcome="lost", at_s=at_s, reason=f"the process ended: {outcome}")
