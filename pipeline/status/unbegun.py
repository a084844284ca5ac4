"""Shards that ended in their queue before their first frame, of which timing/ knows nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.exit_codes import DONE, TRANSIENT
from pipeline.farm.engine import End
from pipeline.status.reasons import alike

SIGNALS = 128  # and above: exit codes of what a signal ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbegun:
    """Shards that ended alike. `reason` is the last line that they said, `where` says more of the first of them; both
    are "" for shards that nobody asked about."""

    shards: tuple[int, ...]
    reason: str = ""
    where: str = ""


def unbegun_shards(
    ended: Mapping[int, Collection[int]], lacking: Collection[int], begun_s: Mapping[int, float], since_s: float
) -> tuple[int, ...]:
    """Return those of the shards that `ended` (their frames, by index) of whose frames none is there, and none was
    begun after `since_s`."""
    return tuple(
        index
        for index, frames in ended.items()
        if all(frame in lacking and begun_s.get(frame, -1.0) < since_s for frame in frames)
    )


def find_unbegun(
    shards: Sequence[int], asked: Collection[int], ends: Mapping[int, End], unseen: str, *, is_cancelled: bool
) -> tuple[Unbegun, ...]:
    """Return how those of `shards` ended that were `asked` about, the most frequent first, then the others.

    `unseen` is said where no end is told. Shards that were cancelled have not failed.
    """
    known = [index for index in shards if index in ends and _failed(ends[index], is_cancelled)]
    groups = [
        (reason, members, ends[members[0]].where) for reason, members in alike(known, lambda one: _why(ends[one]))
    ]
    if is_cancelled:
        rest = []
    else:
        untold = [index for index in shards if index in asked and index not in ends]
        groups += [(unseen, untold, "")] if untold else []
        rest = [index for index in shards if index not in asked]
    found = [Unbegun(shards=tuple(members), reason=reason, where=where) for reason, members, where in groups]
    return (*found, Unbegun(shards=tuple(rest))) if rest else tuple(found)


def _failed(end: End, is_cancelled: bool) -> bool:
    """Return whether a shard failed by itself: one that was stopped ends by a signal, or with what a stop comes to."""
    if end.is_cancelled or end.exit_code == DONE:
        return False
    return not is_cancelled or (end.exit_code is not None and TRANSIENT != end.exit_code < SIGNALS)


def _why(end: End) -> str:
    if end.is_starved:
        return "out of memory"
    return end.reason or (f"exit code {end.exit_code}" if end.exit_code is not None else "no last word")
