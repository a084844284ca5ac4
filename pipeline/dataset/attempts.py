"""Every attempt at every frame, read from the logs of all processes that ever worked on a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from pipeline.dataset.disk import server_time_s
from pipeline.dataset.layout import TIMING
from pipeline.dataset.process_log import Attempt, Lost, ProcessLog, Worker, last_event
from pipeline.dataset.processes import is_alive_here
from pipeline.errors import StoreError

SILENT_S = 120.0  # a process of another machine whose heartbeat is this old is taken for dead


def read_workers(root: Path) -> tuple[Worker, ...]:
    """Return all processes that ever worked on the dataset `root`, in the order of their start."""
    found: dict[str, list[Attempt]] = {}
    workers = visit_attempts(root, lambda name, attempt: found.setdefault(name, []).append(attempt))
    return tuple(replace(worker, attempts=tuple(found.get(worker.name, ()))) for worker in workers)


def visit_attempts(root: Path, visit: Callable[[str, Attempt], None]) -> tuple[Worker, ...]:
    """Hand every attempt to `visit` with the name of its process, and return the processes without their attempts.

    Nothing is kept, so a dataset may have any number of them. Those of a process come in the order of their end.
    """
    present_s = now_s(root)
    told: dict[str, Lost] = {}
    logs: list[ProcessLog] = []
    for path in _log_files(root):
        try:
            log = ProcessLog(path, _lives(path.stem, path.stat().st_mtime, present_s))
            for attempt in log.attempts(told):
                visit(log.name, attempt)
        except FileNotFoundError:
            continue  # tidied away meanwhile
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror} (check the disk)") from error
        logs.append(log)
    dead = {log.name for log in logs if log.outcome == "died"}
    for log in logs:  # only now all is known that others told of its frames
        for attempt in log.unfinished(told.get(log.name, {}), log.supervisor in dead):
            visit(log.name, attempt)
    workers = (log.worker() for log in logs)
    return tuple(sorted(workers, key=lambda one: (one.start_s, one.name)))


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
    return _lives(worker, beat_s, now_s(root))


def failures_of(workers: Iterable[Worker]) -> dict[int, list[str]]:
    """Return why each frame failed since it was last made or released, oldest first; others are left out.

    What failed in a plain `render` does not count: that ends at the first failure, before the eyes of a person who
    mends it and tries again.
    """
    found: dict[int, list[str]] = {}
    workers = tuple(workers)
    forgiven: dict[int, float] = {}
    for worker in workers:
        for frame, at_s in worker.released.items():
            forgiven[frame] = max(at_s, forgiven.get(frame, 0.0))
    attempts = [(one, worker.start.get("role") != "render") for worker in workers for one in worker.attempts]
    for one, counts in sorted(attempts, key=lambda pair: pair[0].at_s):
        if one.outcome in ("failed", "lost"):
            if not counts or one.at_s <= forgiven.get(one.frame, 0.0):
                continue
            found.setdefault(one.frame, []).append(one.reason)
        elif one.outcome in ("accepted", "rejected"):
            found.pop(one.frame, None)
    return found


def has_ended(root: Path, worker: str) -> bool:
    """Return whether a process said in its log that it is over: no clock is needed to believe that."""
    try:
        return last_event(root / TIMING / f"{worker}.jsonl") == "end"
    except OSError:
        return False


def now_s(root: Path) -> float:
    """Return the present by the clock of the disk that holds the dataset `root`, as Unix time; where it is read-only,
    the latest heartbeat."""
    folder = root / TIMING
    present_s = server_time_s(folder)
    if present_s is not None:
        return present_s
    return max((path.stat().st_mtime for path in folder.glob("*.jsonl")), default=0.0)


def _log_files(root: Path) -> list[Path]:
    folder = root / TIMING
    try:
        return sorted(folder.glob("*.jsonl"))
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error.strerror} (check the disk)") from error


def _lives(worker: str, beat_s: float, present_s: float) -> bool:
    here = is_alive_here(worker)
    # A heartbeat in the future is of a clock that was put back since: a living process would have gone along.
    return abs(present_s - beat_s) < SILENT_S if here is None else here
