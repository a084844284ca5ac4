"""Kill -9 in the midst of frames."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path


def run_and_kill(command: Sequence[str], root: Path, out: Path, delay_s: float) -> None:
    """Run a command of the folder `root` and kill it `delay_s` after it began its first frame of the dataset `out`.

    Without a frame to make it ends by itself.
    """
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not _has_begun(out, process.pid):
        time.sleep(0.01)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.wait()


def _has_begun(out: Path, pid: int) -> bool:
    return any('"begin"' in path.read_text() for path in out.glob(f"timing/*-{pid}-*.jsonl"))
