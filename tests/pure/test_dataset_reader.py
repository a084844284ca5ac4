"""A dataset as a sequence of frames: what was written comes back, and what is not there is named."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from store_samples import (
    CATEGORIES,
    commit_samples,
    open_sample,
    sample_frame,
    sample_job,
    sample_plan,
    sample_rendered,
)
from traced_scenes import LENS, OUTPUTS, traced_dataset, traced_frame

from pipeline.annotations.annotate import annotate
from pipeline.codecs.exr import encode_exr
from pipeline.codecs.rle import mask_of_counts
from pipeline.dataset import open_dataset
from pipeline.dataset.store import commit
from pipeline.errors import StoreError
from pipeline.records import KeypointLabel
from pipeline.structure import unstructure

ROOT = Path(__file__).resolve().parents[2]
JOB = sample_job()


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    root = tmp_path_factory.mktemp("traced") / "ds"
    store = traced_dataset(root, 2)
    return open_dataset(root), traced_frame(store.job, 1, root)


@pytest.fixture
def store(tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    commit_samples(store, tmp_path, (0, 4, 10))
    return store


def test_accepted_frames_are_counted_and_rejected_ones_listed_apart(store):
    dataset = open_dataset(store.root)
    assert [frame.number for frame in dataset] == [0, 10] and len(dataset) == 2
    assert dataset.rejected == (4,) and dataset.missing == (1, 2, 3, 5, 6, 7, 8, 9, 11)
    assert dataset[1].number == dataset[-1].number == 10
    assert [frame.number for frame in dataset[:1]] == [0]
    assert "2 of 12 frames" in repr(dataset)


def test_a_position_beyond_the_end_is_an_index_error(store):
    with pytest.raises(IndexError):
        open_dataset(store.root)[2]


def test_categories_and_header_come_back(store):
    dataset = open_dataset(str(store.root))
    assert [(c.id, c.name, c.supercategory) for c in dataset.categories] == [
        (c.id, c.name, c.supercategory) for c in CATEGORIES
    ]
    assert dataset.header["job_digest"] == JOB.digest


def test_a_frame_is_found_by_its_number(store, tmp_path):
    frame = open_dataset(store.root).frame(10)
    plan, _, annotation = sample_frame(JOB, 10, tmp_path)
    assert frame.plan == plan
    assert frame.labels.instances[0].bbox_xywh_px == annotation.labels.instances[0].bbox_xywh_px
    assert frame.commit["files"]["rgb.png"]["bytes"] > 0


def test_a_frame_that_is_not_there_is_named_with_those_that_are(store):
    with pytest.raises(StoreError, match=r"has no frame 7 \(it has: 0,4,10\)"):
        open_dataset(store.root).frame(7)


def test_a_growing_dataset_lists_what_it_held_and_finds_what_came(store, tmp_path):
    dataset = open_dataset(store.root)
    commit_samples(store, tmp_path, (1, 2))
    assert dataset.accepted == (0, 10)
    assert dataset.frame(2).is_accepted
    assert dataset.refreshed().accepted == (0, 1, 2, 10)


def test_nothing_but_commit_records_is_read_before_it_is_asked_for(store):
    for name in ("labels.json", "plan.json", "instance.png"):
        path = store.folder(10) / name
        path.write_bytes(b"x" * path.stat().st_size)
    frame = open_dataset(store.root)[1]
    assert frame.is_accepted
    with pytest.raises(StoreError, match="labels.json is damaged"):
        _ = frame.labels


def test_reading_needs_nothing_but_numpy(traced):
    code = """
import sys
for name in ("PIL", "yaml", "click", "rich", "pycocotools", "OpenEXR", "bpy", "torch"):
    sys.modules[name] = None
