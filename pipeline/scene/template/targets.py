"""Instances that the template itself holds: found, numbered, measured as evaluated.

Copies share the object index of what they are copies of, so where any are labelled, whatever shows them is replaced
by real objects for the pass that ids come from (`Copies`, see `render.copies`); the picture shows the template as its
artist left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import bpy
import numpy as np

from pipeline.config.limits import too_many_instances
from pipeline.conventions import TEMPLATE_ASSET
from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, rigid_and_scale, transform_points
from pipeline.records import FramePlan, RealisedInstance, Surface, TemplateTargetPlan
from pipeline.scene.camera import as_rows
from pipeline.scene.object_index import shows_object_index
from pipeline.scene.session import Session
from pipeline.scene.template.journal import Journal
from pipeline.scene.template.look import TemplateObjects
from pipeline.scene.template.memory import TemplateMemory
from pipeline.scene.template.shown import Geometry, Picture, Shown
from pipeline.scene.template.sight import Family, Key, Sight, hidden_with, recall_sight

T = TypeVar("T")


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
    that meets them hits, `surfaces` what they show in the world where silhouettes are asked for, `materials` what they
    wear as evaluated. `not_meshes` are the ids whose silhouette a mesh does not tell."""

    realised: tuple[RealisedInstance, ...] = ()
    objects: Mapping[int, tuple[bpy.types.Object, ...]] = field(default_factory=dict)
    seen_as: Mapping[int, tuple[bpy.types.Object, ...]] = field(default_factory=dict)
    surfaces: Mapping[int, Surface] = field(default_factory=dict)
    materials: Mapping[int, tuple[bpy.types.Material, ...]] = field(default_factory=dict)
    not_meshes: frozenset[int] = frozenset()
    copies: Copies = Copies()


def hold_template(
    plan: FramePlan, session: Session, objects: TemplateObjects, memory: TemplateMemory, journal: Journal
) -> TemplateInstances:
    """Find what is labelled of the template and number its objects.

    Where the picture shows object indices they are left alone: ids then come from the exact pass. Raises RejectedFrame
    when there are too many instances.
    """
    if not plan.template_targets:
        return TemplateInstances()
    sight = recall_sight(plan, session, objects, memory)
    has_surfaces = "mask_full" in plan.outputs

    def measure() -> TemplateInstances:
        return template_instances(sight, plan.template_targets, has_surfaces)

    key = f"{sight.key} {has_surfaces}"
    measured = memory.recall("instances", key, lambda: (measure(), ())) if sight.key else measure()
    held = _numbered(measured, len(plan.instances))
    if reason := too_many_instances(len(plan.instances), len(held.realised)):
        raise RejectedFrame(reason)
    if shows_object_index(session.scene):
        return replace(held, copies=replace(held.copies, unnumbered=held.objects))
    for number, parts in held.objects.items():
        for part in parts:
            journal.set(part, "pass_index", number)
    return held


def template_instances(sight: Sight, targets: Sequence[TemplateTargetPlan], has_surfaces: bool) -> TemplateInstances:
    """Return the labelled instances of the template, ids from 1 on, in the order of names and copies."""
    family, picture, geometries, replaced = sight.family, sight.picture, sight.geometries, sight.replaced
    members: dict[Key, list[Shown]] = {}
    for one in picture.shown:
        if (key := family.key_of(one)) is not None:
            members.setdefault(key, []).append(one)
    keys = sorted(members, key=family.order)
    ids = {key: number for number, key in enumerate(keys, start=1)}
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
        surfaces={number: _surface(made) for number, made in parts.items()} if has_surfaces else {},
        materials={number: tuple(m for one in made for m in one.materials) for number, made in parts.items()},
        not_meshes=frozenset(number for number, made in parts.items() if not all(one.is_mesh for one in made)),
        copies=Copies(parts=copies, hidden=tuple(hidden_with(replaced, family))),
    )


def _numbered(held: TemplateInstances, others: int) -> TemplateInstances:
    """Return instances that were numbered from 1 on with ids that follow those of `others`."""

    def shifted(by_id: Mapping[int, T]) -> dict[int, T]:
        return {number + others: value for number, value in by_id.items()}

    copies = (
        replace(one, instance_id=one.instance_id + others) if one.instance_id else one for one in held.copies.parts
    )
    return TemplateInstances(
        realised=tuple(replace(one, instance_id=one.instance_id + others) for one in held.realised),
        objects=shifted(held.objects),
        seen_as=shifted(held.seen_as),
        surfaces=shifted(held.surfaces),
        materials=shifted(held.materials),
        not_meshes=frozenset(number + others for number in held.not_meshes),
        copies=replace(held.copies, parts=tuple(copies)),
    )


def _owners(shown: Sequence[Shown]) -> list[int]:
    return list(dict.fromkeys(one.owner for one in shown))


def _seen_as(shown: Sequence[Shown], family: Family) -> Iterator[bpy.types.Object]:
    for one in shown:
        yield family.scene_objects[one.owner]
        if one.source in family.scene_objects:
            yield family.scene_objects[one.source]


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
