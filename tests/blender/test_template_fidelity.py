"""What is not marked renders as the artist left it, and after any frame the template is as it was loaded."""

from __future__ import annotations

from contextlib import suppress

import bpy
import numpy as np
import pytest
from rich_template import save_rich_template
from rna_snapshot import snapshot
from scene_samples import workshop_and_job
from template_samples import CAMERA, named, settings

import pipeline.scene.build as build
from pipeline.codecs.png import decode_png
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.compat import set_picture
from pipeline.scene.workshop import close_scene

RENDER = {"quality": "draft", "samples_per_pixel": 4, "denoiser": "none"}
EVERYTHING = ["rgb", "depth", "instance", "category", "mask_full", "box_3d", "linear", "albedo", "normal", "flow"]


@pytest.fixture
def folder(tmp_path):
    save_rich_template(tmp_path)
    return tmp_path


def opened(folder, *targets, **changes):
    return workshop_and_job(folder, folder / "room.blend", **settings(*targets, render=RENDER, **changes))


def test_a_frame_with_nothing_placed_is_what_blender_renders(folder):
    workshop, job = opened(folder, named("Floor"), outputs=["rgb"])
    plan = plan_frame(job, 0)
    built = build_scene(plan, workshop)
    eye = built.scene.camera
    camera = (eye.matrix_basis.copy(), eye.data.lens, eye.data.sensor_width, eye.data.sensor_fit)
    ours = decode_png(render_frame(built, plan, choose_device("cpu"), folder).rgb_file.read_bytes())
    close_scene(workshop)
    theirs = blender_itself(folder, plan, camera)
    assert ours.shape == theirs.shape and theirs.std() > 10
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def blender_itself(folder, plan, camera):
    """Open the file, put a camera there, ask for the same sampling, render and save: nothing of ours."""
    bpy.ops.wm.open_mainfile(filepath=str(folder / "room.blend"), load_ui=False)
    scene = bpy.context.scene
    eye = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(eye)
    eye.matrix_world, eye.data.lens, eye.data.sensor_width, eye.data.sensor_fit = camera
    scene.camera = eye
    render, cycles, asked = scene.render, scene.cycles, plan.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y = plan.camera.resolution
    render.resolution_percentage = 100
    cycles.samples, cycles.seed, cycles.use_denoising = asked.samples_per_pixel, asked.cycles_seed, False
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = asked.adaptive_threshold > 0, asked.adaptive_threshold
    cycles.max_bounces, cycles.diffuse_bounces = asked.max_bounces, asked.diffuse_bounces
    cycles.glossy_bounces, cycles.transmission_bounces = asked.glossy_bounces, asked.transmission_bounces
    cycles.transparent_max_bounces, cycles.sample_clamp_indirect = asked.transparent_bounces, asked.clamp_indirect
    cycles.caustics_reflective = cycles.caustics_refractive = asked.caustics
    if bpy.app.version >= (5, 0):
        render.compositor_device = "CPU"
    bpy.ops.render.render()
    set_picture(render.image_settings, "PNG")
    bpy.data.images["Render Result"].save_render(str(folder / "theirs.png"), scene=scene)
    return decode_png((folder / "theirs.png").read_bytes())


PLACED = {
    "targets": [{"shapes": "cube", "category": "block", "size_m": 0.1, "count": 2}],
    "placement": {"drop": {"area_m": [0.3, 0.3], "center_m": [0.1, 0.45, -0.3]}},
    "lights": [{"kind": "point", "count": 1}],
    "environment": {},
    "views_per_scene": 2,
    "outputs": EVERYTHING,
}


def assert_untouched(before, workshop):
    after = snapshot(workshop.session.baseline)
    changed = {path: (before.get(path), after.get(path)) for path in {*before, *after}}
    assert {path: pair for path, pair in changed.items() if pair[0] != pair[1]} == {}


def test_after_frames_of_every_kind_the_template_is_as_it_was_loaded(folder):
    workshop, job = opened(folder, named("Moving", "Scatter", "Linked", "Overridden"), **PLACED)
    before = snapshot(workshop.session.baseline)
    for frame in range(2):
        plan = plan_frame(job, frame)
        render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), folder)
        close_scene(workshop)
        assert_untouched(before, workshop)


@pytest.mark.parametrize("place", ["add_surroundings", "add_camera", "add_world", "read_lights"])
def test_a_build_that_fails_leaves_the_template_alone(place, folder, monkeypatch):
    workshop, job = opened(folder, named("Moving", "Scatter"), **PLACED)
    before = snapshot(workshop.session.baseline)

    def fails(*args, **kwargs):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(build, place, fails)
    with pytest.raises(RuntimeError, match="in the middle"):
        build_scene(plan_frame(job, 0), workshop)
    close_scene(workshop)
    assert_untouched(before, workshop)


def test_a_rejected_frame_leaves_the_template_alone(folder):
    camera = {**CAMERA, "clearance_m": 50.0}
    workshop, job = opened(folder, named("Moving", "Scatter"), **{**PLACED, "camera": camera})
    before = snapshot(workshop.session.baseline)
    with pytest.raises(build.RejectedFrame):
        build_scene(plan_frame(job, 0), workshop)
    close_scene(workshop)
    assert_untouched(before, workshop)


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_render_that_fails_leaves_the_template_alone(call, folder, monkeypatch):
    import pipeline.render.frame as frame

    workshop, job = opened(folder, named("Moving", "Scatter"), **PLACED)
    before = snapshot(workshop.session.baseline)
    plan, real, calls = plan_frame(job, 0), frame.render_once, []

    def fails(scene, device):
        calls.append(1)
        if len(calls) == call:
            raise RuntimeError("no memory")
        real(scene, device)

    monkeypatch.setattr(frame, "render_once", fails)
    with suppress(RuntimeError):
        render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), folder)
    assert len(calls) == call
    close_scene(workshop)
    assert_untouched(before, workshop)
