"""Ranges that could vary nothing, for keyframes and drivers put back what they animate whenever Blender evaluates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import bpy

from pipeline.scene.marks.find import Found, Report
from pipeline.scene.marks.roles import PREFIX
from pipeline.scene.marks.values import properties_of

POSE: Mapping[str, str] = {"move_m": "location", "turn_deg": "rotation", "scale": "scale", "visible": "hide_render"}
LAMP: Mapping[str, str] = {"energy_w": "energy", "energy_scale": "energy", "temperature_k": "color"}
"""What a setting changes: how the data path of an animation of the same begins."""


def check_overruled(found: Iterable[Found], report: Report) -> None:
    """Report ranges of what keyframes or drivers decide: of objects, of their pose bones, and of lamps."""
    for one in found:
        if not {"randomize", "light"}.intersection(one.roles):
            continue
        curves = dict(_curves(one.item))
        _check(f"{one}", one.values, POSE, curves, report)
        if "light" in one.roles:
            _check(f"{one}", one.values, LAMP, dict(_curves(one.item.data)), report)
        for bone in one.item.pose.bones if one.item.pose is not None else ():
            prefix = f"{bone.path_from_id()}."
            own = {path.removeprefix(prefix): mover for path, mover in curves.items() if path.startswith(prefix)}
            _check(f"bone `{bone.name}` of {one}", properties_of(bone), POSE, own, report)


def _check(
    label: str, values: Iterable[str], paths: Mapping[str, str], curves: Mapping[str, str], report: Report
) -> None:
    for key in sorted(set(values) & set(paths)):
        mover = next((mover for path, mover in curves.items() if path.startswith(paths[key])), None)
        if mover is not None:
            text = f"{label} has {PREFIX}{key}, but {mover} decides its {paths[key]} whatever is drawn"
            report(text, f"remove that animation, or mark a parent of it instead; or remove {PREFIX}{key}")


def _curves(owner: Any) -> Iterator[tuple[str, str]]:
    """Yield the data path of all that is animated of a datablock, and what animates it."""
    data = getattr(owner, "animation_data", None)
    if data is None:
        return
    strips = [strip for track in data.nla_tracks for strip in track.strips]
    for source in (data, *strips):
        if source.action is not None and source.action_slot is not None:
            for path in _paths(source.action, source.action_slot):
                yield path, f"action `{source.action.name}`"
    for driver in data.drivers:
        yield driver.data_path, "a driver"


def _paths(action: bpy.types.Action, slot: bpy.types.ActionSlot) -> Iterator[str]:
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                yield from (curve.data_path for curve in bag.fcurves)
