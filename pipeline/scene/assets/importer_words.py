"""What importers print: kept from the terminal, and the reason for a refusal picked out of it."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator

from pipeline.errors import AssetError, Problem

_NOISE = re.compile(r"^(Error:\s*)+|^Python:\s*|^(Location|File|Traceback)\b.*", re.IGNORECASE)
_NO_NEWS = re.compile(r"^(RuntimeError|ImportError|OSError|PlyError): |, see console for detail")


@contextlib.contextmanager
def captured() -> Iterator[Callable[[], str]]:
    """Keep what importers print to themselves; the value returns what was said so far.

    They print from C to the process's own streams, so those are turned aside as well as Python's.
    """
    said = io.StringIO()
    _flush()
    with tempfile.TemporaryFile() as aside:

        def text() -> str:
            _flush()
            aside.seek(0)
            return said.getvalue() + aside.read().decode(errors="replace")

        saved = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(aside.fileno(), number)
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                yield text
        finally:
            _flush()
            for number, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, number)
                os.close(copy)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none at all in a windowed Blender
            stream.flush()
    c_library = _c_library()
    if c_library is not None:
        c_library.fflush(None)


@functools.cache
def _c_library() -> ctypes.CDLL | None:
    """What importers print waits in the C library's buffers; Windows has no way to ask for it here."""
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None


def unreadable(text: str) -> AssetError:
    """Return the error for a file that an importer refuses, with the last thing it said."""
    lines = [_NOISE.sub("", line.strip()).strip() for line in text.splitlines() if not line.startswith(" ")]
    named = [line for line in lines if re.match(r"^\w*(Error|Exception): \S", line)]
    told = named or [line for line in lines if line and not line.startswith("Location")]
    reason = _NO_NEWS.sub("", told[-1]) if told else "it is damaged"
    return AssetError([Problem(message=f"cannot be read: {reason}", remedy="export it again, or leave it out")])
