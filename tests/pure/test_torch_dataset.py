"""The torch Dataset: targets as torchvision takes them, the policy of the exports, and workers that read alone."""

import importlib
import pickle
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from store_samples import CATEGORIES, commit_samples, open_sample, sample_frame, sample_job
from traced_scenes import traced_dataset

from pipeline.dataset import open_dataset
from pipeline.dataset.store import commit
from pipeline.errors import ExportError, StoreError
from pipeline.exporters.options import ExportOptions
from pipeline.exporters.source import export_frames, open_source
from pipeline.records import KeypointLabel

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed (the extra 'torch')")
JOB = sample_job()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("traced") / "ds"
    traced_dataset(root, 8)
    return root


@pytest.fixture
def samples(tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    commit_samples(store, tmp_path, (0, 1, 2, 3, 4))
    return store


def detection(*args, **options):
    from pipeline.torch_dataset import DetectionDataset

    return DetectionDataset(*args, **options)


def test_without_torch_the_module_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "pipeline.torch_dataset", raising=False)
    with pytest.raises(ImportError, match=r"needs torch \(pip install 'variegate\[torch\]'\)"):
        importlib.import_module("pipeline.torch_dataset")


@needs_torch
def test_images_and_targets_have_the_shapes_and_types_that_torchvision_takes(root):
    import torch

    data = detection(root)
    assert isinstance(data, torch.utils.data.Dataset) and len(data) == 8
    image, target = data[3]
    assert image.shape == (3, 48, 64) and image.dtype == torch.float32 and image.is_contiguous()
    count = len(target["labels"])
    assert count == 3 and image.min() >= 0 and image.max() <= 1
    types = {"boxes": torch.float32, "labels": torch.int64, "masks": torch.uint8, "area": torch.float32}
    assert {key: target[key].dtype for key in types} == types and target["iscrowd"].dtype == torch.int64
    assert target["boxes"].shape == (count, 4) and target["masks"].shape == (count, 48, 64)
    assert target["image_id"] == 3 and "keypoints" not in target


@needs_torch
def test_images_are_the_rgb_and_boxes_hold_their_masks(root):
    for frame, (image, target) in zip(open_dataset(root), iterated(detection(root)), strict=True):
        assert np.abs(image.numpy().transpose(1, 2, 0) * 255 - frame.read("rgb")).max() < 1e-4
        for box, mask, area in zip(target["boxes"], target["masks"], target["area"], strict=True):
            rows, columns = np.nonzero(mask.numpy())
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert area == mask.sum()


def iterated(data):
    return (data[i] for i in range(len(data)))


@needs_torch
def test_labels_count_categories_from_one_and_map_back(root):
    data = detection(root)
    assert data.category_ids == (0, *(category.id for category in CATEGORIES)) == (0, 3, 7)
    assert data.categories == ("", "mug", "bowl")
    frame = open_dataset(root)[0]
    back = [data.category_ids[label] for label in data[0][1]["labels"]]
    assert back == [item.category_id for item in frame.labels.instances if item.category_id and item.visible_px]


@needs_torch
def test_what_falls_short_is_left_out_or_marked_as_in_the_exports(root):
    options = ExportOptions(min_pixels=30, min_visibility=0.9)
    source = open_source(root, options)
    strict = detection(root, min_pixels=30, min_visibility=0.9)
    crowded = detection(root, min_pixels=30, min_visibility=0.9, with_ignored=True)
    ignored = 0
    for position, one in enumerate(export_frames(source, options)):
        kept, marked = strict[position][1], crowded[position][1]
        assert kept["area"].tolist() == [item.visible_px for item in one.kept] and not kept["iscrowd"].any()
        assert marked["area"].tolist() == [item.visible_px for item in one.objects]
        assert marked["iscrowd"].sum() == len(one.ignored)
        ignored += len(one.ignored)
    assert ignored, "some object falls short"


@needs_torch
def test_splits_are_those_of_the_exports(root):
    options = ExportOptions(val_fraction=0.5)
    split_of_frame = {one.frame: one.split for one in export_frames(open_source(root, options), options)}
    train, val = (detection(root, split=split, val_fraction=0.5) for split in ("train", "val"))
    assert set(train.frames) | set(val.frames) == set(range(8)) and train.frames and val.frames
    assert all(split_of_frame[frame] == "train" for frame in train.frames)
    assert all(split_of_frame[frame] == "val" for frame in val.frames)
    assert detection(root, val_fraction=0.5).frames == tuple(range(8))


