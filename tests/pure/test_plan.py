"""Plans: the same frame from anywhere, streams that do not disturb each other, and a digest that pins them."""

from __future__ import annotations

import dataclasses
import hashlib
import math

import numpy as np
import pytest

from pipeline.canonical import json_bytes
from pipeline.config.schema import Config
from pipeline.geometry import boxes_overlap, compose, matrix_from_quaternion
from pipeline.job import job_from_json, job_to_json, make_job
from pipeline.records import Asset, AssetRecipe, Catalogue, FramePlan, Hdri, RestingPose
from pipeline.sampling.plan import plan_frame
from pipeline.structure import Reader, from_json, structure, unstructure

SCENE = {
    "seed": 3,
    "frames": 50,
    "categories": [{"id": 1, "name": "mug"}, {"id": 7, "name": "bowl"}],
    "targets": [{"files": "mug.glb", "category": "mug", "count": {"integer": [1, 3]}}],
    "distractors": [{"shapes": "cube", "count": {"integer": [0, 4]}, "size_m": {"uniform": [0.05, 0.2]}}],
    "camera": {"shell": {"distance_m": {"uniform": [0.5, 1]}, "elevation_deg": {"uniform": [0, 90]}}},
}


def asset(name: str, half: float = 0.5, source: str = "") -> Asset:
    return Asset(
        asset_id=name,
        recipe=AssetRecipe(source=source or name),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        low_m=(-half, -half, -half),
        high_m=(half, half, half),
        radius_m=half * math.sqrt(3),
        triangles=12,
        has_alpha=False,
        resting=(RestingPose(rotation=(1.0, 0.0, 0.0, 0.0), height_m=half, probability=1.0),),
    )


def job_of(**changes):
    reader = Reader()
    config = structure({**SCENE, **changes}, Config, reader)
    assert not reader.problems, reader.problems
    catalogue = Catalogue(
        targets=tuple((asset("mug.glb", 0.05),) for _ in config.targets),
        distractors=tuple((asset("shape:cube"),) for _ in config.distractors),
        hdris=(
            Hdri(source="bundled:a.exr", sha256="0", mean_radiance=0.5),
            Hdri(source="b", sha256="1", mean_radiance=4),
        ),
        textures={},
    )
    return make_job(config, catalogue)


def test_a_frame_is_the_same_forwards_backwards_and_alone():
    job = job_of()
    forwards = [plan_frame(job, i) for i in range(12)]
    backwards = [plan_frame(job, i) for i in reversed(range(12))][::-1]
    assert forwards == backwards
    assert plan_frame(job_of(), 7) == forwards[7]


def test_a_plan_equals_what_its_json_reads_back_to():
    plan = plan_frame(job_of(), 4)
    assert from_json(unstructure(plan), FramePlan, "plan") == plan
    assert json_bytes(unstructure(plan)) == json_bytes(unstructure(from_json(unstructure(plan), FramePlan, "plan")))


def test_adding_a_light_changes_nothing_else():
    before, after = plan_frame(job_of(), 5), plan_frame(job_of(lights=[{"count": 2}]), 5)
    assert len(after.lights) == 2
    assert dataclasses.replace(after, lights=(), job_digest=before.job_digest) == before


def test_adding_a_distractor_group_moves_no_target_and_no_camera():
    more = [*SCENE["distractors"], {"shapes": "cube", "count": 2}]
    before, after = plan_frame(job_of(), 5), plan_frame(job_of(distractors=more), 5)
    assert after.camera == before.camera
    assert after.instances[: len(before.instances)] == before.instances


def test_more_camera_retries_keep_the_first_tries():
    camera = {**SCENE["camera"], "retries": 5}
    few, many = plan_frame(job_of(camera=camera), 1), plan_frame(job_of(camera={**camera, "retries": 50}), 1)
    assert many.camera.candidates[:6] == few.camera.candidates


def test_another_seed_gives_another_scene_and_zero_is_a_seed_like_any_other():
    zero, one = plan_frame(job_of(seed=0), 0), plan_frame(job_of(seed=1), 0)
    assert zero.camera != one.camera
    assert plan_frame(job_of(seed=0), 0) == zero


def test_the_reference_plans_have_not_changed():
    job = job_of(lights=[{"count": {"integer": [1, 3]}}], surroundings={"walls": {}, "tray": {}})
    text = b"".join(json_bytes(unstructure(plan_frame(job, i))) for i in range(50))
    # Changing this digest changes every dataset: do it on purpose, and say so in CHANGELOG.md under "Data format".
    assert hashlib.sha256(text).hexdigest() == REFERENCE_DIGEST


REFERENCE_DIGEST = "d9769e5ce6c93981df2da784758345a2984cacfc914767d63319266faa91f941"


