"""What was submitted for a dataset: farm/NUMBER-ENGINE/, a folder for each submission.

A folder appears complete: submission.json, shards.txt and the engine's files. submitted.json follows when the engine
has taken them; where it is missing, whoever submitted was interrupted, and the engine may know of the shards or not.
cancelled.json says that it was taken back.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import create_file, discard, remove, storing, sync, temporary_name, write_file
from pipeline.dataset.layout import FARM
from pipeline.errors import StoreError
from pipeline.farm.shards import SHARDS
from pipeline.farm.submission import Submission
from pipeline.structure import from_json, unstructure

SUBMISSION = "submission.json"
SUBMITTED = "submitted.json"
CANCELLED = "cancelled.json"

_NAME = re.compile(r"(?P<number>\d{4,})-(?P<engine>[a-z0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A submission on disk. `ids` are the engine's, None where the submission was interrupted. It was handed over at
    `at_s`, Unix time by the disk's clock, 0 where that is not known."""

    submission: Submission
    ids: tuple[str, ...] | None
    at_s: float = field(default=0.0, compare=False)
    is_cancelled: bool = False


def ready_files(submission: Submission) -> dict[str, str]:
    """Return the files that every engine gets besides its own: their text by name."""
    return {
        SUBMISSION: json_bytes(unstructure(submission), indent=1).decode(),
        SHARDS: "".join(f"{frames}\n" for frames in submission.shards),
    }


def read_ledger(root: Path) -> tuple[Entry, ...]:
    """Return all submissions of the dataset `root`, oldest first. Raises StoreError for one that cannot be read."""
    return tuple(entry for name in submission_names(root) if (entry := _read_if_there(root, name)) is not None)


def next_folder(root: Path, engine: str) -> str:
    """Return the folder that a submission would get now: "farm/0001-slurm"."""
    names = submission_names(root)
    number = 1 + (_number(names[-1]) if names else 0)
    return f"{FARM}/{number:04d}-{engine}"


def add_entry(root: Path, engine: str, make: Callable[[str], tuple[Submission, Mapping[str, str]]]) -> Submission:
    """Write a submission into the next free folder and return it; `make` returns it with its files for a folder.

    Safe when several do so at once: each gets a folder of its own.
    """
    parent = root / FARM
    with storing(parent):
        parent.mkdir(exist_ok=True)
        while True:
            folder = next_folder(root, engine)
            submission, files = make(folder)
            if _put(root / folder, files):
                return submission


def record_ids(
    root: Path, submission: Submission, ids: Sequence[str], commands: Sequence[str], at_s: float = 0.0
) -> None:
    """Note by which ids the engine knows a submission, the command lines that were run, and when, by the disk's
    clock."""
    _note(root / submission.folder / SUBMITTED, {"ids": list(ids), "commands": list(commands), "at_s": at_s})


def record_cancelled(root: Path, submission: Submission, ids: Sequence[str]) -> None:
    """Note that a submission was taken back, and which of its ids waited or ran until then."""
    _note(root / submission.folder / CANCELLED, {"ids": list(ids)})


def drop_entry(root: Path, submission: Submission) -> None:
    """Forget a submission that the engine refused."""
    with suppress(OSError):  # then it counts as interrupted
        discard(root / submission.folder)


def _note(path: Path, data: Mapping[str, object]) -> None:
    with storing(path):
        create_file(path, json_bytes(data, indent=1))


def _put(folder: Path, files: Mapping[str, str]) -> bool:
    """Write a folder and rename it into place; False when another was first."""
    temporary = folder.parent / temporary_name(folder.name)
    try:
        temporary.mkdir()
        for name, text in files.items():
            write_file(temporary / name, text.encode())
        sync(temporary)
        os.rename(temporary, folder)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return False
    finally:
        remove(temporary)
    sync(folder.parent)
    return True


def submission_names(root: Path) -> list[str]:
    """Return the names of all submissions of the dataset `root` ("0001-slurm"), oldest first."""
    try:
        names = os.listdir(root / FARM)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((name for name in names if _NAME.fullmatch(name)), key=lambda name: (_number(name), name))


def show_ids(ids: Sequence[str], most: int = 4) -> str:
    """Return the jobs of a queue as people call them there: "jobs 101, 102"."""
    names = [one.partition("+")[0] for one in ids]  # behind it stands an array's first shard
    return f"job{'s' * (len(names) != 1)} {', '.join(names[:most])}{', ...' if len(names) > most else ''}"


def _number(name: str) -> int:
    return int(name.partition("-")[0])


def read_entry(root: Path, name: str) -> Entry:
    """Return one submission of the dataset `root`. Raises StoreError when it cannot be read."""
    folder = root / FARM / name
    try:
        data = json.loads((folder / SUBMISSION).read_bytes())
        submission = from_json(data, Submission, str(folder / SUBMISSION))
        ids, at_s = _read_submitted(folder / SUBMITTED)
        return Entry(submission=submission, ids=ids, at_s=at_s, is_cancelled=(folder / CANCELLED).exists())
    except (OSError, ValueError) as error:
        said = "; ".join(str(error).splitlines())
        raise StoreError(f"{folder}: not a submission that can be read: {said} (remove that folder)") from error


def _read_if_there(root: Path, name: str) -> Entry | None:
    try:
        return read_entry(root, name)
    except StoreError:
        if (root / FARM / name).exists():
            raise
        return None  # the engine refused it just now


def _read_submitted(path: Path) -> tuple[tuple[str, ...] | None, float]:
    """Return the ids of the engine and when it got the submission, None and 0 where it did not."""
    try:
        data = json.loads(path.read_bytes())
        return tuple(str(one) for one in data["ids"]), float(data.get("at_s", 0.0))
    except FileNotFoundError:
        return None, 0.0
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} has no ids") from error
