"""Built scenes: what the plan says is what Blender has, and nothing stays behind."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from scene_samples import job_of, workshop_and_job

from pipeline.geometry import compose, intrinsics, inverse_rigid
from pipeline.lenses import project
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.session import datablocks
from pipeline.scene.workshop import close_scene
from pipeline.structure import unstructure

DROP = {"drop": {"area_m": [0.4, 0.4], "height_m": 0.1}}


def description() -> list[tuple]:
    """Everything of the scene that could differ: names, places, materials' values."""
    rows = []
    for item in bpy.context.scene.objects:
        rows.append((item.name, item.type, item.pass_index, np.array(item.matrix_world).tolist()))
    for material in bpy.data.materials:
        for node in material.node_tree.nodes:
            values = [(socket.name, str(getattr(socket, "default_value", ""))) for socket in node.inputs]
            rows.append((material.name, node.name, [value for value in values if "bpy" not in value[1]]))
    return sorted(rows, key=str)


def test_a_scene_built_after_another_is_the_same_scene(tmp_path):
    workshop, job = workshop_and_job(tmp_path, placement=DROP)
    build_scene(plan_frame(job, 0), workshop)
    alone = description()
    close_scene(workshop)
    build_scene(plan_frame(job, 1), workshop)
    assert description() != alone
    close_scene(workshop)
    build_scene(plan_frame(job, 0), workshop)
    assert description() == alone


def test_closing_a_scene_leaves_only_assets_and_images(tmp_path):
    workshop, job = workshop_and_job(tmp_path)
    for frame in range(3):
        build_scene(plan_frame(job, frame), workshop)
        close_scene(workshop)
    kinds = {type(item).__name__ for item in datablocks() if item.session_uid not in workshop.session.baseline}
    assert kinds <= {"Mesh", "Material", "Image", "ShaderNodeTree"}
    assert not bpy.context.scene.objects and bpy.context.scene.world is None and bpy.context.scene.camera is None


def test_the_evaluated_poses_are_those_of_the_plan(tmp_path):
    workshop, job = workshop_and_job(tmp_path)
    plan = plan_frame(job, 2)
    realised = build_scene(plan, workshop).realised
    for one, seen in zip(plan.instances, realised.instances, strict=True):
        assert np.allclose(seen.world_from_object, compose(one.poses[0].location_m, one.poses[0].rotation), atol=1e-6)


def test_every_part_of_an_instance_carries_its_id_and_the_rest_none(tmp_path):
    workshop, job = workshop_and_job(tmp_path, surroundings={"walls": {"count": 2}, "tray": {}})
    built = build_scene(plan_frame(job, 0), workshop)
    ours = {part.name: key for key, parts in built.objects.items() for part in parts}
    assert sorted(set(ours.values())) == [1, 2, 3, 4]
    for item in bpy.context.scene.objects:
        assert item.pass_index == ours.get(item.name, 0)


def test_k_is_what_blender_projects_with(tmp_path):
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    camera = {
        "box": {"center_m": [0.3, -1, 0.7], "size_m": [0, 0, 0]},
        "k": {"fx": 70, "fy": 84, "cx": 30, "cy": 26},
        "resolution": [64, 48],
        "roll_deg": 20,
    }
    workshop, job = workshop_and_job(tmp_path, camera=camera)
    realised = build_scene(plan_frame(job, 0), workshop).realised.camera
    bpy.context.view_layer.update()
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (20, 3))
    pixels, _ = project(realised.lens, inverse_rigid(realised.world_from_camera), points)
    for point, pixel in zip(points, pixels, strict=True):
        u, v, _ = world_to_camera_view(bpy.context.scene, bpy.context.scene.camera, Vector(point))
        # world_to_camera_view knows no pixel aspect: it spans the frame the same way, so fractions still agree.
        assert abs(u * 64 - pixel[0]) < 0.01 and abs((1 - v) * 48 - pixel[1]) < 0.01


def test_lens_shift_and_focal_length_reach_blender(tmp_path):
    camera = {"shell": {"distance_m": 1}, "focal_length_mm": 40, "shift": [0.1, -0.05], "resolution": [64, 32]}
    workshop, job = workshop_and_job(tmp_path, camera=camera)
    realised = build_scene(plan_frame(job, 0), workshop).realised.camera
    assert np.allclose(realised.k, intrinsics((64, 32), 40, 36, (0.1, -0.05)), atol=1e-4)


def test_the_camera_keeps_its_clearance(tmp_path):
    camera = {"box": {"center_m": [0, 0, 0.1], "size_m": [0.6, 0.6, 0.2]}, "clearance_m": 0.06, "retries": 60,
              "min_targets_in_view": 0, "resolution": [32, 24]}  # fmt: skip
    workshop, job = workshop_and_job(tmp_path, camera=camera)
    for frame in range(5):
        built = build_scene(plan_frame(job, frame), workshop)
        eye = np.array(built.realised.camera.world_from_camera)[:3, 3]
        bpy.context.view_layer.update()
        for item in bpy.context.scene.objects:
            if item.type == "MESH":
                points = np.array([item.matrix_world @ vertex.co for vertex in item.data.vertices])
                assert np.linalg.norm(points - eye, axis=1).min() >= 0.06
        close_scene(workshop)


