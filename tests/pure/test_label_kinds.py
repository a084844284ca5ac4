"""Each kind of label on traced frames, against answers known by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from store_samples import sample_job, sample_plan
from test_lenses import LENSES
from traced_scenes import OUTPUTS, box, camera_at, surface_of, trace, traced_frame

from pipeline.annotations.annotate import annotate
from pipeline.annotations.box_3d import box_3d
from pipeline.annotations.coordinates import nocs, object_coordinates
from pipeline.annotations.normals import camera_normals
from pipeline.annotations.panoptic import panoptic_image
from pipeline.geometry import quaternion_about
from pipeline.lenses import pinhole

AHEAD = camera_at((0.0, -2.0, 0.0), lens=pinhole(((60.0, 0, 32.0), (0, 60.0, 24.0), (0, 0, 1.0)), (64, 48)))


def test_the_corners_of_a_3d_box_come_x_slowest_and_z_fastest_low_before_high():
    label = box_3d(box(1, (0.1, 0.0, 0.2), (0.2, 0.4, 0.6)), AHEAD)
    first, last = label.corners_world_m[0], label.corners_world_m[-1]
    assert np.allclose(first, (0.0, -0.2, -0.1)) and np.allclose(last, (0.2, 0.2, 0.5))
    assert np.allclose(label.corners_world_m[1], (0.0, -0.2, 0.5))  # z changes first
    assert np.allclose(label.corners_world_m[2], (0.0, 0.2, -0.1))
    assert np.allclose(label.corners_world_m[4], (0.2, -0.2, -0.1))


def test_the_corners_are_in_camera_axes_and_pixels_too():
    label = box_3d(box(1, (0.0, 0.0, 0.0), (0.2, 0.2, 0.2)), AHEAD)
    assert np.allclose(label.corners_camera_m[0], (-0.1, 0.1, 1.9))  # left, down, near
    assert np.allclose(label.corners_px[0], (32 - 60 * 0.1 / 1.9, 24 + 60 * 0.1 / 1.9))


def test_a_3d_box_turns_with_its_object():
    turned = box(1, (0.0, 0.0, 0.0), (0.2, 0.4, 0.6), quaternion_about((0, 0, 1), np.pi / 2))
    assert np.allclose(box_3d(turned, AHEAD).corners_world_m[0], (0.2, -0.1, -0.3))


def test_a_corner_behind_the_camera_has_no_pixel():
    label = box_3d(box(1, (0.0, -2.0, 0.0), (1.0, 1.0, 1.0)), AHEAD)
    assert [corner is None for corner in label.corners_px] == [True, True, False, False] * 2


@pytest.mark.parametrize("name", LENSES)
def test_object_coordinates_lie_on_the_boxes_and_nocs_in_the_unit_cube(name):
    items = [box(1, (-0.1, 0, 0), (0.2, 0.1, 0.3), quaternion_about((1, 2, 3), 0.7)), box(2, (0.2, 0.1, 0), (0.2,) * 3)]
    rendered = trace(camera_at((0.0, -0.9, 0.3), lens=LENSES[name]), items)
    points, normalised = object_coordinates(rendered), nocs(rendered)
    for item in items:
        on = rendered.instance == item.instance_id
        half = np.array(item.dimensions_m) / 2
        assert on.any() and np.abs((np.abs(points[on]) / half).max(axis=-1) - 1).max() < 1e-4
        assert np.allclose((normalised[on] - 0.5) * np.linalg.norm(item.dimensions_m), points[on], atol=1e-6)
    assert not points[rendered.instance == 0].any() and not normalised[rendered.instance == 0].any()


def test_the_normal_of_a_wall_ahead_points_back_along_the_axis():
    rendered = trace(AHEAD, [box(1, (0, 0, 0), (0.5, 0.5, 0.5))])
    assert rendered.normal_world is not None
    normals = camera_normals(rendered.normal_world, AHEAD.world_from_camera)
    assert np.allclose(normals[24, 32], (0, 0, -1), atol=1e-6) and not normals[0, 0].any()


def test_the_panoptic_map_holds_ids_as_coco_writes_them():
    instance = np.array([[0, 1, 300]], dtype=np.uint16)
    picture = panoptic_image(instance, np.array([[0, 5, 5]], dtype=np.uint16))
    assert picture.tolist() == [[[0, 0, 0], [1, 0, 0], [44, 1, 0]]]
    assert not panoptic_image(instance, np.zeros((1, 3), dtype=np.uint16)).any()


def test_labels_do_not_depend_on_the_order_of_the_instances(tmp_path):
    plan, rendered, annotation = traced_frame(sample_job(), 3, tmp_path)
    for order in itertools.permutations(rendered.realised.instances):
        surfaces = {item.instance_id: rendered.surfaces[item.instance_id] for item in order}
        realised = replace(rendered.realised, instances=order)
        again = annotate(plan, replace(rendered, realised=realised, surfaces=surfaces))
        assert again.labels == annotation.labels and again.masks_full == annotation.masks_full
        assert all(np.array_equal(again.images[name], annotation.images[name]) for name in annotation.images)


@pytest.mark.parametrize("output", [name for name in OUTPUTS if name != "instance"])
def test_each_label_is_made_only_when_it_is_asked_for(output, tmp_path):
    _, _, with_it = traced_frame(sample_job(), 0, tmp_path, outputs=("instance", output))
    _, _, without = traced_frame(sample_job(), 0, tmp_path, outputs=("instance",))
    label, bare = with_it.labels.instances[0], without.labels.instances[0]
    assert not without.images and bare.silhouette is None and bare.box_3d is None
    made = set(with_it.images) | {
        name for name, value in (("mask_full", label.silhouette), ("box_3d", label.box_3d)) if value is not None
    }
    assert made == ({output} if output not in ("rgb", "depth", "distance", "normal_world", "linear") else set())


def test_the_frame_says_its_camera_lamps_and_environment(tmp_path):
    _, rendered, annotation = traced_frame(sample_job(), 0, tmp_path)
    labels, camera = annotation.labels, rendered.realised.camera
    assert labels.camera is not None and labels.camera.lens == camera.lens
    assert labels.lights == rendered.realised.lights and labels.environment == rendered.realised.environment


def test_a_label_that_the_renderer_did_not_bring_is_a_clear_fault():
    item = box(1, (0, 0, 0), (0.5, 0.5, 0.5))
    rendered = replace(trace(AHEAD, [item]), normal_world=None, surfaces={1: surface_of(item)})
    plan = sample_plan(sample_job(), 0, outputs=("normal",))
    plan = replace(plan, camera=replace(plan.camera, resolution=(64, 48)))
    with pytest.raises(ValueError, match="the plan asks for normals, and the renderer brought none"):
        annotate(plan, rendered)
