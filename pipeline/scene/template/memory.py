"""What was measured of the template, kept for as long as frames leave its shape alone.

Whatever a frame changes of the template stands in its plan's `TemplateState`, all of which is asked here but what
changes no shape: a field that is added to it is minded by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import bpy

from pipeline.canonical import digest
from pipeline.records import PartMotion, TemplateState
from pipeline.structure import unstructure

T = TypeVar("T")


@dataclass(slots=True)
class TemplateMemory:
    """The last measurement of each kind, with the state of the template (and the question) it belongs to."""

    kept: dict[str, tuple[str, Any, tuple[bpy.types.ID, ...]]] = field(default_factory=dict)

    def recall(self, what: str, state: str, make: Callable[[], tuple[T, tuple[bpy.types.ID, ...]]]) -> T:
        """Return what `make` measured in this `state`, measuring only if need be. With its result `make` returns the
        datablocks that the result holds and that no frame may remove."""
        known = self.kept.get(what)
        if known is not None and known[0] == state:
            found: T = known[1]
            return found
        value, held = make()
        self.kept[what] = (state, value, held)
        return value

    def pinned(self) -> Iterator[bpy.types.ID]:
        """Yield the datablocks that later frames still need."""
        for _, _, held in self.kept.values():
            yield from held


def shape_state(state: TemplateState) -> str:
    """Return what tells the shape of the template from that in other states."""
    told = unstructure(replace(state, lamps=()))
    for change in told["objects"]:
        del change["looks"]
    moved = [one for one in state.lamps if one.motion != PartMotion()]  # things may hang on them
    return digest([told, [[one.object_name, unstructure(one.motion)] for one in moved]])
