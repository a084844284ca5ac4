"""Motion blur: streaks as long as the camera's way through the shutter, and labels that know nothing of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from render_scenes import Stage, add_rectangle, frame_plan, make_stage, render
from scene_samples import workshop_and_job

from pipeline.annotations.annotate import annotate
from pipeline.canonical import json_bytes
from pipeline.conventions import BLENDER_CAMERA_FROM_CAMERA
from pipeline.records import MotionPlan, RenderedFrame
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.motion import set_in_motion
from pipeline.scene.poses import set_pose
from pipeline.scene.session import datablocks
from pipeline.scene.workshop import close_scene
from pipeline.structure import unstructure

FOCAL_PX = 120 * 50 / 36  # of make_stage's camera at 120 pixels
DEPTH_M = 5.0
EXPOSURE_S = 1 / 25


def motion_of(velocity=(0.0, 0.0, 0.0), axis=(1.0, 0.0, 0.0), turn_deg_s=0.0, exposure_s=EXPOSURE_S) -> MotionPlan:
    return MotionPlan(exposure_s=exposure_s, velocity_m_s=velocity, axis=axis, turn_deg_s=turn_deg_s)


def bright_square(x_m: float = 0.0, y_m: float = 0.0) -> Stage:
    """A square of 4 cm (1.3 px), black but for its own light, under the camera."""
    stage = make_stage(resolution=(120, 120))
    for lamp in [item for item in stage.scene.objects if item.type == "LIGHT"]:
        bpy.data.objects.remove(lamp)
    item = add_rectangle(stage, (x_m - 0.02, y_m - 0.02), (x_m + 0.02, y_m + 0.02), 0.0, instance_id=1)
    material = bpy.data.materials.new("glow")
    if material.node_tree is None:
        material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    glow, output = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    material.node_tree.links.new(glow.outputs[0], output.inputs["Surface"])
    item.data.materials.append(material)
    return stage


def picture_of(stage: Stage, motion: MotionPlan | None, folder: Path) -> RenderedFrame:
    camera = stage.scene.camera
    set_pose(camera, np.array(stage.camera.world_from_camera) @ BLENDER_CAMERA_FROM_CAMERA)
    bpy.context.view_layer.update()
    if motion is not None:
        set_in_motion(stage.scene, camera, motion)
    plan = frame_plan(("linear",), samples_per_pixel=256, adaptive_threshold=0.0)
    plan = replace(plan, camera=replace(plan.camera, motion=motion))
    return render(stage, folder, plan)


def streak(linear: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Centroid (2,) px, length px and direction (rad, modulo pi) of a streak: those of the box of its moments."""
    weight = linear.sum(axis=-1).astype(np.float64)
    v, u = np.mgrid[0 : weight.shape[0], 0 : weight.shape[1]] + 0.5
    center = np.array([(u * weight).sum(), (v * weight).sum()]) / weight.sum()
    away = np.stack([u - center[0], v - center[1]])
    spread, axes = np.linalg.eigh(np.einsum("ihw,jhw,hw->ij", away, away, weight) / weight.sum())
    return center, math.sqrt(12 * (spread[1] - spread[0])), math.atan2(axes[1, 1], axes[0, 1]) % math.pi


@pytest.mark.parametrize("velocity", [(9.0, 0.0, 0.0), (0.0, 12.0, 0.0), (-8.0, 6.0, 0.0)])
def test_a_moving_camera_draws_streaks_as_long_as_its_way(velocity, tmp_path):
    frame = picture_of(bright_square(), motion_of(velocity), tmp_path)
    center, length, direction = streak(frame.linear)
    assert length == pytest.approx(np.linalg.norm(velocity) * EXPOSURE_S * FOCAL_PX / DEPTH_M, rel=0.1)
    away = (direction - math.atan2(velocity[1], velocity[0])) % math.pi
    assert min(away, math.pi - away) < 0.03
    assert center == pytest.approx([60, 60], abs=0.4)  # the labels' pose is the one in the middle


@pytest.mark.parametrize("fps", [24, 60])
def test_the_length_does_not_depend_on_the_scenes_frame_rate(fps, tmp_path):
    stage = bright_square()
    stage.scene.render.fps = fps
    stage.scene.frame_set(7)
    length = streak(picture_of(stage, motion_of((9.0, 0.0, 0.0)), tmp_path).linear)[1]
    assert length == pytest.approx(9 * EXPOSURE_S * FOCAL_PX / DEPTH_M, rel=0.1)


def test_a_turning_camera_draws_streaks_by_its_angle(tmp_path):
    angle = math.radians(100 * EXPOSURE_S)
    yaw = streak(picture_of(bright_square(), motion_of(axis=(0.0, 1.0, 0.0), turn_deg_s=100.0), tmp_path).linear)
    assert yaw[1] == pytest.approx(2 * FOCAL_PX * math.tan(angle / 2), rel=0.1)
    assert min(yaw[2], math.pi - yaw[2]) < 0.03
    aside = bright_square(x_m=1.5)
    roll = streak(picture_of(aside, motion_of(axis=(0.0, 0.0, 1.0), turn_deg_s=150.0), tmp_path).linear)
    assert roll[1] == pytest.approx(1.5 * FOCAL_PX / DEPTH_M * math.radians(150 * EXPOSURE_S), rel=0.1)
    assert abs(roll[2] - math.pi / 2) < 0.05  # along the circle


