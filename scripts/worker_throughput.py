"""Compares numbers of workers on one machine, and of threads each.

Each crew makes the same frames in turn, round after round, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import os
import queue
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pipeline.dataset.create import open_store
from pipeline.dataset.layout import Store
from pipeline.farm.local.crew import Crew, make_slots
from pipeline.farm.local.frame_queue import FrameQueue
from pipeline.farm.local.machine import usable_cpus
from pipeline.farm.local.worker_process import Inbox, WorkerProcess
from pipeline.job import Job
from pipeline.worker_messages import DONE, FAILED, FATAL, READY


@dataclass(frozen=True, slots=True)
class Size:
    """So many workers, and threads that they share: "2" is 2 workers on all processors, "2x4" 2 workers of 4 each."""

    workers: int
    threads: int

    @classmethod
    def parse(cls, text: str) -> Size:
        workers, _, each = text.partition("x")
        return cls(int(workers), int(workers) * int(each) if each else usable_cpus(os.environ))

    def __str__(self) -> str:
        return f"{self.workers} workers, {self.threads} threads"


class IdleCrew:
    """Workers of one crew, open and waiting: they take no processor time until a round."""

    def __init__(self, size: Size, job: Job, root: Path, base_dir: Path) -> None:
        self.size = size
        store = open_store(root, job, base_dir)
        crew = Crew(workers=size.workers, cpus=size.threads, dataset=str(root.resolve()), device="cpu")
        self._store: Store = store
        self._inbox: Inbox = queue.SimpleQueue()
        self._processes = [WorkerProcess(slot, self._inbox) for slot in make_slots(crew, store, "", os.environ)]
        for _ in self._processes:
            self._wait_for(READY)

    def seconds_for(self, frames: Sequence[int]) -> float:
        """Return the wall clock of a round."""
        left, at_work = FrameQueue(frames, self._store.job.config.views_per_scene), 0
        start = perf_counter()
        for process in self._processes:
            at_work += _hand_out(process, left)
        while at_work:
            at_work += _hand_out(self._wait_for(DONE), left) - 1
        return perf_counter() - start

    def close(self) -> None:
        for process in self._processes:
            process.kill("the measurement is over")
            process.wait()

    def _wait_for(self, kind: str) -> WorkerProcess:
        while True:
            process, message = self._inbox.get()
            if message is None or message["kind"] in (FAILED, FATAL):
                raise SystemExit(f"worker {process.slot.number} ended: {message or process.last_words()}")
            if message["kind"] == kind:
                return process


def compare_workers(job: Job, folder: Path, sizes: Sequence[Size], frames: int, rounds: int) -> None:
    """Print frames a minute of each size of crew, and the ratio of each to the first, round by round."""
    crews = [IdleCrew(size, job, folder / f"crew-{number}", folder) for number, size in enumerate(sizes)]
    try:
        for crew in crews:
            crew.seconds_for(range(frames))  # reads the assets, and is not counted
        rows = [_round(crews, range(number * frames, (number + 1) * frames)) for number in range(1, rounds + 1)]
    finally:
        for crew in crews:
            crew.close()
    for crew, column in zip(crews, zip(*rows, strict=True), strict=True):
        ratios = [row[0] / seconds for row, seconds in zip(rows, column, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        print(f"{crew.size}: {60 * frames * rounds / sum(column):.1f} frames a minute, ratio {spread}")


def _round(crews: Sequence[IdleCrew], frames: Sequence[int]) -> list[float]:
    seconds = [crew.seconds_for(frames) for crew in crews]
    print("  ".join(f"{crew.size}: {s:.2f} s" for crew, s in zip(crews, seconds, strict=True)), flush=True)
    return seconds


def _hand_out(process: WorkerProcess, frames: FrameQueue) -> bool:
    frame = frames.next_frame(process.slot.number, 0.0)
    if frame is None:
        return False
    process.order(frame)
    return True
