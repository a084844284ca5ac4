"""Keeps what Blender itself writes to the terminal (saved files, importer chatter) in a log file instead.

Blender writes through C as well as through Python's `sys.stdout`, so the file descriptors themselves are redirected;
what is for the user goes through `terminal`.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from pipeline.dataset.last_words import log_file
from pipeline.dataset.processes import process_name
from pipeline.errors import ScratchError

MAX_BYTES = 16_000_000  # of a log, before it starts anew


class BlenderLog:
    """The file Blender writes to: a temporary one until `move_to` gives it a lasting place.

    `terminal` still writes to where stderr did, `output` to where stdout did.
    """

    def __init__(self, path: Path, descriptor: int, terminal: TextIO, output: TextIO) -> None:
        self.path = path
        self.terminal = terminal
        self.output = output
        self.is_kept = False
        self.descriptor = descriptor

    def move_to(self, folder: Path) -> None:
        """Go on in FOLDER/blender-HOST-PID-TOKEN.log, with what is written so far."""
        target = log_file(folder, process_name())
        _flush()
        try:
            shutil.copyfile(self.path, target)
            descriptor = _open(target)
        except OSError:
            return  # a full disk is noticed by the frames themselves
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        os.close(self.descriptor)
        os.unlink(self.path)
        self.path, self.descriptor, self.is_kept = target, descriptor, True

    def note(self, line: str) -> None:
        """Add a line of our own."""
        with suppress(OSError):
            os.write(self.descriptor, f"{line}\n".encode(errors="replace"))

    def trim(self) -> None:
        """Start the file anew when it has grown too long."""
        if os.fstat(self.descriptor).st_size > MAX_BYTES:
            os.ftruncate(self.descriptor, 0)

    def tail(self, lines: int = 20) -> str:
        """Return the end of what Blender wrote."""
        _flush()
        with suppress(OSError):
            return "\n".join(self.path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return ""

    def close(self) -> None:
        """Let go of the file; one without a lasting place is removed."""
        os.close(self.descriptor)
        if not self.is_kept:
            with suppress(OSError):
                os.unlink(self.path)


@contextmanager
def blender_log() -> Iterator[BlenderLog]:
    """Send all that is written to descriptors 1 and 2 to a log, except through the log's own `terminal`.

    Raises ScratchError where there is no room for a temporary file.
    """
    _flush()
    try:
        descriptor, name = tempfile.mkstemp(prefix="variegate-", suffix=".log")
    except OSError as error:
        raise ScratchError(f"no temporary file: {error} (make room there, or name a folder in TMPDIR)") from error
    os.close(descriptor)
    copies = (os.dup(1), os.dup(2))
    try:
        with _writer(copies[0]) as output, _writer(copies[1]) as terminal:
            log = BlenderLog(Path(name), _open(Path(name)), terminal, output)
            try:
                for fd in (1, 2):
                    os.dup2(log.descriptor, fd)
                yield log
            finally:
                _flush()
                for fd, copy in zip((1, 2), copies, strict=True):
                    os.dup2(copy, fd)
                log.close()
    finally:
        for copy in copies:
            os.close(copy)


def _writer(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def _flush() -> None:
    """Empty the buffers of Python and C, which know nothing of a redirected descriptor."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).fflush(None)
