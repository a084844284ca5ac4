"""Broken templates: every problem is one clear sentence in the artist's words, with its place and the remedy."""

from __future__ import annotations

import math

import bpy
import pytest
from mark_samples import add, box, box_mesh, curve, group, mark, mesh, plane, read
from scene_samples import SCENE
from template_samples import save, settings

from pipeline.addresses import Places
from pipeline.config.schema import Config
from pipeline.errors import AssetError
from pipeline.scene.survey.catalogue import survey
from pipeline.scene.workshop import open_workshop
from pipeline.structure import Reader, structure

LINE = [(0, 0, 0), (2, 0, 0), (2, 1, 0)]


def curve_without_length():
    mark(curve("Lane.001", [(1, 2, 3), (1, 2, 3)], into=group("Lanes", group("Street"))), "spline")


def nothing_to_walk_along():
    mark(add("Spot", None), "spline")


def empty_collection():
    group("vg.surface.Desks")


def empty_collection_by_property():
    mark(group("Desks"), "anchor")


def missing_density():
    plane_with_group("densitty")


def density_of_zero():
    plane_with_group("density")


def plane_with_group(name):
    item = mark(plane("Table"), "surface", density="density")
    item.vertex_groups.new(name=name)


def surface_without_faces():
    mark(add("Table", mesh("Table", LINE, [(0, 1)])), "surface")


def surface_too_steep():
    mark(plane("Wall"), "surface").rotation_euler[0] = math.radians(80)


def surface_upside_down():
    mark(plane("Floor"), "surface").rotation_euler[0] = math.pi


def surface_of_no_area():
    mark(plane("Floor"), "surface").scale = (0, 1, 1)


def faces_of_no_group():
    item = mark(plane("Floor"), "surface", faces="Wod")
    item.data.materials.append(bpy.data.materials.new("Wood"))


def volume_with_a_hole():
    item = mark(box("Bin"), "volume")
    item.data = mesh("open", *open_box())


def open_box():
    data = box_mesh("whole")
    faces = [tuple(face.vertices) for face in data.polygons][1:]
    return [tuple(vertex.co) for vertex in data.vertices], (), faces


def volume_inside_out():
    mark(box("Bin"), "volume").data.flip_normals()


def flat_volume():
    mark(box("Bin"), "keep_out").scale = (1, 1, 0)


def empty_without_volume():
    mark(add("Zone", None), "volume")


def anchor_of_no_size():
    mark(add("Spot", None), "anchor").scale = (0, 1, 1)


def mirrored_slot():
    mark(box("Sofa"), "slot").scale = (-1, 1, 1)


def sheared_anchor():
    parent, spot = add("Stretched", None), mark(add("Spot", None), "anchor")
    parent.scale, spot.parent, spot.rotation_euler[2] = (2, 1, 1), parent, 0.5


def slot_without_geometry():
    mark(add("Sofa", None), "slot")


def camera_in_a_mesh():
    box("Chest", at=(0, 0, 1))
    mark(add("Eye", bpy.data.cameras.new("Eye"), at=(0, 0, 1)), "camera")


def orthographic_camera():
    mark(add("Eye", bpy.data.cameras.new("Eye")), "camera").data.type = "ORTHO"


def lens_range_reversed():
    mark(add("Eye", bpy.data.cameras.new("Eye")), "camera", focal_length_mm=(50.0, 24.0))


def camera_looking_at_nothing():
    box("Chest", at=(5, 0, 0))
    mark(add("Eye", bpy.data.cameras.new("Eye")), "camera", look_at="Chst")


def negative_light():
    mark(add("Lamp", bpy.data.lights.new("Lamp", "POINT")), "light", energy_scale="-1 to 2")


def light_that_is_none():
    mark(box("Lamp"), "light")


def unknown_material():
    bpy.data.materials.new("Oak")
    mark(box("Box"), "randomize", materials="Oakk, Oak")


def slot_of_no_material():
    item = mark(box("Box"), "randomize", materials="jitter", slots="Sel")
    item.data.materials.append(bpy.data.materials.new("Seal"))


