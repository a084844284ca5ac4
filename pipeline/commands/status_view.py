"""How a dataset stands, on a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.status.overview import Status
from pipeline.status.sections import sections, show_pace, show_progress
from pipeline.status.tables import Section

BAR_WIDTH = 60
STYLES = {"accepted": "green", "rejected": "yellow", "running": "cyan", "given up": "red", "unreadable": "red"}


def view_of(status: Status, *, is_watched: bool = False) -> RenderableType:
    """Return everything to show of a dataset's status: hints last, where the eye is, but first on a screen that cuts
    off its end."""
    parts: list[RenderableType] = [
        Text(status.dataset, style="bold"),
        _bar(status),
        Text(show_pace(status)),
    ]
    tables: list[RenderableType] = []
    for section in sections(status):
        tables += _titled(section.title, _table(section))
    hints = _titled("hints", _hints(status)) if status.hints else []
    parts += [*hints, *tables] if is_watched else [*tables, *hints]
    return Group(*parts)


def _titled(title: str, content: RenderableType) -> list[RenderableType]:
    return [Text(""), Text(title, style="bold"), Padding(content, (0, 0, 0, 2))]


def _bar(status: Status) -> Table:
    counts = status.counts
    bar = ProgressBar(total=max(counts.asked, 1), completed=counts.there, width=BAR_WIDTH)
    line = Table.grid(padding=(0, 2))
    line.add_row(bar, Text(show_progress(status)))
    return line


def _table(section: Section) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", show_header=any(section.columns))
    for name in section.columns:
        is_number = name in section.numbers
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in section.rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    return Group(table, Text(f"and {section.more} more", style="dim")) if section.more else table


def _hints(status: Status) -> Table:
    table = Table.grid(padding=(0, 1))
    for hint in status.hints:
        table.add_row("•", Text(hint))
    return table
