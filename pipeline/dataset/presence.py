"""Which frames lie in their place, by name and by the record in them: a frame's folder appears complete or not at all,
but people tidy up, copies end halfway, and disks forget."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from pipeline.dataset.disk import again_if_stale, server_time_s
from pipeline.dataset.layout import COMMIT, FRAMES, frame_name, is_frame_name
from pipeline.errors import StoreError

AT_ONCE = 16  # looks under way at the same time: a file server takes a hundred times as long to answer as a local disk
BATCH = 256  # frames that a thread takes at a time


def present(root: Path) -> frozenset[int]:
    """Return every frame that has a folder in the dataset `root`, rejected ones too, whatever its job's number.

    Nothing is opened, so 100 000 frames take a moment. Raises StoreError when frames/ cannot be read.
    """
    folder = root / FRAMES
    try:
        with os.scandir(folder) as entries:
            return frozenset(int(one.name) for one in entries if is_frame_name(one.name))
    except FileNotFoundError:
        return frozenset()  # a dataset that begins right now
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error.strerror} (is {root} a dataset?)") from error


def absent(root: Path, frames: Collection[int]) -> list[int]:
    """Return those of `frames` that have no folder, in their order.

    A network file system may show a list of names that is a minute old, on the very machine that made some of the
    frames; it gets a new one when it has changed the folder itself. So that is done before any frame is said to lack.
    """
    there = present(root)
    lacking = [frame for frame in frames if frame not in there]
    if not lacking or server_time_s(root / FRAMES) is None:
        return lacking
    there = present(root)
    return [frame for frame in lacking if frame not in there]


def without_record(root: Path, frames: Sequence[int]) -> list[int]:
    """Return those of `frames` in whose folder no record lies (frame.json), or an empty one, in their order: they are
    not complete, whatever their name says.

    One look a frame, which opens nothing: 0.4 s of a processor for 100 000 of a local disk, and many at a time where a
    server must be asked. What is wrong with a frame that has its record takes reading it, as `folder_problem` does.
    Raises StoreError when the disk does not answer.
    """
    found = _without_record(root, frames)
    # An old view of a folder that another machine has put in the place of a damaged one: see `absent`.
    if not found or server_time_s(root / FRAMES) is None:
        return found
    return _without_record(root, found)


def _without_record(root: Path, frames: Sequence[int]) -> list[int]:
    batches = [frames[start : start + BATCH] for start in range(0, len(frames), BATCH)]
    if len(batches) < 2:
        return [frame for batch in batches for frame in _look(root, batch)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [frame for found in pool.map(partial(_look, root), batches) for frame in found]


def _look(root: Path, frames: Sequence[int]) -> list[int]:
    folder = f"{root / FRAMES}"
    return [frame for frame in frames if not _size(f"{folder}/{frame_name(frame)}/{COMMIT}")]


def _size(path: str) -> int:
    """Return the bytes of a file, 0 where there is none."""
    try:
        return again_if_stale(partial(os.stat, path)).st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror} (check the disk)") from error
