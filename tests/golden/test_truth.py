"""The whole pipeline against scenes whose pixels are known by hand: ids, depth and boxes of a cube on a plane."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.engine import open_engine, survey_job
from pipeline.geometry import box_corners, inverse_rigid, transform_points
from pipeline.lenses import project
from pipeline.reporting import SilentReporter
from pipeline.run import make_frame
from pipeline.sampling.plan import plan_frame

CUBE = """v -1 -1 -1
v 1 -1 -1
v 1 1 -1
v -1 1 -1
v -1 -1 1
v 1 -1 1
v 1 1 1
v -1 1 1
f 4 3 2 1
f 5 6 7 8
f 1 2 6 5
f 2 3 7 6
f 3 4 8 7
f 4 1 5 8
"""

SCENE = """
categories: [{id: 5, name: cube}]
targets: [{files: cube.obj, category: cube, count: COUNT, size_m: 0.2}]
placement: {resting: {area_m: [0.5, 0.5], upright: true}}
surroundings: {floor: {size_m: 20}}
camera: {CAMERA, clearance_m: 0.01}
render: {quality: draft, samples_per_pixel: 2, DENOISE}
accept: {min_targets: 0}
"""

CAMERAS = {
    "square": "box: {center_m: [0, -1, 0.8], size_m: [0, 0, 0]}, fov_deg: 50, resolution: [64, 64]",
    "wide and shifted": "box: {center_m: [0.5, -1, 0.9], size_m: [0, 0, 0]}, fov_deg: 60, shift: [0.1, -0.08], "
    "resolution: [96, 40]",
    "given K": "box: {center_m: [-1, 0.3, 1], size_m: [0, 0, 0]}, k: {fx: 70, fy: 90, cx: 33, cy: 51}, "
    "resolution: [72, 88]",
    "rolled": "shell: {distance_m: 1.2, elevation_deg: 60}, roll_deg: 35, focal_length_mm: 40, resolution: [80, 60]",
    "out of focus": "shell: {distance_m: 1.2, elevation_deg: 50}, f_stop: 0.5, focus: origin, resolution: [80, 60]",
}


def made(folder: Path, camera: str, count: int = 2, denoise: str = "denoiser: none", frame: int = 0):
    (folder / "cube.obj").write_text(CUBE)
    text = SCENE.replace("CAMERA", CAMERAS[camera]).replace("COUNT", str(count)).replace("DENOISE", denoise)
    (folder / "scene.yaml").write_text(text)
    config = load_config(folder / "scene.yaml")
    engine = open_engine("cpu", folder)
    job = survey_job(engine, config, SilentReporter())
    return make_frame(engine, plan_frame(job, frame), folder, SilentReporter())


def rays(camera) -> tuple[np.ndarray, np.ndarray]:
    """World origin (3,) and directions (H, W, 3) through the pixel centres, one unit deep along the optical axis."""
    width, height = camera.resolution
    k, pose = np.array(camera.k), np.array(camera.world_from_camera)
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    local = np.stack([(u - k[0, 2]) / k[0, 0], (v - k[1, 2]) / k[1, 1], np.ones_like(u)], axis=-1)
    return pose[:3, 3], local @ pose[:3, :3].T


def traced(frame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids, depths and cosines of incidence (H, W) of cubes and floor, by the slab method: nothing of the renderer."""
    origin, directions = rays(frame.rendered.realised.camera)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = -origin[2] / directions[..., 2]
    hit = origin + floor[..., None] * directions
    depth = np.where((floor > 0) & (np.abs(hit[..., :2]) <= 10).all(axis=-1), floor, np.inf)
    ids = np.zeros(depth.shape, dtype=int)
    lengths = np.linalg.norm(directions, axis=-1)
    cosine = np.abs(directions[..., 2]) / lengths
    for one in frame.rendered.realised.instances:
        object_from_world = inverse_rigid(one.world_from_object)
        eye = transform_points(object_from_world, [origin])[0]
        ray = directions @ object_from_world[:3, :3].T
        half = np.array(one.dimensions_m) / 2
        with np.errstate(divide="ignore"):
            a, b = (-half - eye) / ray, (half - eye) / ray
        near, far = np.minimum(a, b).max(axis=-1), np.maximum(a, b).min(axis=-1)
        face = np.minimum(a, b).argmax(axis=-1)[..., None]
        facing = np.abs(np.take_along_axis(ray, face, axis=-1))[..., 0] / lengths
        inside = (near < far) & (near > 0) & (near < depth)
        ids[inside], depth[inside], cosine[inside] = one.instance_id, near[inside], facing[inside]
    return ids, depth, cosine


