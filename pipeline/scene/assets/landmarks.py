"""Named places of a model file: where its objects stand and where its bones begin and end."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from pipeline.config.schema import NamedPoint
from pipeline.geometry import Array
from pipeline.structure import did_you_mean

_NUMBER = re.compile(r"\.\d{3,}$")
_MOST_NAMES = 40  # in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """Places (3,) by the name of the object, and (head, tail) by the names of the armature and its bone."""

    objects: Mapping[str, Array] = field(default_factory=dict)
    bones: Mapping[tuple[str, str], tuple[Array, Array]] = field(default_factory=dict)


def read_landmarks(scene: bpy.types.Scene, objects: Mapping[str, bpy.types.Object]) -> Landmarks:
    """Return the places of those `objects` (by their names in the file) that lie in `scene`, as evaluated there.

    Objects that are hidden get shown, or they would not be evaluated: nothing may be baked after this.
    """
    inside = {item.session_uid for item in scene.objects}
    present = {name: item for name, item in objects.items() if item.session_uid in inside}
    for item in present.values():
        if item.hide_viewport:
            item.hide_viewport = False
    layer = scene.view_layers[0]
    layer.update()
    places, bones = {}, {}
    for name, item in present.items():
        evaluated = item.evaluated_get(layer.depsgraph)
        matrix = np.array(evaluated.matrix_world, dtype=np.float64)
        places[name] = matrix[:3, 3]
        for bone in evaluated.pose.bones if evaluated.pose is not None else ():
            bones[name, bone.name] = (_moved(bone.head, matrix), _moved(bone.tail, matrix))
    return Landmarks(objects=places, bones=bones)


def moved_landmarks(landmarks: Landmarks, matrix: Array) -> Landmarks:
    """Return the places through an affine matrix (4, 4)."""
    return Landmarks(
        objects={name: _moved(place, matrix) for name, place in landmarks.objects.items()},
        bones={name: (_moved(head, matrix), _moved(tail, matrix)) for name, (head, tail) in landmarks.bones.items()},
    )


def only_landmarks(landmarks: Landmarks, names: Collection[str]) -> Landmarks:
    """Return the places of these objects alone."""
    return Landmarks(
        objects={name: place for name, place in landmarks.objects.items() if name in names},
        bones={key: ends for key, ends in landmarks.bones.items() if key[0] in names},
    )


def landmarks_within(landmarks: Landmarks, names: Collection[str]) -> Landmarks:
    """Return the places of these objects, as one asset of several in its file calls them.

    Names are unique in a .blend, so its second mug has a "rim.001"; within that mug it goes by "rim" too.
    """
    alias = _aliases(names)
    return Landmarks(
        objects={
            called: place
            for name, place in landmarks.objects.items()
            if name in names
            for called in (name, alias.get(name, name))
        },
        bones={
            (called, bone): ends
            for (name, bone), ends in landmarks.bones.items()
            if name in names
            for called in (name, alias.get(name, name))
        },
    )


def _aliases(names: Collection[str]) -> dict[str, str]:
    """Return the plain name of each numbered one, where no other has the same."""
    plain = [_NUMBER.sub("", name) for name in names]
    return {name: short for name, short in zip(names, plain, strict=True) if name != short and plain.count(short) == 1}


def place_of(point: NamedPoint, landmarks: Landmarks) -> Array:
    """Return where an `empty` or `bone` keypoint lies. Raises ValueError(message, remedy) when there is none."""
    if point.bone is not None:
        head, tail = _bone(point.bone, landmarks)
        return head if point.end == "head" else tail
    name = str(point.empty)
    if name in landmarks.objects:
        return landmarks.objects[name]
    if any(bone == name for _, bone in landmarks.bones):
        raise ValueError(f"holds no object {name!r}, but a bone of that name", f"write bone: {name}")
    raise ValueError(f"holds no object {name!r}", _remedy(name, landmarks.objects, "objects"))


def _bone(name: str, landmarks: Landmarks) -> tuple[Array, Array]:
    whole = {f"{armature}/{bone}": ends for (armature, bone), ends in landmarks.bones.items()}
    if name in whole:
        return whole[name]
    same = {id(ends): f"{armature}/{bone}" for (armature, bone), ends in landmarks.bones.items() if bone == name}
    if len(same) > 1:
        raise ValueError(f"several armatures have a bone {name!r}", f"write one of {', '.join(sorted(same.values()))}")
    if same:
        return whole[next(iter(same.values()))]
    known = whole if "/" in name else {bone: None for _, bone in landmarks.bones}
    raise ValueError(f"holds no bone {name!r}", _remedy(name, known, "bones"))


def _remedy(name: str, known: Mapping[str, Any], kind: str) -> str:
    if not known:
        return f"it has no {kind}; use point_m"
    text = did_you_mean(name, known)
    if text.startswith("did") or len(known) <= _MOST_NAMES:
        return text
    return f"known here: {', '.join(sorted(known)[:_MOST_NAMES])}, and {len(known) - _MOST_NAMES} more"


def _moved(point: Any, matrix: Array) -> Array:
    """Written out: BLAS differs in the last bit."""
    x, y, z = (float(v) for v in point)
    return np.array([row[0] * x + row[1] * y + row[2] * z + row[3] for row in matrix[:3]])
