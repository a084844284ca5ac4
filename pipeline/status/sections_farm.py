"""What is told of queues and the shards in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.dataset.layout import LOGS
from pipeline.farm.ledger import show_ids
from pipeline.status.submissions import Submitted
from pipeline.status.tables import SHOWN, Section, list_frames, shorten


def submissions(dataset: str, submitted: Sequence[Submitted]) -> Iterator[Section]:
    """Yield what was handed over, and what the engines say of it."""
    if submitted:
        rows = tuple(
            (
                one.folder,
                show_ids(one.ids).partition(" ")[2],
                str(one.shards),
                shorten(one.frames),
                str(one.lacking),
                _queue_word(one),
            )
            for one in submitted
        )
        columns = ("submission", "ids", "shards", "frames", "lacking", "the engine says")
        yield Section(
            title=f"submissions (logs in {dataset}/{LOGS})",
            columns=columns,
            rows=rows,
            numbers=("shards", "lacking"),
        )


def unbegun(submitted: Sequence[Submitted]) -> Iterator[Section]:
    """Yield the shards that ended before their first frame."""
    groups = [(one.folder, group) for one in submitted for group in one.unbegun]
    if groups:
        rows = tuple(
            (str(len(one.shards)), folder, list_frames(one.shards), one.reason or "not looked into", one.where)
            for folder, one in groups[:SHOWN]
        )
        yield Section(
            title="shards that ended before their first frame",
            columns=("number", "submission", "shards", "said last", "log of the first"),
            rows=rows,
            numbers=("number",),
            more=max(0, len(groups) - SHOWN),
        )


def _queue_word(one: Submitted) -> str:
    cancelled = " (cancelled)" if one.is_cancelled else ""
    if one.problem:
        return f"{one.problem}{cancelled}"
    if one.states is None:
        return f"cannot be asked from here{cancelled}" if one.lacking else cancelled.strip(" ()")
    words = ", ".join(f"{number} {state}" for state, number in one.states.items())
    return f"{words or 'nothing waits or runs'}{cancelled}"
