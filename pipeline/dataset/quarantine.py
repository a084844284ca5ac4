"""Frames given up after too many failures, each with its reason, plan and log in quarantine/NUMBER/."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.canonical import json_bytes
from pipeline.dataset.create import read_dataset
from pipeline.dataset.disk import (
    OCCUPIED,
    discard,
    make_folder,
    remove,
    replace_file,
    storing,
    sync,
    temporary_name,
    write_file,
)
from pipeline.dataset.layout import PLAN, QUARANTINE, Store, frame_folder, frame_name, is_frame_name
from pipeline.dataset.resume import folder_problem
from pipeline.errors import StoreError
from pipeline.records import FramePlan
from pipeline.structure import unstructure

REASON = "reason.json"
LOG = "log.txt"
ATTEMPTS = 10  # at giving a frame up, while other processes make it and give it up in turn


def quarantine(store: Store, frame: int, reasons: Sequence[str], plan: FramePlan | None, log: str) -> None:
    """Give a frame up. `reasons` are those of its attempts, oldest first; `plan` is None where planning itself fails,
    `log` the last words of the process that failed. What was known of it before is replaced."""
    files = {LOG: log.encode("utf-8", errors="replace")}
    if plan is not None:
        files[PLAN] = json_bytes(unstructure(plan))
    files[REASON] = json_bytes({"frame": frame, "reason": reasons[-1], "attempts": list(reasons)}, indent=1)
    put_quarantine(store.root, frame, files)


def put_quarantine(root: Path, frame: int, files: Mapping[str, bytes]) -> None:
    """Give a frame up with these files as what is known of it. A frame given up before stays so at every moment."""
    folder = _folder(root, frame)
    temporary = folder.parent / temporary_name(folder.name)
    with storing(folder):
        make_folder(folder.parent)
        try:
            temporary.mkdir()
            for name, data in files.items():
                write_file(temporary / name, data)
            sync(temporary)
            for _ in range(ATTEMPTS):
                if _renamed(temporary, folder) or _replaced(folder, files):
                    break
        finally:
            remove(temporary)
        sync(folder.parent)


def _renamed(temporary: Path, folder: Path) -> bool:
    try:
        os.rename(temporary, folder)
    except OSError as error:
        if error.errno not in OCCUPIED:
            raise
        return False
    return True


def _replaced(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Write anew what is known of a frame; False when it was released meanwhile."""
    try:
        for name, data in files.items():
            replace_file(folder / name, data, workplace=folder.parent)
    except FileNotFoundError:
        return False
    return True


def quarantined(root: Path) -> tuple[int, ...]:
    """Return the frames that are given up, ascending; one that was made all the same is not.

    Raises StoreError for a folder that is no dataset or cannot be read.
    """
    try:
        names = os.listdir(root / QUARANTINE)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"{root / QUARANTINE}: cannot be read: {error.strerror} (check the disk)") from error
    given_up = sorted(int(name) for name in names if is_frame_name(name))
    if not given_up:
        return ()
    digest = read_dataset(root)["job_digest"]
    return tuple(frame for frame in given_up if folder_problem(frame_folder(root, frame), frame, digest))


def read_quarantine(root: Path, frame: int) -> dict[str, bytes]:
    """Return what is known of a frame that is given up: the content of each file, by name."""
    folder = _folder(root, frame)
    with suppress(OSError):
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    return {}


def quarantine_reason(root: Path, frame: int) -> str:
    """Return why a frame was given up, "" when nothing readable says so."""
    with suppress(OSError, ValueError, AttributeError):
        data = json.loads((_folder(root, frame) / REASON).read_bytes())
        return str(data.get("reason", ""))
    return ""


def release(root: Path, frames: Iterable[int]) -> None:
    """Let frames be tried again: forget that they were given up."""
    for frame in frames:
        with storing(_folder(root, frame)):
            discard(_folder(root, frame))


def _folder(root: Path, frame: int) -> Path:
    return root / QUARANTINE / frame_name(frame)
