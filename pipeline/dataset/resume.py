"""Which frames are there: the folders on disk are the truth, whatever any engine or log says."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.conventions import FORMAT_VERSION
from pipeline.dataset.attempts import has_ended
from pipeline.dataset.disk import again_if_stale, is_stale, maker_of, remove, storing
from pipeline.dataset.layout import (
    BLENDS,
    CLAIMS,
    COMMIT,
    DAMAGED,
    FARM,
    FRAMES,
    LABELS,
    LOGS,
    PLAN,
    QUARANTINE,
    TEMPORARY,
    TIMING,
    Store,
)
from pipeline.errors import StoreError


def is_complete(store: Store, frame: int, *, deep: bool = False) -> bool:
    """Return whether a frame is committed: its record is sound and its files have the sizes it says.

    `deep` also compares every file's sha256. Raises StoreError when the folder holds a frame of another job.
    """
    return not folder_problem(store.folder(frame), frame, store.job.digest, deep=deep)


def missing(store: Store, frames: Iterable[int]) -> tuple[int, ...]:
    """Return those of `frames` that are not committed, in their order."""
    return tuple(frame for frame in frames if not is_complete(store, frame))


def clean_stale(store: Store) -> int:
    """Remove the temporary files and folders that dead processes left, and return how many there were."""
    removed = 0
    with storing(store.root):
        for path in temporaries(store.root):
            if is_left_behind(store.root, path):
                remove(path)
                removed += 1
    return removed


def temporaries(root: Path) -> tuple[Path, ...]:
    """Return all that is unfinished in a dataset, of processes living and dead."""
    farm = root / FARM
    submissions = (entry for entry in sorted(farm.iterdir()) if entry.is_dir()) if farm.is_dir() else ()
    folders = (
        root,
        *(root / name for name in (FRAMES, TIMING, LOGS, BLENDS, CLAIMS, QUARANTINE, DAMAGED, FARM)),
        *submissions,
    )
    return tuple(path for folder in folders for path in _unfinished(folder))


def _unfinished(folder: Path) -> list[Path]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in sorted(names) if name.startswith(TEMPORARY)]


def is_left_behind(root: Path, temporary: Path) -> bool:
    """Return whether the process that made a temporary in the dataset `root` is gone: by its number on this machine, by
    its own word in its log, or by its age."""
    return is_stale(temporary) or has_ended(root, maker_of(temporary))


def folder_problem(folder: Path, frame: int, job_digest: str, *, deep: bool = False) -> str:
    """Return what keeps a folder from being the complete frame `frame`, "" when nothing does.

    Raises StoreError when the folder holds a sound frame of another job: that is never ours to replace.
    """
    return read_record(folder, frame, job_digest, deep=deep)[1]


def read_record(folder: Path, frame: int, job_digest: str, *, deep: bool = False) -> tuple[dict[str, Any], str]:
    """Return what frame.json says, and what keeps the folder from being the complete frame, as `folder_problem` does.

    Both are of one moment: when there is no problem the record is whole, whatever others do to the folder meanwhile.
    """
    try:
        record = json.loads(again_if_stale((folder / COMMIT).read_bytes))
    except (FileNotFoundError, NotADirectoryError):
        return {}, f"{COMMIT} is not there"
    except OSError as error:
        raise StoreError(f"{folder / COMMIT}: cannot be read: {error.strerror} (check the disk)") from error
    except ValueError:
        return {}, f"{COMMIT} is damaged"
    if not _is_record(record, frame):
        return {}, f"{COMMIT} is not the record of frame {frame}"
    if record["job_digest"] != job_digest:
        raise StoreError(
            f"{folder} was made by job {str(record['job_digest'])[:12]}, this dataset is of job {job_digest[:12]} "
            "(move that folder away, or choose another --out)"
        )
    problems = (_file_problem(folder, name, facts, deep) for name, facts in record["files"].items())
    return record, next(filter(None, problems), "")


def _is_record(record: Any, frame: int) -> bool:
    return (
        isinstance(record, dict)
        and record.get("format_version") == FORMAT_VERSION
        and record.get("frame") == frame
        and record.get("status") in ("accepted", "rejected")
        and isinstance(record.get("job_digest"), str)
        and isinstance(record.get("files"), dict)
        and {PLAN, LABELS} <= record["files"].keys()
        and all(isinstance(facts, dict) and "/" not in name for name, facts in record["files"].items())
    )


def _file_problem(folder: Path, name: str, facts: dict[str, Any], deep: bool) -> str:
    path = folder / name
    try:
        size = again_if_stale(path.stat).st_size
        if size != facts.get("bytes"):
            return f"{name} has {size} bytes instead of {facts.get('bytes')}"
        if deep and _sha256(path) != facts.get("sha256"):
            return f"{name} is not what was written: its sha256 differs"
    except FileNotFoundError:
        return f"{name} is not there"
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror} (check the disk)") from error
    return ""


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
