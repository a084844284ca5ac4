"""What was handed over to queues for a dataset, and what they say of it now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.layout import FARM
from pipeline.errors import PipelineError
from pipeline.farm.ledger import Entry, read_entry, submission_names

Ask = Callable[[Entry], Mapping[int, str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A submission. `states` counts the engine's own words for the shards that wait or run, None where it cannot be
    asked; `problem` says what is wrong with the submission, or why the engine does not answer."""

    folder: str
    engine: str = ""
    frames: str = ""
    shards: int = 0
    ids: tuple[str, ...] = ()
    states: Mapping[str, int] | None = None
    problem: str = ""


def read_submissions(root: Path, ask: Ask | None = None) -> tuple[Submitted, ...]:
    """Return all submissions of the dataset `root`, oldest first. `ask` asks an engine for the states of shards; it may
    raise any error, and no submission keeps the others from being read."""
    return tuple(_submitted(root, name, ask) for name in submission_names(root))


def _submitted(root: Path, name: str, ask: Ask | None) -> Submitted:
    try:
        entry = read_entry(root, name)
    except PipelineError as error:
        return Submitted(folder=f"{FARM}/{name}", problem=str(error))
    submission = entry.submission
    states, problem = _ask(entry, ask)
    return Submitted(
        folder=submission.folder,
        engine=submission.engine,
        frames=submission.frames,
        shards=len(submission.shards),
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
