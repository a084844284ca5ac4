"""Shards of a submission that neither wait nor run, though frames of theirs lack."""

from __future__ import annotations

from collections.abc import Collection, Container

from pipeline.farm.engine import Ends, Engine
from pipeline.farm.submission import Submission
from pipeline.frames import read_frames


def ended_shards(
    submission: Submission, lacking: Collection[int], live: Container[int] = ()
) -> dict[int, tuple[int, ...]]:
    """Return all frames of each shard that is not `live` and has some of `lacking`, by its index."""
    if not lacking:
        return {}
    shards = ((index, read_frames(text)) for index, text in enumerate(submission.shards) if index not in live)
    lacks = frozenset(lacking)
    return {index: frames for index, frames in shards if not lacks.isdisjoint(frames)}


def ends_of(engine: Engine, submission: Submission, ids: tuple[str, ...], shards: Collection[int]) -> Ends:
    """Return how shards ended, as far as the engine answers in words that can be read."""
    try:
        return engine.ends(submission, ids, sorted(shards)) if shards and ids else Ends()
    except Exception:  # an engine's opinion is not worth a failure
        return Ends()