def armature(marked, **ranges):
    item = add("Arm", bpy.data.armatures.new("Arm"))
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    item.data.edit_bones.new("upper").tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    mark(item.pose.bones["upper"], **ranges)
    return mark(item, "randomize" if marked else None)


def reversed_bone_range():
    armature(True, turn_deg="30 to -30")


def unknown_bone_range():
    armature(True, turn=5)


def bone_of_an_unmarked_armature():
    armature(False, turn_deg=5)


def bone_at_rest():
    mark(armature(True).data.bones["upper"], turn_deg=5)


def unknown_role():
    mark(plane("Floor"), "surfaces", clearance_m=0.1)


def unknown_role_of_a_collection():
    plane("Floor", into=group("vg.Surface"))


def unknown_setting():
    mark(plane("Floor"), "surface", clearence_m=0.1)


def setting_of_another_role():
    mark(plane("Floor"), "surface", spacing_m=0.1)


def setting_of_the_wrong_type():
    mark(curve("Lane", LINE), "spline", spacing_m="wide")


def word_of_the_wrong_type():
    mark(plane("Floor"), "surface", density=0.5)


def unknown_word():
    mark(box("Bin"), "volume", use="dropp")


def flag_of_the_wrong_type():
    mark(plane("Floor"), "surface", upright=0.5)


def wrong_setting_of_a_collection():
    lanes = mark(group("Lanes"), "spline", spacing_m=-1)
    for name in ("A", "B"):
        curve(name, LINE, into=lanes)


def setting_without_a_role():
    mark(plane("Floor"), clearance_m=0.1)


def alone_in_its_group():
    mark(box("Cup"), "randomize", one_of="cups")


def target_without_a_category():
    mark(box("Cup"), "target")


def mark_in_another_scene():
    other = bpy.data.scenes.new("Night")
    other.collection.objects.link(mark(bpy.data.objects.new("Spot", None), "anchor"))


def mark_on_the_mesh():
    mark(plane("Floor").data, "surface")


def range_that_keyframes_undo():
    mark(box("Crate"), "randomize", move_m=0.1, scale="0.5 to 2").keyframe_insert("location", frame=1)


def range_that_a_driver_undoes():
    mark(box("Door"), "randomize", turn_deg=40.0).driver_add("rotation_euler", 2)


def lamp_that_keyframes_light():
    lamp = mark(add("Lamp", bpy.data.lights.new("Lamp", "POINT")), "light", energy_scale="0.5 to 2", move_m=0.1)
    lamp.data.keyframe_insert("energy", frame=1)


def bone_that_keyframes_turn():
    data = bpy.data.armatures.new("Arm")
    arm = mark(add("Arm", data), "randomize")
    bpy.context.view_layer.objects.active = arm
    bpy.ops.object.mode_set(mode="EDIT")
    data.edit_bones.new("upper").tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    bone = arm.pose.bones["upper"]
    bone["vg.turn_deg"] = 20.0
    bone.keyframe_insert("rotation_quaternion", frame=1)


def surface_that_moves():
    mark(plane("Desk"), "surface, randomize", move_m=0.1)


def surface_that_may_be_hidden_with_its_parent():
    mark(box("Cupboard"), "randomize", visible=0.5)
    mark(plane("Board"), "surface").parent = bpy.data.objects["Cupboard"]


def anchor_that_turns_with_its_parent():
    mark(box("Chair"), "randomize", turn_deg=20.0)
    mark(add("Seat", None), "anchor").parent = bpy.data.objects["Chair"]


