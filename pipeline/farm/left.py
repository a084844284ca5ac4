"""What is left to submit of a dataset: not on disk, not given up, not with an engine already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.dataset.presence import present, without_record
from pipeline.dataset.quarantine import quarantined
from pipeline.errors import FarmError
from pipeline.farm.engine import Engine
from pipeline.farm.ledger import Entry
from pipeline.frames import read_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """`frames` are to be submitted; the others are missing too. All ascending."""

    frames: tuple[int, ...]
    without_record: tuple[int, ...] = ()
    """Those of `frames` that have a folder all the same."""
    given_up: tuple[int, ...] = ()
    queued: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By the submission ("farm/0001-slurm") whose shards wait or run."""
    notices: tuple[str, ...] = ()
    """Submissions of which nobody can say whether they still wait or run, and why."""


def what_is_left(
    root: Path, wanted: Iterable[int], ledger: Iterable[Entry], engines: Mapping[str, Engine], *, retry: bool = False
) -> Left:
    """Return what is left of the frames `wanted`: what has no folder, or one without a record. `retry` does not leave
    out those that were given up."""
    asked, there = set(wanted), present(root)
    bare = set(without_record(root, sorted(asked & there)))
    missing = (asked - there) | bare
    given_up = set() if retry else missing & set(quarantined(root))
    missing -= given_up
    queued: dict[str, tuple[int, ...]] = {}
    notices: list[str] = []
    for entry in ledger if missing else ():
        live, notice = _live_shards(entry, engines)
        if notice:
            notices.append(notice)
        shards = entry.submission.shards
        frames = {frame for index in live if index < len(shards) for frame in read_frames(shards[index])} & missing
        if frames:
            queued[entry.submission.folder] = tuple(sorted(frames))
            missing -= frames
    return Left(
        frames=tuple(sorted(missing)),
        without_record=tuple(sorted(missing & bare)),
        given_up=tuple(sorted(given_up)),
        queued=queued,
        notices=tuple(notices),
    )


def _live_shards(entry: Entry, engines: Mapping[str, Engine]) -> tuple[Iterable[int], str]:
    """Return the shards of a submission that wait or run, and what to say where that cannot be told."""
    name = entry.submission.folder
    engine = engines.get(entry.submission.engine)
    if engine is None:
        return (), f"{name}: this version knows no engine {entry.submission.engine!r}; what it has queued is not known"
    if entry.ids is None:
        return (), f"{name}: was interrupted while it was submitted; what of it is queued is not known"
    try:
        states = engine.states(entry.submission, entry.ids)
    except FarmError as error:
        return (), f"{name}: what of it is queued is not known: {error}"
    if states is None:
        return (), f"{name}: {engine.name} cannot be asked from here what of it still waits or runs"
    return states, ""
