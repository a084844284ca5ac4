"""A process that hangs in C code, and holds Python's lock, is ended all the same and says where it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline.watchdog import ended_after

ROOT = Path(__file__).resolve().parents[2]
HANG = "ctypes.PyDLL(None).sleep(600)"  # unlike CDLL, it keeps the lock
PATIENCE_S = 300


def run(code: str) -> subprocess.CompletedProcess[str]:
    head = "import ctypes, os, sys, time; from pipeline import watchdog"
    command = [sys.executable, "-c", f"{head}\n{code}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


needs_c = pytest.mark.skipif(sys.platform == "win32", reason="takes sleep from the C library")


@needs_c
@pytest.mark.parametrize("wait", [HANG, "time.sleep(600)"])
def test_what_hangs_is_ended_with_code_1_and_tells_where_it_was(wait):
    done = run(f"def render():\n    {wait}\nwith watchdog.ended_after(0.5):\n    render()")
    assert done.returncode == 1
    assert "Timeout (0:00:00.500000)!" in done.stderr and "in render" in done.stderr


@needs_c
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarm")
def test_where_even_telling_hangs_the_system_ends_the_process():
    fill = "reader, writer = os.pipe()\nos.set_blocking(writer, False)\n"
    fill += "try:\n    while True: os.write(writer, bytes(512))\nexcept BlockingIOError: pass\n"
    done = run(
        f"watchdog.BACKSTOP_S = 0.5\n{fill}os.set_blocking(writer, True)\nos.dup2(writer, 2)\n"
        f"with watchdog.ended_after(0.2):\n    {HANG}"
    )
    assert done.returncode == -signal.SIGALRM


def test_what_ends_in_time_is_left_alone_whatever_it_raised():
    done = run(
        "with watchdog.ended_after(3):\n    pass\n"
        "try:\n    with watchdog.ended_after(3): raise KeyError\nexcept KeyError: pass\n"
        "time.sleep(3.2); print('here')"
    )
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr


@pytest.mark.parametrize("seconds", [threading.TIMEOUT_MAX, 1e300])
def test_any_number_of_seconds_will_do(seconds):
    with ended_after(seconds):
        pass
