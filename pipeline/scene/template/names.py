"""Which objects of the template a scene file names: by name or pattern, themselves or through collections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import bpy

from pipeline.records import TemplateTargetPlan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Named:
    """An object that `target` (an index) names by `key` ("objects" or "collections") and `pattern`."""

    root: bpy.types.Object
    target: int
    key: str
    pattern: str


def named_objects(
    scene: bpy.types.Scene, baseline: frozenset[int], targets: Sequence[TemplateTargetPlan]
) -> Iterator[Named]:
    """Yield every hit of every name and pattern, of the objects that lie in the template itself (`baseline`)."""
    own = [item for item in scene.objects if item.session_uid in baseline]
    groups = [item for item in bpy.data.collections if item.session_uid in baseline]
    for number, target in enumerate(targets):
        for pattern in target.objects:
            for root in _without_children([own[i] for i in _hits(pattern, [item.name for item in own])]):
                yield Named(root=root, target=number, key="objects", pattern=pattern)
        for pattern in target.collections:
            for group in (groups[i] for i in _hits(pattern, [item.name for item in groups])):
                for root in _members(group, own):
                    yield Named(root=root, target=number, key="collections", pattern=pattern)


def known_names(scene: bpy.types.Scene, baseline: frozenset[int], key: str) -> set[str]:
    """Return the names that `objects` or `collections` (`key`) may give."""
    items = scene.objects if key == "objects" else bpy.data.collections
    return {item.name for item in items if item.session_uid in baseline}


def object_names(scene: bpy.types.Scene) -> dict[int, str]:
    """Return what the objects of a scene are called, by `session_uid`: a name that another, linked one has too goes
    with its library."""
    counts: dict[str, int] = {}
    for item in scene.objects:
        counts[item.name] = counts.get(item.name, 0) + 1
    return {item.session_uid: item.name if counts[item.name] == 1 else item.name_full for item in scene.objects}


def _hits(pattern: str, names: list[str]) -> list[int]:
    exact = [i for i, name in enumerate(names) if name == pattern]
    return exact or [i for i, name in enumerate(names) if fnmatchcase(name, pattern)]


def _members(group: bpy.types.Collection, own: list[bpy.types.Object]) -> Iterator[bpy.types.Object]:
    """Yield the objects of a collection, children left to their parents, and the empties that show it."""
    inside = {item.session_uid for item in group.all_objects}
    yield from _without_children([item for item in own if item.session_uid in inside])
    yield from (item for item in own if shows_collection(item) and item.instance_collection == group)


def _without_children(items: list[bpy.types.Object]) -> list[bpy.types.Object]:
    named = {item.session_uid for item in items}
    return [item for item in items if not any(parent.session_uid in named for parent in ancestors(item))]


def ancestors(item: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Yield the parents of an object, the nearest first."""
    while item.parent is not None:
        item = item.parent
        yield item


def shows_collection(item: bpy.types.Object) -> bool:
    """Return whether an object is an empty that shows a collection as a whole."""
    return item.instance_type == "COLLECTION" and item.instance_collection is not None
