"""How a dataset stands, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.status.overview import Status
from pipeline.status.sections import sections, show_asked, show_pace, show_progress
from pipeline.status.tables import SHOWN, Section, shortened

BAR_WIDTH = 60
STYLES = {"accepted": "green", "rejected": "yellow", "running": "cyan", "given up": "red", "unreadable": "red"}
ALL = sys.maxsize  # rows of a table
ROWS = (1, 2, 4, SHOWN)  # those that a table may have on a screen, as far as there is room


def view_of(status: Status) -> RenderableType:
    """Return everything to show of a dataset's status: hints last, where the eye is."""
    blocks = [_table_block(section) for section in sections(status)]
    if status.hints:
        blocks.append(_hints_block(status.hints))
    return Group(*_head(status), *(part for block in blocks for part in ("", block.title, block.cut(ALL))))


@dataclass(frozen=True, slots=True)
class WatchedView:
    """The status on a screen that cuts off its end: hints come first, every table gets a few rows before any gets many,
    and what only says more is shown where there is room left."""

    status: Status

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        def height_of(part: RenderableType) -> int:
            return len(console.render_lines(part, options.reset_height(), pad=False))

        hints = [_hints_block(self.status.hints)] if self.status.hints else []
        blocks = [*hints, *map(_table_block, sections(self.status))]
        head = Group(*_head(self.status))
        yield head
        yield from _fitted(blocks, height_of, (options.height or console.height) - height_of(head))


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of the view: its title, what returns its content cut to so many rows, and whether it can be spared."""

    title: Text
    cut: Callable[[int], RenderableType]
    is_detail: bool = False


def _fitted(
    blocks: Sequence[_Block], height_of: Callable[[RenderableType], int], room: int
) -> Iterator[RenderableType]:
    """Yield as much of the blocks as `room` lines hold; a line between them where there is one."""
    heights: dict[tuple[int, int], int] = {}
    shown: dict[int, int] = {}  # the rows of each block that is shown, by its number

    def height(chosen: Mapping[int, int]) -> int:
        for number, rows in chosen.items():
            if (number, rows) not in heights:
                heights[number, rows] = height_of(Group(blocks[number].title, blocks[number].cut(rows)))
        return sum(heights[one] for one in chosen.items()) + (len(chosen) < len(blocks))

    for is_detail, rows in product((False, True), ROWS):
        for number, block in enumerate(blocks):
            is_candidate = block.is_detail == is_detail and (rows == ROWS[0] or number in shown)
            if is_candidate and height(shown | {number: rows}) <= room:
                shown[number] = rows
    is_airy = height(shown) + len(shown) <= room
    for number, rows in sorted(shown.items()):
        yield from ([""] if is_airy else [])
        yield from (blocks[number].title, blocks[number].cut(rows))
    yield from _left_out([block for number, block in enumerate(blocks) if number not in shown])


def _left_out(blocks: Sequence[_Block]) -> list[RenderableType]:
    names = ", ".join(block.title.plain.partition(" (")[0] for block in blocks)
    return [Text(f"no room for: {names}", style="dim", no_wrap=True, overflow="ellipsis")] if names else []


def _head(status: Status) -> list[RenderableType]:
    lines = [Text(line) for line in (show_asked(status), show_pace(status)) if line]
    return [Text(status.dataset, style="bold"), _bar(status), *lines]


def _bar(status: Status) -> Table:
    counts = status.counts
    line = Table.grid(padding=(0, 2))
    line.add_column(max_width=BAR_WIDTH)
    line.add_column(no_wrap=True)
    line.add_row(ProgressBar(total=max(counts.asked, 1), completed=counts.there), Text(show_progress(status)))
    return line


def _table_block(section: Section) -> _Block:
    title = Text(section.title, style="bold")
    return _Block(title, lambda rows: _indented(_table(shortened(section, rows))), section.is_detail)


def _table(section: Section) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", show_header=any(section.columns))
    for name in section.columns:
        is_number = name in section.numbers
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in section.rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    return Group(table, _more(section.more)) if section.more else table


def _hints_block(hints: Sequence[str]) -> _Block:
    return _Block(Text("hints", style="bold"), lambda rows: _indented(_hints(hints, rows)))


def _hints(hints: Sequence[str], rows: int) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for hint in hints[:rows]:
        table.add_row("•", Text(hint))
    return Group(table, _more(len(hints) - rows)) if len(hints) > rows else table


def _more(number: int) -> Text:
    return Text(f"and {number} more", style="dim")


def _indented(content: RenderableType) -> RenderableType:
    return Padding(content, (0, 0, 0, 2))