def test_a_fixed_camera_stays_for_all_views_of_a_scene():
    camera = {"shell": {"distance_m": {"uniform": [1, 2]}}, "fixed": True}
    a, b, c = (plan_frame(job_of(views_per_scene=2, camera=camera), frame) for frame in (0, 1, 2))
    assert a.camera == b.camera != c.camera


def test_views_share_their_scene_and_nothing_but_the_camera_changes():
    job = job_of(views_per_scene=3)
    a, b, c = plan_frame(job, 3), plan_frame(job, 5), plan_frame(job, 6)
    assert (a.scene, a.view, b.scene, b.view, c.scene, c.view) == (1, 0, 1, 2, 2, 0)
    assert (a.instances, a.world, a.physics) == (b.instances, b.world, b.physics)
    assert a.camera != b.camera and a.instances != c.instances


def test_views_reroll_what_the_scene_file_asks_for():
    job = job_of(views_per_scene=2, reroll_per_view=["environment", "materials"])
    a, b = plan_frame(job, 0), plan_frame(job, 1)
    assert a.world != b.world and a.surroundings.floor.material != b.surroundings.floor.material
    assert [one.poses for one in a.instances] == [one.poses for one in b.instances]


def test_the_next_view_in_a_plan_is_the_camera_that_its_own_frame_has():
    job = job_of(views_per_scene=3, outputs=["rgb", "flow"], reroll_per_view=["lights", "environment", "materials"])
    plans = [plan_frame(job, i) for i in range(6)]
    for i in (0, 1, 3, 4):
        assert plans[i].next_view.frame == i + 1 and plans[i].next_view.camera == plans[i + 1].camera
    assert plans[2].next_view is None and plans[5].next_view is None
    assert plan_frame(job_of(views_per_scene=3), 0).next_view is None


def test_motion_blur_moves_nothing_else():
    blurred = {**SCENE["camera"], "motion_blur": {"speed_m_s": {"uniform": [0.2, 0.4]}, "turn_deg_s": 9}}
    before, after = plan_frame(job_of(), 5), plan_frame(job_of(camera=blurred), 5)
    motion = after.camera.motion
    still = dataclasses.replace(after.camera, motion=None)
    assert dataclasses.replace(after, camera=still, job_digest=before.job_digest) == before
    assert 0.2 <= np.linalg.norm(motion.velocity_m_s) <= 0.4 and 1 / 500 <= motion.exposure_s <= 1 / 30
    assert motion.turn_deg_s == 9 and np.linalg.norm(motion.axis) == pytest.approx(1)


def test_the_camera_moves_in_every_direction_alike():
    blurred = {**SCENE["camera"], "motion_blur": {"speed_m_s": 1}}
    ways = np.array([plan_frame(job_of(camera=blurred), i).camera.motion.velocity_m_s for i in range(150)])
    assert np.abs(ways.mean(axis=0)).max() < 0.15
    assert (ways**2).mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.07)


def test_cameras_are_uniform_over_the_sphere_not_crowded_at_the_pole():
    job = job_of()
    heights = []
    for frame in range(100):
        for candidate in plan_frame(job, frame).camera.candidates:
            x, y, z = candidate.offset_m
            heights.append(z / math.sqrt(x * x + y * y + z * z))
    assert min(heights) >= 0
    shares = np.histogram(heights, bins=10, range=(0, 1))[0] / len(heights)
    assert np.all(np.abs(shares - 0.1) < 0.03)


def test_released_bodies_do_not_overlap():
    job = job_of(distractors=[{"shapes": "cube", "count": 25, "size_m": 0.1}])
    bodies = [
        (np.array(one.poses[0].location_m), 0.5 * math.sqrt(3) * max(one.scale)) for one in plan_frame(job, 0).instances
    ]
    bodies = [(place, radius if i >= 3 else 0) for i, (place, radius) in enumerate(bodies)]
    for i, (a, ra) in enumerate(bodies):
        for b, rb in bodies[:i]:
            assert np.linalg.norm(a - b) >= ra + rb - 1e-6


def test_flying_instances_do_not_overlap():
    job = job_of(
        placement={"flying": {"volume_m": [0.6, 0.6, 0.6], "clearance_m": 0.01}},
        distractors=[{"shapes": "cube", "count": 8, "size_m": 0.1, "proportions": 1}],
    )
    plan = plan_frame(job, 2)
    cubes = [one for one in plan.instances if one.role == "distractor"]
    poses = [compose(one.poses[0].location_m, one.poses[0].rotation) for one in cubes]
    for i, a in enumerate(poses):
        assert not any(boxes_overlap(a, [0.05] * 3, b, [0.05] * 3) for b in poses[:i])


def test_no_room_rejects_the_frame_with_its_reason():
    job = job_of(
        placement={"flying": {"volume_m": [0.5, 0.5, 0.5]}}, distractors=[{"shapes": "cube", "count": 5, "size_m": 1}]
    )
    assert "no room for distractors/0/" in plan_frame(job, 0).rejected
    assert plan_frame(job, 0).instances == ()


