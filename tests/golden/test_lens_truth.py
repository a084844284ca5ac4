"""Bent lenses against geometry known by hand: cubes before a floor, traced along every pixel's own ray."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_truth import CUBE

from pipeline.config.load import load_config
from pipeline.engine import open_engine, survey_job
from pipeline.geometry import inverse_rigid, transform_points
from pipeline.lens_remap import sampled_rays
from pipeline.lenses import project, project_camera_points, unproject
from pipeline.reporting import SilentReporter
from pipeline.run import make_frame
from pipeline.sampling.plan import plan_frame

SCENE = """
categories: [{id: 5, name: cube}]
targets: [{files: cube.obj, category: cube, count: COUNT, size_m: 0.2}]
placement: {resting: {area_m: [0.5, 0.5], upright: true}}
surroundings: {floor: {size_m: 20}}
materials: {floor: [{pbr: {base_color: "#203040"}}]}
environment: {strength: 1.0}
camera: {CAMERA, clearance_m: 0.01}
render: {quality: draft, samples_per_pixel: 2, denoiser: none}
outputs: [OUTPUTS]
accept: {min_targets: 0}
"""
HERE = "box: {center_m: [0.3, -0.9, 0.8], size_m: [0, 0, 0]}, roll_deg: 10"
AFAR = "box: {center_m: [1.8, -5.6, 5.0], size_m: [0, 0, 0]}, roll_deg: 10"
LENSES = {
    "barrel": f"{HERE}, fov_deg: 60, resolution: [90, 68], lens: {{opencv: {{k1: -0.3, k2: 0.12, p1: 0.002}}}}",
    "pincushion": f"{HERE}, fov_deg: 50, resolution: [80, 60], shift: [0.1, -0.06], lens: {{opencv: {{k1: 0.25}}}}",
    "rational, tall pixels": f"{HERE}, k: {{fx: 75, fy: 60, cx: 44, cy: 25}}, resolution: [80, 60], "
    "lens: {opencv: {k1: 0.4, k2: -0.2, k3: 0.1, k4: 0.5, k5: -0.1, k6: 0.05, p2: -0.003}}",
    "fisheye": f"{HERE}, fov_deg: 140, resolution: [90, 68], lens: {{fisheye: {{k1: -0.02, k2: 0.003}}}}",
    "circular fisheye": f"{HERE}, fov_deg: 220, resolution: [81, 81], lens: {{fisheye: {{}}}}",
    "fisheye off its middle": f"{HERE}, k: {{fx: 45, fy: 52, cx: 40.25, cy: 21.5}}, resolution: [88, 60], "
    "lens: {fisheye: {k1: 0.01}}",
    "fisheye narrower than Blender's": f"{AFAR}, fov_deg: 6.8, resolution: [80, 60], lens: {{fisheye: {{}}}}",
    "sensor narrower than Blender's": f"{HERE}, fov_deg: 65, sensor_width_mm: 0.5, resolution: [80, 60], "
    "lens: {opencv: {k1: -0.1}}",
    "equirectangular": f"{HERE}, resolution: [128, 64], lens: {{equirectangular: {{}}}}",
}
PICTURES = "rgb, depth, distance, normal, normal_world, object_coordinates, nocs, mask_full, box_3d, albedo"


def made(folder: Path, camera: str, outputs: str = PICTURES, count: int = 2):
    (folder / "cube.obj").write_text(CUBE)
    text = SCENE.replace("CAMERA", camera).replace("COUNT", str(count)).replace("OUTPUTS", outputs)
    (folder / "scene.yaml").write_text(text)
    engine = open_engine("cpu", folder)
    job = survey_job(engine, load_config(folder / "scene.yaml"), SilentReporter())
    return make_frame(engine, plan_frame(job, 0), folder, SilentReporter())


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    made_once = {}

    def of(lens: str):
        if lens not in made_once:
            made_once[lens] = made(tmp_path_factory.mktemp("lens"), LENSES[lens])
        return made_once[lens]

    return of


def traced(frame):
    """Ids, distances and world normals (H, W) by the slab method, and whether a ray comes near an edge."""
    camera = frame.rendered.realised.camera
    pose = np.array(camera.world_from_camera)
    eye, rays = pose[:3, 3], sampled_rays(camera.lens) @ pose[:3, :3].T
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = -eye[2] / rays[..., 2]
    hit = eye + floor[..., None] * rays
    distance = np.where((floor > 0) & (np.abs(hit[..., :2]) <= 10).all(axis=-1), floor, np.inf)
    normal = np.where(np.isfinite(distance)[..., None], (0.0, 0.0, 1.0), 0.0)
    ids = np.zeros(distance.shape, dtype=int)
    for one in frame.rendered.realised.instances:
        object_from_world = inverse_rigid(one.world_from_object)
        origin, ray = transform_points(object_from_world, [eye])[0], rays @ object_from_world[:3, :3].T
        half = np.array(one.dimensions_m) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (-half - origin) / ray, (half - origin) / ray
        near, far = np.minimum(a, b).max(axis=-1), np.maximum(a, b).min(axis=-1)
        face = np.minimum(a, b).argmax(axis=-1)
        with np.errstate(invalid="ignore"):
            wins = (near < far) & (near > 0) & (near < distance)
        ids[wins], distance[wins] = one.instance_id, near[wins]
        outward = -np.sign(np.take_along_axis(ray, face[..., None], axis=-1))
        normal[wins] = (np.array(one.world_from_object)[:3, :3].T[face] * outward)[wins]
    return ids, distance, normal, rays


@pytest.mark.parametrize("lens", LENSES)
def test_every_pixel_has_the_id_distance_and_normal_of_its_ray(lens, frames):
    frame = frames(lens)
    ids, distance, normal, rays = traced(frame)
    assert {1, 2} <= set(np.unique(ids))
    wrong = frame.rendered.instance != ids
    assert wrong.sum() == 0, f"{wrong.sum()} of {wrong.size} pixels"
    seen = np.isfinite(distance)
    assert np.array_equal(np.isfinite(frame.rendered.distance_m), seen)
    with np.errstate(invalid="ignore"):
        cosine = np.abs((normal * rays).sum(axis=-1))
    error = np.abs(frame.rendered.distance_m[seen] - distance[seen]) / distance[seen]
    # The source picture's focal length and shift are float32: worth a ten thousandth of a pixel.
    assert np.max(error * cosine[seen]) < 5e-5
    assert np.abs(frame.rendered.normal_world - normal)[seen].max() < 1e-3


@pytest.mark.parametrize("lens", LENSES)
def test_depth_is_distance_times_the_cosine_to_the_axis(lens, frames):
    rendered = frames(lens).rendered
    seen = np.isfinite(rendered.distance_m)
    along = sampled_rays(rendered.realised.camera.lens)[..., 2]
    expected = rendered.distance_m * (1 if lens == "equirectangular" else along)
    assert np.allclose(rendered.depth_m[seen], expected[seen], rtol=1e-5)
    assert np.isposinf(rendered.depth_m[~seen]).all()


@pytest.mark.parametrize("lens", LENSES)
def test_the_silhouette_of_an_object_that_nothing_hides_is_its_mask(lens, frames, tmp_path):
    frame = made(tmp_path, LENSES[lens], count=1)
    (label,) = frame.annotation.labels.instances
    assert label.visible_px == label.silhouette.px >= 10
    assert (label.silhouette.occlusion, label.silhouette.visibility) == (0.0, 1.0 - label.silhouette.truncation)


@pytest.mark.parametrize("lens", LENSES)
def test_object_coordinates_lie_on_the_faces_of_the_cube(lens, frames):
    frame = frames(lens)
    points = frame.annotation.images["object_coordinates"]
    on = frame.rendered.instance > 0
    assert np.abs(np.abs(points[on]).max(axis=-1) - 0.1).max() < 1e-4
    nocs = frame.annotation.images["nocs"]
    assert np.allclose(nocs[on], points[on] / (0.2 * np.sqrt(3)) + 0.5, atol=1e-5)
    assert not points[~on].any() and not nocs[~on].any()


@pytest.mark.parametrize("lens", LENSES)
def test_the_picture_shows_the_objects_where_their_masks_are(lens, frames):
    """Colours are filtered and ids are not, so they part at most beside an edge: the cubes are light, all else dark."""
    frame = frames(lens)
    with Image.open(frame.rendered.rgb_file) as image:
        assert image.size == frame.rendered.realised.camera.resolution
    is_light = frame.rendered.albedo.mean(axis=-1) > 0.4
    on = np.pad(frame.rendered.instance > 0, 1)
    around = [
        on[1 + dy : on.shape[0] - 1 + dy, 1 + dx : on.shape[1] - 1 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)
    ]
    inside, outside = np.all(around, axis=0), ~np.any(around, axis=0)
    assert inside.sum() >= 5 and is_light[inside].all() and not is_light[outside].any()


CORNERS = {
    "barrel": "fov_deg: 60, lens: {opencv: {k1: -0.3, k2: 0.1, p1: 0.003, p2: -0.002}}",
    "pincushion": "fov_deg: 50, shift: [0.08, -0.05], lens: {opencv: {k1: 0.3}}",
    "tall pixels": "k: {fx: 1140, fy: 900, cx: 630, cy: 480}, lens: {opencv: {k1: -0.2}}",
    "fisheye": "fov_deg: 120, lens: {fisheye: {k1: -0.03, k2: 0.005}}",
}
TOP = (0b001, 0b011, 0b111, 0b101)  # the corners of the upper face, around


@pytest.mark.parametrize("lens", CORNERS)
def test_projected_corners_are_the_rendered_ones(lens, tmp_path):
    """A plate fills the picture: lines fitted to its mask's border, made straight by the lens, meet in its corners."""
    near = {"fisheye": 0.2, "pincushion": 0.45}.get(lens, 0.36)
    camera = f"box: {{center_m: [0.02, -0.03, {near}], size_m: [0, 0, 0]}}, look_at: [0, 0.005, 0], {CORNERS[lens]}"
    camera += ", resolution: [1200, 900], roll_deg: 17"
    (tmp_path / "plate.obj").write_text("v -1 0 -1\nv 1 0 -1\nv 1 0 1\nv -1 0 1\nf 4 3 2 1\n")
    scene = (
        "categories: [{id: 1, name: plate}]\n"
        "targets: [{files: plate.obj, category: plate, size_m: 0.2}]\n"
        "placement: {resting: {area_m: [0.0001, 0.0001], upright: true}}\nsurroundings: {floor: null}\n"
        f"camera: {{{camera}, clearance_m: 0.001}}\noutputs: [instance, box_3d]\n"
    )
    (tmp_path / "scene.yaml").write_text(scene)
    engine = open_engine("cpu", tmp_path)
    job = survey_job(engine, load_config(tmp_path / "scene.yaml"), SilentReporter())
    frame = make_frame(engine, plan_frame(job, 0), tmp_path, SilentReporter())
    (label,) = frame.annotation.labels.instances
    mask = frame.rendered.instance > 0
    assert mask.mean() > 0.1
    assert not mask[[0, -1]].any() and not mask[:, [0, -1]].any(), "the plate leaves the picture"
    expected = np.array([label.box_3d.corners_px[i] for i in TOP])
    found = fitted_corners(frame.rendered.realised.camera.lens, mask, expected)
    assert np.abs(found - expected).max() < 0.1


