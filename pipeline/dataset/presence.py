"""Which frames lie in their place, by name alone: a frame's folder appears complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from pipeline.dataset.disk import server_time_s
from pipeline.dataset.layout import FRAMES, is_frame_name
from pipeline.errors import StoreError


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
