"""Objects whose look, pose or visibility may vary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

import bpy

from pipeline.geometry import Array, rigid_and_scale
from pipeline.records import MarkedBone, MarkedVaried, Settings
from pipeline.scene.marks.anchors import rotation_of
from pipeline.scene.marks.arrays import vector_of
from pipeline.scene.marks.find import Found, Report
from pipeline.scene.marks.roles import BONE, PREFIX
from pipeline.scene.marks.values import properties_of, settings_from
from pipeline.structure import did_you_mean

HOW = ("jitter", "replace")  # what "materials" may say besides names


def varied_of(one: Found, settings: Settings, matrix: Array, names: Mapping[int, str], report: Report) -> MarkedVaried:
    """Return the record of an object that varies, `matrix` (4, 4) as evaluated, `names` those of all objects by
    `session_uid`; materials, slots and settings that there are none of are reported."""
    slots = tuple("" if slot.material is None else slot.material.name for slot in one.item.material_slots)
    asked = settings.words.get("slots")
    if asked is not None:
        _report_missing(one, "slots", patterns_of(asked), {name for name in slots if name}, report)
    rigid, _ = rigid_and_scale(matrix)
    family = (one.item, *one.item.children_recursive)
    return MarkedVaried(
        name=one.name,
        object_name=one.object_name,
        location_m=vector_of(rigid[:3, 3]),
        rotation=rotation_of(rigid),
        family=tuple(sorted(names.get(item.session_uid, item.name) for item in family)),
        slots=slots,
        materials=_materials(one, settings, report),
        bones=tuple(_bones(one, report)),
        settings=settings,
    )


def patterns_of(text: str) -> list[str]:
    """Return the names or patterns of a list "Oak*, Steel"."""
    return [word for word in (part.strip() for part in text.split(",")) if word]


def _materials(one: Found, settings: Settings, report: Report) -> tuple[str, ...]:
    text = settings.words.get("materials")
    if text is None or text in HOW:
        return ()
    known = {material.name for material in bpy.data.materials if not material.is_grease_pencil}
    patterns = patterns_of(text)
    _report_missing(one, "materials", patterns, known, report)
    return tuple(sorted(name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)))


def _report_missing(one: Found, key: str, patterns: list[str], known: set[str], report: Report) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            what = "none of its materials" if key == "slots" else "no material of the file"
            report(f"{one} has {PREFIX}{key} with {pattern!r}, which is {what}", did_you_mean(pattern, known))


def _bones(one: Found, report: Report) -> Iterator[MarkedBone]:
    for bone in sorted(one.item.pose.bones, key=lambda item: item.name) if one.item.pose is not None else ():
        values = properties_of(bone)
        if not values:
            continue
        label = f"bone `{bone.name}` of {one}"
        for key in sorted(set(values) - set(BONE)):
            report(f"{label} has {PREFIX}{key}, which bones do not have", did_you_mean(key, BONE))
        told = lambda text, remedy, label=label: report(f"{label} {text}", remedy)  # noqa: E731
        yield MarkedBone(bone=bone.name, settings=settings_from(values, BONE, told))
