"""Which files an export must have, and whether its pictures are those of the dataset."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.verify.exports.expected import AGAIN, About, ExpectedFrame
from pipeline.verify.finding import Finding

TEMPORARY = ".tmp-*"


def check_files(folder: Path, wanted: Collection[str], tolerated: Collection[str] = ()) -> Iterator[Finding]:
    """Yield what an export has too many or too few of. `wanted` are paths in the folder, `tolerated` patterns of what
    readers leave there."""
    found = {
        os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, "/")
        for parent, _, names in os.walk(folder)
        for name in names
    }
    for name in sorted(set(wanted) - found):
        yield Finding(kind="export-unreadable", where=name, message=f"the file is not there ({AGAIN})")
    for name in sorted(found - set(wanted)):
        if not any(fnmatch.fnmatch(name, pattern) for pattern in tolerated):
            yield Finding(kind="export-extra", where=name, message="the export has no such file (remove it)")


def check_picture(folder: Path, name: str, one: ExpectedFrame, about: About) -> Iterator[Finding]:
    """Yield what is wrong with the picture `name` of an export: it must be the dataset's own, copied or linked."""
    path = folder / name
    is_same = False
    try:
        if about.images == "link":
            is_same = path.is_symlink() and os.path.samefile(path, one.picture)
        else:
            is_same = not path.is_symlink() and path.read_bytes() == one.picture.read_bytes()
    except OSError:
        yield Finding(
            kind="export-unreadable", where=name, frame=one.frame, message=f"the picture cannot be read ({AGAIN})"
        )
        return
    if not is_same:
        how = "a link to" if about.images == "link" else "a copy of"
        yield Finding(
            kind="export-mismatch", where=name, frame=one.frame, message=f"is not {how} {one.picture} ({AGAIN})"
        )


def mismatch(where: str, one: ExpectedFrame, what: str, seen: object, wanted: object) -> Finding:
    """Return the finding that a value is not what the dataset says."""
    return Finding(
        kind="export-mismatch",
        where=where,
        frame=one.frame,
        message=f"{what} is {_short(seen)}, the dataset says {_short(wanted)} ({AGAIN})",
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