from pipeline.dataset import open_dataset
frame = open_dataset(sys.argv[1])[1]
print(sorted(name for name in (*frame.outputs, "masks", "boxes") if frame.read(name).size))
"""
    command = [sys.executable, "-c", code, str(traced[0].root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(sorted((*traced[0].frame(1).outputs, "masks", "boxes")))


def test_datasets_and_frames_pickle_as_their_place(store):
    dataset = open_dataset(store.root)
    frame = dataset[1]
    before = frame.mask(1)
    again, same = pickle.loads(pickle.dumps((dataset, frame)))
    assert len(pickle.dumps(frame)) < 500
    assert again.accepted == dataset.accepted and np.array_equal(same.mask(1), before)


def test_every_output_comes_back_as_it_was_rendered(traced):
    dataset, (_, rendered, annotation) = traced
    frame = dataset.frame(1)
    assert {*OUTPUTS} <= {*frame.outputs}
    assert np.array_equal(frame.read("instance"), rendered.instance)
    assert np.array_equal(frame.read("depth"), rendered.depth_m) and frame.read("depth").dtype == np.float32
    assert np.array_equal(frame.read("linear"), rendered.linear)
    for name in ("category", "panoptic", "object_coordinates", "nocs"):
        assert np.array_equal(frame.read(name), annotation.images[name]), name
    rgb = (rendered.linear * 255).astype(np.uint8)
    assert np.array_equal(frame.read("rgb"), rgb) and frame.read("rgb").dtype == np.uint8


def test_masks_are_the_id_image_taken_apart(traced):
    dataset, (_, rendered, _) = traced
    frame = dataset.frame(1)
    masks = frame.read("masks")
    assert masks.shape == (4, *reversed(LENS.resolution)) and masks.dtype == bool
    assert masks.sum(axis=0).max() == 1, "disjoint"
    for item, mask in zip(frame.labels.instances, masks, strict=True):
        assert mask.sum() == item.visible_px
        assert np.array_equal(mask, rendered.instance == item.instance_id)
        assert np.array_equal(frame.mask(item.instance_id), mask)


def test_silhouettes_hold_the_masks(traced):
    dataset, (_, _, annotation) = traced
    frame = dataset.frame(1)
    full = frame.read("mask_full")
    assert not (frame.read("masks") & ~full).any()
    for item, mask in zip(frame.labels.instances, full, strict=True):
        expected = mask_of_counts(annotation.masks_full[item.instance_id], *mask.shape)
        assert np.array_equal(mask, expected) and np.array_equal(frame.mask_full(item.instance_id), expected)


def test_boxes_are_arrays_in_the_order_of_the_instances(traced):
    frame = traced[0].frame(1)
    for item, box, corners in zip(frame.labels.instances, frame.read("boxes"), frame.read("box_3d"), strict=True):
        assert tuple(box) == item.bbox_xywh_px or (item.bbox_xywh_px is None and not box.any())
        assert tuple(map(tuple, corners)) == item.box_3d.corners_world_m


def test_keypoints_fill_up_with_nothing(store, tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 1, tmp_path)
    points = (
        KeypointLabel(name="a", visibility=2, position_px=(3.5, 4.0), camera_m=(0.0,) * 3, world_m=(0.0,) * 3),
        KeypointLabel(name="b", visibility=0, position_px=None, camera_m=(0.0,) * 3, world_m=(0.0,) * 3),
    )
    first, *rest = annotation.labels.instances
    instances = (replace(first, keypoints=points), *(replace(item, keypoints=()) for item in rest))
    commit(store, plan, rendered, replace(annotation, labels=replace(annotation.labels, instances=instances)))
    array = open_dataset(store.root).frame(1).read("keypoints")
    assert array.shape == (4, 2, 3)
    assert array[0, 0].tolist() == [3.5, 4.0, 2.0]
    assert np.isnan(array[0, 1, :2]).all() and np.isnan(array[1:, :, :2]).all() and not array[1:, :, 2].any()


def commit_with(store, tmp_path, frame, rgb_file, **changes):
    plan = sample_plan(JOB, frame, **changes)
    rendered = replace(sample_rendered(plan, tmp_path), rgb_file=rgb_file)
    commit(store, plan, rendered, annotate(plan, rendered))
    return open_dataset(store.root).frame(frame)


def test_a_jpeg_comes_back_as_srgb(store, tmp_path):
    colors = np.full((32, 48, 3), (200, 100, 50), dtype=np.uint8)
    Image.fromarray(colors).save(tmp_path / "rgb.jpg", quality=95)
    rgb = commit_with(store, tmp_path, 1, tmp_path / "rgb.jpg", rgb_format="jpeg").read("rgb")
    assert rgb.dtype == np.uint8 and rgb.shape == (32, 48, 3)
    assert np.abs(rgb.astype(int) - colors).max() <= 3


def test_a_jpeg_without_pillow_says_what_to_install(store, tmp_path, monkeypatch):
    Image.new("RGB", (48, 32)).save(tmp_path / "rgb.jpg")
    frame = commit_with(store, tmp_path, 1, tmp_path / "rgb.jpg", rgb_format="jpeg")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(StoreError, match=r"rgb.jpg: a JPEG needs Pillow to be read \(pip install Pillow\)"):
        frame.read("rgb")


def test_an_exr_comes_back_as_linear_light(store, tmp_path):
    light = np.linspace(0, 4, 32 * 48 * 3, dtype=np.float16).reshape(32, 48, 3)
    (tmp_path / "rgb.exr").write_bytes(encode_exr({name: light[..., i] for i, name in enumerate("RGB")}))
    rgb = commit_with(store, tmp_path, 1, tmp_path / "rgb.exr", rgb_format="exr").read("rgb")
    assert rgb.dtype == np.float32 and np.array_equal(rgb, light.astype(np.float32))


def test_depth_in_millimetres_comes_back_in_metres(store, tmp_path):
    frame = commit_with(store, tmp_path, 1, sample_rendered(sample_plan(JOB, 1), tmp_path).rgb_file, depth_format="png")
    depth, ids = frame.read("depth"), frame.read("instance")
    assert depth.dtype == np.float32 and np.isinf(depth[ids == 0]).all()
    assert np.array_equal(depth[ids > 0], ids[ids > 0] * np.float32(0.25))


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("normal", r"holds no normal, only category, depth, instance, linear, rgb \(add normal to outputs and render"),
        ("mask_full", "add mask_full to outputs"),
        ("keypoints", "add keypoints to outputs"),
        ("flow", "the last view of a scene has none"),
        ("dept", r"no output is called 'dept' \(did you mean 'depth'\?\)"),
    ],
)
def test_what_is_not_there_is_named_with_how_to_get_it(store, output, words):
    with pytest.raises(StoreError, match=words):
        open_dataset(store.root)[0].read(output)


def test_a_rejected_frame_has_its_reason_and_no_arrays(store):
    frame = open_dataset(store.root).frame(4)
    assert not frame.is_accepted and frame.outputs == () and frame.labels.instances == ()
    with pytest.raises(StoreError, match="000004 was rejected, it has no arrays: no room for object 3 after 50 tries"):
        frame.read("rgb")


def test_an_instance_that_is_not_there_is_named(store):
    frame = open_dataset(store.root)[0]
    with pytest.raises(StoreError, match=r"labels.json has no instance 9 \(it has: 1, 2, 3, 4\)"):
        frame.mask(9)
    with pytest.raises(StoreError, match="holds no mask_full"):
        frame.mask_full(1)


def test_damaged_silhouettes_are_named(tmp_path):
    store = traced_dataset(tmp_path / "ds", 1)
    path = store.folder(0) / "mask_full.json"
    path.write_text(path.read_text().replace('"size": [48, 64]', '"size": [48, 63]'))
    with pytest.raises(StoreError, match="mask_full.json is damaged: instance 1: run lengths of 3072 px"):
        open_dataset(store.root).frame(0).mask_full(1)


def test_a_damaged_picture_is_named(store):
    path = store.folder(0) / "rgb.png"
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(StoreError, match=r"rgb.png is damaged: this is not a PNG"):
        open_dataset(store.root)[0].read("rgb")


def test_a_folder_that_is_no_dataset_is_named(tmp_path):
    with pytest.raises(StoreError, match="is not a dataset: it has no dataset.json"):
        open_dataset(tmp_path)


def test_a_category_brings_its_keypoints(store):
    dataset = open_dataset(store.root)
    mug, bowl = dataset.header["categories"]
    points = {"keypoints": ["rim", "handle"], "skeleton": [["rim", "handle"]], "flip": []}
    first, second = replace(dataset, header={**dataset.header, "categories": [{**mug, **points}, bowl]}).categories
    assert first.keypoints == ("rim", "handle") and first.skeleton == (("rim", "handle"),)
    assert second.keypoints == second.skeleton == second.flip == ()


def test_the_header_keeps_to_the_class_map(store):
    dataset = open_dataset(store.root)
    broken = replace(dataset, header={**dataset.header, "categories": [{**unstructure(CATEGORIES[0]), "id": "3"}]})
    with pytest.raises(StoreError, match="expected a whole number, got '3'"):
        _ = broken.categories
