"""What a process keeps in the temporary folder of its machine: all of it bears the process's name, and goes with it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from pipeline.dataset.disk import is_stale, maker_of, remove, temporary_name
from pipeline.dataset.layout import TEMPORARY
from pipeline.dataset.processes import process_name
from pipeline.errors import ScratchError

_VARIABLE = "TMPDIR"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder on this machine's own disk for what never reaches the dataset; those of dead processes go.

    Raises ScratchError where there is no room for it.
    """
    with _room():
        clean_scratch()
        folder = Path(tempfile.gettempdir()) / temporary_name("variegate")
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        remove(folder)


def clean_scratch() -> None:
    """Remove the scratch folders of dead processes."""
    for left in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}variegate.*"):
        if is_stale(left):
            remove(left)


@contextmanager
def own_temporary_folder() -> Iterator[None]:
    """Make a folder of this process the temporary folder for all that it, Blender in it and its children do.

    To be entered before Blender is loaded, which makes a folder there without a name to know it by. It is removed at
    the end; when the process is killed, by the next one. Entered again it is the same. Raises ScratchError where there
    is no room for it.
    """
    with _room():
        is_ours_already = _is_own(Path(tempfile.gettempdir()))
    if is_ours_already:
        yield
        return
    before, known = os.environ.get(_VARIABLE), tempfile.tempdir
    with scratch_folder() as folder:
        os.environ[_VARIABLE] = tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = known
            del os.environ[_VARIABLE]
            if before is not None:
                os.environ[_VARIABLE] = before


def end_at_once(code: int) -> NoReturn:
    """End this process with no farewell of Python's or Blender's, but without its own temporary folder."""
    try:
        folder = Path(tempfile.gettempdir())
        if _is_own(folder):
            remove(folder)
    finally:
        os._exit(code)


def keep_temporary_folder() -> None:
    """Show that the own temporary folder of this process is in use, to machines and containers that have its place too
    and know of it by its age alone."""
    with suppress(OSError):
        folder = Path(tempfile.gettempdir())
        if _is_own(folder):
            os.utime(folder)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ScratchError(f"no temporary folder: {error} (make room there, or name a folder in TMPDIR)") from error


def _is_own(folder: Path) -> bool:
    return maker_of(folder) == process_name()
