"""Shards of a submission that neither wait nor run, though frames of theirs lack."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence

from pipeline.errors import FarmError
from pipeline.farm.engine import End, Engine
from pipeline.farm.submission import Submission
from pipeline.frames import read_frames

LOOKED_INTO = 100  # shards that an engine, or a log each, is asked about: thousands may end alike


def ended_shards(
    submission: Submission, lacking: Collection[int], live: Container[int] = ()
) -> dict[int, tuple[int, ...]]:
    """Return all frames of each shard that is not `live` and has some of `lacking`, by its index."""
    if not lacking:
        return {}
    shards = ((index, read_frames(text)) for index, text in enumerate(submission.shards) if index not in live)
    lacks = frozenset(lacking)
    return {index: frames for index, frames in shards if not lacks.isdisjoint(frames)}


def ends_of(
    engine: Engine, submission: Submission, ids: tuple[str, ...], shards: Sequence[int]
) -> tuple[Sequence[int], Mapping[int, End]]:
    """Return the shards that were asked about, LOOKED_INTO of them at most, and how they ended as far as it is told."""
    step = -(-len(shards) // LOOKED_INTO) or 1
    asked = shards[::step]
    try:
        return asked, engine.ends(submission, ids, asked) if asked else {}
    except FarmError:
        return asked, {}  # it does not answer: that is told elsewhere
