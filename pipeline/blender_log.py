"""Keeps what Blender itself writes to the terminal (saved files, importer chatter) in a log file instead.

Blender writes through C, below Python's streams, so the file descriptors themselves are redirected; Python's own
output goes on to the terminal.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

MAX_BYTES = 16_000_000  # of a log, before it starts anew


class BlenderLog:
    """The file Blender writes to: a temporary one until `move_to` gives it a lasting place."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.is_kept = False
        self.descriptor = descriptor

    def move_to(self, folder: Path) -> None:
        """Go on in FOLDER/blender-HOST-PID.log, with what is written so far."""
        target = folder / f"blender-{socket.gethostname()}-{os.getpid()}.log"
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
    """Redirect what is written below Python's streams; `sys.stdout` and `sys.stderr` still reach the terminal."""
    descriptor, name = tempfile.mkstemp(prefix="variegate-", suffix=".log")
    os.close(descriptor)
    log = BlenderLog(Path(name), _open(Path(name)))
    streams = (sys.stdout, sys.stderr)
    saved = (os.dup(1), os.dup(2))
    sys.stdout, sys.stderr = (_onto(stream, fd, copy) for stream, fd, copy in zip(streams, (1, 2), saved, strict=True))
    try:
        for fd in (1, 2):
            os.dup2(log.descriptor, fd)
        yield log
    finally:
        _flush()
        for fd, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, fd)
            os.close(copy)
        sys.stdout, sys.stderr = streams
        log.close()


def _onto(stream: TextIO, fd: int, copy: int) -> TextIO:
    """Return a stream to where `stream` writes now, unless it does not write to descriptor `fd` at all."""
    stream.flush()
    try:
        if stream.fileno() != fd:
            return stream
    except (OSError, ValueError):
        return stream
    return open(copy, "w", buffering=1, encoding=stream.encoding, errors=stream.errors, closefd=False)


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def _flush() -> None:
    """Empty C's buffers, which know nothing of a redirected descriptor."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).fflush(None)
