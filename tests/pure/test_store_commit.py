"""Committing frames: what is written, and that a refused or doubled write changes nothing."""

import errno
import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from store_samples import FACTS, commit_samples, contents, open_sample, sample_frame, sample_job, sample_plan

from pipeline.codecs.exr import decode_exr, encode_exr
from pipeline.codecs.png import decode_png
from pipeline.dataset import commit as commit_module
from pipeline.dataset import disk, processes
from pipeline.dataset.pictures import millimetres, pixels_sha256
from pipeline.dataset.store import clean_stale, commit, is_complete, missing
from pipeline.errors import StoreError

JOB = sample_job()
PICTURES = ["category.png", "depth.exr", "instance.png", "linear.exr", "rgb.png"]
TEXTS = ["frame.json", "labels.json", "plan.json"]


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", JOB)


def record_of(store, frame):
    return json.loads((store.folder(frame) / "frame.json").read_bytes())


def temporaries(store):
    return [name for name in os.listdir(store.root / "frames") if name.startswith(".tmp-")]


def test_an_accepted_frame_holds_what_was_asked_for(store, tmp_path):
    commit_samples(store, tmp_path, (0,))
    assert sorted(os.listdir(store.folder(0))) == sorted(PICTURES + TEXTS)


def test_only_what_was_asked_for_is_written_and_the_ids_always(store, tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    commit(store, replace(plan, outputs=("depth",), depth_format="png"), rendered, annotation)
    assert sorted(os.listdir(store.folder(0))) == sorted(["depth.png", "instance.png", *TEXTS])


def test_a_rejected_frame_has_its_record_and_no_pictures(store, tmp_path):
    commit_samples(store, tmp_path, (4,))
    assert sorted(os.listdir(store.folder(4))) == TEXTS
    record = record_of(store, 4)
    assert (record["status"], record["reason"]) == ("rejected", "no room for object 3 after 50 tries")
    assert is_complete(store, 4)


def test_the_record_says_size_and_sha256_of_every_other_file(store, tmp_path):
    commit_samples(store, tmp_path, (0,))
    files = record_of(store, 0)["files"]
    assert sorted(files) == sorted(PICTURES + ["labels.json", "plan.json"])
    for name, facts in files.items():
        data = (store.folder(0) / name).read_bytes()
        assert (facts["bytes"], facts["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_the_record_says_who_rendered_and_for_which_job(store, tmp_path):
    commit_samples(store, tmp_path, (0,))
    record = record_of(store, 0)
    assert record["renderer"] == {**FACTS, "engine": "cycles"}
    assert (record["frame"], record["job_digest"], record["id_source"]) == (0, JOB.digest, "render")


def test_the_record_has_the_sha256_of_decoded_exr_pixels(store, tmp_path):
    commit_samples(store, tmp_path, (0,))
    for name in ("depth.exr", "linear.exr"):
        decoded = decode_exr((store.folder(0) / name).read_bytes())
        assert record_of(store, 0)["files"][name]["pixels_sha256"] == pixels_sha256(decoded)


def test_arrays_come_back_as_they_were(store, tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    commit(store, plan, rendered, annotation)
    folder = store.folder(0)
    depth = decode_exr((folder / "depth.exr").read_bytes())
    linear = decode_exr((folder / "linear.exr").read_bytes())
    assert np.array_equal(decode_png((folder / "instance.png").read_bytes()), rendered.instance)
    assert np.array_equal(decode_png((folder / "category.png").read_bytes()), annotation.images["category"])
    assert list(depth) == ["Z"] and np.array_equal(depth["Z"], rendered.depth_m) and np.isinf(depth["Z"]).any()
    assert np.array_equal(np.stack([linear[c] for c in "RGB"], axis=-1), rendered.linear)


def test_the_encoded_picture_is_moved_into_the_frame(store, tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    data = rendered.rgb_file.read_bytes()
    commit(store, plan, rendered, annotation)
    assert (store.folder(0) / "rgb.png").read_bytes() == data and not rendered.rgb_file.exists()


def test_a_picture_on_another_file_system_is_copied(store, tmp_path, monkeypatch):
    real = os.replace

    def replace_within_one_file_system(source, target):
        if str(source).endswith("rgb-0.png"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real(source, target)

    monkeypatch.setattr(disk.os, "replace", replace_within_one_file_system)
    commit_samples(store, tmp_path, (0,))
    assert is_complete(store, 0, deep=True) and not (tmp_path / "rgb-0.png").exists()


def test_a_jpeg_keeps_its_usual_ending(store, tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    commit(store, replace(plan, rgb_format="jpeg"), rendered, annotation)
    assert (store.folder(0) / "rgb.jpg").is_file()


def test_an_exr_picture_is_written_anew_so_that_no_render_time_stays_in_it(store, tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    channels = {name: rendered.linear[..., i] for i, name in enumerate("RGB")}
    rendered.rgb_file.write_bytes(encode_exr(channels))
    commit(store, replace(plan, rgb_format="exr"), rendered, annotation)
    facts = record_of(store, 0)["files"]["rgb.exr"]
    assert facts["pixels_sha256"] == pixels_sha256(channels)
    assert (store.folder(0) / "rgb.exr").read_bytes() == encode_exr(channels)


def test_a_complete_frame_is_left_as_it_is(store, tmp_path):
    commit_samples(store, tmp_path, (0,))
    before = os.stat(store.folder(0)).st_ino
    commit_samples(store, tmp_path, (0,))
    assert os.stat(store.folder(0)).st_ino == before and temporaries(store) == []


def test_of_two_writers_the_second_drops_its_own(store, tmp_path, monkeypatch):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    real = commit_module._write_frame

    def write_while_another_commits(*args):
        real(*args)
        monkeypatch.setattr(commit_module, "_write_frame", real)
        with monkeypatch.context() as other:
            other.setattr(disk, "process_name", lambda: f"{processes.host()}-{os.getpid()}-another1")
            commit_samples(store, tmp_path, (0,))

    monkeypatch.setattr(commit_module, "_write_frame", write_while_another_commits)
    commit(store, plan, rendered, annotation)
    assert is_complete(store, 0, deep=True) and temporaries(store) == []


def test_a_rename_whose_answer_was_lost_is_done(store, tmp_path, monkeypatch):
    """NFS asks for it again and hears that there is nothing to rename."""
    real = os.rename

    def answer_lost(source, target):
        real(source, target)
        raise FileNotFoundError(2, "No such file or directory", str(source))

    monkeypatch.setattr(commit_module.os, "rename", answer_lost)
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    commit_module.put_in_place(written(store, plan, rendered, annotation), store.folder(0), 0, JOB.digest)
    assert is_complete(store, 0, deep=True)
    with pytest.raises(FileNotFoundError):
        commit_module.put_in_place(store.root / "frames/.tmp-gone", store.folder(1), 1, JOB.digest)


def written(store, *made):
    folder = store.root / "frames" / ".tmp-written"
    commit_module._write_frame(folder, store, *made)
    return folder


@pytest.mark.parametrize("name", ["rgb.png", "labels.json", "depth.exr", "frame.json"])
def test_a_truncated_file_makes_the_frame_missing_and_is_replaced(store, tmp_path, name):
    commit_samples(store, tmp_path, (0,))
    before = contents(store.root)
    path = store.folder(0) / name
    path.write_bytes(path.read_bytes()[:-7])
    assert missing(store, range(2)) == (0, 1)
    commit_samples(store, tmp_path, (0,))
    assert contents(store.root) == before and temporaries(store) == []


def test_a_folder_without_a_record_is_replaced(store, tmp_path):
    store.folder(0).mkdir()
    (store.folder(0) / "rgb.png").write_bytes(b"half")
    commit_samples(store, tmp_path, (0,))
    assert is_complete(store, 0, deep=True) and temporaries(store) == []


def test_a_file_where_a_frame_should_be_is_replaced(store, tmp_path):
    store.folder(0).write_bytes(b"?")
    commit_samples(store, tmp_path, (0,))
    assert is_complete(store, 0, deep=True) and temporaries(store) == []


def test_a_damaged_folder_that_another_process_mends_meanwhile_is_kept(store, tmp_path, monkeypatch):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    store.folder(0).mkdir()
    (store.folder(0) / "junk").write_bytes(b"")
    real = commit_module._set_aside

    def mended_just_before(*args):
        monkeypatch.setattr(commit_module, "_set_aside", real)
        with monkeypatch.context() as other:
            other.setattr(disk, "process_name", lambda: f"{processes.host()}-{os.getpid()}-another1")
            commit_samples(store, tmp_path, (0,))
        mended.append(os.stat(store.folder(0)).st_ino)
        real(*args)

    mended = []
    monkeypatch.setattr(commit_module, "_set_aside", mended_just_before)
    commit(store, plan, rendered, annotation)
    assert [os.stat(store.folder(0)).st_ino] == mended and temporaries(store) == []


def test_changed_bytes_of_the_same_size_are_found_by_the_deep_check(store, tmp_path):
    commit_samples(store, tmp_path, (0,))
    path = store.folder(0) / "rgb.png"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert is_complete(store, 0) and not is_complete(store, 0, deep=True)


def test_a_frame_of_another_job_is_never_replaced(store, tmp_path):
    other = open_sample(tmp_path / "other", sample_job(seed=2))
    commit_samples(other, tmp_path, (0,))
    os.rename(other.folder(0), store.folder(0))
    with pytest.raises(StoreError, match="was made by job .* this dataset is of job .*move that folder away"):
        commit_samples(store, tmp_path, (0,))


def test_a_frame_under_a_wrong_number_does_not_count(store, tmp_path):
    commit_samples(store, tmp_path, (0,))
    os.rename(store.folder(0), store.folder(3))
    assert missing(store, (0, 3)) == (0, 3)


def test_a_plan_of_another_job_is_refused(store, tmp_path):
    plan, rendered, annotation = sample_frame(sample_job(seed=2), 0, tmp_path)
    with pytest.raises(StoreError, match="frame 0 was planned by job"):
        commit(store, plan, rendered, annotation)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.ENOSPC, "the disk is full: free some space"), (errno.EDQUOT, "quota"), (errno.EIO, "check the disk")],
)
@pytest.mark.parametrize("writes_before", [0, 3, 7])
def test_a_disk_that_refuses_is_one_clear_error_and_leaves_nothing(
    store, tmp_path, monkeypatch, code, remedy, writes_before
):
    left = [writes_before]

    def refuse(handle):
        if left[0] == 0:
            raise OSError(code, os.strerror(code))
        left[0] -= 1

    monkeypatch.setattr(disk.os, "fsync", refuse)
    with pytest.raises(StoreError, match=rf"frames/000000: cannot be written: .*{remedy}"):
        commit_samples(store, tmp_path, (0,))
    assert os.listdir(store.root / "frames") == []


def test_an_accepted_frame_without_its_picture_is_a_bug_and_leaves_nothing(store, tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    with pytest.raises(ValueError, match="asks for rgb, and there is none"):
        commit(store, plan, replace(rendered, rgb_file=None), annotation)
    assert os.listdir(store.root / "frames") == []


def test_temporary_folders_of_dead_processes_are_cleaned_and_of_live_ones_kept(store):
    frames = store.root / "frames"
    dead = frames / f".tmp-000001-{processes.host()}-999999999-aaaa"
    before = frames / f".tmp-000002-{processes.host()}-{os.getpid()}-bbbb"  # an earlier process of this number
    mine = frames / disk.temporary_name("000003")
    live = frames / f".tmp-000004-{processes.host()}-{os.getppid()}-cccc"
    foreign = frames / ".tmp-000005-another-host-77-dddd"
    old = frames / ".tmp-000006-another-host-77-eeee"
    for folder in (dead, before, mine, live, foreign, old):
        folder.mkdir()
        (folder / "rgb.png").write_bytes(b"half")
    os.utime(old, (0, 0))
    assert clean_stale(store) == 3
    assert sorted(temporaries(store)) == sorted(path.name for path in (mine, live, foreign))


@pytest.mark.parametrize(
    ("metres", "expected"),
    [
        (0.0625, 62),  # 62.5 mm, half to even
        (0.1875, 188),
        (1.0, 1000),
        (65.535, 65_535),
        (65.536, 0),
        (1000.0, 0),
        (np.inf, 0),
        (np.nan, 0),
        (-1.0, 0),
        (0.0, 0),
        (0.0004, 0),
    ],
)
def test_depth_in_millimetres(metres, expected):
    result = millimetres(np.full((2, 3), metres, dtype=np.float32))
    assert result.dtype == np.uint16 and (result == expected).all()


def test_plans_are_written_as_they_are(store, tmp_path):
    plan = sample_plan(JOB, 4, rejected="too full")
    _, rendered, annotation = sample_frame(JOB, 4, tmp_path)
    commit(store, plan, rendered, annotation)
    assert json.loads((store.folder(4) / "plan.json").read_bytes())["rejected"] == "too full"
