"""Ctrl-C while Blender works: asked for once, it waits for a safe moment; asked for twice, it stops at once.

Python's own KeyboardInterrupt may come up inside the Python parts of Blender (Cycles is one), where Blender swallows
it and goes on with half a render. So the signal only raises a flag here, which is looked at between stages.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

# Those that ask a process to stop; Windows has no SIGHUP.
STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
TWIN_S = 2.0  # Slurm sends SIGTERM to all processes of a job, and the job's script hands its own on: that is one


@contextmanager
def interrupts(at_first: Callable[[], None], at_second: Callable[[], None]) -> Iterator[threading.Event]:
    """Yield the flag that the first Ctrl-C raises. `at_first` and `at_second` are called from a thread of their own.

    SIGTERM, which queues and `timeout` send, and SIGHUP, of a terminal that was closed, are heard as Ctrl-C is. What is
    ignored (Ctrl-C by a shell's job in the background, SIGHUP under nohup) stays so. Outside the main thread nothing is
    changed.
    """
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return

    def watch() -> None:
        heard_s = -TWIN_S
        while number := os.read(readable, 1):
            if number[0] not in STOPS:
                continue
            is_twin = number[0] != signal.SIGINT and monotonic() - heard_s < TWIN_S
            if flag.is_set() and is_twin:
                continue
            heard_s = monotonic()
            with suppress(OSError):  # nobody reads any more what is said; the stop is obeyed all the same
                at_second() if flag.is_set() else at_first()
            flag.set()

    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    # Python runs handlers between its own instructions, so not while Blender renders; the pipe is written at once.
    heard = [one for one in STOPS if signal.getsignal(one) is not signal.SIG_IGN]
    handlers = [signal.signal(one, lambda number, frame: None) for one in heard]
    before = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield flag
    finally:
        signal.set_wakeup_fd(before)
        for one, handler in zip(heard, handlers, strict=True):
            signal.signal(one, handler)
        os.close(writable)
        thread.join()
        os.close(readable)
