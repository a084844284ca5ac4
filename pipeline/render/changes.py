"""Settings changed for a while: whatever happens in between, they are put back in reverse order."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any


def change(until: ExitStack, owner: Any, **values: Any) -> None:
    """Set attributes of a Blender datablock until `until` closes."""
    for name, value in values.items():
        until.callback(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)
