"""Instances: the parts of an asset, placed, numbered and dressed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from pipeline.geometry import Array
from pipeline.records import InstancePlan, JitterPlan
from pipeline.scene.looks.jitter import jittered
from pipeline.scene.poses import set_pose

MaterialMaker = Callable[[InstancePlan], bpy.types.Material]
Jittered = dict[tuple[str, JitterPlan], bpy.types.Material]
"""The jittered materials of a scene, by the name of what they are copies of: what is alike shares them."""


def add_instance(
    collection: bpy.types.Collection,
    plan: InstancePlan,
    parts: tuple[bpy.types.Mesh, ...],
    world_from_object: Array,
    make_material: MaterialMaker,
    changed: Jittered,
) -> tuple[bpy.types.Object, ...]:
    """Place one instance and return its objects, one a part, all with the instance's id as object index.

    `world_from_object` (4, 4) is rigid; the plan's scale is applied before it. Meshes are shared with the library, so
    materials hang on the objects; `changed` is added to.
    """
    objects = []
    for number, mesh in enumerate(parts):
        part = bpy.data.objects.new(f"instance {plan.instance_id} {Path(plan.asset_id).stem} {number}", mesh)
        set_pose(part, world_from_object, plan.scale)
        part.pass_index = plan.instance_id
        collection.objects.link(part)
        objects.append(part)
    _dress(tuple(objects), plan, make_material, changed)
    return tuple(objects)


def _dress(
    objects: tuple[bpy.types.Object, ...], plan: InstancePlan, make_material: MaterialMaker, changed: Jittered
) -> None:
    if plan.material is not None:
        material = make_material(plan)
        for part in objects:
            _replace_materials(part, material)
    elif plan.jitter is not None:
        for part in objects:
            for slot in part.material_slots:
                if slot.material is None:
                    continue
                name = slot.material.name
                if (name, plan.jitter) not in changed:
                    changed[name, plan.jitter] = jittered(slot.material, plan.jitter, f"{name} of {plan.instance_id}")
                slot.link = "OBJECT"
                slot.material = changed[name, plan.jitter]


def _replace_materials(part: bpy.types.Object, material: bpy.types.Material) -> None:
    """Library meshes have at least one slot (see `assets.library`), so that an object can carry its own material."""
    for slot in part.material_slots:
        slot.link = "OBJECT"
        slot.material = material
