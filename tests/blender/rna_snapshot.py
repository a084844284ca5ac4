"""Everything that Blender's data says of the open file, by path: to find out what a frame left changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

# Not the file's own: what Blender itself counts, what evaluation writes, and the user interface.
NOT_DATA = frozenset(
    {"rna_type", "original", "depsgraph", "preview", "tag", "users", "is_evaluated", "session_uid", "tool_settings"}
    | {"bl_rna", "library_weak_reference", "keying_sets_all", "is_runtime_data", "linear_colorspace_settings"}
    | {"storage_type", "has_data"}  # how things happen to lie in memory
)
INTERFACE = frozenset({"window_managers", "screens", "workspaces", "brushes", "palettes", "linestyles", "all_ids"})


def snapshot(kept: frozenset[int] | None = None) -> dict[str, str]:
    """Return path -> text of every RNA property of every datablock (of those in `kept`, by `session_uid`)."""
    bpy.context.view_layer.update()
    found: dict[str, str] = {}
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in INTERFACE:
            for item in getattr(bpy.data, prop.identifier):
                if kept is None or item.session_uid in kept:
                    walk(f"{prop.identifier}[{item.name_full}]", item, found)
    return found


def walk(start: str, owner: Any, found: dict[str, str]) -> None:
    """Add everything within `owner` to `found`; other datablocks by name alone."""
    seen: set[tuple[str, int]] = set()
    waiting = [(start, owner)]
    while waiting:
        path, item = waiting.pop()
        key = (type(item).__name__, item.as_pointer())
        if key in seen:
            continue
        seen.add(key)
        for name, value in values(item):
            if isinstance(value, list):
                found[f"{path}.{name}"] = str(len(value))
                waiting.extend((f"{path}.{name}[{i}]", one) for i, one in enumerate(value))
            elif isinstance(value, bpy.types.bpy_struct):
                waiting.append((f"{path}.{name}", value))
            else:
                found[f"{path}.{name}"] = repr(value)


def values(item: Any) -> Iterator[tuple[str, Any]]:
    """Yield a struct's properties: plain values, nested structs, lists of them; of datablocks the name."""
    for prop in item.bl_rna.properties:
        if prop.identifier in NOT_DATA or getattr(prop, "is_deprecated", False):
            continue
        if prop.identifier == "outputs" and item.bl_rna.identifier == "CompositorNodeRLayers":
            continue  # 4.5 orders them by which passes were on first
        value = getattr(item, prop.identifier)
        if prop.type == "COLLECTION":
            inside = list(value)
            if inside and isinstance(inside[0], bpy.types.ID):
                yield prop.identifier, tuple(one.name_full for one in inside)
            else:
                yield prop.identifier, inside
        elif isinstance(value, bpy.types.ID) and not value.is_embedded_data:
            yield prop.identifier, value.name_full
        elif prop.type != "POINTER" and getattr(prop, "is_array", False):
            yield prop.identifier, tuple(tuple(one) if hasattr(one, "__len__") else one for one in value)
        else:
            yield prop.identifier, value
