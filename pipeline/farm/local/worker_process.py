"""A worker process as its supervisor sees it: its command line, its messages, its last words, its end."""

from __future__ import annotations

import os
import queue
import shlex
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

from pipeline.errors import FarmError
from pipeline.worker_messages import END_ORDER, decode, frame_order

LAST_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place for a worker, the same for all processes that fill it in turn. Numbers count from 1; `gpu` None: all."""

    number: int
    threads: int
    gpu: int | None
    command: tuple[str, ...]
    env: Mapping[str, str]
    logs: Path


Inbox: TypeAlias = "queue.SimpleQueue[tuple[WorkerProcess, dict[str, Any] | None]]"


class WorkerProcess:
    """One process in a slot; FarmError when it cannot be started.

    Its messages go to `inbox` as (this, message); the last one is None: it is gone.
    """

    def __init__(self, slot: Slot, inbox: Inbox) -> None:
        self.slot = slot
        self.name = ""  # as its log in the dataset is called, once it has said so
        self.log_name = ""
        self.is_ready = False
        self.is_leaving = False
        self.frame: int | None = None
        self.stage = "starting"
        self.since_s = monotonic()  # of the frame, or of the start
        self.frames_made = 0
        self.memory_mib = 0.0
        self.end_reason = ""  # why its supervisor killed it
        self.counts = True  # whether that speaks against the frame
        self._words: deque[str] = deque(maxlen=LAST_LINES)
        # A group of its own: Ctrl-C at a terminal is for the supervisor, and a kill is for all of the group.
        try:
            self._process = subprocess.Popen(
                slot.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(slot.env),
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            words = shlex.join(slot.command[:3])
            raise FarmError(
                f"{words} ...: cannot be started: {error.strerror} (is the program's path right?)"
            ) from error
        threading.Thread(target=self._listen, args=(inbox,), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int:
        """The exit code, once `wait` is over; -9 for a process killed by signal 9."""
        return self._process.returncode or 0

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a frame."""
        return self.is_ready and self.frame is None and not self.is_leaving

    def order(self, frame: int) -> None:
        """Have the worker make a frame."""
        self.frame, self.stage, self.since_s = frame, "plan", monotonic()
        self._write(frame_order(frame))

    def rest(self) -> None:
        """The frame is over."""
        self.frame, self.stage, self.since_s = None, "", monotonic()

    def ask_to_end(self) -> None:
        """Have a worker without a frame end."""
        self.is_leaving = True
        self._write(END_ORDER)

    def kill(self, reason: str, *, counts: bool = True) -> None:
        """End the process at once, with all it has started."""
        if not self.end_reason:
            self.end_reason, self.counts = reason, counts
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the process, and return whether it came."""
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def why_it_ended(self) -> str:
        """Return how the process ended, once `wait` is over."""
        code = self._process.returncode
        if self.end_reason:
            return self.end_reason
        if code < 0:
            return f"the process was killed by signal {-code} ({_signal_name(-code)})"
        return f"the process ended with exit code {code}"

    def last_words(self) -> str:
        """Return the end of what Blender and the worker wrote: to the log, or before there was one."""
        words = list(self._words)
        if self.log_name:
            with suppress(OSError):
                words += (self.slot.logs / self.log_name).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(words[-LAST_LINES:])

    def _listen(self, inbox: Inbox) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                message = decode(line)
                if message is None:
                    self._words.append(line.rstrip("\n"))
                else:
                    inbox.put((self, message))
        inbox.put((self, None))

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # it is gone, which its own end tells
            self._process.stdin.write(line)
            self._process.stdin.flush()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
