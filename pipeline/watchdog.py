"""Ends this process when something takes too long, even while C code of Blender's or a driver's keeps Python's lock."""

from __future__ import annotations

import faulthandler
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2
BACKSTOP_S = 60.0  # for the places of all threads to be written


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """End this process with exit code 1 when the block takes longer, and write to descriptor 2 where each thread is.

    Neither Python nor its lock is needed for that. Where even writing hangs, as to a file server that does not answer,
    the system ends the process BACKSTOP_S later by SIGALRM.
    """
    limit_s = min(seconds, threading.TIMEOUT_MAX - BACKSTOP_S)
    faulthandler.dump_traceback_later(limit_s, exit=True, file=STDERR)
    _alarm(limit_s + BACKSTOP_S)
    try:
        yield
    finally:
        _alarm(0.0)
        faulthandler.cancel_dump_traceback_later()


def _alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):  # Windows has none
        signal.setitimer(signal.ITIMER_REAL, seconds)