def test_a_camera_inside_a_mesh_is_refused(tmp_path):
    from pipeline.errors import RejectedFrame

    camera = {"box": {"center_m": [0, 0, 0.5], "size_m": [0, 0, 0]}, "clearance_m": 0.01, "retries": 0}
    big = [{"shapes": "cube", "category": "block", "size_m": 1, "proportions": 1}]
    placement = {"resting": {"area_m": [0.001, 0.001], "upright": True}}
    workshop, job = workshop_and_job(tmp_path, camera=camera, targets=big, distractors=[], placement=placement)
    with pytest.raises(RejectedFrame, match="1 nearer than clearance_m"):
        build_scene(plan_frame(job, 0), workshop)


def test_targets_out_of_view_are_refused_with_the_count(tmp_path):
    from pipeline.errors import RejectedFrame

    camera = {"shell": {"distance_m": 2}, "look_at": [0, 0, 50], "retries": 3}
    workshop, job = workshop_and_job(tmp_path, camera=camera)
    with pytest.raises(RejectedFrame, match="of 4 tries 4 with fewer than min_targets_in_view"):
        build_scene(plan_frame(job, 0), workshop)


def test_views_of_one_scene_share_the_settled_poses(tmp_path):
    workshop, job = workshop_and_job(tmp_path, placement=DROP, views_per_scene=2)
    first = build_scene(plan_frame(job, 0), workshop).realised
    close_scene(workshop)
    second = build_scene(plan_frame(job, 1), workshop).realised
    assert first.instances == second.instances and first.camera != second.camera
    close_scene(workshop)
    workshop.settled = None
    assert build_scene(plan_frame(job, 1), workshop).realised == second


def test_a_template_is_left_as_the_artist_left_it(tmp_path):
    bpy.ops.wm.read_factory_settings(use_empty=False)
    cube = bpy.data.objects["Cube"]
    cube.pass_index = 9
    cube.location.z = -1.0
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "stage.blend"))
    workshop, job = workshop_and_job(tmp_path, tmp_path / "stage.blend", template="stage.blend", placement=DROP)
    before = {item.name: unstructure(np.array(item.matrix_world).tolist()) for item in bpy.context.scene.objects}
    world = bpy.context.scene.world.name
    built = build_scene(plan_frame(job, 0), workshop)
    low = min(np.array(one.world_from_object)[2, 3] for one in built.realised.instances)
    assert -0.01 < low < 0.2, "things land on the template's cube, whose top is at 0"
    close_scene(workshop)
    after = {item.name: unstructure(np.array(item.matrix_world).tolist()) for item in bpy.context.scene.objects}
    assert after == before and bpy.context.scene.world.name == world
    assert bpy.data.objects["Cube"].pass_index == 9


def test_materials_are_replaced_on_the_object_not_on_the_shared_mesh(tmp_path):
    same = [{"shapes": "cube", "category": "block", "count": 3, "size_m": 0.1}]
    workshop, job = workshop_and_job(tmp_path, targets=same, distractors=[])
    built = build_scene(plan_frame(job, 0), workshop)
    parts = [parts[0] for parts in built.objects.values()]
    assert len({part.data.name for part in parts}) == 1
    assert len({part.material_slots[0].material.name for part in parts}) == 3


def test_another_job_in_the_same_process_starts_clean(tmp_path):
    workshop, job = workshop_and_job(tmp_path)
    alone = build_scene(plan_frame(job, 3), workshop).realised
    close_scene(workshop)
    other = job_of(workshop, seed=99)
    build_scene(plan_frame(other, 3), workshop)
    close_scene(workshop)
    assert build_scene(plan_frame(job, 3), workshop).realised == alone


def test_the_category_is_that_of_the_axis_which_ends_up_highest(tmp_path):
    names = ["px", "py", "pz", "nx", "ny", "nz"]
    axes = dict(zip(["+x", "+y", "+z", "-x", "-y", "-z"], names, strict=True))
    die = {"shapes": "cube", "category_by_up_axis": axes, "count": 12, "size_m": 0.05, "proportions": 1}
    workshop, job = workshop_and_job(
        tmp_path,
        categories=[{"id": 10 + i, "name": name} for i, name in enumerate(names)],
        targets=[die],
        distractors=[],
        placement={"drop": {"area_m": [0.6, 0.6], "height_m": 0.1}},
    )
    seen = build_scene(plan_frame(job, 0), workshop).realised.instances
    for one in seen:
        rotation = np.array(one.world_from_object)[:3, :3]
        heights = [*rotation[2], *-rotation[2]]
        assert one.category_id == 10 + int(np.argmax(heights))
    assert len({one.category_id for one in seen}) > 2