@pytest.mark.parametrize("camera", CAMERAS)
def test_every_pixel_has_the_id_and_depth_of_the_ray_through_its_centre(camera, tmp_path):
    frame = made(tmp_path, camera)
    ids, depth, cosine = traced(frame)
    assert set(np.unique(ids)) == {0, 1, 2}
    wrong = frame.rendered.instance != ids
    assert wrong.sum() == 0, f"{wrong.sum()} of {wrong.size} pixels"
    seen = np.isfinite(depth)
    assert np.array_equal(np.isfinite(frame.rendered.depth_m), seen)
    # Where a ray grazes a face, the last bit of a float32 position is worth 1 / cosine of it in depth.
    error = np.abs(frame.rendered.depth_m[seen] - depth[seen]) / depth[seen]
    assert np.max(error * cosine[seen]) < 2e-5
    assert np.max(error[cosine[seen] > 0.2]) < 1e-4


@pytest.mark.parametrize("camera", CAMERAS)
def test_boxes_are_the_extents_of_the_masks(camera, tmp_path):
    frame = made(tmp_path, camera)
    ids, _, _ = traced(frame)
    for label in frame.annotation.labels.instances:
        rows, columns = np.nonzero(ids == label.instance_id)
        x, y = columns.min(), rows.min()
        assert label.bbox_xywh_px == (x, y, columns.max() + 1 - x, rows.max() + 1 - y)
        assert label.visible_px == len(rows)


def test_depth_of_field_takes_its_ids_from_the_exact_pass(tmp_path):
    assert made(tmp_path, "out of focus").rendered.id_source == "exact"


def test_a_plain_scene_takes_its_ids_from_the_picture(tmp_path):
    assert made(tmp_path, "square").rendered.id_source == "render"


def test_the_denoiser_does_not_touch_the_ids(tmp_path):
    plain = made(tmp_path, "square")
    denoised = made(
        tmp_path,
        "square",
        denoise="denoiser: auto, samples_per_pixel: 8, adaptive_threshold: 0.05".replace(", samples_per_pixel: 8", ""),
    )
    assert np.array_equal(plain.rendered.instance, denoised.rendered.instance)
    assert np.array_equal(plain.rendered.depth_m, denoised.rendered.depth_m)


def test_the_projected_box_of_a_cube_bounds_its_mask(tmp_path):
    frame = made(tmp_path, "square", count=1)
    (label,) = frame.annotation.labels.instances
    half = np.array(label.dimensions_m) / 2
    corners = transform_points(label.world_from_object, box_corners(-half, half))
    camera = frame.annotation.labels.camera
    pixels, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), corners)
    x, y, w, h = label.bbox_xywh_px
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    assert np.all(np.abs(low - (x, y)) < 1) and np.all(np.abs(high - (x + w, y + h)) < 1)


def test_the_category_and_the_distance_are_those_of_the_object(tmp_path):
    frame = made(tmp_path, "square", count=1)
    (label,) = frame.annotation.labels.instances
    assert (label.category_id, label.category) == (5, "cube")
    eye = np.array(frame.annotation.labels.camera.world_from_camera)[:3, 3]
    assert abs(label.distance_m - np.linalg.norm(np.array(label.world_from_object)[:3, 3] - eye)) < 1e-6
    assert np.allclose(label.dimensions_m, 0.2, atol=1e-6)
    assert np.array_equal(frame.annotation.images["category"], np.where(frame.rendered.instance > 0, 5, 0))
