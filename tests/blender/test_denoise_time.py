"""The denoiser's share of a render: told as it is, and never at the cost of the picture. Blender 4.5, 5.2."""

from __future__ import annotations

import time

import bpy
import pytest

from pipeline.render.denoise_time import denoise_cpu_s, denoise_timed


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_monkey_add()
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location = (0, 0, 5)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine, scene.cycles.device = "CYCLES", "CPU"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.denoiser = 4, True, "OPENIMAGEDENOISE"
    scene.cycles.use_adaptive_sampling = False
    scene.render.resolution_x = scene.render.resolution_y = 128
    return scene


def render(scene, folder, name, *, timed=True):
    """Return the picture's bytes, what the denoiser took of it, and the processor time of it all."""
    seconds = {}
    path = folder / f"{name}.png"
    scene.render.filepath = str(path)
    start = time.process_time()
    if timed:
        with denoise_timed(scene, seconds):
            bpy.ops.render.render(write_still=True)
    else:
        bpy.ops.render.render(write_still=True)
    return path.read_bytes(), seconds, time.process_time() - start


def test_the_time_told_is_most_of_what_the_denoiser_adds(scene, tmp_path):
    render(scene, tmp_path, "warm")
    told, added = [], []
    for number in range(3):
        handlers = len(bpy.app.handlers.render_stats)
        start = time.perf_counter()
        scene.cycles.use_denoising = True
        _, seconds, with_s = render(scene, tmp_path, f"with{number}")
        wall_s = time.perf_counter() - start
        scene.cycles.use_denoising = False
        _, nothing, without_s = render(scene, tmp_path, f"without{number}")
        assert nothing == {} and len(bpy.app.handlers.render_stats) == handlers
        told.append(seconds["denoise"] / wall_s)
        added.append(1 - without_s / with_s)
    assert max(added) > 0.2, "the denoiser costs something that can be seen"
    assert 0.5 * min(added) < max(told) < 1.2 * max(added)


def test_a_picture_has_the_same_bytes_timed_or_not(scene, tmp_path):
    for name in dir(scene.render):  # clocks are written into pictures
        if name.startswith("use_stamp") and name != "use_stamp_labels":
            setattr(scene.render, name, False)
    pictures = {render(scene, tmp_path, "picture", timed=timed)[0] for timed in (True, False)}
    assert len(pictures) == 1


def test_nothing_is_told_of_a_renderer_that_tells_nothing(scene, tmp_path):
    scene.cycles.samples = 1  # the one sample and the denoiser end together
    assert render(scene, tmp_path, "one")[1] == {"denoise": 0.0}
    scene.render.engine = "BLENDER_WORKBENCH"
    with denoise_timed(scene, seconds := {}):
        pass
    assert seconds == {}


@pytest.mark.parametrize(
    ("marks", "samples", "seconds"),
    [
        ({0: 1.0, 1: 1.5, 16: 12.0}, 16, 3.0),  # 12 - 1.5 - 15 * 0.5
        ({0: 1.0, 1: 1.5, 4: 3.0, 16: 12.0}, 16, 3.0),  # by the first four: 12 - 3 - 12 * 0.5
        ({0: 1.0, 1: 2.0, 16: 12.0}, 16, 0.0),  # slower than the rest: nothing is left
        ({0: 1.0, 16: 12.0}, 16, 0.0),
        ({0: 1.0, 1: 2.0}, 16, 0.0),
        ({}, 16, 0.0),
    ],
)
def test_what_the_samples_took_is_taken_away(marks, samples, seconds):
    assert denoise_cpu_s(marks, samples) == pytest.approx(seconds)
