"""Shards that ended in their queue before their first frame, of which timing/ knows nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.exit_codes import DONE, TRANSIENT
from pipeline.farm.engine import End, Ends
from pipeline.status.reasons import alike

SIGNALS = 128  # and above: exit codes of what a signal ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbegun:
    """Shards that ended alike. `reason` is the last line that they said, `where` says more of the first of them; both
    are "" for shards that nobody looked into."""

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


def find_unbegun(shards: Sequence[int], ends: Ends, unseen: str, *, is_cancelled: bool) -> tuple[Unbegun, ...]:
    """Return how those of `shards` ended that were looked into, the most frequent first, then the others.

    `unseen` is said where no end is told. Shards that were cancelled have not failed.
    """
    told, looked_into = ends.told, frozenset(ends.looked_into)
    failed = [index for index in shards if index in told and _failed(told[index], is_cancelled)]
    found = [
        Unbegun(shards=tuple(members), reason=reason, where=told[members[0]].where)
        for reason, members in alike(failed, lambda index: _why(told[index]))
    ]
    if not is_cancelled:
        silent = tuple(index for index in shards if index in looked_into and index not in told)
        others = tuple(index for index in shards if index not in looked_into)
        found += [Unbegun(shards=some, reason=why) for some, why in ((silent, unseen), (others, "")) if some]
    return tuple(found)


def _failed(end: End, is_cancelled: bool) -> bool:
    """Return whether a shard failed by itself: one that was stopped ends by a signal, or with what a stop comes to."""
    if end.is_cancelled or end.exit_code == DONE:
        return False
    return not is_cancelled or (end.exit_code is not None and TRANSIENT != end.exit_code < SIGNALS)


def _why(end: End) -> str:
    if end.is_starved:
        return "out of memory"
    return end.reason or (f"exit code {end.exit_code}" if end.exit_code is not None else "no last word")
