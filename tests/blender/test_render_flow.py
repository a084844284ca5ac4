"""Optical flow through Blender: the next view is what its own frame shows, and points are found again in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from scene_samples import workshop_and_job

from pipeline.annotations.annotate import annotate
from pipeline.canonical import json_bytes
from pipeline.records import Annotation, RenderedFrame
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import close_scene
from pipeline.structure import unstructure

EYE = {
    "box": {"center_m": [0.0, -1.0, 0.6], "size_m": [0.4, 0.2, 0.2]},
    "look_at": [0, 0, 0],
    "roll_deg": {"uniform": [-10, 10]},
    "min_targets_in_view": 0,
    "resolution": [96, 72],
    "clearance_m": 0.01,
}
CAMERAS = {
    "pinhole": {"fov_deg": 50, "shift": [0.03, -0.02]},
    "opencv": {"fov_deg": 50, "lens": {"opencv": {"k1": {"uniform": [-0.25, 0.1]}, "p1": 0.003}}},
    "fisheye": {"fov_deg": 110, "lens": {"fisheye": {"k1": -0.03}}},
    "equirectangular": {"lens": {"equirectangular": {}}, "resolution": [384, 192]},
}
OUTPUTS = ["rgb", "flow", "flow_occlusion"]
LARGE = {
    "targets": [{"shapes": ["cube", "wedge"], "category": "block", "count": 3, "size_m": 0.25}],
    "distractors": [{"shapes": ["sphere", "torus"], "count": 3, "size_m": 0.25}],
    "placement": {"flying": {"volume_m": [0.8, 0.8, 0.4], "center_m": [0, 0, 0.25]}},
}
DROP = {"drop": {"area_m": [0.4, 0.4], "height_m": 0.1}}


def frames_of(folder: Path, indices: tuple[int, ...], **changes: object) -> dict[int, tuple[RenderedFrame, Annotation]]:
    """Frames of a job of three views a scene, made one after the other in one session."""
    changes = {"views_per_scene": 3, "outputs": OUTPUTS, "accept": {"min_targets": 0}, **LARGE, **changes}
    workshop, job = workshop_and_job(folder, **changes)
    made = {}
    for index in indices:
        plan = plan_frame(job, index)
        rendered = render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), folder)
        made[index] = rendered, annotate(plan, rendered)
        close_scene(workshop)
    return made


@pytest.mark.parametrize("lens", CAMERAS)
def test_the_next_view_is_what_its_own_frame_shows_and_points_are_found_there(lens, tmp_path):
    frames = frames_of(tmp_path, (0, 1, 2), camera={**EYE, **CAMERAS[lens]}, reroll_per_view=["materials", "lights"])
    assert [annotation.labels.flow_to for _, annotation in frames.values()] == [1, 2, None]
    for index in (0, 1):
        (now, annotation), (after, _) = frames[index], frames[index + 1]
        assert now.next_view is not None and now.next_view.camera == after.realised.camera
        assert np.array_equal(now.next_view.instance, after.instance)
        same, compared = found_again(now, annotation, after)
        assert compared > 500 and same == compared
    assert "flow" not in frames[2][1].images and frames[2][0].next_view is None


def found_again(now: RenderedFrame, annotation: Annotation, after: RenderedFrame) -> tuple[int, int]:
    """How many points not hidden have their id in the next view, of how many. Not nearer than two pixels to an edge."""
    flow, occlusion = annotation.images["flow"], annotation.images["flow_occlusion"]
    rows, columns = np.nonzero(occlusion == 0)
    place = np.floor(np.stack([columns, rows], axis=1) + 0.5 + flow[rows, columns]).astype(int)
    height, width = after.instance.shape
    keep = np.all((place >= 2) & (place < (width - 2, height - 2)), axis=1)
    x, y = place[keep].T
    around = np.stack([after.instance[y + j, x + i] for j in range(-2, 3) for i in range(-2, 3)])
    is_plain = np.all(around == around[0], axis=0)
    ids = now.instance[rows, columns][keep][is_plain]
    assert np.count_nonzero(ids) > 50
    return int(np.sum(ids == around[0][is_plain])), int(is_plain.sum())


def test_a_frame_made_alone_has_the_flow_it_has_in_a_run(tmp_path):
    camera = {**EYE, **CAMERAS["pinhole"]}
    run = frames_of(tmp_path, (0, 1), camera=camera, placement=DROP)[1][1]
    alone = frames_of(tmp_path, (1,), camera=camera, placement=DROP)[1][1]
    assert run.images["flow"].tobytes() == alone.images["flow"].tobytes()
    assert run.images["flow_occlusion"].tobytes() == alone.images["flow_occlusion"].tobytes()
    assert json_bytes(unstructure(run.labels)) == json_bytes(unstructure(alone.labels))


def test_asking_for_flow_changes_no_other_file_and_leaves_the_scene_alone(tmp_path):
    camera = {**EYE, **CAMERAS["fisheye"]}
    workshop, job = workshop_and_job(tmp_path, views_per_scene=2, outputs=OUTPUTS, camera=camera)
    plan = plan_frame(job, 0)
    pictures = []
    for one in (plan, replace(plan, outputs=("instance", "rgb"), next_view=None)):
        built = build_scene(one, workshop)
        picture, chosen = shown(), built.scene.camera.name
        rendered = render_frame(built, one, choose_device("cpu"), tmp_path)
        assert shown() == picture and built.scene.camera.name == chosen
        pictures.append((rendered.rgb_file.read_bytes(), rendered.instance.tobytes(), rendered.depth_m.tobytes()))
        close_scene(workshop)
    assert pictures[0] == pictures[1]


def shown() -> list[object]:
    render = bpy.context.scene.render
    names = ("resolution_x", "resolution_y", "pixel_aspect_x", "use_border", "border_min_x", "border_max_y")
    return [getattr(render, name) for name in names]


def test_before_a_view_without_a_camera_there_is_no_flow(tmp_path):
    workshop, job = workshop_and_job(tmp_path, views_per_scene=2, outputs=OUTPUTS, camera={**EYE, "retries": 0})
    plan = plan_frame(job, 0)
    assert plan.next_view is not None
    impossible = replace(plan.next_view.camera, clearance_m=50.0)
    plan = replace(plan, next_view=replace(plan.next_view, camera=impossible))
    rendered = render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), tmp_path)
    annotation = annotate(plan, rendered)
    assert rendered.next_view is None and annotation.labels.status == "accepted" and annotation.labels.flow_to is None


DRIVING = {
    "targets": [{"shapes": "cube", "category": "block", "count": 0, "size_m": 0.2, "proportions": 1}],
    "distractors": [],
    "view_interval_s": 0.5,
    "camera": {**EYE, "box": {"center_m": [0, -1, 0.1], "size_m": [0, 0, 0]}, "look_at": [0, 0, 0.1], "roll_deg": 0}
    | {"fov_deg": 60, "resolution": [128, 96]},
}


def line(*points: list[float], **law: object) -> dict[str, object]:
    return {"rail": {"spline": {"points_m": list(points), **law}, "allowed": {"block": 1}, "count": 1}}


def test_a_thing_that_moves_takes_its_points_with_it(tmp_path):
    contexts = line([-0.4, 0, 0], [0.4, 0, 0], gap_m=1, start_m=0.2, speed_m_s=0.3)
    frames = frames_of(tmp_path, (0, 1), **DRIVING, contexts=contexts)
    (now, annotation), (after, _) = frames[0], frames[1]
    x = [one.realised.instances[0].center_m[0] for one in (now, after)]
    assert x == pytest.approx([-0.1, 0.05], abs=1e-6)
    assert np.array_equal(now.next_view.instance, after.instance)
    flow, occlusion = annotation.images["flow"], annotation.images["flow_occlusion"]
    front = (now.instance == 1) & (np.abs(now.depth_m - 0.9) < 1e-4)
    focal_px = 128 / 2 / np.tan(np.radians(30))
    assert front.sum() > 500
    assert flow[front] == pytest.approx(np.tile([focal_px * 0.15 / 0.9, 0.0], (front.sum(), 1)), abs=2e-3)
    assert not occlusion[front].any()
    still = now.instance == 0
    assert np.abs(flow[still]).max() < 1e-3
    hidden = still & (after.instance == 1)
    assert occlusion[hidden].mean() > 0.9 * 255 and occlusion[still & (after.instance == 0)].mean() < 0.05 * 255


def test_a_thing_that_turns_with_its_line_is_found_again(tmp_path):
    a = np.radians(np.arange(0, 360, 5))
    ring = [[round(0.25 * float(np.cos(b)), 6), round(0.25 * float(np.sin(b)), 6), 0.0] for b in a]
    moving = {**DRIVING, "camera": {**DRIVING["camera"], "box": {"center_m": [0, -1, 0.8], "size_m": [0.3, 0, 0]}}}
    frames = frames_of(tmp_path, (0, 1, 2), **moving, contexts=line(*ring, ring[0], speed_m_s=0.4))
    for index in (0, 1):
        (now, annotation), (after, _) = frames[index], frames[index + 1]
        assert now.next_view.camera == after.realised.camera
        assert now.next_view.moved_on == {1: after.realised.instances[0].world_from_object}
        assert np.array_equal(now.next_view.instance, after.instance)
        same, compared = found_again(now, annotation, after)
        assert compared > 500 and same == compared


def test_what_falls_comes_to_rest_where_it_did_whatever_moves(tmp_path):
    falling = {"shapes": "cube", "count": 3, "size_m": 0.1, "placement": {"drop": {"area_m": [0.4, 0.4]}}}
    contexts = line([-0.4, 0.5, 0], [0.4, 0.5, 0], gap_m=1, start_m=0.2, speed_m_s=0.3)
    changes = {**DRIVING, "distractors": [falling], "contexts": contexts}
    run = frames_of(tmp_path, (0, 1), **changes)
    alone = frames_of(tmp_path, (1,), **changes)[1]
    poses = [[one.world_from_object for one in made[0].realised.instances] for made in (run[0], run[1], alone)]
    assert poses[1] == poses[2] and poses[0][:3] == poses[1][:3] and poses[0][3] != poses[1][3]
    assert run[1][1].images["flow"].tobytes() == alone[1].images["flow"].tobytes()
