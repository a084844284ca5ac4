"""All marks of the open template, measured as a render shows them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import bpy
import numpy as np

from pipeline.geometry import Array
from pipeline.records import (
    MarkedAnchor,
    MarkedCamera,
    MarkedLamp,
    MarkedSlot,
    MarkedSpline,
    MarkedSurface,
    MarkedTarget,
    MarkedVaried,
    MarkedVolume,
    Marks,
    Settings,
)
from pipeline.scene.marks.aims import with_aims
from pipeline.scene.marks.anchors import anchor_of
from pipeline.scene.marks.cameras import camera_of, lamp_of
from pipeline.scene.marks.evaluated import evaluate, mesh_of
from pipeline.scene.marks.find import Found, Report, find_marks, is_helper, kinds_of, marked_as
from pipeline.scene.marks.lint import check_marks
from pipeline.scene.marks.slots import slot_of, slot_points
from pipeline.scene.marks.solids import solids_of
from pipeline.scene.marks.splines import LINES, read_lines, splines_of
from pipeline.scene.marks.surfaces import Area, read_surface, surface_of
from pipeline.scene.marks.values import settings_from
from pipeline.scene.marks.varied import varied_of
from pipeline.scene.marks.volumes import volume_of
from pipeline.scene.template.names import object_names

MEASURED = ("surface", "volume", "keep_out", "anchor", "slot", "camera", "light", "randomize")
"""Roles whose objects are read as they are evaluated; splines are read barer."""

Mark = TypeVar(
    "Mark",
    MarkedSurface,
    MarkedSpline,
    MarkedVolume,
    MarkedAnchor,
    MarkedSlot,
    MarkedCamera,
    MarkedLamp,
    MarkedVaried,
    MarkedTarget,
)


@dataclass(slots=True)
class Measured:
    """Marks under way, kind by kind; `areas` are the faces of surfaces, `matrices` where objects stand, by object
    name."""

    surfaces: list[MarkedSurface] = field(default_factory=list)
    splines: list[MarkedSpline] = field(default_factory=list)
    volumes: list[MarkedVolume] = field(default_factory=list)
    anchors: list[MarkedAnchor] = field(default_factory=list)
    slots: list[MarkedSlot] = field(default_factory=list)
    cameras: list[MarkedCamera] = field(default_factory=list)
    lamps: list[MarkedLamp] = field(default_factory=list)
    keep_out: list[MarkedVolume] = field(default_factory=list)
    areas: dict[str, Area] = field(default_factory=dict)
    matrices: dict[str, Array] = field(default_factory=dict)


def read_marks(scene: bpy.types.Scene, report: Report) -> Marks:
    """Return what is marked in a scene; `report` hears one sentence for each thing that is wrong."""
    found = find_marks(scene, report)
    settings = with_aims(scene, found, {one.object_name: _settings(one, report) for one in found})
    measured = Measured()
    _measure(scene, found, settings, measured, report)
    on_lines = [one for one in found if "spline" in one.roles or _rides_on_line(one)]
    lines = read_lines(scene, on_lines)
    for one in on_lines:
        measured.splines.extend(splines_of(one, settings[one.object_name], lines, report))
    check_marks(scene, found, settings, measured.matrices, report)
    names = object_names(scene)
    marks = Marks(
        surfaces=_sorted(measured.surfaces),
        splines=_sorted(measured.splines),
        volumes=_sorted(measured.volumes),
        anchors=_sorted(measured.anchors),
        slots=_sorted(measured.slots),
        cameras=_sorted(measured.cameras),
        lamps=_sorted(measured.lamps),
        varied=_sorted(
            varied_of(one, settings[one.object_name], measured.matrices[one.object_name], names, report)
            for one in marked_as(found, "randomize")
        ),
        targets=_sorted(_targets(found, settings, report)),
        keep_out=_sorted(measured.keep_out),
        colliders=tuple(sorted(one.object_name for one in marked_as(found, "collider"))),
        hidden=tuple(sorted(one.object_name for one in found if is_helper(one))),
    )
    return replace(marks, solids=solids_of(scene, found, marks, measured.areas))


def _sorted(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda one: (one.name, one.object_name, getattr(one, "part", 0))))


def _targets(found: Sequence[Found], settings: Mapping[str, Settings], report: Report) -> Iterator[MarkedTarget]:
    for one in marked_as(found, "target"):
        category = settings[one.object_name].words.get("category")
        if category is None:
            report(f"{one} is a target without a category", "add the custom property vg.category")
        else:
            yield MarkedTarget(name=one.name, object_name=one.item.name, category=category)


def _settings(one: Found, report: Report) -> Settings:
    def told(key: str, text: str, remedy: str) -> None:
        report(f"{one.whose.get(key, str(one))} {text}", remedy)

    found = [
        settings_from({key: value}, kinds_of(one.roles), partial(told, key))
        for key, value in sorted(one.values.items())
    ]
    return Settings(
        ranges={key: value for part in found for key, value in part.ranges.items()},
        words={key: value for part in found for key, value in part.words.items()},
        vectors={key: value for part in found for key, value in part.vectors.items()},
    )


def _rides_on_line(one: Found) -> bool:
    """Return whether a camera rides along the lines of an object: a curve, or a mesh of edges alone."""
    if "camera" not in one.roles or one.item.type not in LINES:
        return False
    return one.item.type == "CURVE" or not one.item.data.polygons


def _measure(
    scene: bpy.types.Scene, found: Sequence[Found], settings: Mapping[str, Settings], measured: Measured, report: Report
) -> None:
    wanted = [one for one in found if any(role in one.roles for role in MEASURED)]
    if not wanted:
        return
    slots = slot_points(scene, list(marked_as(found, "slot")))

    def look(depsgraph: bpy.types.Depsgraph) -> None:
        for one in wanted:
            shown = one.item.evaluated_get(depsgraph)
            matrix = np.array(shown.matrix_world, dtype=np.float64)
            own = settings[one.object_name]
            measured.matrices[one.object_name] = matrix
            if "anchor" in one.roles:
                _add(measured.anchors, anchor_of(one, own, matrix, report))
            if "slot" in one.roles:
                points = slots.get(one.item.session_uid)
                _add(measured.slots, slot_of(one, own, points, matrix, report))
            if "light" in one.roles:
                _add_lamp(one, own, shown, measured, report)
            if "camera" in one.roles and one.item.type == "CAMERA":
                _add(measured.cameras, camera_of(one, own, shown, scene, report))
            with mesh_of(one.item, depsgraph) as mesh:
                _add_faces(one, own, mesh, matrix, measured, report)

    evaluate(scene, [one.item for one in wanted], look)


def _add(kind: list[Any], mark: object | None) -> None:
    if mark is not None:
        kind.append(mark)


def _add_lamp(one: Found, own: Settings, shown: bpy.types.Object, measured: Measured, report: Report) -> None:
    if one.item.type == "LIGHT":
        measured.lamps.append(lamp_of(one, own, shown))
    else:
        report(f"{one} is marked as a light but is none", "mark the lamp itself")


def _add_faces(
    one: Found, own: Settings, mesh: bpy.types.Mesh | None, matrix: Array, measured: Measured, report: Report
) -> None:
    """Measure what an object is by its faces: surface, volume, keep_out, and what a camera rides on."""
    rides = "camera" in one.roles and one.item.type != "CAMERA" and not _rides_on_line(one)
    if "volume" in one.roles:
        _add(measured.volumes, volume_of(one, own, mesh, matrix, report))
    elif rides:
        volume = volume_of(one, own, mesh, matrix, lambda *_: None)
        _add(measured.volumes, volume)
        rides = volume is None
    if "keep_out" in one.roles:
        _add(measured.keep_out, volume_of(one, own, mesh, matrix, report))
    if "surface" in one.roles or rides:
        area = read_surface(one, own, mesh, matrix, report)
        if area is not None:
            measured.areas[one.object_name] = area
            _add(measured.surfaces, surface_of(one, own, area, report))
