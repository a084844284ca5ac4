"""What is wrong with marks beyond their own geometry: where they were put, their scale, what they name and share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import bpy
import numpy as np

from pipeline.geometry import Array
from pipeline.records import Settings
from pipeline.scene.marks.find import Found, Report, find_marks, marked_as
from pipeline.scene.marks.moving_places import check_moving_places
from pipeline.scene.marks.outliner import Outliner, called
from pipeline.scene.marks.overruled import check_overruled
from pipeline.scene.marks.roles import PREFIX, ROLE, ROLES
from pipeline.scene.marks.values import properties_of
from pipeline.scene.standing import is_too_near, look_around
from pipeline.scene.template.names import ancestors
from pipeline.structure import did_you_mean

IN_AXES = ("anchor", "slot", "camera")  # roles to which it matters which way an object's own axes point
PLACED = frozenset({"surface", "spline", "volume", "anchor", "slot", "camera", "keep_out"})
PAIRS = ((0, 1), (0, 2), (1, 2))
AIMS = ("targets", "target")
SKEWED = 1e-3  # of a cosine between axes
APPLY = "apply its scale: Ctrl+A, Scale"


def check_marks(
    scene: bpy.types.Scene,
    found: Sequence[Found],
    settings: Mapping[str, Settings],
    matrices: Mapping[str, Array],
    report: Report,
) -> None:
    """Report what is wrong with the marked objects `found`; `matrices` are theirs in the world, as far as measured."""
    _check_collections(scene, report)
    _check_strays(scene, found, report)
    _check_scenes(scene, found, report)
    for one in found:
        matrix = matrices.get(one.object_name)
        if matrix is not None:
            _check_axes(one, matrix, report)
    check_overruled(found, report)
    check_moving_places(found, report)
    _check_groups(found, settings, report)
    _check_aims(scene, found, settings, report)
    _check_cameras(scene, found, matrices, report)


def _check_collections(scene: bpy.types.Scene, report: Report) -> None:
    """Collections that mark nothing."""
    for group in scene.collection.children_recursive:
        word = group.name.removeprefix(PREFIX).split(".")[0]
        role = properties_of(group).get(ROLE) or (word if group.name.startswith(PREFIX) and word in ROLES else None)
        if role is not None and not group.all_objects:
            report(f"Collection `{group.name}` marks objects as {role}, but is empty", "move objects into it")


def _check_strays(scene: bpy.types.Scene, found: Sequence[Found], report: Report) -> None:
    """Marks on what carries none: meshes and other data, materials, bones at rest, bones of unmarked armatures."""
    outliner = Outliner(scene)
    varied = {one.item.session_uid for one in marked_as(found, "randomize")}
    told: set[int] = set()
    for item in sorted(scene.objects, key=lambda one: (one.name, one.name_full)):
        place = outliner.place(item)
        materials = [slot.material for slot in item.material_slots]
        for owner in (item.data, *materials):
            if owner is None or owner.session_uid in told:
                continue
            told.add(owner.session_uid)
            for key in sorted(properties_of(owner)):
                kind = "Material" if isinstance(owner, bpy.types.Material) else "Data"
                text = f"{kind} `{owner.name}` of {called(item)}{place} has {PREFIX}{key}"
                report(text, "marks belong to objects: the tab with the orange square")
        if item.type == "ARMATURE":
            _check_bones(item, f"{called(item)}{place}", item.session_uid in varied, report)


def _check_bones(item: bpy.types.Object, label: str, is_varied: bool, report: Report) -> None:
    for bone in item.data.bones:
        if properties_of(bone):
            report(f"bone `{bone.name}` of {label} has ranges at rest", "give them to the pose bone, in pose mode")
    ranged = [bone.name for bone in item.pose.bones if properties_of(bone)] if item.pose is not None else []
    if ranged and not is_varied:
        text = f"bone `{ranged[0]}` of {label} has ranges, but the armature is not marked"
        report(text, f"give it {PREFIX}{ROLE} = randomize")


def _check_scenes(scene: bpy.types.Scene, found: Sequence[Found], report: Report) -> None:
    """Marks of scenes that are not rendered, where the rendered one has none."""
    if found:
        return
    for other in bpy.data.scenes:
        if other != scene:
            for one in find_marks(other, lambda *_: None):
                text = f"{one} is marked, but lies in scene `{other.name}`; `{scene.name}` is rendered, without marks"
                report(text, "make its scene the active one and save, or link it into the other")


def _check_axes(one: Found, matrix: Array, report: Report) -> None:
    axes = matrix[:3, :3]
    lengths = np.sqrt((axes * axes).sum(axis=0))
    if not (lengths > 0).all():
        return
    cosines = [abs(float((axes[:, i] * axes[:, j]).sum() / (lengths[i] * lengths[j]))) for i, j in PAIRS]
    turned = "randomize" in one.roles and "turn_deg" in one.values
    if max(cosines) > SKEWED and (turned or any(role in IN_AXES for role in one.roles)):
        parents = [parent.name for parent in ancestors(one.item) if len(set(np.round(parent.scale, 6))) > 1]
        whose = f" of `{parents[0]}`" if parents else ""
        report(f"{one} is sheared by the uneven scale{whose} above it", APPLY)
    elif np.linalg.det(axes) < 0 and any(role in IN_AXES for role in one.roles):
        report(f"{one} has a negative scale, which swaps its left and right", APPLY)


def _check_groups(found: Sequence[Found], settings: Mapping[str, Settings], report: Report) -> None:
    """Groups of which one member shows: there must be several."""
    groups: dict[str, list[Found]] = {}
    for one in marked_as(found, "randomize"):
        word = settings[one.object_name].words.get("one_of")
        if word is not None:
            groups.setdefault(word, []).append(one)
    for word, members in sorted(groups.items()):
        if len(members) == 1:
            report(
                f"{members[0]} is alone in the group {PREFIX}one_of = {word!r}",
                did_you_mean(word, set(groups) - {word}) if len(groups) > 1 else "give others the same, or remove it",
            )


def _check_aims(
    scene: bpy.types.Scene, found: Sequence[Found], settings: Mapping[str, Settings], report: Report
) -> None:
    names = {item.name for item in scene.objects}
    for one in marked_as(found, "camera"):
        aim = settings[one.object_name].words.get("look_at")
        if aim is not None and aim not in (*AIMS, *names):
            report(f"{one} looks at {aim!r}, which is no object", did_you_mean(aim, {*AIMS, *names}))


def _check_cameras(
    scene: bpy.types.Scene, found: Sequence[Found], matrices: Mapping[str, Array], report: Report
) -> None:
    """Cameras within a mesh, from which every frame would be rejected."""
    cameras = [one for one in marked_as(found, "camera") if one.item.type == "CAMERA" and one.object_name in matrices]
    if not cameras:
        return
    layer = next((one for one in scene.view_layers if one.use), scene.view_layers[0])
    layer.update()
    look = look_around(layer.depsgraph, {})
    for one in cameras:
        eye = matrices[one.object_name][:3, 3]
        if not is_too_near(look.standing, eye, 0.0):
            continue
        around = (item.name for item in scene.objects if is_too_near(look.standing, eye, 0.0, frozenset({item.name})))
        report(f"{one} is inside `{next(around, 'a mesh')}`", "move it out, or turn the normals of a room inward")
    bpy.data.batch_remove(look.copies)


def check_animated(scene: bpy.types.Scene, report: Report) -> None:
    """Report places that move along the timeline: they are measured once, and every frame of it is rendered."""
    for one in find_marks(scene, lambda *_: None):
        if any(role in PLACED for role in one.roles):
            mover = next(_movers(one.item), None)
            if mover is not None:
                text = f"{one} moves along the timeline (by `{mover}`), but its place is measured at one frame alone"
                report(text, "bake its pose and remove the animation, or leave template.frame out")


def _movers(item: bpy.types.Object) -> Iterator[str]:
    """Yield the actions that move an object, its parents or its data."""
    for owner in (item, *ancestors(item), item.data, getattr(item.data, "shape_keys", None)):
        data: Any = getattr(owner, "animation_data", None)
        if data is None:
            continue
        if data.action is not None:
            yield data.action.name
        yield from (strip.name for track in data.nla_tracks for strip in track.strips)
