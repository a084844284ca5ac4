"""Mending a dataset: what dead processes left goes, what is damaged moves to damaged/, and the rest stays as it is.

Nothing that may be of worth is deleted, and nothing that a living process works on is touched. What is taken away is
missing from then on, so `render` and `resume` make it again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.dataset.attempts import is_alive
from pipeline.dataset.claims import dead_claims
from pipeline.dataset.damage import put_back, set_aside
from pipeline.dataset.disk import discard, make_folder, maker_of, remove, storing
from pipeline.dataset.heads import Heads, mend_heads
from pipeline.dataset.layout import (
    FRAMES,
    LOGS,
    QUARANTINE,
    TEMPORARY,
    TIMING,
    frame_folder,
    frame_name,
    is_frame_name,
)
from pipeline.dataset.pool import Progress
from pipeline.dataset.presence import present
from pipeline.dataset.processes import is_alive_here
from pipeline.dataset.resume import is_left_behind, temporaries
from pipeline.dataset.soundness import Soundness, check_folder, check_frames
from pipeline.plurals import counted

SILLY = ".nfs"  # how NFS calls a deleted file that some process still has open; it goes by itself


@dataclass(slots=True, kw_only=True)
class Repaired:
    """What was mended, or with a dry run would be. `again` are the frames taken away because they are damaged, each
    with what is wrong; `missing` all that are to be made; `busy` counts the unfinished things of processes that may
    live; `left` is what a person must mend."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    again: dict[int, str] = field(default_factory=dict)
    missing: tuple[int, ...] = ()
    total: int = 0
    temporaries: int = 0
    claims: int = 0
    busy: int = 0
    released: tuple[int, ...] = ()


def repair(
    root: Path,
    *,
    dry_run: bool = False,
    force: bool = False,
    deep: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Repaired:
    """Mend the dataset `root` and return what was done; with `dry_run` what would be.

    Each frame is checked, every file of it by its sha256 unless `deep` is false, in `workers` processes. `force` also
    removes what processes of other machines left unfinished when nothing but its age could tell that they are dead.
    Raises StoreError when the dataset cannot be read or written, or nothing says which job it is of.
    """
    heads = mend_heads(root, dry_run=dry_run)
    found = Repaired(done=list(heads.done), left=list(heads.left), total=heads.frames)
    _mend_folders(root, found, dry_run)
    _sweep(root, found, dry_run, force)
    whole = _mend_frames(root, heads, found, dry_run, deep, workers, progress)
    found.missing = tuple(frame for frame in range(heads.frames) if frame not in whole)
    found.left += _foreign(root, heads.frames)
    found.released = _release_made(root, whole, dry_run)
    return found


def _mend_folders(root: Path, found: Repaired, dry_run: bool) -> None:
    for name in (FRAMES, LOGS, TIMING):
        if not (root / name).is_dir():
            found.done.append(f"{name}/ was not there: made")
            if not dry_run:
                with storing(root / name):
                    make_folder(root / name)


def _sweep(root: Path, found: Repaired, dry_run: bool, force: bool) -> None:
    """Remove what dead processes left unfinished, and their claims."""
    with storing(root):
        for path in temporaries(root):
            if not is_left_behind(root, path) and not (force and _is_silent(root, path)):
                found.busy += 1
                continue
            found.temporaries += 1
            if not dry_run:
                remove(path)
        dead = dead_claims(root)
        found.claims = len(dead)
        for path in dead if not dry_run else ():
            remove(path)


def _is_silent(root: Path, temporary: Path) -> bool:
    """Return whether a temporary is of another machine, whose process shows no sign of life."""
    maker = maker_of(temporary)
    return is_alive_here(maker) is None and not is_alive(root, maker)


def _mend_frames(
    root: Path, heads: Heads, found: Repaired, dry_run: bool, deep: bool, workers: int | None, progress: Progress | None
) -> set[int]:
    """Take damaged frames away and return those that are whole."""
    if not (root / FRAMES).is_dir():
        return set()
    frames = sorted(present(root))
    whole = set()
    folders = [(root, frame) for frame in frames]
    for done, one in enumerate(check_frames(folders, heads.job_digest, deep=deep, workers=workers), start=1):
        if not one.problem or not (dry_run or _is_taken_away(one, heads.job_digest, deep)):
            whole.add(one.frame)
        else:
            found.again[one.frame] = one.problem
        if progress is not None:
            progress(done, len(frames))
    return whole


def _is_taken_away(one: Soundness, job_digest: str, deep: bool) -> bool:
    """Move a damaged frame to damaged/. False when another process has made it whole meanwhile: it then stays."""
    folder = frame_folder(one.root, one.frame)
    kept = set_aside(one.root, folder, one.problem)
    if kept is not None and not check_folder(one.root, one.frame, kept, job_digest, deep=deep).problem:
        put_back(kept, folder)
        return False
    return not folder.exists()


def _foreign(root: Path, total: int) -> Iterator[str]:
    """Yield what lies in frames/ and is no frame of the job."""
    if not (root / FRAMES).is_dir():
        return
    for name in sorted(os.listdir(root / FRAMES)):
        if name.startswith((TEMPORARY, SILLY)):
            continue
        if not is_frame_name(name):
            yield f"{FRAMES}/{name} is not the name of a frame (move it out of {FRAMES}/)"
        elif int(name) >= total:
            yield f"{FRAMES}/{name} is beyond the {counted(total, 'frame')} of the job (move it out of {FRAMES}/)"


def _release_made(root: Path, whole: set[int], dry_run: bool) -> tuple[int, ...]:
    """Forget that frames were given up which are there all the same."""
    try:
        names = os.listdir(root / QUARANTINE)
    except FileNotFoundError:
        return ()
    made = sorted(int(name) for name in names if is_frame_name(name) and int(name) in whole)
    for frame in made if not dry_run else ():
        with storing(root / QUARANTINE):
            discard(root / QUARANTINE / frame_name(frame))
    return tuple(made)
