"""The dataset as a whole: its two files agree, and each of its frames has one folder and nothing else has."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.dataset.create import dataset_json, read_dataset
from pipeline.dataset.disk import is_stale
from pipeline.dataset.layout import DATASET, FRAMES, JOB, TEMPORARY, frame_folder
from pipeline.errors import StoreError
from pipeline.job import Job, job_from_json
from pipeline.plurals import counted
from pipeline.structure import show_value
from pipeline.verify.finding import Finding

DATASET_REMEDY = "bring dataset.json and job.json back from a copy, or render to another --out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What lies in frames/. `present` are the folders named as frames of the job, ascending."""

    present: tuple[int, ...]
    foreign: tuple[Finding, ...]
    notices: tuple[str, ...]


def read_checked_job(root: Path) -> tuple[Job | None, list[Finding]]:
    """Return the job of a dataset, None when its job.json is of no use, and what is wrong with its two files.

    Raises StoreError when there is no dataset to be checked.
    """
    header = read_dataset(root)
    try:
        data = json.loads((root / JOB).read_bytes())
        job = job_from_json(data if isinstance(data, dict) else {}, JOB)
    except OSError as error:
        raise StoreError(f"{root / JOB}: cannot be read: {error.strerror} ({DATASET_REMEDY})") from error
    except ValueError as error:
        text = f"{str(error).removeprefix(f'{JOB}: ')}; the frames cannot be checked without it ({DATASET_REMEDY})"
        return None, [Finding(kind="dataset-mismatch", where=JOB, message=text)]
    return job, list(_differences(header, dataset_json(job)))


def _differences(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[Finding]:
    """Every key but the version of this program, which may have gone on."""
    for key in sorted((found.keys() | wanted.keys()) - {"versions"}):
        if found.get(key) != wanted.get(key):
            seen, expected = show_value(found.get(key)), show_value(wanted.get(key))
            text = f"{key} is {seen}, {JOB} says {expected} ({DATASET_REMEDY})"
            yield Finding(kind="dataset-mismatch", where=DATASET, message=text)


def list_frames(root: Path, total: int) -> Listing:
    """Return what lies in the frames folder of a dataset of `total` frames. Raises StoreError when there is none."""
    try:
        entries = sorted(os.scandir(root / FRAMES), key=lambda entry: entry.name)
    except OSError as error:
        raise StoreError(f"{root / FRAMES}: cannot be read: {error.strerror} (is {root} a dataset?)") from error
    temporary = [entry for entry in entries if entry.name.startswith(TEMPORARY)]
    others = [entry for entry in entries if not entry.name.startswith(TEMPORARY)]
    problems = {entry.name: _problem(entry, root, total) for entry in others}
    foreign = (
        Finding(kind="foreign-folder", where=f"{FRAMES}/{name}", message=text)
        for name, text in problems.items()
        if text
    )
    return Listing(
        present=tuple(sorted(int(name) for name, text in problems.items() if not text)),
        foreign=tuple(foreign),
        notices=tuple(_notices(temporary)),
    )


def _problem(entry: os.DirEntry[str], root: Path, total: int) -> str:
    name = entry.name
    is_number = name.isascii() and name.isdecimal()
    if not is_number or name != frame_folder(root, int(name)).name:
        return f"{name} is not the name of a frame (move it out of {FRAMES}/)"
    if not entry.is_dir():
        return f"{name} is a file, not a frame's folder (remove it and run render again)"
    if int(name) >= total:
        return f"frame {int(name)} is beyond the {counted(total, 'frame')} of the job (move it out of {FRAMES}/)"
    return ""


def _notices(temporary: Sequence[os.DirEntry[str]]) -> Iterator[str]:
    """Unfinished folders are no fault: no reader looks at them, and render clears them."""
    stale = sum(is_stale(Path(entry.path)) for entry in temporary)
    live = len(temporary) - stale
    if stale:
        yield f"{counted(stale, 'unfinished folder')} of dead processes in {FRAMES}/, which the next render removes"
    if live:
        yield f"{counted(live, 'unfinished folder')} in {FRAMES}/: a render seems to be under way"


def missing_frames(wanted: Sequence[int], present: Sequence[int]) -> list[Finding]:
    """Return a finding for every wanted frame that has no folder."""
    return [
        Finding(
            kind="missing-frame",
            where=f"{FRAMES}/{frame:06d}",
            message="there is no such frame (render it, or say with --frames which are to be checked)",
            frame=frame,
        )
        for frame in sorted(set(wanted) - set(present))
    ]
