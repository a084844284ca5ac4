"""Signals that ask a process to stop: each is heard, whatever becomes of what is said about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import interrupts as interrupts_module
from pipeline import terminal
from pipeline.interrupts import interrupts

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")

PATIENCE_S = 600.0

# Says "ready", then that it was asked to stop, then "stopping" once the work at hand is done.
PROGRAM = """\
import sys
from pipeline.interrupts import interrupts
with interrupts(lambda: print("asked", flush=True), lambda: print("again", flush=True)) as flag:
    print("ready", flush=True)
    while not flag.wait(0.05):
        pass
    print("stopping", flush=True)
"""


def wait_until(is_so):
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_asks_for_a_stop_raises_the_flag_and_a_second_time_stops_at_once(monkeypatch, name):
    monkeypatch.setattr(interrupts_module, "TWIN_S", 0.0)
    number, calls = getattr(signal, name), []
    with interrupts(lambda: calls.append("first"), lambda: calls.append("second")) as flag:
        os.kill(os.getpid(), number)
        wait_until(flag.is_set)
        assert calls == ["first"]
        os.kill(os.getpid(), number)
        wait_until(lambda: len(calls) == 2)
    assert calls == ["first", "second"]


def test_two_of_a_queue_at_nearly_one_moment_are_one(monkeypatch):
    monkeypatch.setattr(interrupts_module, "TWIN_S", PATIENCE_S)
    calls = []
    with interrupts(lambda: calls.append("first"), lambda: calls.append("second")) as flag:
        os.kill(os.getpid(), signal.SIGTERM)
        wait_until(flag.is_set)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)  # a person means it
        wait_until(lambda: len(calls) == 2)
    assert calls == ["first", "second"]


def test_a_stop_is_obeyed_when_nobody_reads_what_is_said_of_it():
    calls = []

    def say():
        calls.append("said")
        raise BrokenPipeError

    with interrupts(say, say) as flag:
        os.kill(os.getpid(), signal.SIGINT)
        wait_until(flag.is_set)
        os.kill(os.getpid(), signal.SIGINT)
        wait_until(lambda: len(calls) == 2)


def test_ctrl_c_waits_until_blender_is_loaded(monkeypatch):
    done = []

    def load():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)  # a KeyboardInterrupt would come up here
        done.append("loaded")

    monkeypatch.setattr(terminal, "import_run", load)
    with pytest.raises(terminal.Interrupted):
        terminal.load_blender()
    monkeypatch.setattr(terminal, "import_run", lambda: done.append("loaded again"))
    terminal.load_blender()
    assert done == ["loaded", "loaded again"]


def test_what_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts(lambda: None, lambda: None) as flag:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            wait_until(flag.is_set)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("ignored", [False, True], ids=["foreground", "background"])
def test_sigterm_is_heard_whether_or_not_ctrl_c_is(ignored):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignored else None,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    if ignored:
        process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert said.splitlines() == ["asked", "stopping"]
    assert process.returncode == 0
