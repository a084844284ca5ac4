"""Shards of a fixed number of frames: SPLIT-SSSSSS.* holds the frames s * 1000 to s * 1000 + 999 of its split.

A longer dataset keeps its full shards byte for byte. A shard without a frame is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from pipeline.exporters.source import ExportFrame

SHARD_FRAMES = 1000

T = TypeVar("T")


def shard_name(one: ExportFrame, suffix: str) -> str:
    """Return the name of the shard that a frame belongs to."""
    return f"{one.split}-{one.frame // SHARD_FRAMES:06d}{suffix}"


@contextmanager
def shards(
    folder: Path, suffix: str, open_shard: Callable[[Path], AbstractContextManager[T]]
) -> Iterator[Callable[[ExportFrame], T]]:
    """Yield a function that returns the open shard of a frame. Frames come in order, so of each split one is open."""
    with ExitStack() as stack:
        held: dict[str, tuple[str, ExitStack, T]] = {}

        def shard_of(one: ExportFrame) -> T:
            name = shard_name(one, suffix)
            if one.split not in held or held[one.split][0] != name:
                if one.split in held:
                    held[one.split][1].close()
                own = stack.enter_context(ExitStack())
                held[one.split] = (name, own, own.enter_context(open_shard(folder / name)))
            return held[one.split][2]

        yield shard_of
