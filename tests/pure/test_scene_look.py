"""What one draw decides for a whole scene: addresses of its own, neutral by default, errors that help."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from test_plan import SCENE, job_of

from pipeline.check import describe_job
from pipeline.config.distributions import Constant
from pipeline.config.load import load_config
from pipeline.config.schema import Config, Environment, Image, Materials, Palette, Sky
from pipeline.errors import ConfigError
from pipeline.geometry import direction_from_angles, unit
from pipeline.records import FramePlan, ImagePlan
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.sun_position import sun_direction_deg
from pipeline.structure import Reader, from_json, structure, unstructure

SKY = {"time_h": {"uniform": [8, 16]}, "cloudiness": 0.3}
STAGE = {"walls": {}, "tray": {}}


def sky_of(**sky):
    return {"sky": {**SKY, **sky}}


def without_looks(plan: FramePlan) -> FramePlan:
    """The plan with every scene-wide look taken off again."""

    def bare(material):
        return None if material is None else dataclasses.replace(material, wetness=0.0, palette=None)

    stage = plan.surroundings
    return dataclasses.replace(
        plan,
        job_digest="",
        image=ImagePlan(),
        surroundings=dataclasses.replace(
            stage,
            floor=dataclasses.replace(stage.floor, material=bare(stage.floor.material)),
            walls=tuple(dataclasses.replace(wall, material=bare(wall.material)) for wall in stage.walls),
            tray=dataclasses.replace(stage.tray, material=bare(stage.tray.material)),
        ),
        instances=tuple(dataclasses.replace(one, material=bare(one.material)) for one in plan.instances),
    )


def test_looks_change_nothing_else_of_a_plan():
    looks = {"wetness": {"uniform": [0.2, 1]}, "palette": {"strength": {"uniform": [0.1, 1]}}}
    image = {"saturation": {"uniform": [0.6, 1.4]}, "contrast": {"uniform": [0.7, 1.3]}}
    for frame in range(8):
        before = plan_frame(job_of(surroundings=STAGE), frame)
        after = plan_frame(job_of(surroundings=STAGE, materials=looks, image=image), frame)
        assert before == dataclasses.replace(without_looks(before), job_digest=before.job_digest)
        assert after.image != ImagePlan() and after.surroundings.floor.material.wetness >= 0.2
        assert without_looks(after) == without_looks(before)


def test_water_lies_on_the_stage_and_the_palette_on_all_that_is_replaced():
    looks = {"wetness": 0.7, "palette": {"hue": 0.25, "strength": 0.5}}
    plan = next(
        plan
        for plan in (plan_frame(job_of(surroundings=STAGE, materials=looks), i) for i in range(20))
        if any(one.role == "distractor" for one in plan.instances) and plan.surroundings.walls
    )
    stage = plan.surroundings
    for material in (stage.floor.material, stage.tray.material, stage.walls[0].material):
        assert material.wetness == 0.7 and material.palette.hue == 0.25 and material.palette.strength == 0.5
    for one in plan.instances:
        if one.role == "distractor":
            assert one.material.wetness == 0.0 and one.material.palette.strength == 0.5
        else:
            assert one.material is None


def test_the_views_of_a_scene_share_its_looks_even_where_materials_are_rerolled():
    job = job_of(
        views_per_scene=2,
        reroll_per_view=["materials", "lights"],
        materials={"wetness": {"uniform": [0, 1]}, "palette": {"strength": {"uniform": [0.1, 1]}}},
        image={"saturation": {"uniform": [0.6, 1.4]}},
    )
    a, b, c = (plan_frame(job, i) for i in range(3))
    assert a.image == b.image != c.image
    one, two, other = (plan.surroundings.floor.material for plan in (a, b, c))
    assert (one.wetness, one.palette) == (two.wetness, two.palette) != (other.wetness, other.palette)
    assert one.pbr != two.pbr or one.procedural != two.procedural


def test_a_sky_takes_the_place_of_the_hdri_and_adds_its_sun_after_the_lamps():
    lights = [{"count": 2}]
    before, after = (plan_frame(job_of(lights=lights, environment=e), 3) for e in ({}, sky_of()))
    assert after.lights[:-1] == before.lights and after.lights[-1].kind == "sun"
    assert after.world.hdri is None and after.world.sky.cloudiness == 0.3
    same = {"world": before.world, "lights": before.lights, "job_digest": before.job_digest}
    assert dataclasses.replace(after, **same) == before
    assert from_json(unstructure(after), FramePlan, "plan") == after


def test_one_number_of_a_sky_moves_no_other():
    before, after = (plan_frame(job_of(environment=sky_of(**c)), 5).world.sky for c in ({}, {"haze": 0.9}))
    drawn = ("time_h", "day_of_year", "latitude_deg", "north_deg", "cloudiness", "cloud_offset")
    assert [getattr(before, name) for name in drawn] == [getattr(after, name) for name in drawn]
    assert (before.sun_azimuth_deg, before.sun_elevation_deg) == (after.sun_azimuth_deg, after.sun_elevation_deg)
    assert before.radiance != after.radiance


@pytest.mark.parametrize("north", [0.0, 90.0, 200.0])
def test_the_lamp_shines_from_where_the_sun_stands(north):
    plan = plan_frame(job_of(environment=sky_of(time_h=15.0, day_of_year=100, latitude_deg=48.0, north_deg=north)), 0)
    azimuth, elevation = sun_direction_deg(15.0, 100, 48.0)
    wanted = direction_from_angles(math.radians(north - azimuth), math.radians(elevation))
    assert unit(plan.lights[-1].offset_m) == pytest.approx(wanted, abs=1e-6)
    # North 90: +y is north, so +x is east, and in the afternoon the sun is in the south-west.
    if north == 90.0:
        assert np.all(wanted[:2] < 0)


def test_no_lamp_below_the_horizon_or_behind_closed_clouds():
    night = plan_frame(job_of(environment=sky_of(time_h=0.0, latitude_deg=45.0)), 0)
    closed = plan_frame(job_of(environment=sky_of(time_h=12.0, cloudiness=1.0)), 0)
    assert night.lights == closed.lights == ()
    assert night.world.sky.radiance > 0.01


def test_rerolled_environments_bring_their_own_sun():
    job = job_of(views_per_scene=2, reroll_per_view=["environment"], environment=sky_of(), lights=[{"count": 1}])
    a, b = plan_frame(job, 0), plan_frame(job, 1)
    assert a.lights[0] == b.lights[0] and a.lights[1] != b.lights[1] and a.world != b.world


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda n: Sky(time_h=n(25)), "time_h can be 25, above 24"),
        (lambda n: Sky(day_of_year=n(0)), "day_of_year can be 0, below 1"),
        (lambda n: Sky(latitude_deg=n(91)), "latitude_deg can be 91, above 90"),
        (lambda n: Sky(cloudiness=n(1.5)), "cloudiness can be 1.5, above 1"),
        (lambda n: Image(saturation=n(-1)), "saturation can be -1, below 0"),
        (lambda n: Image(contrast=n(9)), "contrast can be 9, above 4"),
        (lambda n: Materials(wetness=n(2)), "wetness can be 2, above 1"),
        (lambda n: Palette(strength=n(2)), "strength can be 2, above 1"),
        (lambda n: Environment(sky=Sky(), hdris=("a.hdr",)), "give exactly one of hdris, sky"),
        (lambda n: Environment(sky=Sky(), yaw_deg=n(5)), "yaw_deg turns an HDRI"),
    ],
)
def test_what_is_out_of_bounds_is_an_error(make, text):
    with pytest.raises(ValueError, match=text):
        make(lambda value: Constant(value=value))


def test_an_exr_with_saturation_is_an_error(tmp_path):
    scene = tmp_path / "s.yaml"
    scene.write_text(
        "categories: [{id: 1, name: a}]\ntargets: [{shapes: cube, category: a}]\n"
        "camera: {shell: {distance_m: 1}}\nimage: {saturation: 0.5}\nformats: {rgb: exr}\n"
    )
    with pytest.raises(ConfigError, match="an EXR holds the light before colours are encoded"):
        load_config(scene)
    assert load_config(scene, ["image=null"]).image == Image()


def test_a_sky_laid_over_hdris_drops_them_and_the_other_way_round(tmp_path):
    base = "categories: [{id: 1, name: a}]\ntargets: [{shapes: cube, category: a}]\ncamera: {shell: {distance_m: 1}}\n"
    scene = tmp_path / "s.yaml"
    scene.write_text(base + "environment: {hdris: a.hdr, yaw_deg: 4, strength: 2}\n")
    config = load_config(scene, ["environment.sky.time_h=9"])
    assert config.environment.hdris == () and config.environment.sky.time_h.value == 9
    assert config.environment.strength.value == 2
    scene.write_text(base + "environment: {sky: {time_h: 9}}\n")
    assert load_config(scene, ["environment.hdris=b.hdr"]).environment.sky is None


def test_check_says_what_is_drawn_once_a_scene():
    rows = dict(describe_job(job_of(environment=sky_of(), materials={"wetness": 0.5}, image={"contrast": 1.2})))
    assert rows["sky"] == "8 to 16 h, latitude 45, clouds 0.3" and "HDRIs" not in rows
    assert rows["scene look"] == "wetness 0.5" and rows["picture"] == "contrast 1.2"
    assert {"sky", "scene look", "picture"}.isdisjoint(dict(describe_job(job_of())))


def test_every_default_of_the_new_sections_is_neutral():
    reader = Reader()
    config = structure(SCENE, Config, reader)
    assert config.image.is_neutral and config.environment is None
    assert config.materials.palette.strength.value == config.materials.wetness.value == 0.0
