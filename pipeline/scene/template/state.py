"""The template of one frame: its timeline, what is hidden, and what its artist marked to vary."""

from __future__ import annotations

import math

import bpy
from mathutils import Euler

from pipeline.addresses import Places
from pipeline.geometry import matrix_from_quaternion, multiply_quaternions, product, quaternion_about
from pipeline.records import BoneChange, LampChange, ObjectChange, PartMotion, Quaternion, SlotLook, TemplateState
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.jitter import jittered
from pipeline.scene.looks.materials import add_material
from pipeline.scene.template.journal import Journal
from pipeline.scene.template.look import TemplateObjects

AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def apply_template_state(
    scene: bpy.types.Scene,
    state: TemplateState,
    objects: TemplateObjects,
    journal: Journal,
    images: ImageCache,
    places: Places,
) -> None:
    """Bring the template into the state of a scene's first view, every change noted in `journal`. Nothing is evaluated
    yet: that takes long with thousands of objects, and is done once all is in its place."""
    if state == TemplateState():
        return
    if state.frame is not None:
        journal.undo(_go_to, scene, scene.frame_current, scene.frame_subframe)
        scene.frame_set(state.frame)
    items = objects.by_name
    for name in state.hidden:
        for item in objects.family(name):
            journal.set(item, "hide_render", True)
    for change in state.objects:
        _change_object(items[change.object_name], change, journal, images, places)
    for bone in state.bones:
        _change_bone(items[bone.object_name], bone, journal)
    for lamp in state.lamps:
        _change_lamp(items[lamp.object_name], lamp, journal)


def advance_template(scene: bpy.types.Scene, state: TemplateState) -> None:
    """Go on along the timeline from the scene's first view to that of the frame."""
    if state.frame is not None and state.later_s > 0:
        later = state.later_s * scene.render.fps / scene.render.fps_base
        _go_to(scene, state.frame + math.floor(later), later - math.floor(later))


def _go_to(scene: bpy.types.Scene, frame: int, part: float) -> None:
    scene.frame_set(frame, subframe=part)


def _change_object(
    item: bpy.types.Object, change: ObjectChange, journal: Journal, images: ImageCache, places: Places
) -> None:
    if change.motion != PartMotion() or change.scale != 1.0:
        journal.keep(item)
        _move(item, change.motion)
        item.scale = [side * change.scale for side in item.scale]
    for look in change.looks:
        slot = item.material_slots[look.slot]
        material = _material(slot, look, f"{change.object_name} {look.slot}", images, places)
        if material is not None:
            journal.keep(slot)
            slot.link = "OBJECT"  # the mesh, which other objects may share, keeps its own
            journal.undo(setattr, slot, "material", slot.material)
            slot.material = material


def _material(
    slot: bpy.types.MaterialSlot, look: SlotLook, name: str, images: ImageCache, places: Places
) -> bpy.types.Material | None:
    if look.jitter is not None:
        return None if slot.material is None else jittered(slot.material, look.jitter, f"jitter of {name}")
    if look.made is not None:
        return add_material(look.made, f"material of {name}", images, places)
    return bpy.data.materials[look.material] if look.material else None


def _change_bone(armature: bpy.types.Object, change: BoneChange, journal: Journal) -> None:
    bone = armature.pose.bones[change.bone]
    journal.keep(bone)
    _move(bone, change.motion)


def _change_lamp(item: bpy.types.Object, change: LampChange, journal: Journal) -> None:
    journal.keep(item)
    _move(item, change.motion)
    light = item.data.copy()  # other lamps may share it
    item.data = light
    light.energy, light.color = change.energy, change.color
    if hasattr(light, "use_temperature"):  # from 4.5 on, where it would tint the colour once more
        light.use_temperature = False


# --- places ---------------------------------------------------------------------------------------------------------


def _move(item: bpy.types.Object | bpy.types.PoseBone, motion: PartMotion) -> None:
    """Move and turn an object or a pose bone in its own axes, on top of where it is."""
    rotation = _rotation_of(item)
    offset = product(matrix_from_quaternion(rotation), motion.move_m)
    item.location = [a + b for a, b in zip(item.location, offset, strict=True)]
    for axis, degrees in zip(AXES, motion.turn_deg, strict=True):
        rotation = multiply_quaternions(rotation, quaternion_about(axis, math.radians(degrees)))
    if any(motion.turn_deg):
        item.rotation_mode = "QUATERNION"
        item.rotation_quaternion = rotation


def _rotation_of(item: bpy.types.Object | bpy.types.PoseBone) -> Quaternion:
    """Return the rotation of an object against its parent, or of a pose bone against its rest pose."""
    if item.rotation_mode == "QUATERNION":
        w, x, y, z = (float(value) for value in item.rotation_quaternion.normalized())
        return (w, x, y, z)
    if item.rotation_mode == "AXIS_ANGLE":
        angle, *axis = (float(value) for value in item.rotation_axis_angle)
        return quaternion_about(axis, angle)
    return _from_euler(item.rotation_euler)


def _from_euler(euler: Euler) -> Quaternion:
    """Blender's XYZ order turns about x first, all axes those of the parent."""
    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    for name in euler.order:
        turn = quaternion_about(AXES["XYZ".index(name)], float(euler["XYZ".index(name)]))
        rotation = multiply_quaternions(turn, rotation)
    return rotation
