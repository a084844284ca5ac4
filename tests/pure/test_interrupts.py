"""A shell's job in the background, as queues start shards: Ctrl-C is not for it, SIGTERM is."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
    said, _ = process.communicate(timeout=60)
    assert said.splitlines() == ["asked", "stopping"]
    assert process.returncode == 0
