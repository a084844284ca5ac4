"""From pixels and realised facts to labels, and the rules that reject a frame."""

from dataclasses import replace

import numpy as np
import pytest
from store_samples import HEIGHT, WIDTH, sample_instance, sample_job, sample_plan, sample_rendered

from pipeline.annotations.annotate import annotate, rejected_labels
from pipeline.annotations.pose import camera_from_object, distance_m
from pipeline.canonical import json_bytes
from pipeline.geometry import compose, inverse_rigid, look_at
from pipeline.records import Labels
from pipeline.structure import from_json, unstructure

JOB = sample_job()


def picture(**pixels: int) -> np.ndarray:
    """An id image with `pixels["i7"]` pixels of id 7 in one row, and so on."""
    image = np.zeros((HEIGHT, WIDTH), dtype=np.uint16)
    for row, (name, count) in enumerate(pixels.items()):
        image[row, :count] = int(name[1:])
    return image


def annotated(tmp_path, image, **changes):
    plan = sample_plan(JOB, 0, **changes)
    return annotate(plan, sample_rendered(plan, tmp_path, image))


def test_every_instance_is_labelled_in_the_order_of_ids_hidden_or_not(tmp_path):
    plan = sample_plan(JOB, 0)
    rendered = sample_rendered(plan, tmp_path, picture(i2=5, i1=3))
    shuffled = replace(rendered.realised, instances=rendered.realised.instances[::-1])
    labels = annotate(plan, replace(rendered, realised=shuffled)).labels
    assert [item.instance_id for item in labels.instances] == [1, 2, 3, 4]


def test_a_hidden_instance_has_no_box_and_no_pixels(tmp_path):
    hidden = annotated(tmp_path, picture(i1=3)).labels.instances[2]
    assert hidden.bbox_xywh_px is None and hidden.visible_px == 0


def test_a_visible_instance_has_its_box_pixels_and_category(tmp_path):
    label = annotated(tmp_path, picture(i1=3, i2=5)).labels.instances[1]
    assert (label.bbox_xywh_px, label.visible_px, label.category_id, label.category) == ((0, 1, 5, 1), 5, 7, "bowl")


def test_the_category_image_goes_with_accepted_labels(tmp_path):
    category = annotated(tmp_path, picture(i1=3, i3=4)).images["category"]
    assert category[0, 0] == 3 and category[1, 0] == 0


def test_too_few_visible_targets_reject_the_frame_with_the_reason(tmp_path):
    labels = annotated(tmp_path, picture(i1=19, i2=20, i3=40), min_targets=2, min_pixels=20).labels
    assert labels.status == "rejected" and labels.instances == ()
    assert labels.reason == "1 of 2 wanted targets visible with at least 20 px"


def test_exactly_the_wanted_pixels_are_enough(tmp_path):
    assert annotated(tmp_path, picture(i1=20), min_pixels=20).labels.status == "accepted"


def test_distractors_do_not_count_as_targets(tmp_path):
    assert annotated(tmp_path, picture(i3=30, i4=30)).labels.status == "rejected"


def test_an_empty_picture_is_accepted_where_no_target_is_wanted(tmp_path):
    labels = annotated(tmp_path, picture(), min_targets=0).labels
    assert labels.status == "accepted" and len(labels.instances) == 4


def test_a_rejected_frame_keeps_its_number(tmp_path):
    plan = sample_plan(JOB, 7, scene=3, view=1)
    labels = rejected_labels(plan, "no room for object 3 after 50 tries").labels
    assert (labels.frame, labels.scene, labels.view, labels.status) == (7, 3, 1, "rejected")
    assert labels.camera is None and labels.reason.startswith("no room")


def test_a_category_outside_the_class_map_is_an_error(tmp_path):
    plan = sample_plan(JOB, 0)
    rendered = sample_rendered(plan, tmp_path, picture(i1=3))
    strange = replace(rendered.realised, instances=(sample_instance(1, "target", 4),))
    with pytest.raises(ValueError, match="category 4, which the class map lacks"):
        annotate(plan, replace(rendered, realised=strange))


def test_pictures_of_another_size_than_planned_are_an_error(tmp_path):
    plan = sample_plan(JOB, 0)
    rendered = sample_rendered(plan, tmp_path)
    with pytest.raises(ValueError, match="instance is"):
        annotate(plan, replace(rendered, instance=rendered.instance[:-1]))


def test_labels_survive_json(tmp_path):
    labels = annotated(tmp_path, picture(i1=3, i2=5)).labels
    again = from_json(unstructure(labels), Labels, "labels.json")
    assert json_bytes(unstructure(again)) == json_bytes(unstructure(labels))


def test_an_object_two_metres_ahead_is_at_z_two_in_the_camera():
    camera = look_at((1.0, 2.0, 3.0), (1.0, 5.0, 3.0)).tolist()
    pose = compose((1.0, 4.0, 3.0), (1.0, 0.0, 0.0, 0.0)).tolist()
    seen = np.array(camera_from_object(camera, pose))
    assert seen[:3, 3] == pytest.approx([0.0, 0.0, 2.0], abs=1e-12)
    assert seen[:3, 2] == pytest.approx([0.0, -1.0, 0.0], abs=1e-12)  # the object's up is the picture's up


def test_camera_from_object_is_the_product_of_inverse_camera_and_pose():
    camera = look_at((0.3, -0.4, 0.5), (0.1, 0.2, 0.0), 0.3)
    pose = compose((0.2, 0.1, 0.4), (0.5, 0.5, -0.5, 0.5))
    assert np.array(camera_from_object(camera.tolist(), pose.tolist())) == pytest.approx(inverse_rigid(camera) @ pose)


def test_distance_is_along_the_ray():
    assert distance_m(look_at((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)).tolist(), (1.0, 3.0, 4.0)) == 5.0
