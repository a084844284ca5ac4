"""The template of a frame: hidden, moved, dressed and lit as its state says, and afterwards as it was."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from template_samples import card

from pipeline.addresses import Places
from pipeline.records import BoneChange, JitterPlan, LampChange, ObjectChange, PartMotion, SlotLook, TemplateState
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.template.journal import Journal, stored, values_of
from pipeline.scene.template.look import read_objects
from pipeline.scene.template.state import advance_template, apply_template_state


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def apply(scene, state, tmp_path):
    journal = Journal()
    apply_template_state(scene, state, read_objects(scene), journal, ImageCache(), Places(base_dir=tmp_path))
    bpy.context.view_layer.update()
    return journal


def everything(item):
    return {name: repr(value) for name, value in values_of(item, stored(item)).items()}


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "QUATERNION", "AXIS_ANGLE"])
def test_a_thing_moves_and_turns_in_its_own_axes(mode, scene, tmp_path):
    item = card("Card", 1.0, 2.0, 3.0)
    item.rotation_euler, item.scale = (0.3, -0.4, 0.5), (1.0, 2.0, 0.5)
    item.rotation_mode = mode
    bpy.context.view_layer.update()
    before, was = np.array(item.matrix_world), everything(item)
    motion = PartMotion(move_m=(0.1, 0.2, 0.3), turn_deg=(0.0, 0.0, 90.0))
    journal = apply(
        scene, TemplateState(objects=(ObjectChange(object_name="Card", motion=motion, scale=2.0),)), tmp_path
    )
    after = np.array(item.matrix_world)
    axes = before[:3, :3] / np.linalg.norm(before[:3, :3], axis=0)
    assert after[:3, 3] == pytest.approx(before[:3, 3] + axes @ [0.1, 0.2, 0.3], abs=1e-6)
    turned = after[:3, :3] / np.linalg.norm(after[:3, :3], axis=0)
    assert turned == pytest.approx(axes @ [[0, -1, 0], [1, 0, 0], [0, 0, 1]], abs=1e-6)
    assert np.linalg.norm(after[:3, :3], axis=0) == pytest.approx([2, 4, 1], abs=1e-6)
    journal.restore()
    assert everything(item) == was


def test_what_is_hidden_goes_with_its_children(scene, tmp_path):
    parent, child, other = card("Table"), card("Vase", 0.1), card("Chair", 1)
    child.parent = parent
    journal = apply(scene, TemplateState(hidden=("Table",)), tmp_path)
    assert (parent.hide_render, child.hide_render, other.hide_render) == (True, True, False)
    journal.restore()
    assert not (parent.hide_render or child.hide_render)


def test_a_slot_is_dressed_without_touching_the_mesh_that_others_share(scene, tmp_path):
    one, two = card("One"), card("Two", 1)
    two.data = one.data
    wood, oak = bpy.data.materials.new("Wood"), bpy.data.materials.new("Oak")
    one.data.materials.append(wood)
    was = everything(one.material_slots[0])
    looks = (SlotLook(slot=0, material="Oak"),)
    journal = apply(scene, TemplateState(objects=(ObjectChange(object_name="One", looks=looks),)), tmp_path)
    assert (one.material_slots[0].material, two.material_slots[0].material) == (oak, wood)
    journal.restore()
    assert everything(one.material_slots[0]) == was and one.material_slots[0].material == wood
    one.material_slots[0].link = "OBJECT"
    assert one.material_slots[0].material is None


def test_a_jitter_wears_a_copy(scene, tmp_path):
    one = card("One")
    wood = bpy.data.materials.new("Wood")
    one.data.materials.append(wood)
    jitter = JitterPlan(hue_shift=0.2, saturation_scale=1.0, value_scale=1.0, roughness_shift=0.1)
    state = TemplateState(objects=(ObjectChange(object_name="One", looks=(SlotLook(slot=0, jitter=jitter),)),))
    journal = apply(scene, state, tmp_path)
    worn = one.material_slots[0].material
    assert worn not in (wood, None)
    journal.restore()
    assert one.material_slots[0].material == wood


def test_a_lamp_shines_otherwise_and_those_that_share_its_light_as_before(scene, tmp_path):
    light = bpy.data.lights.new("bulb", "POINT")
    light.energy = 10
    lamps = [bpy.data.objects.new(name, light) for name in ("L1", "L2")]
    for lamp in lamps:
        scene.collection.objects.link(lamp)
    change = LampChange(object_name="L1", energy=42.0, color=(1.0, 0.5, 0.25), motion=PartMotion(move_m=(0, 0, 1)))
    journal = apply(scene, TemplateState(lamps=(change,)), tmp_path)
    assert (lamps[0].data.energy, lamps[1].data.energy, lamps[0].location.z) == (42, 10, 1)
    journal.restore()
    assert lamps[0].data == light and lamps[0].location.z == 0


def test_a_bone_bends_what_it_carries(scene, tmp_path):
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones.new("arm")
    bone.head, bone.tail = (0, 0, 0), (0, 1, 0)
    bpy.ops.object.mode_set(mode="OBJECT")
    was = everything(rig.pose.bones["arm"])
    motion = PartMotion(turn_deg=(0.0, 0.0, 90.0))
    journal = apply(scene, TemplateState(bones=(BoneChange(object_name="Rig", bone="arm", motion=motion),)), tmp_path)
    tail = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["arm"].tail
    assert np.array(tail) == pytest.approx([-1, 0, 0], abs=1e-6)
    journal.restore()
    assert everything(rig.pose.bones["arm"]) == was


def test_the_timeline_is_where_the_state_says_and_goes_on_with_the_views(scene, tmp_path):
    item = card("Belt")
    for frame in (1, 101):
        item.location.x = frame / 10
        item.keyframe_insert("location", index=0, frame=frame)
    for curve in curves_of(item):
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"
    scene.render.fps, scene.render.fps_base = 25, 1.0
    scene.frame_set(1)
    state = TemplateState(frame=11, later_s=0.5)
    journal = apply(scene, state, tmp_path)
    assert item.matrix_world.translation.x == pytest.approx(1.1, abs=1e-4)
    advance_template(scene, state)
    assert item.matrix_world.translation.x == pytest.approx(1.1 + 1.25, abs=1e-4)
    assert math.isclose(scene.frame_subframe, 0.5)
    journal.restore()
    assert (scene.frame_current, scene.frame_subframe) == (1, 0.0)
    assert item.matrix_world.translation.x == pytest.approx(0.1, abs=1e-4)


def curves_of(item):
    action = item.animation_data.action
    if hasattr(action, "fcurves") and len(action.fcurves):
        return list(action.fcurves)
    bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
    return [curve for bag in bags for curve in bag.fcurves]
