"""Instances that the template itself holds: found, numbered, measured as evaluated.

Copies share the object index of what they are copies of, so where any are labelled, whatever shows them is replaced
by real objects for the pass that ids come from (`Copies`, see `render.copies`); the picture shows the template as its
artist left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import bpy
import numpy as np

from pipeline.canonical import digest
from pipeline.config.limits import too_many_instances
from pipeline.conventions import TEMPLATE_ASSET
from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, rigid_and_scale, transform_points
from pipeline.records import FramePlan, RealisedInstance, Surface, TemplateTargetPlan
from pipeline.scene.camera import as_rows
from pipeline.scene.journal import Journal
from pipeline.scene.object_index import shows_object_index
from pipeline.scene.session import Session
from pipeline.scene.shown import Geometry, Picture, Shown, read_shown
from pipeline.scene.template_memory import TemplateMemory, shape_state
from pipeline.scene.template_names import Named, ancestors, named_objects, shows_collection
from pipeline.structure import unstructure

Key = tuple[int, tuple[int, ...]]
"""One instance: the `session_uid` of its root, and which of the root's copies, () for the root itself."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Copy:
    """One geometry to be shown as an object of its own at `matrix` (4, 4); `instance_id` 0 for what has no label."""

    instance_id: int
    block: bpy.types.ID
    matrix: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Copies:
    """What stands in for the objects `hidden`, for as long as ids are rendered; `unnumbered` are objects by instance id
    that may carry it only then."""

    parts: tuple[Copy, ...] = ()
    hidden: tuple[bpy.types.Object, ...] = ()
    unnumbered: Mapping[int, tuple[bpy.types.Object, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TemplateInstances:
    """The labelled instances of the template. By instance id: `objects` are their real objects, `seen_as` those a ray
    that meets them hits, `geometries` what they show, `surfaces` the same in the world where silhouettes are asked
    for, `materials` what they wear as evaluated. `not_meshes` are the ids whose silhouette a mesh does not tell."""

    realised: tuple[RealisedInstance, ...] = ()
    objects: Mapping[int, tuple[bpy.types.Object, ...]] = field(default_factory=dict)
    seen_as: Mapping[int, tuple[bpy.types.Object, ...]] = field(default_factory=dict)
    geometries: Mapping[int, Sequence[Geometry]] = field(default_factory=dict)
    surfaces: Mapping[int, Surface] = field(default_factory=dict)
    materials: Mapping[int, tuple[bpy.types.Material, ...]] = field(default_factory=dict)
    not_meshes: frozenset[int] = frozenset()
    copies: Copies = Copies()


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
    objects (`session_uid`) whose copies must become real."""

    family: Family
    picture: Picture = field(default_factory=lambda: Picture(shown=(), frames={}, others={}))
    geometries: Mapping[int, Geometry] = field(default_factory=dict)
    replaced: frozenset[int] = frozenset()


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


def hold_template(plan: FramePlan, session: Session, memory: TemplateMemory, journal: Journal) -> TemplateInstances:
    """Find what is labelled of the template and number its objects.

    Where the picture shows object indices they are left alone: ids then come from the exact pass. Raises RejectedFrame
    when there are too many instances.
    """
    if not plan.template_targets:
        return TemplateInstances()
    first = len(plan.instances) + 1
    sight = _recall_sight(plan, session, memory)
    held = template_instances(sight, plan.template_targets, first)
    if "mask_full" in plan.outputs:
        held = replace(held, surfaces={number: _surface(made) for number, made in held.geometries.items()})
    if reason := too_many_instances(len(plan.instances), len(held.realised)):
        raise RejectedFrame(reason)
    if shows_object_index(session.scene):
        return replace(held, copies=replace(held.copies, unnumbered=held.objects))
    for number, parts in held.objects.items():
        for part in parts:
            journal.set(part, "pass_index", number)
    return held


def _recall_sight(plan: FramePlan, session: Session, memory: TemplateMemory) -> Sight:
    state = plan.template_state
    if any(change.looks for change in state.objects):  # made for this frame, so that no other can have them
        return _look(session.scene, session.baseline, plan.template_targets)[0]
    key = digest([unstructure(plan.template_targets), shape_state(state)])
    return memory.recall("sight", key, lambda: _look(session.scene, session.baseline, plan.template_targets))


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


def template_instances(sight: Sight, targets: Sequence[TemplateTargetPlan], first_id: int) -> TemplateInstances:
    """Return the labelled instances of the template, ids from `first_id` on, in the order of names and copies."""
    family, picture, geometries, replaced = sight.family, sight.picture, sight.geometries, sight.replaced
    members: dict[Key, list[Shown]] = {}
    for one in picture.shown:
        if (key := family.key_of(one)) is not None:
            members.setdefault(key, []).append(one)
    keys = sorted(members, key=family.order)
    ids = {key: number for number, key in enumerate(keys, start=first_id)}
    parts = {ids[key]: [geometries[one.number] for one in members[key]] for key in keys}
    id_of = {one.number: ids[key] for key in keys for one in members[key]}
    copies = tuple(
        Copy(instance_id=id_of.get(number, 0), block=made.block, matrix=made.matrix)
        for number, made in sorted(geometries.items())
        if made.block is not None
    )
    return TemplateInstances(
        realised=_realised(keys, ids, members, geometries, picture, family, targets),
        objects={
            ids[key]: tuple(family.scene_objects[uid] for uid in _owners(members[key]) if uid not in replaced)
            for key in keys
        },
        seen_as={ids[key]: tuple(_seen_as(members[key], family)) for key in keys},
        geometries=parts,
        materials={number: tuple(m for one in made for m in one.materials) for number, made in parts.items()},
        not_meshes=frozenset(number for number, made in parts.items() if not all(one.is_mesh for one in made)),
        copies=Copies(parts=copies, hidden=tuple(_hidden(replaced, family))),
    )


def _owners(shown: Sequence[Shown]) -> list[int]:
    return list(dict.fromkeys(one.owner for one in shown))


def _seen_as(shown: Sequence[Shown], family: Family) -> Iterator[bpy.types.Object]:
    for one in shown:
        yield family.scene_objects[one.owner]
        if one.source in family.scene_objects:
            yield family.scene_objects[one.source]


def _replaced(picture: Picture, family: Family) -> set[int]:
    """Return the objects whose copies must become real: those with labelled copies, and those that copy anything
    labelled or replaced, which would pass for it or vanish with it. Which copies come by way of another instancer is
    not told, so whoever copies the same as a replaced one counts as copying that."""
    replaced = {one.owner for one in picture.shown if one.copy and family.key_of(one) is not None}
    pairs = {(one.owner, one.source) for one in picture.shown if one.copy} | set(picture.others)
    while True:
        gone = replaced | set(family.roots) | {item.session_uid for item in _hidden(replaced, family)}
        gone |= {source for owner, source in pairs if owner in replaced}
        more = {owner for owner, source in pairs if source in gone} - replaced
        if not more:
            return replaced
        replaced |= more


def _hidden(replaced: AbstractSet[int], family: Family) -> list[bpy.types.Object]:
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


# --- measuring ------------------------------------------------------------------------------------------------------


def _realised(
    keys: Sequence[Key],
    ids: Mapping[Key, int],
    members: Mapping[Key, list[Shown]],
    geometries: Mapping[int, Geometry],
    picture: Picture,
    family: Family,
    targets: Sequence[TemplateTargetPlan],
) -> tuple[RealisedInstance, ...]:
    counted: dict[int, int] = {}
    realised = []
    for key in keys:
        root, copy = key
        first = min(members[key], key=lambda one: (one.path, one.number))
        item = family.scene_objects[root]
        frame = geometries[first.number].matrix if copy else picture.frames.get(root, np.array(item.matrix_world))
        name = f"{TEMPLATE_ASSET}{item.name}"
        if copy:
            name += f"[{counted.setdefault(root, 0)}]"
            counted[root] += 1
        made = [geometries[one.number] for one in members[key]]
        realised.append(_measure(ids[key], name, targets[family.targets[root]].category_id, frame, made))
    return tuple(realised)


def _measure(number: int, name: str, category_id: int, frame: Array, made: list[Geometry]) -> RealisedInstance:
    """Return the facts of one instance: its box is that of all its vertices in the axes of `frame`, scale included."""
    world_from_object, scale = rigid_and_scale(frame)
    object_from_world = np.eye(4)
    object_from_world[:3, :3] = world_from_object[:3, :3].T
    points = np.concatenate([transform_points(one.matrix, one.vertices) for one in made]) - world_from_object[:3, 3]
    local = transform_points(object_from_world, points)
    low, high = local.min(axis=0), local.max(axis=0)
    x, y, z = (float(value) for value in high - low)
    a, b, c = (float(value) for value in transform_points(world_from_object, [(low + high) / 2])[0])
    return RealisedInstance(
        instance_id=number,
        role="target",
        asset_id=name,
        category_id=category_id,
        world_from_object=as_rows(world_from_object),
        scale=scale,
        dimensions_m=(x, y, z),
        center_m=(a, b, c),
    )


def _surface(made: Sequence[Geometry]) -> Surface:
    starts = np.cumsum([0, *(len(one.vertices) for one in made)])
    return Surface(
        vertices_m=np.concatenate([transform_points(one.matrix, one.vertices) for one in made]),
        triangles=np.concatenate(
            [one.triangles + np.int32(start) for one, start in zip(made, starts, strict=False)]
        ).astype(np.int32),
    )