def fitted_corners(lens, mask, near):
    """The corners (N, 2) px of a straight-edged polygon, from the border of its mask alone; `near` tells which border
    pixel belongs to which edge."""
    plane = unproject(lens, near)
    plane = plane[:, :2] / plane[:, 2:]
    sampled = project_camera_points(lens, sampled_rays(lens).reshape(-1, 3)).reshape(*mask.shape, 2)
    border = border_points(mask, sampled)
    rays = unproject(lens, border)
    border = rays[:, :2] / rays[:, 2:]
    lines = []
    for a, b in zip(plane, np.roll(plane, -1, axis=0), strict=True):
        along = (b - a) / np.linalg.norm(b - a)
        offset = border - a
        beside = np.abs(offset @ (-along[1], along[0]))
        where = offset @ along / np.linalg.norm(b - a)
        lines.append(fitted_line(border[(beside < 0.01) & (where > 0.03) & (where < 0.97)]))
    before = [lines[-1], *lines[:-1]]
    corners = [np.linalg.solve([p[0], q[0]], [p[1], q[1]]) for p, q in zip(before, lines, strict=True)]
    points = np.column_stack([np.array(corners), np.ones(len(corners))])
    return project(lens, np.eye(4), points)[0]


def border_points(mask, sampled):
    """Points (N, 2) px halfway between where neighbouring pixels were `sampled` (H, W, 2), one of them in the mask."""
    across, down = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
    halfway = (sampled[:, 1:] + sampled[:, :-1])[across] / 2, (sampled[1:] + sampled[:-1])[down] / 2
    return np.concatenate(halfway)


def fitted_line(points):
    """Normal (2,) and offset of the line through points (N, 2) in the least squares of their distances."""
    middle = points.mean(axis=0)
    normal = np.linalg.svd(points - middle)[2][-1]
    return normal, float(normal @ middle)
