"""What each engine must be able to do: four functions, so that commands need not know which one it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.farm.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One queue or format. Functions raise FarmError with what the user can do when a program or a server refuses."""

    name: str
    files: Callable[[Submission], Mapping[str, str]]
    """Return the text of every file the engine gets, by name within the submission's folder. Pure: `--dry-run` shows
    exactly these. The files of `ready_files` (shards.txt, submission.json) are written besides, for every engine."""
    submit: Callable[[Submission, Path], tuple[str, ...]]
    """Hand the files, written in a folder, to the engine and return the ids by which it knows them."""
    cancel: Callable[[Submission, tuple[str, ...]], None]
    """Stop what those ids name; what has ended already is no error."""
    states: Callable[[Submission, tuple[str, ...]], Mapping[str, int] | None]
    """Return how many shards are in each state by the engine's own word ({"RUNNING": 3}); None where it cannot be
    asked from here."""
    next_steps: Callable[[Submission, Path], tuple[str, ...]]
    """Return commands for the user to type, for a format that is submitted by other programs; else ()."""
    knobs: str
    """What `--engine-option` means to it, one sentence for `submit --help`."""
