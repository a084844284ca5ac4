"""Frames given up after too many failures, each with its reason, plan and log in quarantine/NUMBER/."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import remove, storing, sync, temporary_name, write_file
from pipeline.dataset.layout import PLAN, QUARANTINE, Store
from pipeline.records import FramePlan
from pipeline.structure import unstructure

REASON = "reason.json"
LOG = "log.txt"


def quarantine(store: Store, frame: int, reasons: Sequence[str], plan: FramePlan | None, log: str) -> None:
    """Give a frame up. `reasons` are those of its attempts, oldest first; `plan` is None where planning itself fails,
    `log` the last words of the process that failed. What was known of it before is replaced."""
    folder = store.root / QUARANTINE / f"{frame:06d}"
    temporary = folder.parent / temporary_name(folder.name)
    with storing(folder):
        folder.parent.mkdir(exist_ok=True)
        temporary.mkdir()
        try:
            data = {"frame": frame, "reason": reasons[-1], "attempts": list(reasons)}
            write_file(temporary / REASON, json_bytes(data, indent=1))
            write_file(temporary / LOG, log.encode("utf-8", errors="replace"))
            if plan is not None:
                write_file(temporary / PLAN, json_bytes(unstructure(plan)))
            remove(folder)
            os.rename(temporary, folder)
        finally:
            remove(temporary)
        sync(folder.parent)


def quarantined(root: Path) -> tuple[int, ...]:
    """Return the frames that are given up, ascending."""
    try:
        names = os.listdir(root / QUARANTINE)
    except FileNotFoundError:
        return ()
    return tuple(sorted(int(name) for name in names if name.isascii() and name.isdecimal()))


def quarantine_reason(root: Path, frame: int) -> str:
    """Return why a frame was given up, "" when nothing readable says so."""
    with suppress(OSError, ValueError, AttributeError):
        data = json.loads((root / QUARANTINE / f"{frame:06d}" / REASON).read_bytes())
        return str(data.get("reason", ""))
    return ""


def release(root: Path, frames: Iterable[int]) -> None:
    """Let frames be tried again: forget that they were given up."""
    for frame in frames:
        remove(root / QUARANTINE / f"{frame:06d}")
