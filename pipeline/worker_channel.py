"""A worker's line to its supervisor. It is also the worker's life: when the supervisor is gone, so is the worker."""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import worker_messages
from pipeline.blender_log import BlenderLog, blender_log
from pipeline.dataset.layout import LOGS
from pipeline.dataset.processes import process_name
from pipeline.dataset.scratch import end_at_once

_PR_SET_PDEATHSIG = 1  # of Linux's prctl


@contextmanager
def open_channel(dataset: Path | None = None) -> Iterator[Channel]:
    """Yield the line to the supervisor. What Blender writes meanwhile goes to a log, kept in the dataset if any."""
    with blender_log() as log:
        channel = Channel(log)
        if dataset is not None:
            log.move_to(dataset / LOGS)
        channel.send(worker_messages.HELLO, name=process_name(), log=log.path.name)
        yield channel


class Channel:
    """Sends messages to where standard output led, and receives orders from standard input.

    From its making on, the process ends at once when its supervisor closes the line or dies, and signals that ask for
    a stop are the supervisor's alone to obey: Ctrl-C and some queues send them to every process there is.
    """

    def __init__(self, log: BlenderLog) -> None:
        self.log = log
        self._orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        _die_with_parent()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, kind: str, **facts: Any) -> None:
        """Tell the supervisor something, at once."""
        try:
            self.log.output.write(worker_messages.encode(kind, facts))
        except OSError:
            end_at_once(1)  # nobody listens any more

    def next_frame(self) -> int | None:
        """Wait for the next order: a frame to make, or None to end."""
        frame = self._orders.get().get("frame")
        return None if frame is None else int(frame)

    def _read(self) -> None:
        # Not sys.stdin: its lock would keep the process from ending while this thread waits.
        with open(0, encoding="utf-8", closefd=False) as lines:
            for line in lines:
                self._orders.put(json.loads(line))
        end_at_once(1)


def _die_with_parent() -> None:
    """On Linux, have the system kill this process when its parent dies, even in the middle of a render."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died meanwhile
            os._exit(1)
