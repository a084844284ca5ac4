"""Keeps workers going over the frames of a dataset until each frame is there or given up."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any

from pipeline import worker_messages
from pipeline.dataset.store import WorkerLog
from pipeline.errors import StoreError
from pipeline.exit_codes import DO_NOT_RETRY, RETRY
from pipeline.farm.local.failures import Failures
from pipeline.farm.local.frame_queue import FrameQueue
from pipeline.farm.local.limits import Limits
from pipeline.farm.local.memory import sample_memory
from pipeline.farm.local.protocol import Display, Outcome, Stop
from pipeline.farm.local.watch import FAREWELL_S, Watch
from pipeline.farm.local.worker_process import Inbox, Slot, WorkerProcess
from pipeline.plurals import counted
from pipeline.reporting import Summary

FAILED_STARTS = 3  # in a row, after which no worker is started any more
TICK_S = 0.25
STOPPED = "the run was stopped"


class Supervisor:
    """Runs workers in `slots` over frames of a dataset. `log` is this process's own, `failures` knows what failed
    before; whoever asks for a `stop` may do so from any thread."""

    def __init__(
        self, slots: Sequence[Slot], limits: Limits, failures: Failures, log: WorkerLog, display: Display, stop: Stop
    ) -> None:
        self._slots, self._watch = tuple(slots), Watch(limits)
        self._failures, self._log, self._display, self._stop = failures, log, display, stop
        self._inbox: Inbox = queue.SimpleQueue()
        self._workers: dict[int, WorkerProcess] = {}
        self._queue = FrameQueue(())
        self._summary = Summary(total=0, already_done=0)
        self._longest_s = 0.0
        self._failed_starts = 0
        self._stops = 0  # obeyed so far
        self._kill_at_s = 0.0
        self._fatal: tuple[int, str] | None = None

    def run(self, frames: FrameQueue, summary: Summary) -> Outcome:
        """Make `frames`, which the dataset lacks; `summary` says what of all frames asked for is there already."""
        self._queue = frames
        self._summary = summary
        self._display.begin(summary.total, summary.already_done)
        start_s = monotonic()
        try:
            while not self._is_over():
                self._start_workers()
                self._hand_out()
                self._receive()
                self._obey()
                self._watch.look(self._workers.values(), len(self._slots), self._summary.made, self._longest_s)
                self._display.show(list(self._workers.values()))
            self._dismiss()
        finally:
            self._kill_all()
        code, reason = self._fatal or (0, "")
        summary = replace(self._summary, seconds=monotonic() - start_s)
        self._display.end(summary)
        return Outcome(summary=summary, was_stopped=self._stops > 0, code=code, reason=reason)

    # --- what to do next ---------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        if self._fatal:
            return True
        is_busy = any(worker.frame is not None for worker in self._workers.values())
        if self._stops:
            return not is_busy or monotonic() >= self._kill_at_s
        return not is_busy and not len(self._queue)

    def _start_workers(self) -> None:
        waiting = sum(worker.frame is None for worker in self._workers.values())
        for slot in self._slots:
            if slot.number not in self._workers and waiting < len(self._queue) and not self._stops:
                self._workers[slot.number] = WorkerProcess(slot, self._inbox)
                waiting += 1

    def _hand_out(self) -> None:
        for number, worker in self._workers.items():
            if worker.is_idle and not self._stops:
                frame = self._queue.next_frame(number, monotonic())
                if frame is not None:
                    worker.order(frame)
        if self._queue.is_elsewhere:
            self._display.notice("waiting for frames that other processes make")

    # --- what workers tell -------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        """Wait for a message, a tick at most, and take in all that are there."""
        try:
            worker, message = self._inbox.get(timeout=TICK_S)
            while True:
                self._take(worker, message)
                worker, message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _take(self, worker: WorkerProcess, message: dict[str, Any] | None) -> None:
        if message is None:
            self._gone(worker)
            return
        actions: dict[str, Callable[[WorkerProcess, dict[str, Any]], None]] = {
            worker_messages.HELLO: self._hello,
            worker_messages.READY: self._ready,
            worker_messages.NOTICE: lambda worker, message: self._display.notice(message["text"]),
            worker_messages.STAGE: self._stage,
            worker_messages.DONE: self._done,
            worker_messages.FAILED: self._failed,
            worker_messages.BUSY: self._busy,
            worker_messages.FATAL: self._ends_all,
        }
        actions[message["kind"]](worker, message)

    def _hello(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        worker.name, worker.log_name = message["name"], message["log"]

    def _ready(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        self._failed_starts = 0
        sample_memory([worker])
        worker.is_ready = True
        worker.rest()
        if self._watch.limits.is_too_large(worker.memory_mib):
            self._has_no_room(worker)

    def _has_no_room(self, worker: WorkerProcess) -> None:
        need = f"a worker needs {worker.memory_mib:.0f} MiB before its first frame"
        limits = self._watch.limits.for_fewer(len(self._slots))
        if limits is None:
            limit = f"--memory-limit is {self._watch.limits.memory_mib:.0f} (start fewer workers, or raise the limit)"
            self._give_up(DO_NOT_RETRY, f"{need}, {limit}")
            return
        self._watch.limits = limits
        self._slots = tuple(slot for slot in self._slots if slot is not worker.slot)
        self._display.notice(f"{need}: {counted(len(self._slots), 'worker fits', 'workers fit')} in the memory")
        worker.ask_to_end()

    def _stage(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        worker.stage = message["name"]
        self._display.stage(message["frame"], worker.stage)

    def _done(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        frame, status, seconds = message["frame"], message["status"], float(message["seconds"])
        worker.frames_made += status != "there"
        self._over(worker)
        if status == "there":
            self._summary = replace(self._summary, already_done=self._summary.already_done + 1)
        else:
            self._failures.made(frame)
            self._longest_s = max(self._longest_s, seconds)
            self._summary = self._summary.with_frame(status, seconds)
        self._display.frame_done(frame, status, seconds, worker.slot.number)

    def _busy(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        self._over(worker)
        self._queue.made_elsewhere(message["frame"], monotonic())

    def _failed(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        self._over(worker)
        self._count_failure(worker, message["frame"], message["reason"])

    def _ends_all(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        self._give_up(message["code"], message["reason"])

    def _give_up(self, code: int, reason: str) -> None:
        """Make no more frames, for the first reason there is."""
        self._fatal = self._fatal or (code, reason)

    def _over(self, worker: WorkerProcess) -> None:
        worker.rest()
        if self._watch.limits.is_worn(worker.frames_made, worker.memory_mib):
            worker.ask_to_end()

    def _gone(self, worker: WorkerProcess) -> None:
        if self._fatal:  # why it ended, and no frame is to blame
            return
        if self._workers.get(worker.slot.number) is worker:
            del self._workers[worker.slot.number]
        if not worker.wait(FAREWELL_S):
            worker.kill("the process closed its line and went on")
            worker.wait()
        if worker.frame is not None:
            self._lost(worker, worker.frame, worker.why_it_ended())
        elif not worker.is_ready and not self._stops:
            self._failed_to_start(worker)

    def _lost(self, worker: WorkerProcess, frame: int, reason: str) -> None:
        self._log.lost(frame, worker.name, reason, counts=worker.counts)
        if worker.counts:
            self._count_failure(worker, frame, reason)

    def _count_failure(self, worker: WorkerProcess, frame: int, reason: str) -> None:
        last_words = worker.last_words()
        short = reason.splitlines()[-1]
        if not self._failures.add(frame, reason, last_words):
            self._queue.try_again(frame)
            self._display.notice(f"frame {frame} failed (worker {worker.slot.number}): {short}; it is tried again")
            if hopeless := self._failures.hopeless():
                self._give_up(RETRY, hopeless)
            return
        self._summary = replace(self._summary, given_up=self._summary.given_up + 1)
        self._display.notice(
            f"frame {frame} is given up after {counted(self._failures.count(frame), 'failure')}: {short}"
        )

    def _failed_to_start(self, worker: WorkerProcess) -> None:
        self._failed_starts += 1
        if self._failed_starts < FAILED_STARTS:
            self._display.notice(
                f"worker {worker.slot.number} did not start: {worker.why_it_ended()}; another takes over"
            )
            return
        words = worker.last_words()
        reason = f"{self._failed_starts} workers in a row did not start: {worker.why_it_ended()}"
        self._give_up(RETRY, f"{reason}; its last words:\n{words}" if words else reason)

    # --- stops -------------------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        while self._stops < self._stop.count:
            self._asked_to_stop()

    def _asked_to_stop(self) -> None:
        self._stops += 1
        grace_s = self._watch.limits.grace_s if self._stops == 1 else 0.0
        self._kill_at_s = monotonic() + grace_s
        for worker in self._workers.values():
            if not worker.is_ready:
                worker.kill(STOPPED, counts=False)

    def _dismiss(self) -> None:
        """Let workers that have nothing to do end by themselves."""
        if self._fatal:
            return
        for worker in self._workers.values():
            if worker.is_idle:
                worker.ask_to_end()
        deadline_s = self._kill_at_s if self._stops else monotonic() + FAREWELL_S
        while any(worker.is_leaving for worker in self._workers.values()) and monotonic() < deadline_s:
            self._receive()

    def _kill_all(self) -> None:
        """End what still runs, and say what that cost; a frame in progress vanishes."""
        workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            worker.kill(STOPPED, counts=False)
        for worker in workers:
            worker.wait(FAREWELL_S)
            if worker.frame is not None:
                with suppress(StoreError):  # the disk may be what is full
                    self._log.lost(worker.frame, worker.name, worker.end_reason, counts=worker.counts)
