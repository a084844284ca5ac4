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
from pipeline.scene.build import build_scene, close_scene
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
