"""What a dataset lacks: the list, the reasons, the exit code."""

from __future__ import annotations

import json

import pytest
from store_samples import commit_samples, open_sample, sample_job

from pipeline.cli import main
from pipeline.dataset import presence
from pipeline.dataset.quarantine import quarantine
from pipeline.errors import ConfigError, FarmError, StoreError
from pipeline.status.gaps import SHOWN, asked_frames, find_gaps, gap_lines

JOB = sample_job(frames=12)


@pytest.fixture
def store(tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    commit_samples(store, tmp_path, (0, 1, 2, 4))
    return store


def status(capsys, *args):
    code = main(["status", *map(str, args)])
    return code, capsys.readouterr().out.splitlines()


def test_the_frames_in_question_are_a_list_or_a_submissions(store):
    (store.root / "farm/0001-slurm").mkdir(parents=True)
    (store.root / "farm/0001-slurm/shards.txt").write_text("0-1\n4,7\n")
    assert asked_frames(store.root) is None
    assert asked_frames(store.root, "3-5") == (3, 4, 5)
    assert asked_frames(store.root, submission="farm/0001-slurm") == (0, 1, 4, 7)
    with pytest.raises(FarmError, match="is 'farm/0002-slurm' a submission of it"):
        asked_frames(store.root, submission="farm/0002-slurm")
    with pytest.raises(ConfigError, match="outside 0-11"):
        asked_frames(store.root, "12")


def test_missing_frames_are_told_apart_from_those_given_up(store):
    quarantine(store, 5, ["no", "Traceback:\n  line\nValueError: no room"], None, "")
    gaps = find_gaps(store.root, range(8))
    assert gaps.missing == (3, 6, 7) and list(gaps.given_up) == [5] and gaps.count == 4
    assert list(gap_lines(gaps)) == [
        "4 of 8 frames are there",
        "missing: 3,6-7",
        "given up: 5",
        "  frame 5: ValueError: no room",
    ]


def test_a_frame_that_was_given_up_and_made_after_all_is_there(store):
    quarantine(store, 1, ["no"], None, "")
    assert find_gaps(store.root, range(3)).count == 0


def test_an_old_list_of_names_is_not_believed(store, monkeypatch):
    """A network file system may show one to the job that checks, seconds after the last frame came from elsewhere."""
    lists = iter([frozenset({0, 1}), frozenset({0, 1, 2, 4})])
    monkeypatch.setattr(presence, "present", lambda root: next(lists))
    assert find_gaps(store.root, (0, 1, 2, 3, 4)).missing == (3,)
    assert not list((store.root / "frames").glob(".tmp-*"))


def test_what_is_unfinished_and_what_lies_beyond_the_last_frame_does_not_count(store):
    (store.root / "frames/.tmp-000003-host-1-00").mkdir()
    (store.root / "frames/000099").mkdir()
    assert find_gaps(store.root, range(4)).missing == (3,)


def test_only_a_deep_look_opens_files(store):
    labels = store.root / "frames/000002/labels.json"
    labels.write_bytes(labels.read_bytes().replace(b"2", b"3"))
    (store.root / "frames/000001/frame.json").unlink()
    assert find_gaps(store.root, range(3)).damaged == {1: "frame.json is not there"}
    damaged = find_gaps(store.root, range(4), deep=True).damaged
    assert damaged == {1: "frame.json is not there", 2: "labels.json is not what was written: its sha256 differs"}


def test_a_long_list_of_reasons_is_cut(store):
    for frame in range(5, 12):
        quarantine(store, frame, ["no"], None, "")
    gaps = find_gaps(store.root, (*range(5, 12), *range(20, 20 + SHOWN)))
    for frame in range(20, 20 + SHOWN):
        gaps.given_up[frame] = ""
    lines = list(gap_lines(gaps))
    assert lines[-1] == "  and 7 more" and "  frame 20: no reason is told" in lines


def test_require_complete_ends_with_1_until_all_is_there(store, tmp_path, capsys):
    assert status(capsys, store.root, "--frames", "0-2,4", "--require-complete") == (0, ["4 of 4 frames are there"])
    code, lines = status(capsys, store.root, "--frames", "0-4", "--require-complete")
    assert code == 1 and lines == ["4 of 5 frames are there", "missing: 3"]
    commit_samples(store, tmp_path, (3,))
    assert status(capsys, store.root, "--frames", "0-4", "--require-complete")[0] == 0


def test_gaps_as_json(store, capsys):
    code, lines = status(capsys, store.root, "--frames", "0-4", "--require-complete", "--json")
    told = json.loads("\n".join(lines))
    assert code == 1 and told == {"asked": 5, "missing": [3], "given_up": {}, "damaged": {}}


def test_what_is_no_dataset_is_one_clear_error(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 2
    assert "is not a dataset: it has no dataset.json" in capsys.readouterr().err
    with pytest.raises(StoreError, match="not a dataset"):
        asked_frames(tmp_path)


def test_a_list_and_a_submission_do_not_go_together(store, capsys):
    assert main(["status", str(store.root), "--frames", "1", "--submission", "farm/0001-slurm"]) == 2
    assert "not both" in capsys.readouterr().err
