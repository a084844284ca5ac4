"""Keypoints: where the lens shows them, and seen or hidden by ids and distances alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from store_samples import sample_job
from traced_scenes import LENS, box, camera_at, trace, traced_frame

from pipeline.annotations.keypoints import keypoint_labels
from pipeline.geometry import inverse_rigid, quaternion_from_uniforms, transform_points
from pipeline.lenses import Lens, pinhole, project
from pipeline.records import Keypoint

EYE = (0.1, -0.7, 0.4)
LENSES = {
    "pinhole": LENS,
    "opencv": replace(LENS, model="opencv", distortion=(-0.2, 0.05, 0.01, -0.01, 0.0, 0.0, 0.0, 0.0)),
    "fisheye": replace(LENS, model="fisheye", distortion=(0.05, -0.01, 0.0, 0.0)),
    "equirectangular": Lens(
        model="equirectangular",
        k=((512 / (2 * np.pi), 0.0, 256.0), (0.0, 256 / np.pi, 128.0), (0.0, 0.0, 1.0)),
        distortion=(),
        resolution=(512, 256),
    ),
}


def on_faces(item, within: float = 0.8):
    """A box with its keypoints spread over its sides, no nearer to an edge than `within` allows, and their normals."""
    pose = np.array(item.world_from_object)
    points, normals = [], []
    for axis in range(3):
        for side in (-1, 1):
            for a in (-within, 0.0, within):
                for b in (-within, 0.0, within):
                    at = np.insert(np.array([a, b]), axis, side) / 2 * item.dimensions_m
                    points.append(transform_points(pose, [at])[0])
                    normals.append(side * pose[:3, axis])
    keypoints = tuple(Keypoint(name=str(i), point_m=tuple(point.tolist())) for i, point in enumerate(points))
    return replace(item, keypoints=keypoints), np.array(points), np.array(normals)


@pytest.mark.parametrize("model", LENSES)
@pytest.mark.parametrize("seed", range(6))
def test_a_convex_object_hides_the_points_of_its_far_side(model, seed):
    lens = LENSES[model] if model == "equirectangular" else replace(
        LENSES[model],
        k=((240.0, 0.0, 120.5), (0.0, 244.0, 93.0), (0.0, 0.0, 1.0)),
        resolution=(240, 180),
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    eye = rng.standard_normal(3)
    eye *= (0.3 if model == "equirectangular" else 0.5) / np.linalg.norm(eye)
    turned = quaternion_from_uniforms(*rng.random(3))
    item, points, normals = on_faces(box(1, (0, 0, 0), (0.12, 0.1, 0.09), turned), 0.6)
    labels = keypoint_labels(item, trace(camera_at(eye, lens=lens), [item]))
    facing = ((eye - points) * normals).sum(axis=1)
    clear = np.abs(facing) / np.linalg.norm(eye - points, axis=1) > 0.25  # not along the side
    wanted = np.where(facing > 0, 2, 1)
    assert clear.sum() > 20
    assert [label.visibility for label in np.array(labels)[clear]] == wanted[clear].tolist()


@pytest.mark.parametrize("model", LENSES)
def test_places_are_those_of_project(model):
    lens, item = LENSES[model], box(1, (0.05, 0, 0), (0.2, 0.1, 0.1))
    camera = camera_at(EYE, lens=lens)
    labels = keypoint_labels(item, trace(camera, [item]))
    camera_from_world = inverse_rigid(camera.world_from_camera)
    pixels, _ = project(lens, camera_from_world, [label.world_m for label in labels])
    assert [label.position_px for label in labels] == [tuple(pixel) for pixel in pixels.tolist()]
    assert [label.name for label in labels] == ["low", "high", "middle"]
    wanted = transform_points(camera_from_world, [label.world_m for label in labels])
    assert np.allclose([label.camera_m for label in labels], wanted, atol=1e-12)


def test_an_object_before_it_hides_a_point():
    item, front = box(1, (0, 0, 0), (0.1, 0.1, 0.1)), box(2, (0.05, -0.35, 0.2), (0.2, 0.02, 0.2))
    near = replace(item, keypoints=(Keypoint(name="near", point_m=(0.0, -0.05, 0.0)),))
    camera = camera_at(EYE)
    assert keypoint_labels(near, trace(camera, [near]))[0].visibility == 2
    assert keypoint_labels(near, trace(camera, [near, front]))[0].visibility == 1


def test_an_object_behind_an_outline_hides_nothing():
    """A corner's own pixel may show what lies behind it; the point is seen all the same."""
    item, wall = box(1, (0, 0, 0), (0.1, 0.1, 0.1)), box(2, (0, 0.5, 0), (4, 0.02, 4))
    seen = set()
    for x in np.linspace(0, 1 / 60, 9):
        corner = replace(item, keypoints=(Keypoint(name="corner", point_m=(-0.05, -0.05, 0.05)),))
        camera = camera_at((0.3 + 0.7 * x, -0.7, 0.4), (0.7 * x, 0, 0))
        rendered = trace(camera, [corner, wall])
        label = keypoint_labels(corner, rendered)[0]
        column, row = map(int, label.position_px)
        seen.add((int(rendered.instance[row, column]), label.visibility))
    assert seen <= {(1, 2), (2, 2)} and (2, 2) in seen


def test_a_point_inside_is_seen_within_its_radius():
    item = box(1, (0, 0, 0), (0.1, 0.1, 0.1))
    camera = camera_at((0, -0.7, 0))
    for radius, visibility in ((0.0, 1), (0.04, 1), (0.06, 2)):
        joint = replace(item, keypoints=(Keypoint(name="joint", point_m=(0.0, 0.0, 0.0), radius_m=radius),))
        assert keypoint_labels(joint, trace(camera, [joint]))[0].visibility == visibility


def test_points_beyond_the_border_and_behind_the_camera_are_not_in_the_picture():
    lens = pinhole(LENS.k, LENS.resolution)
    item = box(1, (0, 0, 0), (0.1, 0.1, 0.1))
    far = Keypoint(name="beside", point_m=(0.6, 0.0, 0.0)), Keypoint(name="behind", point_m=(0.0, -2.0, 0.0))
    item = replace(item, keypoints=far)
    beside, behind = keypoint_labels(item, trace(camera_at((0, -0.7, 0), lens=lens), [item]))
    assert beside.visibility == 0 and beside.position_px[0] > lens.resolution[0]
    assert behind.visibility == 0 and behind.position_px is None


def test_instances_have_keypoints_only_where_they_are_asked_for(tmp_path):
    _, _, plain = traced_frame(sample_job(), 0, tmp_path)
    _, _, asked = traced_frame(sample_job(), 0, tmp_path, outputs=("rgb", "keypoints"))
    assert {item.keypoints for item in plain.labels.instances} == {None}
    assert [len(item.keypoints) for item in asked.labels.instances] == [3, 3, 3, 0]
