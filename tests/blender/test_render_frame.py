"""Pictures: right colours, right sizes, the same bytes every time; and errors that help."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from PIL import Image
from render_scenes import Stage, add_material, add_rectangle, frame_plan, make_stage, render

from pipeline.codecs.exr import decode_exr
from pipeline.codecs.png import decode_png
from pipeline.errors import DeviceError, PipelineError, StoreError
from pipeline.render.device import choose_device
from pipeline.render.frame import render_once
from pipeline.render.settings import STAMPS, configure

EVERYTHING = (-20.0, -20.0), (20.0, 20.0)


def glowing(radiance: float = 0.5, resolution: tuple[int, int] = (64, 64)) -> Stage:
    """A scene that is one flat emitter of grey `radiance`."""
    stage = make_stage(resolution=resolution)
    glow(add_material(add_rectangle(stage, *EVERYTHING, 0.0, instance_id=1)), radiance)
    return stage


def glow(material: bpy.types.Material, radiance: float) -> None:
    tree = material.node_tree
    tree.nodes.clear()
    emission = tree.nodes.new("ShaderNodeEmission")
    emission.inputs["Color"].default_value = (radiance, radiance, radiance, 1.0)
    tree.links.new(emission.outputs[0], tree.nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])


def srgb(linear: float) -> float:
    return 255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


def lit(stage: Stage) -> Stage:
    """Add something whose picture has noise in it."""
    add_material(add_rectangle(stage, (-0.6, -0.4), (0.7, 0.4), 0.5, instance_id=2))
    return stage


@pytest.mark.parametrize("resolution", [(64, 64), (50, 30), (31, 57)])
@pytest.mark.parametrize(("rgb_format", "name"), [("png", "rgb.png"), ("jpeg", "rgb.jpg")])
def test_the_picture_has_the_size_of_the_camera(resolution, rgb_format, name, tmp_path):
    frame = render(glowing(resolution=resolution), tmp_path, frame_plan(rgb_format=rgb_format))
    assert frame.rgb_file == tmp_path / name
    with Image.open(frame.rgb_file) as picture:
        assert (picture.size, picture.mode) == (resolution, "RGB")
    assert frame.instance.shape == frame.depth_m.shape == resolution[::-1]


def test_the_arrays_have_the_promised_types(tmp_path):
    frame = render(glowing(), tmp_path, frame_plan(outputs=("rgb", "linear")))
    assert (frame.instance.dtype, frame.depth_m.dtype, frame.linear.dtype) == (np.uint16, np.float32, np.float32)


@pytest.mark.parametrize("radiance", [0.02, 0.18, 0.5])
def test_the_standard_view_is_srgb(radiance, tmp_path):
    pixels = decode_png(render(glowing(radiance), tmp_path).rgb_file.read_bytes())
    assert np.abs(pixels.astype(float) - srgb(radiance)).max() <= 1.0


def test_exposure_doubles_radiance_and_leaves_the_scenes_own_alone(tmp_path):
    stage = glowing(0.1)
    stage.scene.view_settings.exposure = 1.0
    pixels = decode_png(render(stage, tmp_path, frame_plan(exposure_ev=1.0)).rgb_file.read_bytes())
    assert np.abs(pixels.astype(float) - srgb(0.4)).max() <= 1.0
    assert stage.scene.view_settings.exposure == 1.0


def test_a_template_keeps_its_view_transform(tmp_path):
    stage = glowing(0.5)
    stage.scene.view_settings.view_transform = "AgX"
    kept = decode_png(render(stage, tmp_path, frame_plan(view_transform="")).rgb_file.read_bytes())
    assert stage.scene.view_settings.view_transform == "AgX"
    replaced = decode_png(render(stage, tmp_path).rgb_file.read_bytes())
    assert stage.scene.view_settings.view_transform == "Standard" and not np.array_equal(kept, replaced)


def test_linear_is_the_radiance_of_the_scene(tmp_path):
    frame = render(glowing(0.37), tmp_path, frame_plan(outputs=("rgb", "linear"), exposure_ev=2.0))
    assert np.abs(frame.linear - 0.37).max() < 1e-6 and frame.linear.shape == (64, 64, 3)


def test_an_exr_picture_holds_linear_half_floats_without_infinities(tmp_path):
    frame = render(glowing(1e6), tmp_path, frame_plan(rgb_format="exr"))
    channels = decode_exr(frame.rgb_file.read_bytes())
    assert set(channels) == {"R", "G", "B"} and channels["R"].dtype == np.float16
    assert np.all(channels["G"] == 65_504)
    assert frame.linear is None


@pytest.mark.parametrize("rgb_format", ["png", "jpeg", "exr"])
@pytest.mark.parametrize("denoiser", ["none", "auto"])
def test_equal_renders_are_equal_files(rgb_format, denoiser, tmp_path):
    plan = frame_plan(rgb_format=rgb_format, denoiser=denoiser)
    first = render(lit(glowing()), tmp_path, plan).rgb_file.read_bytes()
    bpy.context.scene.name = "another name"
    assert render(lit(glowing()), tmp_path, plan).rgb_file.read_bytes() == first
    assert b"Time" not in first and b"Date" not in first and b"Blender" not in first


def test_another_seed_gives_another_noise(tmp_path):
    stage = lit(make_stage())
    stage.scene.world = bpy.data.worlds.new("grey")
    pictures = [render(stage, tmp_path, frame_plan(cycles_seed=seed)).rgb_file.read_bytes() for seed in (1, 2)]
    assert pictures[0] != pictures[1]


def test_nothing_but_the_picture_is_left_in_scratch(tmp_path):
    render(lit(glowing()), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["rgb.png"]


def test_configuring_twice_changes_nothing():
    stage, plan = glowing(), frame_plan().render

    def settings() -> dict[str, object]:
        owners = (stage.scene.cycles, stage.scene.render, stage.scene.view_settings)
        return {
            f"{owner.bl_rna.identifier}.{prop.identifier}": getattr(owner, prop.identifier)
            for owner in owners
            for prop in owner.bl_rna.properties
            if prop.type in ("INT", "FLOAT", "BOOLEAN", "STRING", "ENUM") and not getattr(prop, "is_array", False)
        }

    configure(stage.scene, plan, choose_device("cpu"))
    before = settings()
    configure(stage.scene, plan, choose_device("cpu"))
    assert settings() == before


def test_all_fourteen_stamps_are_known():
    every = {
        prop.identifier.removeprefix("use_stamp_")
        for prop in bpy.context.scene.render.bl_rna.properties
        if prop.identifier.startswith("use_stamp_")
    }
    assert set(STAMPS) == every - {"labels"} and len(STAMPS) == 14


def test_bounces_and_samples_reach_the_renderer():
    stage = glowing()
    plan = frame_plan(samples_per_pixel=7, max_bounces=6, glossy_bounces=3, transparent_bounces=9, clamp_indirect=2.5)
    configure(stage.scene, plan.render, choose_device("cpu"))
    cycles = stage.scene.cycles
    assert (cycles.samples, cycles.max_bounces, cycles.glossy_bounces) == (7, 6, 3)
    assert (cycles.transparent_max_bounces, cycles.sample_clamp_indirect) == (9, 2.5)


def test_a_templates_time_limit_does_not_decide_the_noise(tmp_path):
    stage = lit(glowing())
    stage.scene.cycles.time_limit, stage.scene.cycles.sample_offset = 0.001, 3
    limited = render(stage, tmp_path).rgb_file.read_bytes()
    assert limited == render(lit(glowing()), tmp_path).rgb_file.read_bytes()


def test_the_first_layer_that_is_rendered_gives_the_labels(tmp_path):
    stage = lit(glowing())
    stage.scene.view_layers[0].use = False
    stage.scene.view_layers.new("büro 1.5 with a name that is rather long")
    assert set(np.unique(render(stage, tmp_path).instance)) == {1, 2}


def test_no_layer_at_all_is_said(tmp_path):
    stage = glowing()
    stage.scene.view_layers[0].use = False
    with pytest.raises(PipelineError, match="no view layer is rendered"):
        render(stage, tmp_path)


def test_a_render_of_another_size_is_an_error_not_a_label(tmp_path):
    stage = glowing()
    stage.scene.render.resolution_percentage = 50
    with pytest.raises(ValueError, match="32 x 32, the camera 64 x 64"):
        render(stage, tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        render(glowing(), tmp_path / "file")


def test_a_render_that_fails_is_a_device_error():
    stage = glowing()
    stage.scene.camera = None
    with pytest.raises(DeviceError, match="could not render on CPU: .*camera"):
        render_once(stage.scene, choose_device("cpu"))
