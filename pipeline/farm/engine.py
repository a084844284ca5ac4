"""What each engine must be able to do: a few functions, so that commands need not know which one it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.farm.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a shard ended, as far as its engine or the log that it keeps tells. `exit_code` None: nobody says."""

    reason: str
    """The last line that the shard said, "" for none."""
    where: str = ""
    """What says more: a file below the dataset, or a command."""
    exit_code: int | None = None
    node: str = ""
    is_starved: bool = False
    """The queue says that it ran out of memory."""
    is_cancelled: bool = False
    """Somebody took it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How shards ended, by index, of those that were `looked_into`; of the others among these nothing is told."""

    looked_into: Collection[int] = ()
    told: Mapping[int, End] = field(default_factory=dict)


def untold(submission: Submission, ids: tuple[str, ...], shards: Sequence[int]) -> Ends:
    """Return nothing: the engine keeps the logs of shards where they are not to be read from here."""
    return Ends(looked_into=shards)


def look_there(submission: Submission, ids: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return that the queue itself may know more."""
    why = "was interrupted while it was submitted" if ids is None else "no id of it is known"
    return (f"{why}; look at the queue itself",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One queue or format. Functions raise FarmError with what the user can do when a program or a server refuses."""

    name: str
    programs: tuple[str, ...] = ()
    """What `submit` runs: looked for before anything is written."""
    check: Callable[[Submission], None]
    """Refuse, before anything is written, what the engine would not take: an engine option it does not know, a program
    that is not here, a limit of the site."""
    files: Callable[[Submission], Mapping[str, str]]
    """Return the text of every file the engine gets, by name within the submission's folder. Pure: `--dry-run` shows
    exactly these. The files of `ready_files` (shards.txt, submission.json) are written besides, for every engine."""
    commands: Callable[[Submission, Path], tuple[str, ...]]
    """Return the command lines that `submit` would run for the files in a folder, for `--dry-run`; () where it runs
    none. What only a run can tell stands in them as a word in angle brackets: "<id of the first>"."""
    submit: Callable[[Submission, Path], tuple[str, ...]]
    """Hand the files, written in a folder, to the engine and return the ids by which it knows them."""
    cancel: Callable[[Submission, tuple[str, ...]], tuple[str, ...] | None]
    """Stop what those ids name, and return those that waited or ran until now; what has ended already is no error. None
    where the engine does not tell which did."""
    by_hand: Callable[[Submission, tuple[str, ...] | None], tuple[str, ...]] = look_there
    """Return what to tell the user who takes back a submission that has no ids, or None where `submit` did not come to
    its end: how it stands and what to type, line by line."""
    states: Callable[[Submission, tuple[str, ...]], Mapping[int, str] | None]
    """Return the engine's own word for each shard that still waits or runs, by its index ({0: "RUNNING"}).
    Shards that ended are left out: the frames on disk say how. None where the engine cannot be asked from here."""
    ends: Callable[[Submission, tuple[str, ...], Sequence[int]], Ends] = untold
    """Return how these shards, which neither wait nor run, ended the last time. Of thousands it may look into some."""
    unseen: str = "the engine's own logs say why"
    """What to say of a shard that was looked into, and of which nothing is told."""
    next_steps: Callable[[Submission, Path], tuple[str, ...]]
    """Return commands for the user to type, for a format that is submitted by other programs; else ()."""
    knobs: str
    """What `--engine-option` means to it, one sentence for `submit --help`."""
