"""Saturation and contrast reach the encoded picture, and nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from render_scenes import Stage, add_material, add_rectangle, frame_plan, make_stage, render

from pipeline.codecs.png import decode_png
from pipeline.records import FramePlan, ImagePlan
from pipeline.render.tone import toned

COLOR = (0.5, 0.2, 0.08)


def colored() -> Stage:
    """Two glowing rectangles of different colours over a grey ground, so that every pixel is known."""
    stage = make_stage()
    for number, (low, high, color) in enumerate(
        [((-20, -20), (20, 20), (0.2, 0.2, 0.2)), ((-0.9, -0.9), (0.013, 0.9), COLOR)], start=1
    ):
        material = add_material(add_rectangle(stage, low, high, 0.1 * number, instance_id=number))
        tree = material.node_tree
        tree.nodes.clear()
        emission = tree.nodes.new("ShaderNodeEmission")
        emission.inputs["Color"].default_value = (*color, 1.0)
        tree.links.new(emission.outputs[0], tree.nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    return stage


def planned(image: ImagePlan, **changes) -> FramePlan:
    return dataclasses.replace(frame_plan(**changes), image=image)


def pixels(file) -> np.ndarray:
    with Image.open(file) as picture:
        return np.asarray(picture)


STRONG = ImagePlan(saturation=0.5, contrast=1.3)


def test_the_picture_is_the_toned_one_to_a_level(tmp_path):
    plain = pixels(render(colored(), tmp_path, planned(ImagePlan())).rgb_file).astype(np.float32) / 255
    seen = pixels(render(colored(), tmp_path, planned(STRONG)).rgb_file)
    assert np.abs(seen - 255 * toned(plain, STRONG)).max() <= 2.0
    assert np.abs(seen - 255 * plain).max() > 20


def test_neutral_leaves_the_bytes(tmp_path):
    for rgb_format in ("png", "jpeg"):
        before = render(colored(), tmp_path, frame_plan(rgb_format=rgb_format)).rgb_file.read_bytes()
        after = render(colored(), tmp_path, planned(ImagePlan(), rgb_format=rgb_format)).rgb_file.read_bytes()
        assert before == after


def test_png_and_jpeg_agree_and_repeat_to_the_byte(tmp_path):
    for rgb_format in ("png", "jpeg"):
        files = [render(colored(), tmp_path, planned(STRONG, rgb_format=rgb_format)).rgb_file for _ in range(2)]
        assert files[0].read_bytes() == files[1].read_bytes()
    png = pixels(render(colored(), tmp_path, planned(STRONG)).rgb_file).astype(float)
    jpeg = pixels(render(colored(), tmp_path, planned(STRONG, rgb_format="jpeg", jpeg_quality=100)).rgb_file)
    assert np.abs(png - jpeg)[10:-10, 10:20].mean() < 3.0


def test_no_label_and_no_scene_referred_picture_changes(tmp_path):
    outputs = ("rgb", "linear", "albedo", "normal", "depth")
    plain, changed = (render(colored(), tmp_path, planned(image, outputs=outputs)) for image in (ImagePlan(), STRONG))
    for name in ("instance", "depth_m", "linear", "albedo", "normal_world"):
        assert np.array_equal(getattr(plain, name), getattr(changed, name), equal_nan=True)


def test_the_scenes_own_view_transform_and_exposure_come_before(tmp_path):
    def agx(image: ImagePlan) -> np.ndarray:
        stage = colored()
        stage.scene.view_settings.view_transform = "AgX"
        return decode_png(
            render(stage, tmp_path, planned(image, view_transform="", exposure_ev=0.5)).rgb_file.read_bytes()
        )

    plain, seen = agx(ImagePlan()).astype(np.float32) / 255, agx(STRONG)
    assert np.abs(seen - 255 * toned(plain, STRONG)).max() <= 2.0


@pytest.mark.parametrize("image", [ImagePlan(saturation=0.0), ImagePlan(contrast=0.4)])
def test_what_it_does_can_be_seen(image, tmp_path):
    plain, seen = (pixels(render(colored(), tmp_path, planned(i)).rgb_file).astype(float) for i in (ImagePlan(), image))
    if image.saturation == 0.0:
        assert np.ptp(seen, axis=-1).max() <= 1.0 < np.ptp(plain, axis=-1).max()
    else:
        assert np.ptp(seen) < 0.5 * np.ptp(plain)
