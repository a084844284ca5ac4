"""Every process of the tests hears the signals that it would hear when started by hand."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Ctrl-C, which a shell has its jobs in the background ignore, and SIGHUP, which nohup has them ignore: tests send
    these, to this process and to those that it starts, which would ignore them too."""
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
