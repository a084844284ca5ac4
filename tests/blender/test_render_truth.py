"""Ids and depth against geometry known by hand: the renderer is measured, not another renderer."""

from __future__ import annotations

import numpy as np
import pytest
from render_scenes import (
    add_mesh,
    add_rectangle,
    frame_plan,
    make_stage,
    pixel_rays,
    plane_hits,
    rectangle_mask,
    render,
)

CAMERAS = {
    "straight down": {},
    "wide": {"resolution": (96, 40)},
    "tall": {"resolution": (41, 83)},
    "shifted": {"shift": (0.11, -0.07)},
    "shifted and wide": {"resolution": (90, 50), "shift": (-0.05, 0.09)},
    "tall pixels": {"pixel_aspect": 0.6},
    "wide pixels": {"resolution": (70, 50), "pixel_aspect": 1.7},
    "slanted": {"eye_m": (2.0, -3.0, 3.0)},
    "rolled": {"eye_m": (1.0, -2.0, 4.0), "roll_rad": 0.6},
    "everything": {
        "resolution": (80, 60), "eye_m": (-2.0, -1.9, 3.5), "shift": (0.06, 0.04), "pixel_aspect": 1.3, "roll_rad": -0.9
    },
}  # fmt: skip
LOW, HIGH = (-0.6137, -0.4311), (0.7043, 0.3719)  # no edge of it lies on a pixel's centre


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_rectangle_covers_the_pixels_whose_centres_see_it(camera, tmp_path):
    stage = make_stage(**CAMERAS[camera])
    add_rectangle(stage, (-20, -20), (20, 20), -1.0)
    add_rectangle(stage, LOW, HIGH, 0.0, instance_id=7)
    frame = render(stage, tmp_path)
    mask = rectangle_mask(stage.camera, LOW, HIGH, 0.0)
    assert mask.sum() > 100
    assert np.array_equal(frame.instance, np.where(mask, 7, 0))
    assert frame.id_source == "render"


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_plane_has_the_depth_of_its_rays_and_beyond_it_there_is_none(camera, tmp_path):
    stage = make_stage(**CAMERAS[camera])
    add_rectangle(stage, LOW, HIGH, 0.0, instance_id=1)
    depth = render(stage, tmp_path).depth_m
    mask = rectangle_mask(stage.camera, LOW, HIGH, 0.0)
    expected = plane_hits(stage.camera, 0.0)[1]
    assert depth.dtype == np.float32
    assert np.all(np.isposinf(depth[~mask]))
    assert np.abs(depth[mask] / expected[mask] - 1).max() < 1e-4


@pytest.mark.parametrize("denoiser", ["none", "auto"])
@pytest.mark.parametrize("threshold", [0.0, 0.1])
@pytest.mark.parametrize("seed", [1, 99])
def test_neither_denoiser_nor_adaptive_sampling_nor_seed_touches_the_ids(denoiser, threshold, seed, tmp_path):
    stage = make_stage()
    add_rectangle(stage, (-20, -20), (20, 20), -1.0)
    add_rectangle(stage, LOW, HIGH, 0.0, instance_id=1)
    plan = frame_plan(denoiser=denoiser, adaptive_threshold=threshold, cycles_seed=seed, samples_per_pixel=4)
    assert np.array_equal(render(stage, tmp_path, plan).instance, rectangle_mask(stage.camera, LOW, HIGH, 0.0))


def sphere(center, radius, segments=512, rings=256):
    """Vertices and faces of a ball; Blender's own operator takes 20 s for as many."""
    along, down = np.meshgrid(np.arange(segments) * 2 * np.pi / segments, np.linspace(0, np.pi, rings + 1))
    points = np.stack([np.sin(down) * np.cos(along), np.sin(down) * np.sin(along), np.cos(down)], axis=-1)
    corners = np.arange((rings + 1) * segments).reshape(rings + 1, segments)
    east = np.roll(corners, -1, axis=1)
    faces = np.stack([corners[:-1], corners[1:], east[1:], east[:-1]], axis=-1)
    return (center + radius * points).reshape(-1, 3).tolist(), faces.reshape(-1, 4).tolist()


def test_a_sphere_covers_the_pixels_whose_rays_meet_it(tmp_path):
    stage = make_stage(resolution=(96, 64), eye_m=(3.0, -2.0, 2.0))
    center, radius = np.array([0.4, 0.2, 0.1]), 0.6
    add_mesh(stage, *sphere(center, radius), instance_id=3)
    frame = render(stage, tmp_path)
    origin, directions = pixel_rays(stage.camera)
    along = (directions @ (center - origin)) / np.linalg.norm(directions, axis=-1)
    miss = np.sqrt(((center - origin) ** 2).sum() - along**2)
    sagitta = radius * (1 - np.cos(np.pi / 256))  # how far the mesh stays inside the sphere
    assert np.all(frame.instance[miss < radius - sagitta] == 3)
    assert np.all(frame.instance[miss > radius] == 0)
    assert np.count_nonzero(np.abs(miss - radius) < sagitta) < 5


def test_the_nearer_of_two_hides_the_other(tmp_path):
    stage = make_stage()
    add_rectangle(stage, (-1.003, -1.003), (0.502, 0.502), 0.0, instance_id=1)
    add_rectangle(stage, (-0.201, -0.201), (1.001, 1.001), 0.7, instance_id=2)
    frame = render(stage, tmp_path)
    near = rectangle_mask(stage.camera, (-0.201, -0.201), (1.001, 1.001), 0.7)
    far = rectangle_mask(stage.camera, (-1.003, -1.003), (0.502, 0.502), 0.0)
    assert np.array_equal(frame.instance, np.where(near, 2, np.where(far, 1, 0)))


def test_the_largest_id_comes_back_whole(tmp_path):
    stage = make_stage()
    add_rectangle(stage, LOW, HIGH, 0.0, instance_id=32_767)
    assert set(np.unique(render(stage, tmp_path).instance)) == {0, 32_767}


def test_several_parts_are_one_instance(tmp_path):
    stage = make_stage()
    parts = (
        add_mesh(stage, [(-1, -1, 0), (0, -1, 0), (0, 0, 0)], [(0, 1, 2)]),
        add_mesh(stage, [(0, 0, 0), (1, 0, 0), (1, 1, 0)], [(0, 1, 2)]),
    )
    for part in parts:
        part.pass_index = 4
    stage.objects[4] = parts
    ids = render(stage, tmp_path).instance
    assert ids[:32, 32:].any() and ids[32:, :32].any() and set(np.unique(ids)) == {0, 4}


def test_depth_is_along_the_optical_axis_not_along_the_ray(tmp_path):
    stage = make_stage()
    add_rectangle(stage, (-20, -20), (20, 20), 0.0)
    assert np.abs(render(stage, tmp_path).depth_m - 5.0).max() < 5e-5
