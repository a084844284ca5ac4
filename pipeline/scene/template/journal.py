"""What is changed of a template, remembered and put back: whole owners, so that what a setter moves besides goes too.

Blender's setters move more than their own value: `rotation_mode` rewrites the angles, `media_type` the file format,
`view_transform` the look. So the first change of an owner remembers everything that it stores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import bpy
from mathutils import Color, Euler, Matrix, Quaternion, Vector

ROUNDS = 4  # a value may be refused, or moved, until another is back
PLAIN = frozenset({"hide_render", "pass_index"})  # move nothing else, and are set for thousands of objects at a time
ELSEWHERE = {"active_material": "set the material of a slot", "pixels": "use another image"}

# Other views of what the owner stores, rounded on the way there; what Blender uses for a moment; and the above.
DERIVED = frozenset(
    {"matrix_world", "matrix_local", "matrix_basis", "matrix", "dimensions", "angle", "angle_x", "angle_y"}
    | {"frame_float", "tag"}
    | set(ELSEWHERE)
)
# No settings of a render; of some of them Blender itself does not know the value, and says so at every look.
NOT_SETTINGS = frozenset(
    {"rna_type", "depsgraph", "sequence_editor", "tool_settings", "animation_data", "linear_colorspace_settings"}
    | {"display", "hydra", "cursor", "transform_orientation_slots", "keying_sets", "keying_sets_all"}
)


@dataclass(slots=True)
class Journal:
    """Changes of Blender's data since the last `restore`. What was changed must still be there then."""

    undoing: list[Callable[[], object]] = field(default_factory=list)
    remembered: set[tuple[type, int, str]] = field(default_factory=set)

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute of a datablock or of anything within one (a slot, a socket, a modifier, settings).

        Raises ValueError for an attribute that is stored elsewhere.
        """
        if name in ELSEWHERE:
            raise ValueError(f"{name} is not stored in {owner!r}; {ELSEWHERE[name]}")
        if name in PLAIN:
            self._remember(owner, (name,), name)
        else:
            self.keep(owner)
        setattr(owner, name, value)

    def keep(self, owner: Any) -> None:
        """Remember everything that `owner` stores, whoever changes it and however."""
        self._remember(owner, stored(owner), "")

    def undo(self, action: Callable[..., object], *args: Any) -> None:
        """Have `action(*args)` called by `restore`: for links, custom properties and all else that is no attribute."""
        self.undoing.append(lambda: action(*args))

    def restore(self) -> None:
        """Put everything back, the last change first; a second call finds nothing to do."""
        self.remembered.clear()
        while self.undoing:
            self.undoing.pop()()

    def _remember(self, owner: Any, names: tuple[str, ...], which: str) -> None:
        key = (type(owner), owner.as_pointer(), which)
        if key not in self.remembered:
            self.remembered.add(key)
            self.undo(put_back, owner, values_of(owner, names))


def stored(owner: Any) -> tuple[str, ...]:
    """Return the attributes that an owner's type stores itself: values, and references to datablocks."""
    kind: Any = type(owner)
    return _stored(kind)


@cache
def _stored(kind: Any) -> tuple[str, ...]:
    return tuple(
        prop.identifier
        for prop in kind.bl_rna.properties
        if not (prop.is_readonly or getattr(prop, "is_deprecated", False))  # only 5.x knows
        and prop.identifier not in DERIVED
        and (prop.type != "COLLECTION" and (prop.type != "POINTER" or _is_datablock(prop.fixed_type)))
    )


def values_of(owner: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return attributes as they are now, which later changes do not touch.

    What no enum has as a value, e.g. a render engine that is not installed, reads as "" and cannot be set back.
    """
    values = {name: _held(getattr(owner, name)) for name in names}
    return {
        name: value for name, value in values.items() if value != "" or owner.bl_rna.properties[name].type != "ENUM"
    }


def put_back(owner: Any, values: Mapping[str, Any]) -> None:
    """Set what differs from `values`, until nothing does. Raises RuntimeError when Blender refuses."""
    for _ in range(ROUNDS):
        moved = [name for name, value in values.items() if not _same(getattr(owner, name), value)]
        if not moved:
            return
        for name in moved:
            with suppress(TypeError, AttributeError):  # an enum may not have its value until another is back
                setattr(owner, name, values[name])
    raise RuntimeError(f"{owner!r}: Blender did not take back {', '.join(moved)}")


def settings_of(owner: Any) -> dict[str, Any]:
    """Return what lies within `owner` by its path, and itself as "", but no other datablock: of a scene its render
    settings, view layers, colour management, markers..."""
    found: dict[str, Any] = {}
    waiting = [("", owner)]
    while waiting:
        path, item = waiting.pop()
        found[path] = item
        for prop in item.bl_rna.properties:
            if prop.identifier in NOT_SETTINGS or prop.type not in ("POINTER", "COLLECTION"):
                continue
            if _is_datablock(prop.fixed_type) or not prop.is_readonly:  # what is set is a view of another place
                continue
            value = getattr(item, prop.identifier)
            if prop.type == "COLLECTION":
                waiting.extend((f"{path}.{prop.identifier}[{i}]", one) for i, one in enumerate(value))
            elif value is not None:
                waiting.append((f"{path}.{prop.identifier}", value))
    return found


def _is_datablock(kind: Any) -> bool:
    while kind is not None:
        if kind.identifier == "ID":
            return True
        kind = kind.base
    return False


def _held(value: Any) -> Any:
    if isinstance(value, (Color, Euler, Matrix, Quaternion, Vector)):
        return value.copy()
    return _plain(value) if isinstance(value, bpy.types.bpy_prop_array) else value


def _same(a: Any, b: Any) -> bool:
    """Compare to the last bit, where vectors of Blender's would not."""
    return a == b if isinstance(a, (str, int, bpy.types.ID)) or a is None else repr(_plain(a)) == repr(_plain(b))


def _plain(value: Any) -> Any:
    if isinstance(value, (Color, Euler, Matrix, Quaternion, Vector, bpy.types.bpy_prop_array, tuple)):
        return tuple(_plain(one) for one in value)
    return value
