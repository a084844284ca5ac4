"""Whether folders hold whole frames, file by file, and what their records say: many at once, in several processes."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.dataset.layout import frame_folder
from pipeline.dataset.pool import in_processes
from pipeline.dataset.resume import read_record
from pipeline.errors import StoreError

BATCH = 64  # frames that a process takes at a time
FEW = 256  # so many frames are done sooner than a process is started


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundness:
    """What was found of a frame in the dataset `root`. `problem` is "" when it is whole; `blender`, `device`,
    `c_library` and `content` (sha256 over status and files) are "" unless it is; older frames do not tell `c_library`.
    """

    root: Path
    frame: int
    problem: str = ""
    blender: str = ""
    device: str = ""
    c_library: str = ""
    content: str = ""


def check_frames(
    folders: Sequence[tuple[Path, int]], job_digest: str, *, deep: bool = True, workers: int | None = None
) -> Iterator[Soundness]:
    """Yield what is to be said of each (dataset, frame), in their order; `deep` compares every file's sha256.

    Raises StoreError when the disk cannot be read.
    """
    yield from in_processes(partial(_check_batch, job_digest, deep), folders, batch=BATCH, few=FEW, workers=workers)


def _check_batch(job_digest: str, deep: bool, folders: Sequence[tuple[Path, int]]) -> list[Soundness]:
    return [check_folder(root, frame, frame_folder(root, frame), job_digest, deep=deep) for root, frame in folders]


def check_folder(root: Path, frame: int, folder: Path, job_digest: str, *, deep: bool) -> Soundness:
    """Return what is to be said of a folder that should hold a frame."""
    try:
        record, problem = read_record(folder, frame, job_digest, deep=deep)
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno != errno.EIO:
            raise
        # What a disk cannot give back any more is as good as damaged.
        return Soundness(root=root, frame=frame, problem=str(error))
    if problem:
        return Soundness(root=root, frame=frame, problem=problem)
    renderer = dict(record.get("renderer", {}))
    device, library = str(renderer.pop("device", "unknown")), str(renderer.pop("c_library", ""))
    renderer.pop("engine", None)  # that is the job's
    return Soundness(
        root=root,
        frame=frame,
        blender=" ".join(str(renderer[key]) for key in sorted(renderer)) or "unknown",
        device=device,
        c_library=library,
        content=_content(record),
    )


def _content(record: Mapping[str, Any]) -> str:
    """Equal where two frames have the same status and the same files; an EXR counts by its pixels."""
    sums = {name: facts.get("pixels_sha256") or facts.get("sha256") for name, facts in record["files"].items()}
    return hashlib.sha256(json.dumps([record.get("status"), sums], sort_keys=True).encode()).hexdigest()
