"""What was submitted for a dataset: farm/NUMBER-ENGINE/, a folder for each submission.

A folder appears complete: submission.json, shards.txt and the engine's files. submitted.json follows when the engine
has taken them; where it is missing, whoever submitted was interrupted, and the engine may know of the shards or not.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import create_file, remove, storing, sync, temporary_name, write_file
from pipeline.dataset.layout import FARM
from pipeline.errors import StoreError
from pipeline.farm.shards import SHARDS
from pipeline.farm.submission import Submission
from pipeline.structure import from_json, unstructure

SUBMISSION = "submission.json"
SUBMITTED = "submitted.json"

_NAME = re.compile(r"(?P<number>\d{4,})-(?P<engine>[a-z0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A submission on disk. `ids` are the engine's, None where the submission was interrupted."""

    submission: Submission
    ids: tuple[str, ...] | None


def ready_files(submission: Submission) -> dict[str, str]:
    """Return the files that every engine gets besides its own: their text by name."""
    return {
        SUBMISSION: json_bytes(unstructure(submission), indent=1).decode(),
        SHARDS: "".join(f"{frames}\n" for frames in submission.shards),
    }


def read_ledger(root: Path) -> tuple[Entry, ...]:
    """Return all submissions of the dataset `root`, oldest first. Raises StoreError for one that cannot be read."""
    return tuple(read_entry(root, name) for name in submission_names(root))


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


def record_ids(root: Path, submission: Submission, ids: Sequence[str], commands: Sequence[str]) -> None:
    """Note by which ids the engine knows a submission, and the command lines that were run."""
    path = root / submission.folder / SUBMITTED
    data = {"ids": list(ids), "commands": list(commands)}
    with storing(path):
        create_file(path, json_bytes(data, indent=1))


def drop_entry(root: Path, submission: Submission) -> None:
    """Forget a submission that the engine refused."""
    remove(root / submission.folder)


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


def _number(name: str) -> int:
    return int(name.partition("-")[0])


def read_entry(root: Path, name: str) -> Entry:
    """Return one submission of the dataset `root`. Raises StoreError when it cannot be read."""
    folder = root / FARM / name
    try:
        data = json.loads((folder / SUBMISSION).read_bytes())
        submission = from_json(data, Submission, str(folder / SUBMISSION))
        return Entry(submission=submission, ids=_read_ids(folder / SUBMITTED))
    except (OSError, ValueError) as error:
        said = "; ".join(str(error).splitlines())
        raise StoreError(f"{folder}: not a submission that can be read: {said} (remove that folder)") from error


def _read_ids(path: Path) -> tuple[str, ...] | None:
    try:
        return tuple(str(one) for one in json.loads(path.read_bytes())["ids"])
    except FileNotFoundError:
        return None
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} has no ids") from error
