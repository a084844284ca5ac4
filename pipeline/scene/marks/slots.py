"""Slots: objects to be replaced, each with its children as one box in its own axes."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from pipeline.geometry import Array, inverse_rigid, rigid_and_scale, transform_points
from pipeline.records import MarkedSlot, Settings
from pipeline.scene.assets import baking
from pipeline.scene.marks.anchors import rotation_of
from pipeline.scene.marks.arrays import vector_of
from pipeline.scene.marks.evaluated import evaluate
from pipeline.scene.marks.find import Found, Report
from pipeline.scene.template.names import ancestors
from pipeline.scene.template.shown import GEOMETRY
from pipeline.scene.template.strands import rough_mesh

Corners = dict[int, list[Array]]


def slot_points(scene: bpy.types.Scene, found: Sequence[Found]) -> dict[int, Array]:
    """Return the vertices (N, 3) in the world of each slot with its children, by `session_uid`; those alone that have
    any."""
    slots = {one.item.session_uid for one in found}
    members = [item for item in scene.objects if any(parent.session_uid in slots for parent in ancestors(item))]

    def look(depsgraph: bpy.types.Depsgraph) -> dict[int, list[Array]]:
        points: dict[int, list[Array]] = {}
        for instance in depsgraph.object_instances:
            shown = instance.object
            owner = (instance.parent if instance.is_instance else shown).original
            line = (owner, *ancestors(owner))
            slot = next((item.session_uid for item in line if item.session_uid in slots), None)
            if slot is None or shown.type not in GEOMETRY or not instance.show_self:
                continue
            local = baking.positions(shown.data) if shown.type == "MESH" else rough_mesh(shown.data)[0]
            if len(local):
                points.setdefault(slot, []).append(transform_points(np.array(instance.matrix_world), local))
        return points

    if not found:
        return {}
    points = evaluate(scene, [one.item for one in found], look, beside=members)
    return {uid: np.concatenate(parts) for uid, parts in points.items()}


def slot_of(one: Found, settings: Settings, points: Array | None, matrix: Array, report: Report) -> MarkedSlot | None:
    """Return the record of a slot at `matrix` (4, 4) around `points` (N, 3), or None after reporting that it is
    empty."""
    if points is None:
        report(f"{one} is a slot without geometry: nothing tells the size", "mark an object that shows something")
        return None
    rigid, _ = rigid_and_scale(matrix)
    local = transform_points(inverse_rigid(rigid), points)
    return MarkedSlot(
        name=one.name,
        object_name=one.object_name,
        location_m=vector_of(rigid[:3, 3]),
        rotation=rotation_of(rigid),
        low_m=vector_of(local.min(axis=0)),
        high_m=vector_of(local.max(axis=0)),
        settings=settings,
    )
