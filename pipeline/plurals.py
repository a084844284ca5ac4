"""Numbers of things, in words for people."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 frame", "2 frames"; `many` is for plurals that an s does not make."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
