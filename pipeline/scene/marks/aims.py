"""What a marked camera looks at, where its artist named an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import bpy
import numpy as np

from pipeline.geometry import transform_points
from pipeline.records import Settings, Vector
from pipeline.scene.marks.arrays import vector_of
from pipeline.scene.marks.evaluated import evaluate
from pipeline.scene.marks.find import Found, marked_as


def with_aims(scene: bpy.types.Scene, found: Sequence[Found], settings: Mapping[str, Settings]) -> dict[str, Settings]:
    """Return the settings of all marks; those of cameras that look at an object hold the middle of its box, in the
    world, as the vector "look_at" besides."""
    items = {item.name: item for item in reversed(scene.objects.values())}
    words = {one.object_name: settings[one.object_name].words.get("look_at", "") for one in marked_as(found, "camera")}
    named = {name: items[word] for name, word in words.items() if word in items}
    if not named:
        return dict(settings)

    def look(depsgraph: bpy.types.Depsgraph) -> dict[str, Vector]:
        return {name: _middle(item.evaluated_get(depsgraph)) for name, item in named.items()}

    aims = evaluate(scene, list({item.session_uid: item for item in named.values()}.values()), look)
    changed = {
        name: replace(settings[name], vectors={**settings[name].vectors, "look_at": aim}) for name, aim in aims.items()
    }
    return {**settings, **changed}


def _middle(shown: bpy.types.Object) -> Vector:
    """Return the middle of an evaluated object's box, of one without extent its origin."""
    corners = np.array([tuple(corner) for corner in shown.bound_box])
    matrix = np.array(shown.matrix_world, dtype=np.float64)
    return vector_of(transform_points(matrix, [(corners.min(axis=0) + corners.max(axis=0)) / 2])[0])
