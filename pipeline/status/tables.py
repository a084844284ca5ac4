"""Tables of words, whatever shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.frames import show_frames

SHOWN = 8  # rows of a table, unless all are asked for
LIST_WIDTH = 60  # of a list of frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table: names of columns, rows of as many words, and the columns that are numbers. `more` rows are left out.
    `is_whole`: it says nothing without all its rows; `is_detail`: it can be spared where there is little room."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()
    more: int = 0
    is_whole: bool = False
    is_detail: bool = False


def shortened(section: Section, rows: int) -> Section:
    """Return a table with its first rows alone; one that is whole stays as it is."""
    if section.is_whole or len(section.rows) <= rows:
        return section
    return replace(section, rows=section.rows[:rows], more=section.more + len(section.rows) - rows)


def list_frames(frames: Iterable[int]) -> str:
    """Return frames as a list that is not too long for a cell."""
    return shorten(show_frames(frames))


def shorten(frames: str) -> str:
    """Return a list of frames cut to the width of a cell."""
    if len(frames) <= LIST_WIDTH:
        return frames
    return f"{frames[:LIST_WIDTH].rpartition(',')[0]},..."
