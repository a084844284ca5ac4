"""What a worker and its supervisor tell each other: JSON objects, one a line.

From the worker each begins with an ASCII record separator, as JSON text sequences (RFC 7464) do: Blender, which writes
to the same pipe until the worker has redirected it, never prints one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SEPARATOR = "\x1e"

# The kinds of a worker's messages, in the order they come.
HELLO = "hello"  # name, log: it lives, and where its words go from now on
READY = "ready"  # Blender is open
NOTICE = "notice"  # text
STAGE = "stage"  # frame, name
DONE = "done"  # frame, status ("accepted", "rejected", or "there" when another process made it), seconds
FAILED = "failed"  # frame, reason: what is to be mended, or a traceback; the worker goes on
BUSY = "busy"  # frame: another living process makes it
FATAL = "fatal"  # code, reason: the worker ends, and another one would end the same way


def encode(kind: str, facts: Mapping[str, Any]) -> str:
    """Return a worker's message as one line."""
    return f"{SEPARATOR}{json.dumps({'kind': kind, **facts})}\n"


def decode(line: str) -> dict[str, Any] | None:
    """Return the message in a line of a worker's output, None for words of Blender's own."""
    _, separator, text = line.rpartition(SEPARATOR)
    if not separator:
        return None
    try:
        message = json.loads(text)
    except ValueError:
        return None  # cut off by the worker's death
    return message if isinstance(message, dict) and isinstance(message.get("kind"), str) else None


def frame_order(frame: int) -> str:
    """Return the order to make a frame, as one line."""
    return json.dumps({"frame": frame}) + "\n"


END_ORDER = json.dumps({"end": True}) + "\n"