BROKEN = {
    surface_that_moves: (
        "Mesh `Desk` (Scene Collection) is a place, measured once, which vg.move_m moves"
        " (remove vg.move_m, or mark another object as the place)"
    ),
    surface_that_may_be_hidden_with_its_parent: (
        "Mesh `Board` (Scene Collection) is a place, measured once, which vg.visible of Mesh `Cupboard` above it"
        " hides (remove vg.visible, or mark another object as the place)"
    ),
    anchor_that_turns_with_its_parent: (
        "Empty `Seat` (Scene Collection) is a place, measured once, which vg.turn_deg of Mesh `Chair` above it"
        " moves (remove vg.turn_deg, or mark another object as the place)"
    ),
    range_that_keyframes_undo: (
        "Mesh `Crate` (Scene Collection) has vg.move_m, but action `CrateAction` decides its location whatever is drawn"
        " (remove that animation, or mark a parent of it instead; or remove vg.move_m)"
    ),
    range_that_a_driver_undoes: (
        "Mesh `Door` (Scene Collection) has vg.turn_deg, but a driver decides its rotation whatever is drawn"
        " (remove that animation, or mark a parent of it instead; or remove vg.turn_deg)"
    ),
    lamp_that_keyframes_light: (
        "Light `Lamp` (Scene Collection) has vg.energy_scale, but action `LampAction` decides its energy whatever is"
        " drawn (remove that animation, or mark a parent of it instead; or remove vg.energy_scale)"
    ),
    bone_that_keyframes_turn: (
        "bone `upper` of Armature `Arm` (Scene Collection) has vg.turn_deg, but action `ArmAction` decides its rotation"
        " whatever is drawn (remove that animation, or mark a parent of it instead; or remove vg.turn_deg)"
    ),
    curve_without_length: (
        "Curve `Lane.001` (Scene Collection > Street > Lanes) has no length (give it two points or more that lie apart)"
    ),
    nothing_to_walk_along: ("Empty `Spot` (Scene Collection) cannot be a spline (mark a curve, or a mesh of edges)"),
    empty_collection: ("Collection `vg.surface.Desks` marks objects as surface, but is empty (move objects into it)"),
    empty_collection_by_property: ("Collection `Desks` marks objects as anchor, but is empty (move objects into it)"),
    missing_density: (
        "Mesh `Table` (Scene Collection) has vg.density = 'density', but no vertex group or colour attribute"
        " of that name"
        " (did you mean 'densitty'?)"
    ),
    density_of_zero: (
        "Mesh `Table` (Scene Collection) has a density, 'density', that is zero on all faces that are used"
        " (paint it, or remove vg.density)"
    ),
    surface_without_faces: (
        "Mesh `Table` (Scene Collection) is a surface without faces (give it faces, or mark another object)"
    ),
    surface_too_steep: (
        "all faces of Mesh `Wall` (Scene Collection) are steeper than 30 degrees (turn it, or raise vg.max_tilt_deg)"
    ),
    surface_upside_down: (
        "all level faces of Mesh `Floor` (Scene Collection) point down"
        " (flip its normals: things stand where normals point)"
    ),
    surface_of_no_area: (
        "Mesh `Floor` (Scene Collection) is a surface of no area (scale it up, or mark another object)"
    ),
    faces_of_no_group: (
        "Mesh `Floor` (Scene Collection) has vg.faces = 'Wod', but no vertex group, attribute or material of"
        " that name"
        " (did you mean 'Wood'?)"
    ),
    volume_with_a_hole: (
        "Mesh `Bin` (Scene Collection) is not closed: 4 edges are open or wound both ways"
        " (fill its holes, recalculate normals)"
    ),
    volume_inside_out: ("Mesh `Bin` (Scene Collection) is inside out (recalculate its normals: Shift+N in edit mode)"),
    flat_volume: ("Mesh `Bin` (Scene Collection) is flat and encloses nothing (give it a thickness)"),
    empty_without_volume: (
        "Empty `Zone` (Scene Collection) encloses nothing (display it as a cube, or mark a closed mesh)"
    ),
    anchor_of_no_size: (
        "Empty `Spot` (Scene Collection) is an anchor whose scale is zero: it points nowhere (set its scale to 1)"
    ),
    mirrored_slot: (
        "Mesh `Sofa` (Scene Collection) has a negative scale, which swaps its left and right"
        " (apply its scale: Ctrl+A, Scale)"
    ),
    sheared_anchor: (
        "Empty `Spot` (Scene Collection) is sheared by the uneven scale of `Stretched` above it"
        " (apply its scale: Ctrl+A, Scale)"
    ),
    slot_without_geometry: (
        "Empty `Sofa` (Scene Collection) is a slot without geometry: nothing tells the size"
        " (mark an object that shows something)"
    ),
    camera_in_a_mesh: (
        "Camera `Eye` (Scene Collection) is inside `Chest` (move it out, or turn the normals of a room inward)"
    ),
    orthographic_camera: (
        "Camera `Eye` (Scene Collection) is no perspective camera (set its lens type to perspective)"
    ),
    lens_range_reversed: (
        "Camera `Eye` (Scene Collection) has vg.focal_length_mm = [50, 24], whose low end is above its high"
        " end"
        " (swap them: 24 to 50)"
    ),
    camera_looking_at_nothing: (
        "Camera `Eye` (Scene Collection) looks at 'Chst', which is no object (did you mean 'Chest'?)"
    ),
    negative_light: (
        "Light `Lamp` (Scene Collection) has vg.energy_scale = '-1 to 2', which is out of bounds (it may be 0 or more)"
    ),
    light_that_is_none: ("Mesh `Lamp` (Scene Collection) is marked as a light but is none (mark the lamp itself)"),
    unknown_material: (
        "Mesh `Box` (Scene Collection) has vg.materials with 'Oakk', which is no material of the file"
        " (did you mean 'Oak'?)"
    ),
    slot_of_no_material: (
        "Mesh `Box` (Scene Collection) has vg.slots with 'Sel', which is none of its materials (did you mean 'Seal'?)"
    ),
    reversed_bone_range: (
        "bone `upper` of Armature `Arm` (Scene Collection) has vg.turn_deg = '30 to -30', whose low end is"
        " above its high end"
        " (swap them: -30 to 30)"
    ),
    unknown_bone_range: (
        "bone `upper` of Armature `Arm` (Scene Collection) has vg.turn, which bones do not have"
        " (did you mean 'turn_deg'?)"
    ),
    bone_of_an_unmarked_armature: (
        "bone `upper` of Armature `Arm` (Scene Collection) has ranges, but the armature is not marked"
        " (give it vg.role = randomize)"
    ),
    bone_at_rest: (
        "bone `upper` of Armature `Arm` (Scene Collection) has ranges at rest"
        " (give them to the pose bone, in pose mode)"
    ),
    unknown_role: (
        "Mesh `Floor` (Scene Collection) has an unknown role 'surfaces' in vg.role (did you mean 'surface'?)"
    ),
    unknown_role_of_a_collection: (
        "Collection `vg.Surface` is named for an unknown role 'Surface' (did you mean 'surface'?)"
    ),
    unknown_setting: (
        "Mesh `Floor` (Scene Collection) has vg.clearence_m, which a surface does not have"
        " (did you mean 'clearance_m'?)"
    ),
    setting_of_another_role: (
        "Mesh `Floor` (Scene Collection) has vg.spacing_m, which a surface does not have (it belongs to a spline)"
    ),
    setting_of_the_wrong_type: (
        "Curve `Lane` (Scene Collection) has vg.spacing_m = 'wide', which is no number or range"
        ' (use a number, 2 numbers, or a text like "0.5 to 2")'
    ),
    word_of_the_wrong_type: (
        "Mesh `Floor` (Scene Collection) has vg.density = 0.5, which must be a text (change its type to string)"
    ),
    unknown_word: ("Mesh `Bin` (Scene Collection) has vg.use = 'dropp' (it may be free, drop or upright)"),
    flag_of_the_wrong_type: (
        "Mesh `Floor` (Scene Collection) has vg.upright = 0.5, which is neither yes nor no (use a checkbox (boolean))"
    ),
    wrong_setting_of_a_collection: (
        "Collection `Lanes` has vg.spacing_m = -1, which is out of bounds (it may be 0 or more)"
    ),
    setting_without_a_role: (
        "Mesh `Floor` (Scene Collection) has vg.clearance_m but no role"
        " (add vg.role, or move it to a collection vg.ROLE)"
    ),
    alone_in_its_group: (
        "Mesh `Cup` (Scene Collection) is alone in the group vg.one_of = 'cups' (give others the same, or remove it)"
    ),
    target_without_a_category: (
        "Mesh `Cup` (Scene Collection) is a target without a category (add the custom property vg.category)"
    ),
    mark_in_another_scene: (
        "Empty `Spot` (Scene Collection) is marked, but lies in scene `Night`; `Scene` is rendered, without"
        " marks"
        " (make its scene the active one and save, or link it into the other)"
    ),
    mark_on_the_mesh: (
        "Data `Floor` of Mesh `Floor` (Scene Collection) has vg.role"
        " (marks belong to objects: the tab with the orange square)"
    ),
}


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.__name__)
def test_a_broken_template_is_told_in_one_sentence(case):
    case()
    complaints: list[str] = []
    read(complaints)
    assert set(complaints) == {BROKEN[case]}


