"""Handing frames over to an engine: its files written beside the dataset, its programs run, its ids noted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.dataset.attempts import now_s
from pipeline.dataset.disk import make_folder, storing
from pipeline.dataset.layout import LOGS
from pipeline.errors import FarmError
from pipeline.farm.engine import Engine
from pipeline.farm.ledger import add_entry, drop_entry, next_folder, ready_files, record_ids
from pipeline.farm.refusals import PartlyTaken
from pipeline.farm.submission import Submission
from pipeline.frames import show_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A submission that an engine took, or that waits for the user's `next_steps`."""

    submission: Submission
    ids: tuple[str, ...]
    next_steps: tuple[str, ...]


def with_shards(order: Submission, folder: str, shards: Sequence[Sequence[int]]) -> Submission:
    """Return the submission of an order, which says everything but its folder and frames."""
    frames = show_frames(frame for shard in shards for frame in shard)
    return replace(order, folder=folder, frames=frames, shards=tuple(show_frames(shard) for shard in shards))


def check_order(root: Path, order: Submission, shards: Sequence[Sequence[int]], engine: Engine) -> None:
    """Refuse what the engine would not take, before anything is written."""
    engine.check(with_shards(order, next_folder(root, engine.name), shards))


def require_programs(engine: Engine) -> None:
    """Raise FarmError when the programs that submit are not here."""
    absent = [name for name in engine.programs if shutil.which(name) is None]
    if absent:
        raise FarmError(
            f"--engine {engine.name}: {', '.join(absent)} not here "
            "(work on a machine that has them, or see what would be submitted with --dry-run)"
        )


def hand_over(root: Path, order: Submission, shards: Sequence[Sequence[int]], engine: Engine) -> Handed:
    """Write the submission and give it to the engine; one that the engine refuses leaves nothing behind, unless a part
    of it is in the queue.

    One that is interrupted, or not answered in time, stays without ids: the engine may have taken it, and its shards
    need the files.
    """
    with storing(root / LOGS):
        make_folder(root / LOGS)  # a queue starts no shard whose log has no place, and people tidy up
    submission = add_entry(root, engine.name, lambda folder: _with_files(with_shards(order, folder, shards), engine))
    folder, at_s = root / submission.folder, now_s(root)
    commands: tuple[str, ...] = ()
    try:
        commands = engine.commands(submission, folder)
        ids = engine.submit(submission, folder)
    except PartlyTaken as refusal:
        record_ids(root, submission, refusal.ids, commands, at_s)
        raise
    except FarmError as refusal:
        if not _may_have_arrived(refusal):
            drop_entry(root, submission)
        raise
    record_ids(root, submission, ids, commands, at_s)
    return Handed(submission=submission, ids=ids, next_steps=engine.next_steps(submission, folder))


def _may_have_arrived(refusal: FarmError) -> bool:
    """Return whether an engine gave no answer in time, which says nothing of what it did."""
    cause = refusal.__cause__
    return isinstance(cause, TimeoutError) or isinstance(getattr(cause, "reason", None), TimeoutError)


def rehearse(root: Path, order: Submission, shards: Sequence[Sequence[int]], engine: Engine) -> Iterator[str]:
    """Yield, paragraph by paragraph, every file that would be written and every command that would be run."""
    submission, files = _with_files(with_shards(order, next_folder(root, engine.name), shards), engine)
    folder = root / submission.folder
    for name, text in files.items():
        yield f"=== {folder / name}\n{text}"
    if commands := engine.commands(submission, folder):
        yield "\n".join(["=== commands", *commands])
    if steps := engine.next_steps(submission, folder):
        yield "\n".join(["=== for you to do", *steps])


def _with_files(submission: Submission, engine: Engine) -> tuple[Submission, Mapping[str, str]]:
    return submission, {**ready_files(submission), **engine.files(submission)}
