"""What was handed over to queues for a dataset, and what they say of it now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.dataset.attempts import visit_attempts
from pipeline.dataset.layout import FARM
from pipeline.dataset.process_log import Attempt
from pipeline.errors import PipelineError
from pipeline.farm.ended import ended_shards, ends_of
from pipeline.farm.engine import Ends, Engine
from pipeline.farm.ledger import Entry, read_entry, submission_names
from pipeline.farm.starved import Starved, find_starved
from pipeline.frames import read_frames
from pipeline.status.tally import Tally
from pipeline.status.unbegun import Unbegun, find_unbegun, unbegun_shards

Engines = Mapping[str, Engine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A submission. `lacking` of its frames are not there. `states` counts the engine's own words for the shards that
    wait or run, None where it cannot be asked, or need not be since nothing lacks; `problem` says what is wrong with
    the submission, or why the engine does not answer. What is told of shards that ended is of those whose frames no
    later submission has."""

    folder: str
    engine: str = ""
    frames: str = ""
    shards: int = 0
    lacking: int = 0
    ids: tuple[str, ...] = ()
    states: Mapping[str, int] | None = None
    problem: str = ""
    is_cancelled: bool = False
    excluded: str = ""
    """Machines that Slurm was told to leave out."""
    unbegun: tuple[Unbegun, ...] = ()
    """Its shards that ended before their first frame."""
    starved: Starved | None = None
    """Its shards that ran out of memory."""
    nodes: Mapping[str, int] = field(default_factory=dict)
    """How many of the shards that ended before their first frame did so on which machine, as far as it is told."""


def read_submissions(
    root: Path, absent: frozenset[int], engines: Engines, attempts: Sequence[Attempt], begun_s: Mapping[int, float]
) -> tuple[Submitted, ...]:
    """Return all submissions of the dataset `root`, oldest first; the frames `absent` are not there.

    `attempts` are those that came to nothing, `begun_s` when a frame was begun last. An engine may raise any error,
    and no submission keeps the others from being read.
    """
    found: list[Submitted] = []
    later: set[int] = set()
    for name in reversed(submission_names(root)):
        try:
            entry = read_entry(root, name)
            frames = frozenset(read_frames(entry.submission.frames))
        except PipelineError as error:
            found.append(Submitted(folder=f"{FARM}/{name}", problem=str(error)))
            continue
        entry = _here(root, entry)
        since = [one for one in attempts if one.at_s >= entry.at_s]
        found.append(_submitted(entry, absent & frames, later, engines, since, begun_s))
        later |= frames
    return tuple(reversed(found))


def read_submission(root: Path, entry: Entry, absent: Collection[int], engines: Engines) -> Submitted:
    """Return one submission of the dataset `root`, as if no later one had its frames; `absent` are not there."""
    entry = _here(root, entry)
    lacking = frozenset(read_frames(entry.submission.frames)).intersection(absent)
    tally = Tally(asked=lacking)
    if lacking:
        visit_attempts(root, tally.add)
    lost = [attempt for _, attempt in tally.troubles if attempt.at_s >= entry.at_s]
    return _submitted(entry, lacking, (), engines, lost, tally.begun_s)


def _here(root: Path, entry: Entry) -> Entry:
    """Return a submission with the dataset where it is now."""
    return replace(entry, submission=replace(entry.submission, dataset=str(root)))


def _submitted(
    entry: Entry,
    lacking: frozenset[int],
    later: Collection[int],
    engines: Engines,
    attempts: Sequence[Attempt],
    begun_s: Mapping[int, float],
) -> Submitted:
    submission = entry.submission
    told = Submitted(
        folder=submission.folder,
        engine=submission.engine,
        frames=submission.frames,
        shards=len(submission.shards),
        lacking=len(lacking),
        ids=entry.ids or (),
        is_cancelled=entry.is_cancelled,
        excluded=submission.engine_options.get("exclude", ""),
    )
    if not lacking:
        return told
    states, problem = _ask(entry, engines)
    told = replace(
        told, states=None if states is None else dict(Counter(states.values()).most_common()), problem=problem
    )
    lacking = lacking.difference(later)
    shards = ended_shards(submission, lacking, states or ())
    engine = engines.get(submission.engine)
    ends = ends_of(engine, submission, entry.ids or (), shards) if engine else Ends()
    told = replace(told, starved=find_starved(submission, shards, ends.told, attempts))
    if engine is None or not entry.ids:
        return told
    if states is None:  # only a shard that says so itself has ended
        ends = replace(ends, told={index: end for index, end in ends.told.items() if end.exit_code is not None})
        shards = {index: shards[index] for index in ends.told}
    idle = unbegun_shards(shards, lacking, begun_s, entry.at_s)
    unbegun = find_unbegun(idle, ends, engine.unseen, is_cancelled=entry.is_cancelled)
    failed = (ends.told[index] for group in unbegun for index in group.shards if index in ends.told)
    nodes = Counter(end.node for end in failed if end.node)
    return replace(told, unbegun=unbegun, nodes=dict(nodes.most_common()))


def _ask(entry: Entry, engines: Engines) -> tuple[Mapping[int, str] | None, str]:
    """Return the states of the shards that wait or run, or why they are not known."""
    engine = engines.get(entry.submission.engine)
    if entry.ids is None:
        return None, "was interrupted while it was submitted; look at the queue itself"
    if engine is None or not entry.ids:
        return None, ""
    try:
        return engine.states(entry.submission, entry.ids), ""
    except Exception as error:  # an engine's opinion is not worth a failure
        return None, f"the engine does not answer: {error}"
