"""What was handed over to queues for a dataset, and what they say of it now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.layout import FARM
from pipeline.errors import PipelineError
from pipeline.farm.ledger import Entry, read_entry, submission_names
from pipeline.frames import read_frames

Ask = Callable[[Entry], Mapping[int, str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A submission. `lacking` of its frames are not there. `states` counts the engine's own words for the shards that
    wait or run, None where it cannot be asked, or need not be since nothing lacks; `problem` says what is wrong with
    the submission, or why the engine does not answer."""

    folder: str
    engine: str = ""
    frames: str = ""
    shards: int = 0
    lacking: int = 0
    ids: tuple[str, ...] = ()
    states: Mapping[str, int] | None = None
    problem: str = ""


def read_submissions(root: Path, absent: frozenset[int], ask: Ask | None = None) -> tuple[Submitted, ...]:
    """Return all submissions of the dataset `root`, oldest first; the frames `absent` are not there.

    `ask` asks an engine for the states of shards. It may raise any error, and no submission keeps the others from being
    read.
    """
    return tuple(_submitted(root, name, absent, ask) for name in submission_names(root))


def _submitted(root: Path, name: str, absent: frozenset[int], ask: Ask | None) -> Submitted:
    try:
        entry = read_entry(root, name)
        submission = entry.submission
        lacking = len(absent.intersection(read_frames(submission.frames)))
    except PipelineError as error:
        return Submitted(folder=f"{FARM}/{name}", problem=str(error))
    states, problem = _ask(entry, ask) if lacking else (None, "")
    return Submitted(
        folder=submission.folder,
        engine=submission.engine,
        frames=submission.frames,
        shards=len(submission.shards),
        lacking=lacking,
        ids=entry.ids or (),
        states=None if states is None else dict(Counter(states.values()).most_common()),
        problem=problem,
    )


def _ask(entry: Entry, ask: Ask | None) -> tuple[Mapping[int, str] | None, str]:
    if entry.ids is None:
        return None, "was interrupted while it was submitted; look at the queue itself"
    if ask is None:
        return None, ""
    try:
        return ask(entry), ""
    except Exception as error:  # an engine's opinion is not worth a failure
        return None, f"the engine does not answer: {error}"
