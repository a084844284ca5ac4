"""Layers before the camera: where in its picture things are, and how they fill it."""

from __future__ import annotations

import numpy as np
import pytest
from test_plan import job_of

from pipeline.geometry import boxes_overlap, compose, inverse_rigid
from pipeline.lenses import project
from pipeline.sampling.frustum import first_view
from pipeline.sampling.plan import plan_frame

CAMERA = {
    "shell": {"distance_m": {"uniform": [1, 2]}, "elevation_deg": {"uniform": [-80, 80]}},
    "look_at": [0, 0, 0],
    "aim_jitter_deg": 20,
    "roll_deg": {"uniform": [-180, 180]},
    "resolution": [80, 60],
    "fov_deg": 70,
}
MUGS = {"files": "mug.glb", "category": "mug"}


def scene(law: dict, camera: dict | None = None, count: int = 8, **group):
    targets = [{**MUGS, "count": count, **group}]
    return job_of(camera=camera or CAMERA, targets=targets, distractors=[], placement={"frustum": law})


def seen(plan):
    """Pixels (N, 2) and depths (N,) of what is placed, in the view of the camera's one try."""
    view = first_view(plan.camera)
    return project(
        view.lens, inverse_rigid(view.world_from_camera), [one.poses[0].location_m for one in plan.instances]
    )


@pytest.mark.parametrize(
    "lens", [{}, {"lens": {"opencv": {"k1": -0.1}}}, {"fov_deg": 200, "lens": {"fisheye": {}}}, {"shift": [0.1, -0.2]}]
)
def test_things_are_in_the_picture_at_their_depth_whatever_the_camera(lens):
    job = scene({"depth_m": {"uniform": [1, 3]}, "margin": 0}, {**CAMERA, **lens}, scale=0.01)
    places = [seen(plan_frame(job, i)) for i in range(40)]
    pixels = np.concatenate([pixels for pixels, _ in places])
    depths = np.concatenate([depths for _, depths in places])
    assert pixels.min() >= -1e-3 and np.all(pixels <= np.add((80, 60), 1e-3))
    assert np.all(np.ptp(pixels, axis=0) > (60, 50)) and 1 <= depths.min() < 1.1 and 2.9 < depths.max() <= 3


def test_a_margin_reaches_beyond_the_border():
    job = scene({"depth_m": 1, "margin": 0.5}, scale=0.01)
    pixels = np.concatenate([seen(plan_frame(job, i))[0] for i in range(60)])
    assert np.allclose(pixels.min(axis=0), (-40, -30), atol=2) and np.allclose(pixels.max(axis=0), (120, 90), atol=2)


def test_the_camera_has_one_try_and_it_is_the_same_without_the_layer():
    plain = job_of(camera={**CAMERA, "retries": 5}, targets=[MUGS], placement={"flying": {}})
    layered = scene({"depth_m": 1}, {**CAMERA, "retries": 5})
    assert plan_frame(layered, 3).camera.candidates == plan_frame(plain, 3).camera.candidates[:1]


def boxes(plan):
    return [
        (compose(one.poses[0].location_m, one.poses[0].rotation), 0.05 * np.asarray(one.scale))
        for one in plan.instances
    ]


def overlaps(plan) -> int:
    found = boxes(plan)
    return sum(boxes_overlap(*a, *b) for i, a in enumerate(found) for b in found[:i])


def test_things_keep_apart_unless_they_may_overlap():
    law = {"depth_m": {"uniform": [0.8, 1.2]}}
    assert sum(overlaps(plan_frame(scene(law, count=20), i)) for i in range(5)) == 0
    assert sum(overlaps(plan_frame(scene({**law, "overlap": True}, count=20), i)) for i in range(5)) > 5


def test_no_room_rejects_the_frame_and_says_what_to_do():
    plan = plan_frame(scene({"depth_m": 0.1}, count=50), 0)
    assert "no room for targets/0/" in plan.rejected and "let things overlap or lower counts" in plan.rejected


def test_even_places_leave_smaller_gaps():
    grid = np.stack(np.meshgrid(np.arange(0, 80, 4), np.arange(0, 60, 4)), -1).reshape(-1, 2)

    def widest_gap(even: bool) -> float:
        job = scene({"depth_m": 1, "even": even, "overlap": True}, count=40)
        return max(
            np.linalg.norm(grid[:, None] - seen(plan_frame(job, i))[0], axis=2).min(axis=1).max() for i in range(10)
        )

    assert widest_gap(True) < 0.75 * widest_gap(False)


def test_each_group_is_spread_by_itself_and_adding_one_moves_no_other():
    law = {"frustum": {"depth_m": 1, "even": True, "overlap": True}}
    groups = [{"shapes": "cube", "count": 10, "placement": law}] * 2
    one, two = (
        plan_frame(job_of(camera=CAMERA, targets=[{**MUGS, "placement": law}], distractors=groups[:n]), 0)
        for n in (1, 2)
    )
    assert two.instances[: len(one.instances)] == one.instances and len(two.instances) == len(one.instances) + 10


def test_a_camera_at_the_point_it_looks_at_is_a_rejected_frame():
    camera = {"box": {"center_m": [0, 0, 0], "size_m": [0, 0, 0]}, "look_at": [0, 0, 0]}
    assert "very point it looks at" in plan_frame(scene({"depth_m": 1}, camera), 0).rejected
