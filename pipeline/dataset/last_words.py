"""The end of what a process and its Blender wrote to their log, and what it tells of how they ended."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from pipeline.dataset.layout import LOGS

LAST_LINES = 100  # a crash writes the stacks of Python and C
TAIL_BYTES = 65_536

_STAGE = re.compile(r"openjd_status: frame \d+: (.+)$", re.MULTILINE)
# As faulthandler writes them, on a timeout and on a signal such as SIGSEGV; then Blender, on the same. Any may follow
# half a line of Blender's.
_TIMEOUT = re.compile(r"Timeout \((\d+):(\d\d):(\d\d)(\.\d+)?\)!$", re.MULTILINE)
_FAULT = re.compile(r"Fatal Python error: (.+)$", re.MULTILINE)
_CRASH_FILE = re.compile(r"Writing: .+\.crash\.txt$", re.MULTILINE)


def log_file(folder: Path, process: str) -> Path:
    """Return where a process keeps what Blender writes; `folder` is logs/ of its dataset."""
    return folder / f"blender-{process}.log"


def read_last_words(root: Path, process: str) -> str:
    """Return the last lines that a process wrote to its log in the dataset `root`, "" when there are none."""
    return "\n".join(_tail(root, process).splitlines()[-LAST_LINES:])


def why_it_died(root: Path, process: str) -> str:
    """Return why a process that told no end of itself ended, as far as its log tells, "" when it does not."""
    text = _tail(root, process)
    if timeout := _last(_TIMEOUT, text):
        hours, minutes, seconds = (int(timeout[part]) for part in (1, 2, 3))
        stage = _last(_STAGE, text[: timeout.start()])
        limit_s = 3600 * hours + 60 * minutes + seconds + float(timeout[4] or 0)
        limit = f"the frame took more than {limit_s:g} s (--frame-time-limit)"
        return f"{stage[1]}: {limit}" if stage else limit
    if fault := _last(_FAULT, text):
        return f"Blender crashed: {fault[1]}"
    return "Blender crashed" if _last(_CRASH_FILE, text) else ""


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter(list(pattern.finditer(text))[-1:]), None)


def _tail(root: Path, process: str) -> str:
    with suppress(OSError), open(log_file(root / LOGS, process), "rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace")
    return ""
