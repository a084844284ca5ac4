"""Ctrl-C while Blender works: asked for once, it waits for a safe moment; asked for twice, it stops at once.

Python's own KeyboardInterrupt may come up inside the Python parts of Blender (Cycles is one), where Blender swallows
it and goes on with half a render. So the signal only raises a flag here, which is looked at between stages.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interrupts(at_first: Callable[[], None], at_second: Callable[[], None]) -> Iterator[threading.Event]:
    """Yield the flag that the first Ctrl-C raises. `at_first` and `at_second` are called from a thread of their own.

    Outside the main thread, or where Ctrl-C is ignored (a job in the background), nothing is changed.
    """
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield flag
        return

    def watch() -> None:
        while number := os.read(readable, 1):
            if number[0] not in (signal.SIGINT, signal.SIGTERM):
                continue
            at_second() if flag.is_set() else at_first()
            flag.set()

    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    # Python runs handlers between its own instructions, so not while Blender renders; the pipe is written at once.
    handler = signal.signal(signal.SIGINT, lambda number, frame: None)
    ender = signal.signal(signal.SIGTERM, lambda number, frame: None)  # what queues and `timeout` send
    before = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield flag
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGINT, handler)
        signal.signal(signal.SIGTERM, ender)
        os.close(writable)
        thread.join()
        os.close(readable)