def test_a_stretched_shape_rests_on_a_face():
    job = job_of(placement={"resting": {"area_m": [3, 3]}}, distractors=[{"shapes": "cube", "count": 4, "size_m": 0.4}])
    for one in plan_frame(job, 1).instances:
        half = np.array([0.05] * 3 if one.role == "target" else [0.5] * 3) * one.scale
        corners = np.array([[sx, sy, sz] for sx in (-1, 1) for sy in (-1, 1) for sz in (-1, 1)]) * half
        world = corners @ matrix_from_quaternion(one.poses[0].rotation).T + one.poses[0].location_m
        assert abs(world[:, 2].min()) < 1e-6
        assert np.sum(world[:, 2] < 1e-6) == 4


def test_the_hdri_strength_is_relative_to_its_mean_radiance():
    job = job_of(environment={"strength": 2.0})
    strengths = {plan_frame(job, i).world.hdri.source: plan_frame(job, i).world.strength for i in range(12)}
    assert strengths == {"bundled:a.exr": 4.0, "b": 0.5}


def test_a_given_k_becomes_the_lens_that_has_it():
    from pipeline.geometry import intrinsics

    camera = {**SCENE["camera"], "k": {"fx": 600, "fy": 660, "cx": 310, "cy": 250}, "resolution": [640, 480]}
    one = plan_frame(job_of(camera=camera), 0).camera.candidates[0]
    k = intrinsics((640, 480), one.focal_length_mm, one.sensor_width_mm, one.shift, one.pixel_aspect)
    assert np.allclose(k, [[600, 0, 310], [0, 660, 250], [0, 0, 1]], atol=1e-5)


def test_a_job_survives_its_json_and_notices_an_edit():
    job = job_of()
    data = job_to_json(job, "..")
    assert job_from_json(data, "job.json") == job
    data["config"]["seed"] = 4
    with pytest.raises(ValueError, match="does not match its digest"):
        job_from_json(data, "job.json")


def test_turning_the_aim_moves_nothing_else():
    before = plan_frame(job_of(), 5).camera.candidates
    after = plan_frame(job_of(camera={**SCENE["camera"], "aim_jitter_deg": 10}), 5).camera.candidates
    assert all(one.yaw_deg == one.pitch_deg == 0 for one in before)
    assert len({one.yaw_deg for one in after}) == len({one.pitch_deg for one in after}) == len(after)
    assert tuple(dataclasses.replace(one, yaw_deg=0.0, pitch_deg=0.0) for one in after) == before


def test_a_floor_is_there_as_often_as_its_probability_says():
    flying = {"placement": {"flying": {"volume_m": [2, 2, 2]}}}
    job = job_of(surroundings={"floor": {"probability": 0.3}}, **flying)
    there = [plan_frame(job, i).surroundings.floor for i in range(200)]
    sure = job_of(**flying)
    always = [plan_frame(sure, i).surroundings.floor for i in range(200)]
    assert 40 < sum(floor is not None for floor in there) < 80
    assert all(floor in (None, same) for floor, same in zip(there, always, strict=True))


def test_one_material_is_that_of_the_floor_everywhere():
    stage = {"walls": {"count": 4}, "tray": {}, "one_material": True}
    one, many = (
        plan_frame(job_of(surroundings={**stage, "one_material": same}), 3).surroundings for same in (True, False)
    )
    assert {wall.material for wall in one.walls} | {one.tray.material} == {one.floor.material}
    assert len({wall.material for wall in many.walls} | {many.tray.material, many.floor.material}) == 6
    assert many.floor == one.floor


def test_unique_assets_come_once_a_scene_and_each_as_often_as_the_others():
    group = {"files": "mugs", "category": "mug", "count": 3, "unique": True}
    job = job_of(targets=[group], distractors=[])
    five = tuple(asset(f"mug{i}", 0.01) for i in range(5))
    job = make_job(job.config, dataclasses.replace(job.catalogue, targets=(five,)))
    scenes = [[one.asset_id for one in plan_frame(job, i).instances] for i in range(300)]
    assert all(len(set(names)) == 3 for names in scenes)
    often = [sum(f"mug{i}" in names for names in scenes) for i in range(5)]
    assert min(often) > 150 and max(often) < 210


def test_an_elevation_is_even_over_the_area_or_over_the_angle():
    shell = {"distance_m": 1, "elevation_deg": {"uniform": [0, 90]}}
    median = {}
    for law in ("area", "angle"):
        job = job_of(camera={"shell": {**shell, "uniform_over": law}})
        heights = [one.offset_m[2] for i in range(20) for one in plan_frame(job, i).camera.candidates]
        assert len(heights) >= 400
        median[law] = math.degrees(math.asin(np.median(heights)))
    assert median["area"] == pytest.approx(30, abs=3) and median["angle"] == pytest.approx(45, abs=4)