# --- what only the scene file tells ---------------------------------------------------------------------------------


def problems_of(folder, **changes):
    """What survey says of the open file as template."""
    save(folder)
    workshop = open_workshop(Places(base_dir=folder), folder / "room.blend")
    reader = Reader()
    config = structure({**SCENE, **settings(), "targets": SCENE["targets"], **changes}, Config, reader)
    assert not reader.problems, reader.problems
    with pytest.raises(AssetError) as caught:
        survey(config, workshop.places, workshop.library, lambda text: None, workshop.session)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_come_at_once_and_again_from_the_next_survey(tmp_path):
    curve_without_length()
    unknown_role()
    first = problems_of(tmp_path)
    assert len(first) == 2 and all(text.startswith("template: ") for text in first)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "room.blend"))
    assert problems_of(tmp_path) == first


def test_a_category_that_the_scene_file_lacks(tmp_path):
    mark(box("Cup"), "target", category="blok")
    (text,) = problems_of(tmp_path)
    assert "target `Cup` has vg.category = 'blok', which is not in categories (did you mean 'block'?)" in text


@pytest.mark.parametrize("how", ["object", "collection", "excluded", "no surface"])
def test_targets_that_no_render_shows(how, tmp_path):
    kit = group("Kit")
    item = mark(box("Cup", into=kit) if how != "no surface" else add("Cup", None, into=kit), "target", category="block")
    if how == "object":
        item.hide_render = True
    elif how == "collection":
        kit.hide_render = True
    elif how == "excluded":
        bpy.context.view_layer.layer_collection.children["Kit"].exclude = True
    (text,) = problems_of(tmp_path)
    kind = "Empty" if how == "no surface" else "Mesh"
    assert f"template: {kind} `Cup` (Scene Collection > Kit) is a target that no render shows" in text
    told = {
        "object": "it is disabled in renders (switch its camera icon on",
        "collection": "collection `Kit` is disabled in renders (switch its camera icon on",
        "excluded": "collection `Kit` is excluded from the view layer (tick its box",
        "no surface": "is a target that no render shows (give it a surface",
    }
    assert told[how] in text


