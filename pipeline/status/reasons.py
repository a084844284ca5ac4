"""Reasons put together that say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def alike(items: Iterable[T], reason_of: Callable[[T], str]) -> tuple[tuple[str, list[T]], ...]:
    """Return reasons with the items that have them, the most frequent first. Those that differ by numbers alone are
    one reason, which has "N" for them."""
    groups: dict[str, list[T]] = {}
    texts: dict[str, str] = {}
    for item in items:
        reason = reason_of(item)
        pattern = _NUMBER.sub("N", reason)
        groups.setdefault(pattern, []).append(item)
        if texts.setdefault(pattern, reason) != reason:
            texts[pattern] = pattern
    named = ((texts[pattern], members) for pattern, members in groups.items())
    return tuple(sorted(named, key=lambda one: (-len(one[1]), one[0])))


def last_line(reason: str) -> str:
    """Return the line of a reason that says most: the last one, as of a traceback."""
    return reason.strip().splitlines()[-1].strip() if reason.strip() else ""
