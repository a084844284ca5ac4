"""The picture is taken by the camera of the labels, whatever a template holds and whatever Blender's limits are."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from looks_samples import write_picture
from render_scenes import add_rectangle, make_stage, render
from scene_samples import workshop_and_job

from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene


def test_a_marker_bound_to_a_camera_of_the_artists_does_not_take_the_picture(tmp_path):
    stage = make_stage()
    add_rectangle(stage, (-0.5, -0.5), (0.5, 0.5), 0.0, instance_id=1)
    taken_by = stage.scene.camera
    alone = render(stage, tmp_path).instance
    other = bpy.data.objects.new("artist's", bpy.data.cameras.new("artist's"))
    stage.scene.collection.objects.link(other)
    marker = stage.scene.timeline_markers.new("shot", frame=1)
    marker.camera = other
    stage.scene.camera = taken_by
    assert alone.any() and np.array_equal(render(stage, tmp_path).instance, alone)
    assert marker.camera == other and stage.scene.camera == taken_by


def helper_around_everything(folder):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_cube_add(size=6)
    for size in (6, 0.9):  # one about the camera too, one only between it and the targets
        bpy.ops.mesh.primitive_cube_add(size=size)
        bpy.context.object.hide_render = True
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "stage.blend"))
    return workshop_and_job(folder, folder / "stage.blend", template="stage.blend")


def test_what_only_the_viewport_shows_is_in_no_cameras_way(tmp_path):
    workshop, job = helper_around_everything(tmp_path)
    assert build_scene(plan_frame(job, 0), workshop).realised.camera.attempt == 0


def test_a_mesh_that_is_rendered_is_in_the_way(tmp_path):
    from pipeline.errors import RejectedFrame

    workshop, job = helper_around_everything(tmp_path)
    for item in bpy.data.objects:
        item.hide_render = False
    with pytest.raises(RejectedFrame, match="inside one"):
        build_scene(plan_frame(job, 0), workshop)


SHELL = {"shell": {"distance_m": 1.0}, "resolution": [32, 24], "f_stop": 2.0}


@pytest.mark.parametrize(
    "lens",
    [
        {"focal_length_mm": 30},
        {"focal_length_mm": 0.5, "sensor_width_mm": 0.4},
        {"focal_length_mm": 30, "lens": {"opencv": {"k1": -0.2}}},
        {"focal_length_mm": 8, "lens": {"fisheye": {}}},
    ],
)
def test_the_aperture_is_focal_length_over_f_number_with_any_lens(lens, tmp_path):
    workshop, job = workshop_and_job(tmp_path, camera={**SHELL, **lens})
    plan = plan_frame(job, 0)
    realised = build_scene(plan, workshop).realised.camera
    data = bpy.context.scene.camera.data
    assert data.lens / data.dof.aperture_fstop == pytest.approx(lens["focal_length_mm"] / 2.0, rel=1e-6)
    asked = lens["focal_length_mm"] / lens.get("sensor_width_mm", 36) * 32
    assert realised.k[0][0] == pytest.approx(asked)


@pytest.mark.parametrize(
    "lens", [{}, {"fov_deg": 60, "lens": {"opencv": {"k1": -0.1}}}, {"fov_deg": 150, "lens": {"fisheye": {}}}]
)
def test_a_photo_behind_everything_fills_the_picture_of_any_lens(lens, tmp_path):
    across, down = np.meshgrid(np.linspace(0, 1, 128), np.linspace(0, 1, 64))
    (tmp_path / "photos").mkdir()
    write_picture(tmp_path / "photos/photo.exr", np.stack([across, down, np.zeros_like(across)], -1).astype(np.float32))
    camera = {"shell": {"distance_m": 1.0}, "resolution": [90, 60], **lens}
    changes = {"surroundings": {"floor": None}, "environment": {"background": {"photos": "photos"}}}
    target = [{"shapes": "cube", "category": "block", "size_m": 0.01}]
    workshop, job = workshop_and_job(
        tmp_path, camera=camera, targets=target, distractors=[], outputs=["linear"], **changes
    )
    plan = plan_frame(job, 0)
    linear = render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), tmp_path).linear
    assert linear is not None
    edges = linear[:, (2, -3), 0].mean(axis=0), linear[(2, -3), :, 1].mean(axis=1)
    assert edges[0] == pytest.approx((0.125 + 0.75 * 2.5 / 90, 0.875 - 0.75 * 2.5 / 90), abs=0.06)
    assert edges[1] == pytest.approx((2.5 / 60, 1 - 2.5 / 60), abs=0.06)
    assert linear[28:32, 10, :2].mean(axis=0) == pytest.approx((0.125 + 0.75 * 10.5 / 90, 0.5), abs=0.06)
