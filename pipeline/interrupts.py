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

    SIGTERM, which queues and `timeout` send, is heard as Ctrl-C is. Where Ctrl-C is ignored (a shell's job in the
    background) it stays so. Outside the main thread nothing is changed.
    """
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
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
    heard = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
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
