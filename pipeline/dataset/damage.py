"""What is damaged is kept, out of the way: damaged/NAME-N/ holds it as it was, with a reason.json."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import OCCUPIED, make_folder, remove, storing, sync, temporary_name, write_file
from pipeline.dataset.layout import DAMAGED

REASON = "reason.json"


def set_aside(root: Path, path: Path, reason: str) -> Path | None:
    """Move a damaged file or folder of the dataset `root` to damaged/, and return where it is now.

    None when another process was first. Raises StoreError when the disk refuses.
    """
    with storing(path):
        home = _new_home(root, path.name, reason)
        try:
            os.rename(path, home / path.name)
        except FileNotFoundError:
            remove(home)
            return None
        sync(home)
        sync(path.parent)
    return home / path.name


def put_back(kept: Path, place: Path) -> None:
    """Return what `set_aside` moved to its place, where nothing has come meanwhile."""
    with storing(place):
        try:
            os.rename(kept, place)
        except OSError as error:
            if error.errno not in OCCUPIED:
                raise
        sync(place.parent)
    remove(kept.parent)


def _new_home(root: Path, name: str, reason: str) -> Path:
    make_folder(root / DAMAGED)
    temporary = root / DAMAGED / temporary_name(name)
    try:
        temporary.mkdir()
        write_file(temporary / REASON, json_bytes({"name": name, "reason": reason}, indent=1))
        sync(temporary)
        for number in itertools.count(1):
            home = root / DAMAGED / f"{name}-{number}"
            if home.exists():
                continue
            try:
                os.rename(temporary, home)
            except OSError as error:
                if error.errno not in OCCUPIED:
                    raise
                continue
            sync(home.parent)
            return home
    finally:
        remove(temporary)
    raise AssertionError("unreachable")
