"""Settings changed for a while: whatever happens in between, they are put back in reverse order."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from pipeline.scene.template.journal import Journal


def change(until: ExitStack, owner: Any, **values: Any) -> None:
    """Set attributes of a Blender datablock, or of anything within one, until `until` closes."""
    journal = Journal()
    until.callback(journal.restore)
    for name, value in values.items():
        journal.set(owner, name, value)
