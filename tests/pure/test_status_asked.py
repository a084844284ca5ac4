"""What was asked for: `status` counts that, not all that the scene has."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from status_samples import CPU, begin, clock, dead, end, frames_made, lay_frames, start
from status_samples import write_log as log
from store_samples import open_sample, sample_job

from pipeline.cli import main
from pipeline.dataset.quarantine import quarantine
from pipeline.dataset.worker_log import WorkerLog
from pipeline.errors import StoreError
from pipeline.farm.ledger import add_entry, ready_files
from pipeline.farm.submission import Submission
from pipeline.status.gaps import find_gaps
from pipeline.status.overview import read_status
from pipeline.status.sections import plain_lines

FRAMES = 100


@pytest.fixture
def store(tmp_path, monkeypatch):
    clock(monkeypatch)
    return open_sample(tmp_path / "ds", sample_job(frames=FRAMES))


def run(store, number, asked, made=(), **facts):
    """Log a run that was asked for frames, and made some of them."""
    events = [start(0, **CPU | {"asked": asked} | facts), *frames_made(made, 0, 1, render=1.0), end(50)]
    log(store.root, dead(number), events)
    lay_frames(store.root, made)


def submit(store, frames):
    submission = Submission(
        engine="slurm",
        name="dice",
        dataset=store.root.as_posix(),
        folder="",
        frames=frames,
        shards=(frames,),
        command=("variegate",),
    )
    return add_entry(
        store.root, "slurm", lambda folder: (one := replace(submission, folder=folder), ready_files(one))
    ).folder


def asked(store):
    """Return what `status` counts: the list, its length, and what is missing of it."""
    status = read_status(store.root)
    return status.asked_for, status.counts.asked, status.counts.missing


def test_a_run_of_some_frames_is_complete_when_those_are_there(store):
    run(store, 1, "0-7", made=range(8))
    status = read_status(store.root)
    assert (status.scene_frames, status.hints) == (FRAMES, ())
    lines = list(plain_lines(status))
    assert lines[1:3] == ["8 of 8 frames, 100 %", "asked for: 8 of the scene's 100 frames (0-7)"]
    assert lines[3].startswith("all that was asked for is there · ")


def test_what_lacks_of_a_run_is_missing_and_nothing_else(store):
    run(store, 1, "0-7", made=range(5))
    assert asked(store) == ("0-7", 8, (5, 6, 7))
    (hint,) = read_status(store.root).hints
    assert hint.startswith("3 frames are missing") and hint.endswith("(variegate submit --frames 5-7)")


def test_runs_and_submissions_count_together(store):
    run(store, 1, "0-3", made=range(4))
    run(store, 2, "10,12-13", role="supervisor")
    run(store, 3, "12-14", role="shard")
    assert asked(store) == ("0-3,10,12-14", 8, (10, 12, 13, 14))
    submit(store, "14-19")
    assert asked(store) == ("0-3,10,12-19", 13, (10, *range(12, 20)))


def test_a_submission_alone_was_asked_for(store):
    submit(store, "0-9")
    assert asked(store) == ("0-9", 10, tuple(range(10)))


def test_a_process_asks_for_all_that_it_was_ever_asked_for(store):
    with WorkerLog(store.root, {"role": "render", "asked": "0-1"}):
        pass
    with WorkerLog(store.root, {"role": "render", "asked": "4"}):
        assert asked(store)[0] == "0-1,4"


def test_frames_that_are_there_or_given_up_were_asked_for_by_somebody(store):
    run(store, 1, "0-3", made=range(4))
    lay_frames(store.root, (20,))
    quarantine(store, 30, ["no"], None, "")
    assert asked(store) == ("0-3,20,30", 6, ())


def test_workers_do_not_say_what_was_asked_for(store):
    run(store, 1, "0-3", made=range(3), role="supervisor")
    log(store.root, dead(2), [start(0, **CPU | {"role": "worker", "supervisor": dead(1)}), begin(3, 1), end(2)])
    log(store.root, dead(3), [start(0, role="submit"), end(2)])
    assert asked(store) == ("0-3", 4, (3,))


def test_frames_beyond_the_scene_do_not_count(store):
    run(store, 1, "0-7,200", made=range(8))
    assert asked(store) == ("0-7", 8, ())


@pytest.mark.parametrize("known", ["0-99", "0-49,50-99", "0-200"])
def test_all_that_the_scene_has_is_no_part(store, known):
    run(store, 1, known)
    assert asked(store) == ("", FRAMES, tuple(range(FRAMES)))
    assert not any(line.startswith("asked for") for line in plain_lines(read_status(store.root)))


@pytest.mark.parametrize("role", ["render", "shard", "supervisor"])
@pytest.mark.parametrize("fact", [{}, {"asked": "many"}, {"asked": 8}])
def test_where_a_run_does_not_say_the_scene_counts(store, role, fact):
    """As in logs of an older version."""
    run(store, 1, "0-7", made=range(8))
    log(store.root, dead(2), [start(0, **CPU | {"role": role} | fact), end(50)])
    assert asked(store) == ("", FRAMES, tuple(range(8, FRAMES)))


def test_where_nothing_was_asked_for_the_scene_counts(store):
    assert asked(store) == ("", FRAMES, tuple(range(FRAMES)))
    lay_frames(store.root, range(3))  # as when timing/ was tidied away
    assert asked(store) == ("", FRAMES, tuple(range(3, FRAMES)))


def test_a_submission_that_cannot_be_read_makes_the_scene_count(store):
    run(store, 1, "0-7", made=range(8))
    (store.root / submit(store, "10") / "submission.json").write_text("{")
    assert asked(store) == ("", FRAMES, tuple(range(8, FRAMES)))


def test_what_is_named_counts_and_nothing_is_said_of_the_rest(store, capsys):
    run(store, 1, "0-7", made=range(8))
    folder = submit(store, "10-14")
    for words, first in ((("--frames", "5-14"), "3 of 10 frames, 30 %"), (("--submission", folder), "0 of 5 frames")):
        assert main(["status", str(store.root), *words]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[1].startswith(first) and not lines[2].startswith("asked for")


def test_require_complete_stays_with_the_scene(store, capsys):
    """A job that goes on with a whole dataset must not take a part for it because nobody asked for more."""
    run(store, 1, "0-7", made=range(8))
    assert main(["status", str(store.root), "--require-complete"]) == 1
    assert capsys.readouterr().out.splitlines() == ["8 of 100 frames are there", "missing: 8-99"]
    assert main(["status", str(store.root), "--require-complete", "--frames", "0-7"]) == 0
    assert find_gaps(store.root).missing == tuple(range(8, 100))


def test_programs_are_told_both_numbers(store, capsys):
    run(store, 1, "0-7", made=range(6))
    assert main(["status", str(store.root), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["scene_frames"], told["asked_for"], told["counts"]["asked"]) == (100, "0-7", 8)


def test_what_is_no_dataset_is_told(tmp_path):
    with pytest.raises(StoreError, match="is not a dataset"):
        read_status(tmp_path)
