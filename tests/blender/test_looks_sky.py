"""The sky in pictures: as bright as the plan says, its sun where the formula has it, the ground below."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from looks_samples import add_camera, add_cube, add_plane, empty_scene, pbr, places, render

from pipeline.annotations.environment import environment_label
from pipeline.config.distributions import Constant
from pipeline.config.schema import Environment, Sky
from pipeline.errors import DeviceError
from pipeline.geometry import direction_from_angles
from pipeline.records import WorldPlan
from pipeline.render.eevee import require_eevee
from pipeline.sampling.colors import luminance
from pipeline.sampling.daylight import daylight
from pipeline.sampling.sky import sample_sky_world, sun_lamp
from pipeline.scene.compat import EEVEE
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.lights import add_light, read_lights, rendered_lamps
from pipeline.scene.looks.materials import add_material
from pipeline.scene.looks.sky import sky_level
from pipeline.scene.looks.world import add_world

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def world_of(strength: float = 1.0, **sky: float) -> WorldPlan:
    values = {"day_of_year": 172, "latitude_deg": 48, "north_deg": 90, "cloudiness": 0, "haze": 0, **sky}
    config = Sky(**{name: Constant(value=value) for name, value in values.items()})
    environment = Environment(strength=Constant(value=strength), sky=config)
    return sample_sky_world(environment, config, (), 1, ("scene", 0))


def lit(plan: WorldPlan, folder, *, with_sun: bool = True) -> bpy.types.Scene:
    scene = empty_scene()
    add_world(scene, plan, ImageCache(), places(folder), (32, 32))
    lamp = sun_lamp(plan)
    if lamp is not None and with_sun:
        add_light(scene.collection, lamp, "sun", (0.0, 0.0, 0.0))
    scene.view_layers[0].update()
    return scene


def level_of(scene: bpy.types.Scene, folder) -> float:
    """How a white level surface shines."""
    add_plane(scene, add_material(pbr((1.0, 1.0, 1.0)), "white", ImageCache(), places(folder)), 10.0)
    add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=0.1)
    return float((render(scene, folder, (16, 16), 64).mean(axis=(0, 1)) * LUMINANCE).sum())


@pytest.mark.parametrize("time_h", [12.0, 5.0, 19.5, 20.3, 0.0])
@pytest.mark.parametrize(("cloudiness", "haze"), [(0.0, 0.0), (0.0, 0.7), (1.0, 0.3)])
def test_a_white_surface_shines_as_the_plan_says(tmp_path, time_h, cloudiness, haze):
    plan = world_of(time_h=time_h, cloudiness=cloudiness, haze=haze)
    assert level_of(lit(plan, tmp_path, with_sun=False), tmp_path) == pytest.approx(plan.sky.radiance, rel=0.15)


def test_broken_clouds_keep_the_light_in_the_mean(tmp_path):
    levels = []
    for seed in range(6):
        values = Sky(time_h=Constant(value=10.0), cloudiness=Constant(value=0.5), haze=Constant(value=0.1))
        plan = sample_sky_world(Environment(strength=Constant(value=1.0), sky=values), values, (), seed, ("scene", 0))
        levels.append(level_of(lit(plan, tmp_path, with_sun=False), tmp_path) / plan.sky.radiance)
    assert np.mean(levels) == pytest.approx(1.0, abs=0.12)


def test_strength_is_that_of_an_hdri_by_full_adaptation(tmp_path):
    plan = world_of(strength=0.6, time_h=10.0, adaptation=1.0)
    assert level_of(lit(plan, tmp_path), tmp_path) == pytest.approx(0.6, rel=0.1)


@pytest.mark.parametrize("time_h", [8.0, 12.0, 16.5])
@pytest.mark.parametrize("north_deg", [90.0, 30.0])
def test_a_shadow_falls_where_the_formula_says(tmp_path, time_h, north_deg):
    """A small square in the air shadows the ground at its place moved along the light."""
    plan = world_of(time_h=time_h, north_deg=north_deg)
    scene = lit(plan, tmp_path)
    add_plane(scene, add_material(pbr((0.8, 0.8, 0.8)), "ground", ImageCache(), places(tmp_path)), 10.0)
    height = 0.5
    hat = add_plane(scene, None, 0.1)
    hat.location.z, hat.visible_camera = height, False
    add_camera(scene, (0.0, 0.0, 5.0), (0.0, 0.001, 0.0), width_m=3.0)
    picture = render(scene, tmp_path, (128, 128), 16) @ LUMINANCE
    dark = np.median(picture) - picture
    dark[dark < 0.3 * dark.max()] = 0.0
    rows, columns = np.indices(dark.shape) + 0.5
    x = (columns * dark).sum() / dark.sum() * 3.0 / 128 - 1.5
    y = 1.5 - (rows * dark).sum() / dark.sum() * 3.0 / 128
    sun = direction_from_angles(math.radians(plan.sky.sun_azimuth_deg), math.radians(plan.sky.sun_elevation_deg))
    assert (x, y) == pytest.approx(tuple(-height * sun[:2] / sun[2]), abs=0.02)


@pytest.mark.parametrize("north_deg", [90.0, 250.0])
def test_the_sky_is_brightest_around_the_sun(tmp_path, north_deg):
    plan = world_of(time_h=8.0, north_deg=north_deg, haze=0.2)
    scene = lit(plan, tmp_path)
    azimuth, elevation = math.radians(plan.sky.sun_azimuth_deg), math.radians(plan.sky.sun_elevation_deg)
    add_camera(scene, (0.0, 0.0, 0.0), direction_from_angles(azimuth, elevation), fov_rad=1.0)
    picture = render(scene, tmp_path, (33, 33), 1) @ LUMINANCE
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert abs(row - 16) <= 2 and abs(column - 16) <= 2


def test_the_ground_lies_below_the_horizon_and_the_sky_above(tmp_path):
    plan = world_of(time_h=12.0)
    scene = lit(plan, tmp_path)
    add_camera(scene, (0.0, 0.0, 1.0), (1.0, 0.0, 1.0), fov_rad=0.8)
    picture = render(scene, tmp_path, (9, 33), 1)
    assert picture[-4:].mean(axis=(0, 1)) == pytest.approx(plan.sky.ground, rel=0.02)
    assert picture[6, :, 2].mean() > 1.3 * picture[6, :, 0].mean()  # a blue sky by day


def test_clouds_whiten_the_sky_and_cover_their_share(tmp_path):
    def sky(cloudiness: float) -> np.ndarray:
        scene = lit(world_of(time_h=12.0, cloudiness=cloudiness), tmp_path)
        add_camera(scene, (0.0, 0.0, 0.0), (1.0, 0.0, 1.0), fov_rad=1.4)
        return render(scene, tmp_path, (64, 64), 1)

    def blueness(picture: np.ndarray) -> np.ndarray:
        return picture[..., 2] / picture[..., 0]

    clear, broken, closed = (blueness(sky(c)) for c in (0.0, 0.5, 1.0))
    whitish = (np.median(clear) + 1.0) / 2
    assert whitish > 1.2 and closed.max() < 1.1
    assert 0.2 < (broken < whitish).mean() < 0.8


def test_the_labels_tell_sky_and_sun(tmp_path):
    plan = world_of(time_h=15.0)
    scene = lit(plan, tmp_path)
    label, (sun,) = (
        environment_label(plan),
        read_lights((), ((lamp, lamp.matrix_world) for lamp in rendered_lamps(scene))),
    )
    assert (label.hdri, label.sha256, label.sky) == ("", "", plan.sky)
    wanted = direction_from_angles(math.radians(plan.sky.sun_azimuth_deg), math.radians(plan.sky.sun_elevation_deg))
    assert sun.kind == "sun" and -np.array(sun.direction) == pytest.approx(wanted, abs=1e-6)
    light = daylight(plan.sky.sun_elevation_deg, 0, 0, 1.0, 0.8)
    assert sun.energy * luminance(sun.color) / math.pi == pytest.approx(light.beam, rel=1e-5)


def test_levels_between_those_measured_are_between_them():
    assert sky_level(15.0, 0.3) == pytest.approx(math.sqrt(sky_level(10.0, 0.3) * sky_level(20.0, 0.3)))
    assert sky_level(10.0, 0.3) < sky_level(10.0, 0.6) < sky_level(10.0, 1.0)


def test_eevee_shows_the_same_sky(tmp_path):
    try:
        require_eevee()
    except DeviceError as error:
        pytest.skip(str(error))
    plan = world_of(time_h=15.0, cloudiness=0.4)

    def sky(engine: str) -> np.ndarray:
        scene = lit(plan, tmp_path)
        scene.render.engine = engine
        scene.eevee.taa_render_samples = 4
        add_cube(scene, None, 0.1).location = (3.0, 0.0, 0.0)
        add_camera(scene, (0.0, 0.0, 0.0), (1.0, 0.0, 0.5), fov_rad=1.2)
        return render(scene, tmp_path, (32, 32), 4)

    cycles, eevee = sky("CYCLES"), sky(EEVEE)
    assert np.abs(cycles - eevee).mean() < 0.1 * cycles.mean()