def test_marks_that_contexts_and_the_camera_name_and_nothing_has(tmp_path):
    mark(plane("Desk"), "surface")
    mark(curve("Lane", LINE), "spline")
    contexts = {
        "cups": {"surface": ["Desc"], "allowed": {"block": 1}, "count": 1},
        "cars": {"spline": ["Desk"], "allowed": {"block": 1}, "count": 1},
        "more": {"anchor": ["Spot*"], "allowed": {"block": 1}},
    }
    camera = {"ride": {"marks": ["Lain"]}, "resolution": [64, 48]}
    found = problems_of(tmp_path, contexts=contexts, camera=camera)
    assert found == [
        "contexts.cars.spline.marks[0]: the template has no spline 'Desk' (it is marked as a surface)",
        "contexts.cups.surface.marks[0]: the template has no surface 'Desc' (did you mean 'Desk'?)",
        "contexts.more.anchor.marks[0]: the template has no anchor 'Spot*' (mark one in Blender: put it in a "
        "collection vg.anchor, or give it the custom property vg.role = anchor)",
        "camera.ride.marks[0]: the template has no camera 'Lain' (did you mean 'Lane'?)",
    ]


def test_places_that_move_along_a_timeline_that_is_sampled(tmp_path):
    item = mark(plane("Belt"), "surface")
    item.keyframe_insert("location", frame=1)
    item.location[0] = 5
    item.keyframe_insert("location", frame=10)
    (text,) = problems_of(tmp_path, template={"file": "room.blend", "frame": {"uniform": [1, 10]}})
    assert "template.frame: Mesh `Belt` (Scene Collection) moves along the timeline (by `BeltAction`)" in text
