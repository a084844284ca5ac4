"""Tables of words, whatever shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.frames import show_frames

SHOWN = 8  # rows of a table, unless all are asked for
LIST_WIDTH = 60  # of a list of frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table: names of columns, rows of as many words, and the columns that are numbers. `more` rows are left out."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()
    more: int = 0


def list_frames(frames: Iterable[int]) -> str:
    """Return frames as a list that is not too long for a cell."""
    return shorten(show_frames(frames))


def shorten(frames: str) -> str:
    """Return a list of frames cut to the width of a cell."""
    if len(frames) <= LIST_WIDTH:
        return frames
    return f"{frames[:LIST_WIDTH].rpartition(',')[0]},..."
