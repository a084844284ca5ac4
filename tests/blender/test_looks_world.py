from __future__ import annotations

import math

import numpy as np
import pytest
from looks_samples import (
    add_camera,
    add_plane,
    empty_scene,
    pbr,
    places,
    render,
    uniform_sky,
    world_plan,
    write_picture,
)

from pipeline.errors import AssetError
from pipeline.geometry import direction_from_angles
from pipeline.records import BackgroundPlan, Photo
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.materials import add_material
from pipeline.scene.looks.world import add_world


def spotted_sky(folder, u: float, v: float) -> str:
    """Black but for a bright patch around column share `u`, row share `v` (from the top)."""
    pixels = np.zeros((64, 128, 3), dtype=np.float32)
    row, column = int(v * 63), int(u * 127)
    pixels[max(0, row - 2) : row + 3, max(0, column - 2) : column + 4] = 5.0
    return write_picture(folder / "spot.exr", pixels)


def looking_along(direction, plan, folder) -> np.ndarray:
    scene = empty_scene()
    add_world(scene, plan, ImageCache(), places(folder), (16, 16))
    add_camera(scene, (0.0, 0.0, 0.0), direction, fov_rad=0.2)
    return render(scene, folder, (16, 16), 1)


@pytest.mark.parametrize("yaw_deg", [0.0, 90.0, 200.0])
def test_the_middle_of_an_hdri_lies_along_x_and_yaw_turns_it_towards_y(tmp_path, yaw_deg):
    plan = world_plan(spotted_sky(tmp_path, 0.5, 0.5), yaw_deg=yaw_deg)
    picture = looking_along(direction_from_angles(math.radians(yaw_deg), 0.0), plan, tmp_path)
    assert picture[8, 8].min() > 2.0


def test_the_left_half_of_an_hdri_lies_towards_y(tmp_path):
    picture = looking_along((0.0, 1.0, 0.0), world_plan(spotted_sky(tmp_path, 0.25, 0.5)), tmp_path)
    assert picture[8, 8].min() > 2.0


@pytest.mark.parametrize("azimuth_deg", [0.0, 90.0, 215.0])
def test_tilt_leans_the_zenith_towards_its_azimuth_whatever_the_yaw(tmp_path, azimuth_deg):
    sky = np.zeros((64, 128, 3), dtype=np.float32)
    sky[:6] = 5.0
    source = write_picture(tmp_path / "zenith.exr", sky)
    plan = world_plan(source, yaw_deg=70.0, tilt_deg=30.0, tilt_azimuth_deg=azimuth_deg)
    leaning = direction_from_angles(math.radians(azimuth_deg), math.radians(60.0))
    assert looking_along(leaning, plan, tmp_path).mean() > 3.0  # at the pole itself the file's edges are interpolated


def test_a_diffuse_surface_under_a_uniform_sky_of_radiance_1_shines_as_its_albedo(tmp_path):
    scene = empty_scene()
    images = ImageCache()
    add_plane(scene, add_material(pbr((0.8, 0.5, 0.2)), "grey", images, places(tmp_path)), 10.0)
    add_world(scene, world_plan(uniform_sky(tmp_path)), images, places(tmp_path), (16, 16))
    add_camera(scene, (0.0, 0.0, 2.0), (0.0, 0.0, 0.0))
    mean = render(scene, tmp_path, (16, 16), 64).mean(axis=(0, 1))
    assert mean == pytest.approx((0.8, 0.5, 0.2), rel=0.02)


def test_strength_and_tint_multiply_the_radiance(tmp_path):
    plan = world_plan(uniform_sky(tmp_path, 0.5), strength=3.0, tint=(1.0, 0.5, 0.25))
    assert looking_along((1.0, 0.0, 0.0), plan, tmp_path)[8, 8] == pytest.approx((1.5, 0.75, 0.375), rel=1e-3)


def over_mirror(folder, background, *, metallic: float):
    """Return the picture of a floor (lower half) before a background, lit by a sky of radiance 0.5."""
    scene = empty_scene()
    images = ImageCache()
    material = add_material(pbr((1.0, 1.0, 1.0), roughness=0.0, metallic=metallic), "floor", images, places(folder))
    add_plane(scene, material, 1000.0)
    plan = world_plan(uniform_sky(folder, 0.5), background=background)
    add_world(scene, plan, images, places(folder), (16, 16))
    add_camera(scene, (0.0, 0.0, 1.0), (1.0, 0.0, 1.0))
    return render(scene, folder, (16, 16), 32)


def test_a_background_colour_is_what_the_camera_sees(tmp_path):
    picture = over_mirror(tmp_path, BackgroundPlan(color=(0.1, 0.6, 0.0)), metallic=0.0)
    assert picture[2, 8] == pytest.approx((0.1, 0.6, 0.0), abs=1e-3)


@pytest.mark.parametrize("metallic", [0.0, 1.0])
def test_light_and_reflections_stay_the_hdris_behind_a_background(tmp_path, metallic):
    picture = over_mirror(tmp_path, BackgroundPlan(color=(0.1, 0.6, 0.0)), metallic=metallic)
    assert picture[13:].mean(axis=(0, 1)) == pytest.approx((0.5, 0.5, 0.5), rel=0.05)


@pytest.mark.parametrize("size", [(32, 32), (16, 48), (96, 16)])
def test_a_photo_fills_the_picture_with_its_middle_unstretched(tmp_path, size):
    across, down = np.meshgrid(np.linspace(0, 1, 128), np.linspace(0, 1, 64))
    photo = np.stack([across, down, np.zeros_like(across)], axis=-1).astype(np.float32)
    source = write_picture(tmp_path / "photo.exr", photo)
    plan = BackgroundPlan(photo=Photo(source=source, sha256="", width_px=128, height_px=64))
    scene = empty_scene()
    add_world(scene, world_plan(uniform_sky(tmp_path), background=plan), ImageCache(), places(tmp_path), size)
    add_camera(scene, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    picture = render(scene, tmp_path, size, 4)
    step_right = (picture[:, -2, 0] - picture[:, 1, 0]).mean() * 128 / (size[0] - 3)
    step_down = (picture[-2, :, 1] - picture[1, :, 1]).mean() * 64 / (size[1] - 3)
    fill = min(128 / size[0], 64 / size[1])  # photo pixels per picture pixel, the same both ways
    assert (step_right, step_down) == pytest.approx((fill, fill), rel=0.04)
    assert picture.mean(axis=(0, 1))[:2] == pytest.approx((0.5, 0.5), abs=0.01)


def test_an_hdri_that_is_not_an_image_is_an_asset_error(tmp_path):
    (tmp_path / "sky.hdr").write_text("no picture")
    with pytest.raises(AssetError, match="sky.hdr.*not an image"):
        add_world(empty_scene(), world_plan("sky.hdr"), ImageCache(), places(tmp_path), (16, 16))