def test_a_model_without_a_uv_map_is_box_projected(tmp_path):
    bpy.data.images.new("grid", 8, 8).save(filepath=str(tmp_path / "grid.png"))
    (tmp_path / "bare.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n")
    looks = [{"textures": {"files": "grid.png", "projection": "uv"}}]
    bare = [{"files": "bare.obj", "category": "block", "size_m": 0.1, "materials": "replace"}]
    cube = [{"shapes": "cube", "size_m": 0.1}]
    workshop, job = workshop_and_job(
        tmp_path, targets=bare, distractors=cube, materials={"targets": looks, "distractors": looks}
    )
    built = build_scene(plan_frame(job, 0), workshop)
    nodes = {key: parts[0].material_slots[0].material.node_tree.nodes for key, parts in built.objects.items()}
    uses_uv = {key: any(link.is_linked and link.name == "UV" for node in tree for link in node.outputs)
               for key, tree in nodes.items()}  # fmt: skip
    assert uses_uv == {1: False, 2: True}


def test_a_jitter_of_the_aim_turns_the_camera_left_and_up(tmp_path):
    camera = {"box": {"center_m": [0, 0, 0], "size_m": [0, 0, 0]}, "look_at": [0, 5, 0], "aim_jitter_deg": 40}
    camera |= {"roll_deg": {"uniform": [-180, 180]}, "clearance_m": 0, "min_targets_in_view": 0}
    far = {"flying": {"volume_m": [1, 1, 1], "center_m": [0, 9, 0]}}
    workshop, job = workshop_and_job(tmp_path, camera=camera, placement=far, surroundings={"floor": None})
    plan = plan_frame(job, 0)
    one = plan.camera.candidates[0]
    seen = np.array(build_scene(plan, workshop).realised.camera.world_from_camera)
    yaw, pitch = np.radians((one.yaw_deg, one.pitch_deg))
    assert abs(yaw) > 0.01 and abs(pitch) > 0.01
    # before it is turned it looks along y with x to its right
    way = np.array([-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
    assert np.allclose(seen[:3, 2], way, atol=1e-5)


def test_targets_and_distractors_may_be_kept_farther_from_the_camera_than_the_floor(tmp_path):
    from pipeline.errors import RejectedFrame

    camera = {"box": {"center_m": [0, 0, 0.1], "size_m": [0, 0, 0]}, "look_at": [1, 0, 0], "clearance_m": 0.05}
    camera |= {"retries": 0, "min_targets_in_view": 0}
    thing = [{"shapes": "cube", "category": "block", "size_m": 0.1, "proportions": 1}]
    near = {"resting": {"area_m": [0.001, 0.001], "center_m": [0.4, 0, 0], "upright": True}}
    workshop, job = workshop_and_job(
        tmp_path, camera={**camera, "object_clearance_m": 0.3}, targets=thing, distractors=[], placement=near
    )
    build_scene(plan_frame(job, 0), workshop)
    close_scene(workshop)
    for role in (
        {"targets": thing, "distractors": []},
        {
            "targets": [{**thing[0], "placement": {"resting": {"center_m": [3, 0, 0]}}}],
            "distractors": [{"shapes": "cube", "size_m": 0.1, "proportions": 1}],
        },
    ):
        closer = job_of(workshop, camera={**camera, "object_clearance_m": 0.4}, placement=near, **role)
        with pytest.raises(RejectedFrame, match="1 nearer than clearance_m or object_clearance_m"):
            build_scene(plan_frame(closer, 0), workshop)
        close_scene(workshop)


def test_things_that_are_alike_share_their_changed_materials(tmp_path):
    """Boxes jittered alike by twos along a line."""
    workshop, job = workshop_and_job(
        tmp_path,
        targets=[{"files": ["shipped:parcels/carton_04.glb"], "category": "block", "materials": "jitter"}],
        distractors=[],
        camera={"shell": {"distance_m": 4.0}, "look_at": [1.0, 0.0, 0.0], "resolution": [32, 24]},
        contexts={
            "line": {
                "spline": {"points_m": [[0, 0, 0], [2, 0, 0]], "gap_m": 0.1, "alike": 2, "start_m": 0},
                "allowed": {"block": 1},
                "count": 4,
            }
        },
    )
    built = build_scene(plan_frame(job, 0), workshop)
    worn = [{slot.material.name for part in parts for slot in part.material_slots} for parts in built.objects.values()]
    assert len(worn) == 4 and worn[0] == worn[1] and worn[2] == worn[3] and not worn[0] & worn[2]
    assert not any(name == material.name for name in worn[0] for material in built.objects[1][0].data.materials)
