"""The ledger of submissions, and the sizes of shards."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
from dataclasses import replace
from pathlib import Path

import pytest
from farm_samples import sample_submission

from pipeline.errors import FarmError, StoreError
from pipeline.farm import ledger
from pipeline.farm.engines import ENGINES
from pipeline.farm.handover import hand_over
from pipeline.farm.ledger import Entry, add_entry, drop_entry, next_folder, read_ledger, ready_files, record_ids
from pipeline.farm.sizing import FRAMES, frames_per_shard


def add(root, engine="slurm"):
    def make(folder):
        submission = sample_submission(folder=folder, engine=engine)
        return submission, ready_files(submission)

    return add_entry(root, engine, make)


def add_many(root: str) -> None:
    for _ in range(6):
        add(Path(root))


def test_what_is_written_is_read_back(tmp_path):
    first = add(tmp_path)
    record_ids(tmp_path, first, ["101", "102+5"], ["sbatch ..."])
    second = add(tmp_path, "openjd")
    assert read_ledger(tmp_path) == (
        Entry(submission=replace(sample_submission(), folder="farm/0001-slurm"), ids=("101", "102+5")),
        Entry(submission=replace(sample_submission(), folder="farm/0002-openjd", engine="openjd"), ids=None),
    )
    drop_entry(tmp_path, second)
    assert next_folder(tmp_path, "slurm") == "farm/0002-slurm"


def test_processes_that_submit_at_the_same_time_get_folders_of_their_own(tmp_path):
    code = "import sys; sys.path[:0] = sys.argv[2:]; import test_farm_ledger as t; t.add_many(sys.argv[1])"
    here = Path(__file__).resolve()
    words = [sys.executable, "-c", code, str(tmp_path), str(here.parent), str(here.parents[2])]
    for process in [subprocess.Popen(words) for _ in range(4)]:
        assert process.wait(timeout=600) == 0
    made = [entry.submission.folder for entry in read_ledger(tmp_path)]
    assert made == [f"farm/{number:04d}-slurm" for number in range(1, 25)]
    assert len(list((tmp_path / "farm").iterdir())) == 24


def test_a_submission_that_is_refused_while_others_are_read_is_none(tmp_path, monkeypatch):
    kept, refused = add(tmp_path), add(tmp_path)
    real = ledger.read_entry

    def refused_just_now(root, name):
        if name == "0002-slurm":
            drop_entry(tmp_path, refused)
        return real(root, name)

    monkeypatch.setattr(ledger, "read_entry", refused_just_now)
    assert [entry.submission for entry in read_ledger(tmp_path)] == [kept]


def test_numbers_go_on_beyond_four_digits(tmp_path):
    (tmp_path / "farm" / "9999-slurm").mkdir(parents=True)
    assert next_folder(tmp_path, "slurm") == "farm/10000-slurm"


def test_a_folder_that_is_no_submission_is_told(tmp_path):
    (tmp_path / "farm" / "0001-slurm").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"0001-slurm: not a submission that can be read: .*submission.json"):
        read_ledger(tmp_path)


def test_a_dataset_without_submissions_has_an_empty_ledger(tmp_path):
    assert read_ledger(tmp_path / "nowhere") == ()
    assert next_folder(tmp_path / "nowhere", "slurm") == "farm/0001-slurm"


def test_a_shard_is_as_large_as_said_or_else_of_a_usual_size(tmp_path):
    assert frames_per_shard(tmp_path / "nowhere", 7, None) == 7
    assert frames_per_shard(tmp_path / "nowhere", None, None) == FRAMES
    with pytest.raises(FarmError, match=r"--minutes-per-shard 5: no frame of .* was timed yet \(render a few first"):
        frames_per_shard(tmp_path / "nowhere", None, 5.0)


@pytest.mark.parametrize(
    ("cause", "kept"),
    [
        (TimeoutError(), True),
        (urllib.error.URLError(TimeoutError()), True),
        (KeyboardInterrupt(), True),
        (urllib.error.URLError(ConnectionRefusedError()), False),
        (None, False),
    ],
)
def test_a_submission_that_the_engine_may_have_taken_keeps_what_its_shards_need(tmp_path, cause, kept):
    def submit(submission, folder):
        if isinstance(cause, KeyboardInterrupt):
            raise cause
        raise FarmError("no") from cause

    engine = replace(ENGINES["slurm"], submit=submit, commands=lambda submission, folder: ())
    with pytest.raises((FarmError, KeyboardInterrupt)):
        hand_over(tmp_path, sample_submission(), [[0, 1]], engine)
    assert [entry.ids for entry in read_ledger(tmp_path)] == [None] * kept
