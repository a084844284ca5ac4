"""Cutting frames into shards: views of one scene stay together, so that a scene settles once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from pipeline.errors import FarmError

SHARDS = "shards.txt"


def cut_shards(frames: Iterable[int], size: int, views_per_scene: int = 1) -> tuple[tuple[int, ...], ...]:
    """Return `frames` in ascending order, in shards of at most `size` frames, more only for the views of one scene.

    A shard ends where a scene does. Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"a shard holds at least one frame, not {size}")
    shards: list[tuple[int, ...]] = []
    current: list[int] = []
    for _, group in groupby(sorted(set(frames)), key=lambda frame: frame // views_per_scene):
        views = list(group)
        if current and len(current) + len(views) > size:
            shards.append(tuple(current))
            current = []
        current += views
    return (*shards, tuple(current)) if current else tuple(shards)


def read_shard(dataset: Path, submission: str, index: int) -> str:
    """Return the frames of shard `index` of a submission ("farm/0001-slurm"), as `parse_frames` reads them.

    Raises FarmError when there is no such submission or shard.
    """
    lines = read_shards(dataset, submission)
    if not 0 <= index < len(lines):
        raise FarmError(f"--index {index}: {dataset / submission / SHARDS} has shards 0-{len(lines) - 1}")
    return lines[index]


def read_shards(dataset: Path, submission: str) -> tuple[str, ...]:
    """Return the frames of every shard of a submission ("farm/0001-slurm"), as `parse_frames` reads them.

    Raises FarmError when there is no such submission.
    """
    path = dataset / submission / SHARDS
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise FarmError(f"{path}: cannot be read: {error.strerror} (is {submission!r} a submission of it?)") from error
