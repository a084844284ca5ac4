"""Who shows what of the labelled in a template: seen once, and kept for as long as frames leave its shape alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import bpy

from pipeline.canonical import digest
from pipeline.records import FramePlan, TemplateTargetPlan
from pipeline.scene.session import Session
from pipeline.scene.template.look import TemplateObjects
from pipeline.scene.template.memory import TemplateMemory, shape_state
from pipeline.scene.template.names import Named, ancestors, named_objects, shows_collection
from pipeline.scene.template.shown import Geometry, Picture, Shown, read_shown
from pipeline.structure import unstructure

Key = tuple[int, tuple[int, ...]]
"""One instance: the `session_uid` of its root, and which of the root's copies, () for the root itself."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """What is named, by `session_uid`: `roots` maps each root and its unnamed children to the root, `targets` each
    root to the index of its target; `scene_objects` are all there are."""

    scene_objects: Mapping[int, bpy.types.Object]
    roots: Mapping[int, int]
    targets: Mapping[int, int]

    def key_of(self, one: Shown) -> Key | None:
        """Return the instance a shown geometry belongs to, or None."""
        root = self.roots.get(one.owner)
        if root is None:
            return None
        whole = one.owner != root or shows_collection(self.scene_objects[root])
        return (root, () if whole else one.copy)

    def order(self, key: Key) -> tuple[str, str, tuple[int, ...]]:
        """Return what instances are sorted by: names, then the numbers Blender gives copies."""
        root = self.scene_objects[key[0]]
        return (root.name, root.name_full, key[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """What renders show of the labelled, the same for every frame that changes nothing of it. `replaced` are the
    objects (`session_uid`) whose copies must become real; `key` tells it from others, "" for one frame alone."""

    family: Family
    picture: Picture = field(default_factory=lambda: Picture(shown=(), frames={}, others={}))
    geometries: Mapping[int, Geometry] = field(default_factory=dict)
    replaced: frozenset[int] = frozenset()
    key: str = ""


def family_of(objects: Sequence[bpy.types.Object], named: Sequence[Named]) -> Family:
    """Return who of the `objects` of a template belongs to whom; one named twice counts for the first that names it."""
    targets: dict[int, int] = {}
    for one in named:
        targets.setdefault(one.root.session_uid, one.target)
    roots = {}
    for item in objects:
        line = (item, *ancestors(item))
        root = next((other.session_uid for other in line if other.session_uid in targets), None)
        if root is not None:
            roots[item.session_uid] = root
    return Family(scene_objects={item.session_uid: item for item in objects}, roots=roots, targets=targets)


def count_instances(scene: bpy.types.Scene, named: Sequence[Named]) -> dict[int, int]:
    """Return how many instances each root (`session_uid`) shows in renders; 0 for one that shows nothing."""
    family = family_of(scene.objects, named)
    picture, _ = read_shown(scene, family.roots, lambda picture: {})
    keys = {key for one in picture.shown if (key := family.key_of(one)) is not None}
    counts = dict.fromkeys(family.targets, 0)
    for root, _ in keys:
        counts[root] += 1
    return counts


def recall_sight(plan: FramePlan, session: Session, objects: TemplateObjects, memory: TemplateMemory) -> Sight:
    """Return what renders show of what is labelled, in the state of the template that the plan asks for."""
    key = digest([unstructure(plan.template_targets), shape_state(plan.template_state)])

    def look(key: str) -> tuple[Sight, tuple[bpy.types.ID, ...]]:
        sight, held = _look(session.scene, session.baseline, plan.template_targets)
        return replace(sight, key=key), held

    sight = memory.recall("sight", key, lambda: look(key))
    if not shows_any(sight, (objects.by_name[one.object_name] for one in plan.template_state.objects if one.looks)):
        return sight
    return look("")[0]  # it is dressed for this frame alone


def shows_any(sight: Sight, objects: Iterable[bpy.types.Object]) -> bool:
    """Return whether what is seen shows any of these `objects`."""
    seen = {*sight.family.roots, *(one.source for one in sight.picture.shown)}
    return any(sight.replaced or item.session_uid in seen for item in objects)


def _look(
    scene: bpy.types.Scene, baseline: frozenset[int], targets: Sequence[TemplateTargetPlan]
) -> tuple[Sight, tuple[bpy.types.ID, ...]]:
    """Return what is seen of the labelled, and the datablocks that this holds."""
    own = [item for item in scene.objects if item.session_uid in baseline]
    family = family_of(own, list(named_objects(scene, baseline, targets)))
    replaced: set[int] = set()

    def wanted(picture: Picture) -> dict[int, bool]:
        replaced.update(_replaced(picture, family))
        others = (number for (owner, _), numbers in picture.others.items() if owner in replaced for number in numbers)
        return {one.number: one.owner in replaced for one in picture.shown} | dict.fromkeys(others, True)

    if not family.targets:
        return Sight(family=family), ()
    bpy.context.view_layer.update()
    picture, geometries = read_shown(scene, family.roots, wanted)
    blocks = tuple(one.block for one in geometries.values() if one.block is not None)
    return Sight(family=family, picture=picture, geometries=geometries, replaced=frozenset(replaced)), blocks


def _replaced(picture: Picture, family: Family) -> set[int]:
    """Return the objects whose copies must become real: those with labelled copies, and those that copy anything
    labelled or replaced, which would pass for it or vanish with it. Which copies come by way of another instancer is
    not told, so whoever copies the same as a replaced one counts as copying that."""
    replaced = {one.owner for one in picture.shown if one.copy and family.key_of(one) is not None}
    pairs = {(one.owner, one.source) for one in picture.shown if one.copy} | set(picture.others)
    while True:
        gone = replaced | set(family.roots) | {item.session_uid for item in hidden_with(replaced, family)}
        gone |= {source for owner, source in pairs if owner in replaced}
        more = {owner for owner, source in pairs if source in gone} - replaced
        if not more:
            return replaced
        replaced |= more


def hidden_with(replaced: AbstractSet[int], family: Family) -> list[bpy.types.Object]:
    """Return the replaced objects, and the children that they show on their vertices or faces only."""
    return [
        item
        for uid, item in family.scene_objects.items()
        if uid in replaced
        or (
            item.parent is not None
            and item.parent.session_uid in replaced
            and item.parent.instance_type in ("VERTS", "FACES")
        )
    ]
