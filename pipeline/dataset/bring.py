"""Carrying out a merge: frames linked or copied, then what else the inputs have of their frames."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.dataset.commit import put_in_place
from pipeline.dataset.create import open_store
from pipeline.dataset.disk import NO_LINKS, make_folder, remove, replace_file, storing, sync, temporary_name, write_file
from pipeline.dataset.layout import (
    BLENDS,
    COMMIT,
    FRAMES,
    LOGS,
    TEMPORARY,
    TIMING,
    Store,
    blend_file,
    frame_folder,
    is_frame_name,
)
from pipeline.dataset.merge import MergePlan
from pipeline.dataset.pool import Progress
from pipeline.dataset.quarantine import put_quarantine, quarantined, read_quarantine, release
from pipeline.dataset.read import read_commit
from pipeline.dataset.resume import clean_stale, folder_problem
from pipeline.errors import StoreError

TOGETHER = 500  # frames that the disk is waited for at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a merge brought: the number of frames, those given up everywhere, and the datasets whose files were copied
    because they could not be linked, each with the reason."""

    frames: int
    given_up: tuple[int, ...]
    copied: Mapping[Path, str]


def carry_out(plan: MergePlan, *, copy: bool = False, progress: Progress | None = None) -> Brought:
    """Bring every frame of the plan, then their scenes where they were kept, timings, logs and what is known of frames
    given up. Submissions stay: their ids are of the queue that an input had.

    `copy` makes files of their own of what would be links. Raises StoreError when the disk refuses, or an input changed
    since it was planned; what is in `plan.out` by then is whole.
    """
    store = open_store(plan.out, plan.job, plan.base_dir, header=plan.header)
    clean_stale(store)
    placing = _Placing(copy)
    new = plan.new
    for start in range(0, len(new), TOGETHER):
        batch = new[start : start + TOGETHER]
        for done, (frame, root) in enumerate(batch, start=start + 1):
            _bring_frame(store, root, frame, placing)
            if progress is not None:
                progress(done, len(new))
        _wait_for_disk(store, [frame for frame, _ in batch])
    for root in plan.inputs:
        _bring_blends(plan, root, placing)
        for name in (TIMING, LOGS):
            _bring_notes(root / name, store.root / name)
    return Brought(frames=len(new), given_up=_bring_given_up(plan), copied=dict(placing.refused))


class _Placing:
    """How files come to their new place: linked, or copied from datasets that cannot be linked from."""

    def __init__(self, copy: bool) -> None:
        self._copy = copy
        self.refused: dict[Path, str] = {}

    def place(self, root: Path, source: Path, target: Path, sha256: str | None) -> None:
        if not self._copy and root not in self.refused:
            try:
                os.link(source, target)
                return
            except OSError as error:
                if error.errno not in (errno.EXDEV, *NO_LINKS):
                    raise
                if error.errno != errno.EMLINK:  # that is one file's, not the disk's
                    self.refused[root] = error.strerror or str(error)
        data = source.read_bytes()
        if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"{source} is not what was written: its sha256 differs (run repair on {root})")
        write_file(target, data)


def _bring_frame(store: Store, root: Path, frame: int, placing: _Placing) -> None:
    source, target = frame_folder(root, frame), store.folder(frame)
    temporary = target.parent / temporary_name(target.name)
    files: Mapping[str, Any] = read_commit(root, frame)["files"]
    with storing(target):
        try:
            temporary.mkdir()
            for name, facts in files.items():
                placing.place(root, source / name, temporary / name, facts.get("sha256"))
            placing.place(root, source / COMMIT, temporary / COMMIT, None)
            problem = folder_problem(temporary, frame, store.job.digest)
            if problem:
                raise StoreError(f"{source} changed while it was merged: {problem} (run the same command again)")
            put_in_place(temporary, target, frame, store.job.digest)
        finally:
            remove(temporary)


def _wait_for_disk(store: Store, frames: Sequence[int]) -> None:
    """Wait until the disk has the names of all files of some frames, then forget that any had been given up."""
    with storing(store.root / FRAMES):
        for frame in frames:
            with suppress(FileNotFoundError):  # damaged since, and moved away by a repair
                sync(store.folder(frame))
        sync(store.root / FRAMES)
    release(store.root, frames)


def _bring_blends(plan: MergePlan, root: Path, placing: _Placing) -> None:
    """Bring the scenes of frames that the result holds and has none of yet, whichever input the frame came from."""
    for source in _files(root / BLENDS):
        if source.suffix != ".blend" or not is_frame_name(source.stem) or int(source.stem) not in plan.sources:
            continue
        target = blend_file(plan.out, int(source.stem))
        if target.exists():
            continue
        temporary = target.parent / temporary_name(target.name)
        with storing(target):
            make_folder(target.parent)
            try:
                placing.place(root, source, temporary, None)
                os.replace(temporary, target)
            finally:
                remove(temporary)


def _bring_notes(source: Path, target: Path) -> None:
    """Copy the logs in a folder. One that is there already stays, or grows; another of its name gets its own."""
    for path in _files(source):
        with storing(target / path.name):
            data, facts = path.read_bytes(), path.stat()
            place = _place_for(target / path.name, data)
            if place is not None:
                replace_file(place, data)
                os.utime(place, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # the last sign of life of its process


def _place_for(path: Path, data: bytes) -> Path | None:
    """Return where a log goes, None when it is there already, or more of it is."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return path
    if found.startswith(data):
        return None
    if data.startswith(found):
        return path
    other = path.with_name(f"{path.stem}-{hashlib.sha256(data).hexdigest()[:8]}{path.suffix}")
    return None if other.exists() else other


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(TEMPORARY))


def _bring_given_up(plan: MergePlan) -> tuple[int, ...]:
    """Let frames that no dataset has be given up where one of them gave them up; return all that are."""
    held = set(quarantined(plan.out))
    for root in plan.inputs:
        for frame in quarantined(root):
            if frame not in held and frame not in plan.sources:
                put_quarantine(plan.out, frame, read_quarantine(root, frame))
                held.add(frame)
    return tuple(sorted(held))