def test_motion_towards_the_right_moves_the_picture_to_the_left(tmp_path):
    """A shutter that closes early sees the way's first half: the eye is still at the left, the point at the right."""
    stage, motion = bright_square(), motion_of((9.0, 0.0, 0.0))
    set_pose(stage.scene.camera, np.array(stage.camera.world_from_camera) @ BLENDER_CAMERA_FROM_CAMERA)
    bpy.context.view_layer.update()
    set_in_motion(stage.scene, stage.scene.camera, motion)
    now, half = stage.scene.frame_current, EXPOSURE_S * 24 / 2
    eyes = []
    for frame in (now - half, now, now + half):
        stage.scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
        eyes.append(np.array(stage.scene.camera.matrix_world)[:3, 3])
    assert eyes == pytest.approx(np.array([[-0.18, 0, 5], [0, 0, 5], [0.18, 0, 5]]), abs=1e-5)


def test_ids_and_depth_of_a_blurred_picture_are_those_of_a_sharp_one(tmp_path):
    sharp = picture_of(bright_square(), None, tmp_path)
    blurred = picture_of(bright_square(), motion_of((9.0, 0.0, 0.0)), tmp_path)
    assert (sharp.id_source, blurred.id_source, blurred.id_reason) == ("render", "exact", "motion blur")
    assert np.array_equal(sharp.instance, blurred.instance) and np.array_equal(sharp.depth_m, blurred.depth_m)
    assert blurred.linear.max() < 0.5 * sharp.linear.max()
    assert blurred.linear.sum() == pytest.approx(sharp.linear.sum(), rel=0.05)  # no light is lost


@pytest.mark.parametrize("lens", [{}, {"fisheye": {"k1": -0.02}}, {"opencv": {"k1": -0.1}}])
def test_all_labels_of_a_job_with_motion_blur_are_those_of_one_without(lens, tmp_path):
    camera = {"shell": {"distance_m": 1.0}, "resolution": [48, 36], **({"lens": lens} if lens else {})}
    changes = {"placement": {"drop": {"area_m": [0.4, 0.4], "height_m": 0.1}}, "accept": {"min_targets": 0}}
    made = []
    for blur in ({}, {"motion_blur": {"exposure_s": 0.03, "speed_m_s": 2, "turn_deg_s": 60}}):
        # With normals both take their labels from the exact pass, so that not even its reason differs.
        workshop, job = workshop_and_job(
            tmp_path, camera={**camera, **blur}, outputs=["rgb", "depth", "normal", "mask_full", "box_3d"], **changes
        )
        plan = plan_frame(job, 1)
        rendered = render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), tmp_path)
        annotation = annotate(plan, rendered)
        close_scene(workshop)
        made.append(
            (
                json_bytes(unstructure(annotation.labels)),
                rendered.instance.tobytes(),
                rendered.depth_m.tobytes(),
                annotation.images["normal"].tobytes(),
                rendered.rgb_file.read_bytes(),
            )
        )
    assert made[0][:-1] == made[1][:-1] and made[0][-1] != made[1][-1]
    assert b'"accepted"' in made[0][0]


def test_a_blurred_frame_made_alone_is_the_one_of_a_run_and_leaves_nothing(tmp_path):
    blur = {"shell": {"distance_m": 1.0}, "resolution": [32, 24], "motion_blur": {"speed_m_s": 1, "turn_deg_s": 90}}
    pictures = []
    for indices in ((0, 1), (1,)):
        workshop, job = workshop_and_job(tmp_path, camera=blur)
        for index in indices:
            plan = plan_frame(job, index)
            rendered = render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), tmp_path)
            picture = rendered.rgb_file.read_bytes()
            close_scene(workshop)
        pictures.append(picture)
        left = [item for item in datablocks() if item.session_uid not in workshop.session.baseline]
        assert not [item.name for item in left if isinstance(item, bpy.types.Action | bpy.types.Camera)]
    assert pictures[0] == pictures[1]


def test_a_templates_animation_is_sharp_unless_blur_is_asked_for(tmp_path):
    def moving() -> Stage:
        stage = bright_square()
        item = stage.objects[1][0]
        for frame, x_m in ((0, -0.3), (2, 0.3)):
            item.location.x = x_m
            item.keyframe_insert("location", frame=frame)
        stage.scene.frame_set(1)
        return stage

    sharp = picture_of(moving(), None, tmp_path)
    assert np.array_equal(sharp.linear, picture_of(bright_square(), None, tmp_path).linear)
    blurred = picture_of(moving(), motion_of(), tmp_path)
    assert streak(blurred.linear)[1] > 5 and np.array_equal(blurred.instance, sharp.instance)
