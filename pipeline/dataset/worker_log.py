"""What a process does with a dataset, told as it happens in timing/HOST-PID-TOKEN.jsonl: one JSON object a line.

Every attempt at a frame is a "begin" that a "done", "failed" or "stopped" ends, or a "lost" in the log of the process
that watches over this one. One that nothing ends is under way, or died with its process; "stopping" says that this was
asked for. The file's modification time is the process's heartbeat. The log decides nothing: whether a frame is there,
the frame's folder says.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.dataset.disk import storing
from pipeline.dataset.layout import TIMING
from pipeline.dataset.processes import process_name
from pipeline.dataset.scratch import keep_temporary_folder

HEARTBEAT_S = 15.0
MOMENT_S = 0.5  # the most that reading two clocks at one moment may take
CLOCK_ATTEMPTS = 5


def tell_stopping(root: Path) -> None:
    """Add to this process's log, where it has one, that it was asked to stop: should it be killed now, as queues do
    that lose patience, that says nothing against the frame in progress. Safe from any thread, at any moment."""
    path = _path(root)
    with suppress(OSError):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(handle, _line("stopping", {}).encode())
        finally:
            os.close(handle)


class WorkerLog:
    """The log of this process. Use it as a context: it ends with an event "end" that says how."""

    def __init__(self, root: Path, facts: Mapping[str, Any]) -> None:
        """Begin the log with an event "start" that holds `facts` (role, device, threads, engine's task ...); the fact
        "asked" of a run is the list of the frames that it is to see to, those that are there already too."""
        self.name = process_name()
        self._path = _path(root)
        self._lock = threading.Lock()
        self._over = threading.Event()
        with storing(self._path):
            self._path.parent.mkdir(exist_ok=True)
            # Line by line, so that what a killed process told is there.
            self._file = open(self._path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115
        at_s, disk_s = _clocks(self._path, self._file.fileno())
        self.tell("start", **facts, task=_task(), cores=_cores(), age_s=round(_age_s(), 1), at_s=at_s, disk_s=disk_s)
        threading.Thread(target=self._beat, daemon=True).start()

    def tell(self, event: str, **facts: Any) -> None:
        """Add an event. Raises StoreError when the disk refuses."""
        with self._lock, storing(self._path):
            self._file.write(_line(event, facts))

    def begin(self, frame: int) -> None:
        """Frame `frame` is being made from now on."""
        self.tell("begin", frame=frame)

    def done(self, frame: int, status: str, seconds: Mapping[str, float], reason: str = "") -> None:
        """The frame is committed, "accepted" or "rejected" for a reason. `seconds` is the wall clock of each stage."""
        rounded = {stage: round(value, 4) for stage, value in seconds.items()}
        why = {"reason": reason} if reason else {}
        self.tell("done", frame=frame, status=status, seconds=rounded, memory_mib=round(memory_mib(), 1), **why)

    def failed(self, frame: int, reason: str) -> None:
        """The frame raised an error; the process goes on."""
        self.tell("failed", frame=frame, reason=reason)

    def lost(self, frame: int, worker: str, reason: str, *, counts: bool = True) -> None:
        """The process `worker` died, or was ended, while it made the frame; that `counts` against the frame, or not."""
        self.tell("lost", frame=frame, worker=worker, reason=reason, counts=counts)

    def stopped(self, frame: int) -> None:
        """The frame was given up because the run was asked to stop: that says nothing against the frame."""
        self.tell("stopped", frame=frame)

    def released(self, frame: int) -> None:
        """The frame had been given up and is to be tried again: its failures so far are forgiven."""
        self.tell("released", frame=frame)

    def end(self, outcome: str) -> None:
        """The process is over: "done", "stopped", or what went wrong. Later events are a mistake."""
        if self._over.is_set():
            return
        self._over.set()
        with suppress(Exception):  # on a full disk the end goes unsaid
            self.tell("end", outcome=outcome)
        with suppress(OSError):
            self._file.close()

    def __enter__(self) -> WorkerLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.end("done")
        else:
            self.end("stopped" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}")

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_S):
            with suppress(OSError):
                os.utime(self._path)
            keep_temporary_folder()


def _path(root: Path) -> Path:
    return root / TIMING / f"{process_name()}.jsonl"


def _line(event: str, facts: Mapping[str, Any]) -> str:
    return json.dumps({"event": event, "at_s": round(time.time(), 3), **facts}, sort_keys=True) + "\n"


def _clocks(path: Path, handle: int) -> tuple[float, float]:
    """Return one moment by this machine's clock, and by that of the disk: as the time of change of an open file.

    Readers learn from it how far the two are apart, so it is tried again when this process was held up meanwhile.
    """
    for _ in range(CLOCK_ATTEMPTS):
        before_s = time.time()
        with suppress(OSError):
            os.utime(path)
        disk_s = os.fstat(handle).st_mtime
        if abs(time.time() - before_s) < MOMENT_S:
            break
    return round(before_s, 3), round(disk_s, 3)


def memory_mib() -> float:
    """Return the resident memory of this process in MiB; where the system does not tell, the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, ValueError, IndexError):
        return _peak_mib()


def _peak_mib() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _cores() -> int:
    """Return how many cores of the machine this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _age_s() -> float:
    """Return how long ago this process was started, 0 where the system does not tell."""
    try:
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(Path("/proc/uptime").read_text().split()[0]) - started
    except (OSError, ValueError, IndexError):
        return 0.0


def _task() -> str:
    """Return the queue's name for what runs here, "" outside of one."""
    env = os.environ.get
    if not env("SLURM_JOB_ID"):
        return env("VARIEGATE_TASK", "")
    job = (
        f"{env('SLURM_ARRAY_JOB_ID')}_{env('SLURM_ARRAY_TASK_ID')}"
        if env("SLURM_ARRAY_JOB_ID")
        else env("SLURM_JOB_ID")
    )
    return f"slurm {job} on {env('SLURMD_NODENAME', '')}, start {int(env('SLURM_RESTART_COUNT', '0')) + 1}"