@needs_torch
def test_views_of_a_scene_stay_together(tmp_path):
    from pipeline.job import make_job

    job = make_job(replace(JOB.config, views_per_scene=3), JOB.catalogue)
    root = tmp_path / "ds"
    traced_dataset(root, 9, job=job)
    val = detection(root, split="val", val_fraction=0.5).frames
    assert len(val) % 3 == 0 and all(frame - frame % 3 in val for frame in val)


@needs_torch
def test_a_frame_without_objects_has_empty_targets(root):
    _, target = detection(root, min_pixels=10_000)[0]
    assert target["boxes"].shape == (0, 4) and target["masks"].shape == (0, 48, 64)
    assert len(target["labels"]) == len(target["area"]) == len(target["iscrowd"]) == 0


@needs_torch
def test_rejected_frames_are_no_samples(samples):
    assert detection(samples.root).frames == (0, 1, 2, 3)


@needs_torch
def test_keypoints_come_in_the_order_of_their_category(samples, tmp_path):
    def point(name, x, visibility):
        position = None if x is None else (x, 2.0)
        return KeypointLabel(
            name=name, visibility=visibility, position_px=position, camera_m=(0,) * 3, world_m=(0,) * 3
        )

    plan, rendered, annotation = sample_frame(JOB, 5, tmp_path)
    first, second, *rest = annotation.labels.instances
    mug = (point("rim", 5.0, 2), point("handle", 6.0, 1), point("foot", None, 0))
    instances = (replace(first, keypoints=mug), replace(second, keypoints=(point("lip", -3.0, 0),)), *rest)
    labelled = replace(annotation, labels=replace(annotation.labels, instances=instances))
    store = open_sample(tmp_path / "other", JOB)
    commit(store, replace(plan, outputs=("instance", "keypoints", "rgb")), rendered, labelled)
    data = detection(store.root)
    assert data.keypoint_names == {3: ("rim", "handle", "foot"), 7: ("lip",)}
    keypoints = data[0][1]["keypoints"]
    expected = {1: [[5, 2, 2], [6, 2, 1], [0, 0, 0]], 2: [[0, 0, 0]] * 3}
    visible = [item.instance_id for item in instances if item.category_id and item.visible_px]
    assert keypoints.tolist() == [expected[instance_id] for instance_id in visible]


@needs_torch
def test_transforms_see_image_and_target_and_masks_can_be_left_out(root):
    data = detection(root, with_masks=False, transforms=lambda image, target: (image.flip(-1), sorted(target)))
    image, keys = data[0]
    assert keys == ["area", "boxes", "image_id", "iscrowd", "labels"]
    assert image.equal(detection(root)[0][0].flip(-1))


@needs_torch
def test_two_workers_read_the_same_as_one_process(root):
    from torch.utils.data import DataLoader

    from pipeline.torch_dataset import collate_detections

    data = detection(open_dataset(root))
    # spawn: the dataset has to pickle, and no thread of this process is forked
    loader = DataLoader(
        data, batch_size=3, num_workers=2, collate_fn=collate_detections, multiprocessing_context="spawn"
    )
    batches = list(loader)
    assert [len(images) for images, _ in batches] == [3, 3, 2]
    read = [(image, target) for images, targets in batches for image, target in zip(images, targets, strict=True)]
    for (image, target), (same, expected) in zip(read, iterated(data), strict=True):
        assert image.equal(same) and target["image_id"] == expected["image_id"]
        assert target["masks"].equal(expected["masks"]) and target["boxes"].equal(expected["boxes"])


@needs_torch
def test_it_pickles_small(root):
    assert len(pickle.dumps(detection(root))) < 5_000


@needs_torch
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"split": "val"}, ExportError, "split is 'val' with val_fraction 0.0"),
        ({"split": "test", "val_fraction": 0.5}, ExportError, "split is 'test'"),
        ({"min_visibility": 2.0}, ExportError, "2.0, expected 0 to 1"),
    ],
)
def test_options_that_make_no_sense_are_named(root, options, error, words):
    with pytest.raises(error, match=words):
        detection(root, **options)


@needs_torch
def test_what_the_dataset_lacks_is_named(samples, tmp_path):
    with pytest.raises(StoreError, match="has no silhouettes, which --min-visibility needs"):
        detection(samples.root, min_visibility=0.5)[0]
    with pytest.raises(StoreError, match="is not a dataset"):
        detection(tmp_path)
