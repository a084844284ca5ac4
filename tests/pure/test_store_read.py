"""Reading a dataset back, and what reading says of damage."""

import os

import numpy as np
import pytest
from store_samples import commit_samples, open_sample, sample_frame, sample_job

from pipeline.codecs.png import encode_png
from pipeline.dataset import read
from pipeline.errors import StoreError

JOB = sample_job()


@pytest.fixture
def store(tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    commit_samples(store, tmp_path, (0, 4, 10))
    return store


def test_labels_come_back_as_they_were_but_for_the_ninth_decimal(store, tmp_path):
    labels, original = read.read_labels(store.root, 0), sample_frame(JOB, 0, tmp_path)[2].labels
    assert [item.bbox_xywh_px for item in labels.instances] == [item.bbox_xywh_px for item in original.instances]
    assert np.array(labels.instances[1].camera_from_object) == pytest.approx(
        np.array(original.instances[1].camera_from_object), abs=1e-9
    )


def test_pictures_come_back_as_they_were(store, tmp_path):
    _, rendered, annotation = sample_frame(JOB, 10, tmp_path)
    assert np.array_equal(read.read_instance(store.root, 10), rendered.instance)
    assert np.array_equal(read.read_category(store.root, 10), annotation.images["category"])


def test_complete_frames_are_listed_in_order_and_nothing_else(store):
    (store.root / "frames" / "000002").mkdir()
    (store.root / "frames" / ".tmp-000003-a-1-b").mkdir()
    (store.root / "frames" / "notes").mkdir()
    os.rename(store.folder(10), store.folder(1))  # a folder that was renamed is not the frame its name says
    assert list(read.iter_frames(store.root)) == [0, 4]


def test_the_job_and_where_its_paths_start_come_back(store, tmp_path):
    assert read.read_job(store.root) == JOB
    assert os.path.samefile(read.read_base_dir(store.root), tmp_path)


def test_a_plan_comes_back(store, tmp_path):
    assert read.read_plan(store.folder(0) / "plan.json") == sample_frame(JOB, 0, tmp_path)[0]


def test_a_folder_that_is_no_dataset_is_named(tmp_path):
    with pytest.raises(StoreError, match="is not a dataset: it has no dataset.json"):
        list(read.iter_frames(tmp_path))


def test_an_edited_job_is_refused(store):
    path = store.root / "job.json"
    path.write_text(path.read_text().replace('"seed": 1', '"seed": 2'))
    with pytest.raises(StoreError, match="does not match its digest"):
        read.read_job(store.root)


@pytest.mark.parametrize("text", ["{", None], ids=["damaged", "gone"])
def test_what_mends_a_job_is_told(store, text):
    path = store.root / "job.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(StoreError, match=r"job.json.*variegate repair .* says how to mend it"):
        read.read_job(store.root)


def test_damaged_labels_are_named(store):
    (store.folder(0) / "labels.json").write_text('{"frame": "0"}')
    with pytest.raises(StoreError, match=r"labels.json does not fit this version"):
        read.read_labels(store.root, 0)


def test_a_damaged_picture_is_named(store):
    path = store.folder(0) / "instance.png"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(StoreError, match="instance.png is damaged"):
        read.read_instance(store.root, 0)


def test_a_picture_that_is_no_id_image_is_named(store):
    (store.folder(0) / "instance.png").write_bytes(encode_png(np.zeros((4, 4), dtype=np.uint8)))
    with pytest.raises(StoreError, match=r"instance.png holds uint8 \(4, 4\), expected instance ids"):
        read.read_instance(store.root, 0)


def test_a_frame_that_is_not_there_is_named(store):
    with pytest.raises(StoreError, match="labels.json: cannot be read: No such file"):
        read.read_labels(store.root, 3)
