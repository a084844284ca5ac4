"""Opening datasets: new ones, those of the same job, and everything that must be refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_samples import FACTS, commit_samples, contents, open_sample, sample_job

from pipeline.conventions import FORMAT_VERSION
from pipeline.dataset import create
from pipeline.dataset.store import missing, open_store
from pipeline.errors import StoreError

JOB = sample_job()


def test_a_new_dataset_has_its_files_and_folders(tmp_path):
    open_sample(tmp_path / "ds", JOB)
    assert sorted(os.listdir(tmp_path / "ds")) == ["dataset.json", "frames", "job.json", "logs", "timing"]


def test_the_dataset_says_its_job_seed_class_map_and_licences(tmp_path):
    open_sample(tmp_path / "ds", JOB)
    data = json.loads((tmp_path / "ds" / "dataset.json").read_bytes())
    assert (data["format_version"], data["job_digest"], data["seed"]) == (FORMAT_VERSION, JOB.digest, 1)
    assert data["categories"][0] == {"id": 3, "name": "mug", "supercategory": "kitchen"}
    assert data["assets"] == [{"asset_id": "mugs/red.glb", "sha256": "00" * 32, "licence": "CC0-1.0"}]


def test_an_asset_without_a_licence_is_called_unknown(tmp_path):
    assert create.dataset_json(sample_job(licence=""))["assets"][0]["licence"] == "unknown"


def test_dataset_json_does_not_depend_on_who_renders_or_where(tmp_path):
    open_store(tmp_path / "a", JOB, tmp_path, FACTS)
    open_store(tmp_path / "deep" / "b", JOB, tmp_path / "elsewhere", {"device": "cuda"})
    first, second = tmp_path / "a" / "dataset.json", tmp_path / "deep" / "b" / "dataset.json"
    assert first.read_bytes() == second.read_bytes()


def test_opening_again_changes_nothing(tmp_path):
    commit_samples(open_sample(tmp_path / "ds", JOB), tmp_path, (0, 4))
    before = contents(tmp_path / "ds")
    assert missing(open_sample(tmp_path / "ds", JOB), range(6)) == (1, 2, 3, 5)
    assert contents(tmp_path / "ds") == before


def test_an_empty_folder_is_taken(tmp_path):
    open_sample(tmp_path, JOB)
    assert (tmp_path / "dataset.json").is_file()


def test_a_creation_that_was_killed_is_taken_up(tmp_path):
    (tmp_path / ".tmp-dataset.json-elsewhere-1-abcd").write_text("{")
    open_sample(tmp_path, JOB)
    assert (tmp_path / "dataset.json").is_file()


def test_a_dataset_that_lost_its_job_and_folders_gets_them_back(tmp_path):
    open_sample(tmp_path, JOB)
    before = (tmp_path / "job.json").read_bytes()
    (tmp_path / "job.json").unlink()
    (tmp_path / "timing").rmdir()
    open_sample(tmp_path, JOB)
    assert (tmp_path / "job.json").read_bytes() == before and (tmp_path / "timing").is_dir()


def test_the_dataset_of_another_job_is_refused_with_both_digests_and_left_alone(tmp_path):
    open_sample(tmp_path, JOB)
    before = contents(tmp_path)
    other = sample_job(seed=2)
    with pytest.raises(StoreError, match=f"{JOB.digest[:12]}, this is job {other.digest[:12]} .*another --out"):
        open_sample(tmp_path, other)
    assert contents(tmp_path) == before


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"not a dataset: it holds holiday.jpg \(choose another --out\)"):
        open_sample(tmp_path, JOB)
    assert os.listdir(tmp_path) == ["holiday.jpg"]


def test_a_damaged_dataset_json_is_named(tmp_path):
    (tmp_path / "dataset.json").write_text('{"format_version": 1,')
    with pytest.raises(StoreError, match="dataset.json is damaged"):
        open_sample(tmp_path, JOB)


def test_a_dataset_of_another_format_is_refused(tmp_path):
    (tmp_path / "dataset.json").write_text('{"format_version": 99}')
    with pytest.raises(StoreError, match=f"format_version is 99, this version reads {FORMAT_VERSION}"):
        open_sample(tmp_path, JOB)


def test_an_output_below_a_file_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"a part of the path is a file: choose another --out"):
        open_sample(tmp_path / "file" / "ds", JOB)


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file: cannot be written"):
        open_sample(tmp_path / "file", JOB)


def test_a_dataset_that_became_read_only_is_refused_before_anything_is_rendered(tmp_path, monkeypatch):
    open_sample(tmp_path, JOB)

    def refuse(self, *args, **kwargs):
        raise OSError(30, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match="Read-only file system.*read-only: choose another --out"):
        open_sample(tmp_path, JOB)


def test_processes_that_create_one_dataset_at_once_all_succeed_and_agree(tmp_path):
    code = (
        "import sys, pathlib; sys.path[:0] = sys.argv[2:4]; import store_samples as s\n"
        "sys.stdin.readline(); s.open_sample(pathlib.Path(sys.argv[1]), s.sample_job())"
    )
    tests = Path(__file__).parent
    command = [sys.executable, "-c", code, str(tmp_path / "ds"), str(tests), str(tests.parents[1])]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    for writer in writers:
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    assert [writer.communicate()[1] for writer in writers] == [b""] * 4
    open_sample(tmp_path / "alone", JOB)
    assert contents(tmp_path / "ds") == contents(tmp_path / "alone")
