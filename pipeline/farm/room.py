"""Whether the disk has room for frames that are yet to be made, by the size of those that are there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.layout import frame_folder
from pipeline.plurals import counted

LOOKED_INTO = 50  # frames measured, spread over all that are there


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What `frames` frames will take and what the disk has free, for an ordinary user: bytes, and files with folders.
    `free_files` None: the file system has no number of them."""

    frames: int
    needed: int
    free: int
    needed_files: int
    free_files: int | None

    @property
    def is_enough(self) -> bool:
        return self.needed <= self.free and (self.free_files is None or self.needed_files <= self.free_files)


def measure_room(root: Path, there: Sequence[int], frames: int) -> Room | None:
    """Return the room for `frames` more frames of the dataset `root`, in which `there` are; None where none is there to
    go by, or the disk cannot be asked."""
    step = -(-len(there) // LOOKED_INTO) or 1
    with suppress(OSError, AttributeError):  # Windows has no statvfs
        sizes = [list(_sizes(frame_folder(root, frame))) for frame in there[::step]]
        disk = os.statvfs(root)
        if sizes and frames:
            return Room(
                frames=frames,
                needed=round(frames * sum(map(sum, sizes)) / len(sizes)),
                free=disk.f_bavail * disk.f_frsize,
                needed_files=round(frames * sum(1 + len(files) for files in sizes) / len(sizes)),
                free_files=disk.f_favail if disk.f_files else None,
            )
    return None


def show_room(room: Room) -> str:
    """Return a sentence: what they take, what is free, and where it is too little, what to do."""
    text = f"about {show_bytes(room.needed)} for {counted(room.frames, 'frame')}; {show_bytes(room.free)} free"
    if room.is_enough:
        return text
    if room.needed > room.free:
        return (
            f"{text}: they will not fit. Make room, or take another disk; fewer outputs and "
            "`formats: {depth: png, rgb: jpeg}` make frames smaller. A full disk stops shards, and loses nothing"
        )
    return (
        f"{text}, but they are about {room.needed_files} files and folders, and the disk takes {room.free_files} more: "
        "ask who runs it for more inodes"
    )


def show_bytes(size: float) -> str:
    """Return a size as people read it: "96 GB", "2.1 TB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if size >= 9.95 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _sizes(folder: Path) -> Iterator[int]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry.stat().st_size
