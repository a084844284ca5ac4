"""What is read of an artist's marks: names, settings, and geometry as a render evaluates it."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from mark_samples import add, box, curve, group, mark, mesh, plane, read
from template_samples import node_group

from pipeline.geometry import compose, matrix_from_quaternion
from pipeline.records import Marks, Settings
from pipeline.scene.template.journal import values_of
from pipeline.structure import from_json, unstructure


def area(surface):
    points = np.asarray(surface.vertices_m)
    a, b, c = (points[[triangle[i] for triangle in surface.triangles]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def named(marks):
    return [(one.name, one.object_name) for one in marks]


# --- finding --------------------------------------------------------------------------------------------------------


def test_a_collection_marks_its_objects_each_by_its_name_or_all_by_one(tmp_path):
    plane("Desk", into=group("vg.surface"))
    seats = group("vg.surface.Seats.001")
    plane("Chair.001", into=seats)
    plane("Chair.002", into=group("of the left side", seats))
    assert named(read().surfaces) == [("Desk", "Desk"), ("Seats", "Chair.001"), ("Seats", "Chair.002")]


def test_properties_of_an_object_win_over_those_of_its_collections():
    tables = mark(group("Tables"), "surface", clearance_m=0.1, upright=True)
    mark(plane("A", into=tables), clearance_m=0.2, name="Best")
    mark(plane("B", into=tables), "anchor")
    marks = read()
    (best,) = marks.surfaces
    assert best.name == "Best" and best.settings == Settings(
        ranges={"clearance_m": (0.2, 0.2)}, words={"upright": "true"}
    )
    assert named(marks.anchors) == [("B", "B")]


def test_the_nearest_collection_with_a_role_counts():
    outer = group("vg.surface")
    add("Spot", None, into=group("vg.anchor", outer))
    plane("Floor", into=outer)
    marks = read()
    assert named(marks.surfaces) == [("Floor", "Floor")] and named(marks.anchors) == [("Spot", "Spot")]


def test_several_roles_are_several_marks():
    mark(plane("Floor"), "surface, collider")
    marks = read()
    assert named(marks.surfaces) == [("Floor", "Floor")]
    assert (marks.colliders, marks.hidden) == (("Floor",), ())


def test_settings_are_numbers_ranges_words_and_vectors():
    mark(
        curve("Lane", [(0, 0, 0), (1, 0, 0)]), "spline", spacing_m="0.5 to 2", headway_m=(1.0, 4), lateral_m=1, copies=3
    )
    camera = add("Eye", bpy.data.cameras.new("Eye"))
    mark(camera, "camera", move_m=[0.1, 0.2, 0.3], turn_deg=5, look_at=camera)
    mark(plane("Floor"), "surface", upright=1, solid=False, max_tilt_deg="45")
    marks = read()
    assert marks.splines[0].settings.ranges == {
        "spacing_m": (0.5, 2), "headway_m": (1, 4), "lateral_m": (1, 1), "copies": (3, 3)
    }  # fmt: skip
    assert marks.cameras[0].settings == Settings(
        ranges={"turn_deg": (5, 5)}, words={"look_at": "Eye"}, vectors={"look_at": (0, 0, 0), "move_m": (0.1, 0.2, 0.3)}
    )
    assert marks.surfaces[0].settings == Settings(
        ranges={"max_tilt_deg": (45, 45)}, words={"upright": "true", "solid": "false"}
    )


def test_marks_are_equal_after_json_and_reading_leaves_the_file_as_it_was():
    shown = mark(box("Box", at=(0.1, 0.2, 0.3)), "surface")
    shown.rotation_euler = (0.1, 0.2, 0.3)
    lane = mark(curve("Lane", [(0, 0, 0), (1 / 3, 0, 0)]), "spline")
    lane.data.bevel_depth, lane.hide_render = 0.1, True
    before = [values_of(lane, ("hide_render", "location")), values_of(lane.data, ("bevel_depth", "dimensions"))]
    marks = read()
    assert from_json(unstructure(marks), Marks, "marks") == marks == read()
    assert before == [values_of(lane, ("hide_render", "location")), values_of(lane.data, ("bevel_depth", "dimensions"))]
    assert len(bpy.data.scenes) == 1 and len(bpy.data.cameras) == 0


def test_helpers_are_read_where_their_collection_is_hidden_or_left_out():
    hidden, left_out = group("Hidden"), group("Left out")
    mark(curve("Lane", LINE, into=hidden), "spline")
    mark(box("Zone", into=left_out), "volume")
    hidden.hide_render = hidden.hide_viewport = True
    bpy.context.view_layer.layer_collection.children["Left out"].exclude = True
    marks = read()
    assert named(marks.splines) == [("Lane", "Lane")] and named(marks.volumes) == [("Zone", "Zone")]
    assert hidden.hide_render and bpy.context.view_layer.layer_collection.children["Left out"].exclude


def test_animation_and_drivers_count_at_the_frame_at_which_the_file_was_saved():
    moved = mark(add("Moved", None), "anchor")
    for frame in (1, 11):
        moved.location[0] = frame
        moved.keyframe_insert("location", frame=frame)
    driven = mark(add("Driven", None), "anchor")
    driven.driver_add("location", 2).driver.expression = "frame * 2"
    bpy.context.scene.frame_set(11)
    marks = read()
    assert [one.location_m for one in marks.anchors] == [(0, 0, 22), (11, 0, 0)]


def test_an_object_of_a_library_may_have_the_name_of_another(tmp_path):
    mark(add("Spot", None, at=(1, 0, 0)), "anchor")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kit.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    mark(add("Spot", None, at=(2, 0, 0)), "anchor")
    with bpy.data.libraries.load(str(tmp_path / "kit.blend"), link=True) as (_, wanted):
        wanted.objects = ["Spot"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    assert [(one.object_name, one.location_m[0]) for one in read().anchors] == [("Spot", 2), ("Spot [kit.blend]", 1)]


# --- surfaces -------------------------------------------------------------------------------------------------------


def test_a_surface_is_what_is_level_and_faces_up_in_the_world():
    mark(box("Box", (1, 2, 3), at=(1, 0, 0)), "surface")
    (top,) = read().surfaces
    assert area(top) == pytest.approx(2) and {z for *_, z in top.vertices_m} == {1.5}
    assert min(x for x, *_ in top.vertices_m) == pytest.approx(0.5)


@pytest.mark.parametrize("tilt_deg", [29, 31])
def test_steeper_faces_are_left_out(tilt_deg):
    item = mark(plane("Slope", 1), "surface")
    item.rotation_euler[0] = math.radians(tilt_deg)
    complaints = []
    assert len(read(complaints).surfaces) == (tilt_deg < 30)
    item["vg.max_tilt_deg"] = 35.0
    assert area(read().surfaces[0]) == pytest.approx(1)


def test_modifiers_parents_and_mirroring_count_and_so_do_objects_that_are_not_rendered():
    parent = add("Parent", None, at=(0, 0, 1))
    parent.scale = (-2, 1, 1)
    item = mark(plane("Floor", 1), "surface")
    item.parent, item.hide_render = parent, True
    item.modifiers.new("more", "ARRAY").count = 3
    (floor,) = read().surfaces
    assert area(floor) == pytest.approx(6)
    a, b, c = (np.asarray(floor.vertices_m)[i] for i in floor.triangles[0])
    assert np.cross(b - a, c - a)[2] > 0 and a[2] == 1.0


def test_geometry_nodes_make_surfaces_and_paint_them():
    item = mark(plane("Floor", 2), "surface", density="paint", faces="used")
    tree, enter, leave = node_group()
    grid = tree.nodes.new("GeometryNodeMeshGrid")
    for name, value in (("Size X", 4.0), ("Size Y", 2.0), ("Vertices X", 5), ("Vertices Y", 3)):
        grid.inputs[name].default_value = value
    x = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(tree.nodes.new("GeometryNodeInputPosition").outputs[0], x.inputs[0])
    last = grid.outputs["Mesh"]
    for name, domain, source in (("paint", "POINT", None), ("used", "FACE", x.outputs["X"])):
        store = tree.nodes.new("GeometryNodeStoreNamedAttribute")
        store.domain, store.inputs["Name"].default_value = domain, name
        store.inputs["Value"].default_value = 0.25
        if source is not None:
            tree.links.new(source, store.inputs["Value"])
        tree.links.new(last, store.inputs["Geometry"])
        last = store.outputs[0]
    tree.links.new(last, leave)
    item.modifiers.new("nodes", "NODES").node_group = tree
    (floor,) = read().surfaces
    assert area(floor) == pytest.approx(4) and min(x for x, *_ in floor.vertices_m) == 0.0
    assert set(floor.weights) == {0.25}


@pytest.mark.parametrize("kind", ["vertex group", "point color", "corner color", "byte color"])
def test_density_is_painted_as_weight_or_colour(kind):
    item = mark(plane("Floor"), "surface", density="paint")
    values = (0.0, 0.25, 0.5, 1.0)
    if kind == "vertex group":
        painted = item.vertex_groups.new(name="paint")
        for number, value in enumerate(values):
            painted.add([number], value, "REPLACE")
    else:
        domain, form = ("CORNER" if "corner" in kind else "POINT", "BYTE_COLOR" if "byte" in kind else "FLOAT_COLOR")
        painted = item.data.color_attributes.new("paint", form, domain)
        for one, value in zip(painted.data, values, strict=True):
            one.color = (value, value, value, 1)
    (floor,) = read().surfaces
    weights = dict(zip(floor.vertices_m, floor.weights, strict=True))
    corners = [(-1.0, -1.0, 0.0), (1.0, -1.0, 0.0), (1.0, 1.0, 0.0), (-1.0, 1.0, 0.0)]
    assert [weights[corner] for corner in corners] == pytest.approx(values, abs=0.01 if "byte" in kind else 1e-6)


def test_luminance_is_that_of_rec_709():
    item = mark(plane("Floor"), "surface", density="paint")
    for one in item.data.color_attributes.new("paint", "FLOAT_COLOR", "POINT").data:
        one.color = (0, 1, 0, 1)
    assert read().surfaces[0].weights == pytest.approx((0.7152,) * 4)


@pytest.mark.parametrize("kind", ["vertex group", "material", "attribute"])
def test_faces_are_chosen_by_group_material_or_attribute(kind):
    corners = [(x, y, 0) for y in (0, 1) for x in (0, 1, 3)]
    item = mark(add("Floor", mesh("Floor", corners, faces=[(0, 1, 4, 3), (1, 2, 5, 4)])), "surface", faces="used")
    if kind == "vertex group":
        item.vertex_groups.new(name="used").add([1, 2, 4, 5], 1.0, "REPLACE")
    elif kind == "material":
        for name in ("other", "used"):
            item.data.materials.append(bpy.data.materials.new(name))
        item.data.polygons[1].material_index = 1
    else:
        item.data.attributes.new("used", "BOOLEAN", "FACE").data[1].value = True
    (floor,) = read().surfaces
    assert area(floor) == pytest.approx(2) and min(x for x, *_ in floor.vertices_m) == 1.0


# --- splines --------------------------------------------------------------------------------------------------------

LINE = [(0, 0, 0), (2, 0, 0), (2, 1, 0)]


def test_all_splines_of_a_curve_in_the_world_in_their_direction():
    mark(curve("Lane", LINE, LINE[::-1], at=(0, 0, 1)), "spline")
    first, second = read().splines
    assert (first.part, second.part) == (0, 1)
    assert first.points_m == ((0, 0, 1), (2, 0, 1), (2, 1, 1)) == second.points_m[::-1]


@pytest.mark.parametrize("kind", ["POLY", "BEZIER", "NURBS"])
def test_closed_curves_end_where_they_begin(kind):
    mark(curve("Lane", [*LINE, (0, 1, 0)], kind=kind, closed=True), "spline")
    (lane,) = read().splines
    assert lane.closed and lane.points_m[0] == lane.points_m[-1] and len(lane.points_m) >= 5
    if kind != "NURBS":
        steps = np.diff(np.asarray(lane.points_m), axis=0)
        assert np.linalg.norm(steps, axis=1).sum() == pytest.approx(6)


def test_beziers_are_as_fine_as_renders_show_them():
    item = mark(curve("Lane", LINE[:2], kind="BEZIER"), "spline")
    item.data.resolution_u, item.data.render_resolution_u = 2, 5
    for point in item.data.splines[0].bezier_points:
        point.handle_left_type = point.handle_right_type = "AUTO"
    (lane,) = read().splines
    assert len(lane.points_m) == 6 and lane.points_m[-1] == (2, 0, 0)


def test_bevel_extrusion_and_filling_do_not_thicken_the_line():
    thick = mark(curve("Thick", LINE), "spline")
    thick.data.bevel_depth, thick.data.extrude = 0.1, 0.2
    flat = mark(curve("Flat", [*LINE, (0, 1, 0)], closed=True), "spline")
    flat.data.dimensions, flat.data.fill_mode = "2D", "BOTH"
    first, second = read().splines
    assert second.points_m == ((0, 0, 0), (2, 0, 0), (2, 1, 0))
    assert first.closed and len(first.points_m) == 5
    assert flat.data.fill_mode == "BOTH"


def test_a_road_swept_along_a_curve_by_modifiers_keeps_its_line():
    item = mark(curve("Lane", LINE), "spline")
    tree, enter, leave = node_group()
    sweep, profile = (tree.nodes.new(kind) for kind in ("GeometryNodeCurveToMesh", "GeometryNodeCurvePrimitiveCircle"))
    tree.links.new(enter, sweep.inputs["Curve"])
    tree.links.new(profile.outputs[0], sweep.inputs["Profile Curve"])
    tree.links.new(sweep.outputs[0], leave)
    item.modifiers.new("road", "NODES").node_group = tree
    (lane,) = read().splines
    assert lane.points_m == tuple((float(x), float(y), float(z)) for x, y, z in LINE)
    assert item.modifiers["road"].show_render


def test_hooks_and_nodes_that_keep_a_curve_a_curve_move_its_line():
    item = mark(curve("Lane", LINE), "spline")
    tree, enter, leave = node_group()
    move = tree.nodes.new("GeometryNodeSetPosition")
    move.inputs["Offset"].default_value = (0, 0, 2)
    tree.links.new(enter, move.inputs[0])
    tree.links.new(move.outputs[0], leave)
    item.modifiers.new("up", "NODES").node_group = tree
    assert {z for *_, z in read().splines[0].points_m} == {2.0}


def test_edges_of_a_mesh_are_lines_that_part_where_they_branch():
    corners = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (2, 1, 0), (5, 0, 0), (6, 0, 0), (6, 1, 0)]
    edges = [(0, 1), (1, 2), (1, 3), (5, 4), (6, 5), (4, 6)]
    mark(add("Tracks", mesh("Tracks", corners, edges)), "spline")
    lines = read().splines
    assert [line.points_m for line in lines[:3]] == [
        ((0, 0, 0), (1, 0, 0)), ((1, 0, 0), (2, 0, 0)), ((1, 0, 0), (2, 1, 0))
    ]  # fmt: skip
    assert lines[3].closed and lines[3].points_m == ((5, 0, 0), (6, 1, 0), (6, 0, 0), (5, 0, 0))


# --- volumes, anchors, slots ----------------------------------------------------------------------------------------


def enclosed(volume):
    points = np.asarray(volume.vertices_m)
    a, b, c = (points[[triangle[i] for triangle in volume.triangles]] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def test_volumes_are_closed_meshes_and_empties_shown_as_cubes():
    mirrored = mark(box("Mesh", (1, 2, 3), at=(4, 0, 0)), "volume", use="drop")
    mirrored.scale = (-1, 1, 1)
    empty = mark(add("Empty", None, at=(0, 0, 5)), "keep_out")
    empty.empty_display_type, empty.empty_display_size, empty.scale = "CUBE", 0.5, (2, 1, -1)
    marks = read()
    assert enclosed(marks.volumes[0]) == pytest.approx(6) and enclosed(marks.keep_out[0]) == pytest.approx(2)
    assert marks.volumes[0].settings.words == {"use": "drop"}
    assert marks.hidden == ("Empty", "Mesh")


def test_anchors_have_their_axes():
    item = mark(add("Spot", None, at=(1, 2, 3)), "anchor", move_m=0.1)
    item.rotation_euler[2], item.scale = math.pi / 2, (2, 2, 2)
    (spot,) = read().anchors
    assert spot.location_m == (1, 2, 3)
    assert matrix_from_quaternion(spot.rotation) @ [1, 0, 0] == pytest.approx([0, 1, 0], abs=1e-6)


def test_a_slot_is_the_box_of_an_object_and_its_children_in_its_axes():
    item = mark(box("Sofa", (2, 1, 1), at=(3, 0, 0)), "slot", fit="height")
    item.rotation_euler[2], item.scale = math.pi / 2, (2, 2, 2)
    child = box("Cushion", (0.5, 0.5, 0.5), at=(0, 0, 0.75))
    child.parent = item
    box("Lost", (9, 9, 9)).parent = item
    bpy.data.objects["Lost"].hide_render = True
    (sofa,) = read().slots
    assert sofa.low_m == pytest.approx((-2, -1, -1)) and sofa.high_m == pytest.approx((2, 1, 2))
    whole = compose(sofa.location_m, sofa.rotation)
    assert whole[:3, 3] == pytest.approx([3, 0, 0]) and whole[:3, 0] == pytest.approx([0, 1, 0], abs=1e-6)


def test_an_empty_that_shows_a_collection_is_a_slot_of_its_size():
    kit = bpy.data.collections.new("kit")
    box("Part", (1, 1, 4), into=kit)
    empty = mark(add("Kit", None), "slot")
    empty.instance_type, empty.instance_collection = "COLLECTION", kit
    assert read().slots[0].high_m == pytest.approx((0.5, 0.5, 2))


# --- cameras, lamps, what varies ------------------------------------------------------------------------------------


def test_cameras_look_along_their_own_z_and_tell_their_lens():
    item = mark(add("Eye", bpy.data.cameras.new("Eye"), at=(0, 0, 2)), "camera", focal_length_mm=(24.0, 50.0))
    item.rotation_euler[0] = math.pi / 2
    item.data.lens, item.data.sensor_width = 35, 32
    (eye,) = read().cameras
    assert matrix_from_quaternion(eye.rotation) @ [0, 0, 1] == pytest.approx([0, 1, 0], abs=1e-6)
    assert (eye.focal_length_mm, eye.sensor_width_mm) == (35, 32)


def test_a_camera_looks_at_the_middle_of_the_object_it_names():
    mark(add("Eye", bpy.data.cameras.new("Eye"), at=(0, 0, 5)), "camera", look_at="Chest")
    mark(curve("Path", LINE), "camera", look_at="targets")
    chest = box("Chest", (1, 1, 2), at=(3, 0, 1))
    chest.parent = add("Cart", None, at=(0, 2, 0))
    chest.hide_render = True
    made = read()
    assert made.cameras[0].settings.vectors["look_at"] == pytest.approx((3, 2, 1), abs=1e-6)
    assert made.splines[0].settings.vectors == {} and chest.hide_render


def test_what_a_camera_rides_on_is_a_spline_a_surface_or_a_volume():
    mark(curve("Path", LINE), "camera", height_m=1.5)
    mark(plane("Roof"), "camera")
    mark(box("Room"), "camera")
    marks = read()
    assert [named(kind) for kind in (marks.splines, marks.surfaces, marks.volumes, marks.cameras)] == [
        [("Path", "Path")], [("Roof", "Roof")], [("Room", "Room")], []
    ]  # fmt: skip
    assert marks.splines[0].settings.ranges == {"height_m": (1.5, 1.5)}


def test_lamps_objects_materials_and_bones():
    lamp = bpy.data.lights.new("Lamp", "AREA")
    lamp.energy, lamp.color = 40, (1, 0.5, 0.25)
    mark(add("Lamp", lamp), "light", energy_scale="0.5 to 2", visible=0.5)
    for name in ("Oak dark", "Oak light", "Steel"):
        bpy.data.materials.new(name)
    item = mark(box("Box"), "randomize", materials="Oak*", one_of="boxes")
    mark(box("Box.001"), "randomize", one_of="boxes")
    item.data.materials.append(bpy.data.materials["Steel"])
    item.data.materials.append(None)
    marks = read()
    (read_lamp,) = marks.lamps
    assert (read_lamp.kind, read_lamp.energy, read_lamp.color) == ("area", 40, (1, 0.5, 0.25))
    varied = marks.varied[0]
    assert (varied.slots, varied.materials) == (("Steel", ""), ("Oak dark", "Oak light"))


def test_bones_with_ranges_are_part_of_what_varies():
    skeleton = mark(add("Arm", bpy.data.armatures.new("Arm")), "randomize")
    bpy.context.view_layer.objects.active = skeleton
    bpy.ops.object.mode_set(mode="EDIT")
    for name in ("lower", "upper"):
        bone = skeleton.data.edit_bones.new(name)
        bone.tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    mark(skeleton.pose.bones["upper"], turn_deg="-30 to 30")
    (arm,) = read().varied
    assert [(bone.bone, bone.settings.ranges) for bone in arm.bones] == [("upper", {"turn_deg": (-30, 30)})]
