"""What lies further back, or is known twice, must not be taken for what is going on now."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from farm_samples import sample_submission
from status_samples import CPU, GPU, T0, begin, clock, dead, end, failed, frames_made, lay_frames, rejected, start
from status_samples import write_log as log
from store_samples import commit_samples, open_sample, sample_job

from pipeline.dataset.processes import process_name
from pipeline.dataset.quarantine import quarantine
from pipeline.farm.engines import ENGINES
from pipeline.farm.ledger import add_entry, ready_files, record_ids
from pipeline.farm.local.limits import over_memory
from pipeline.farm.submission import Resources
from pipeline.status.overview import read_status

SLURM = {"slurm": replace(ENGINES["slurm"], states=lambda submission, ids: {})}  # nothing waits or runs


@pytest.fixture
def at(monkeypatch):
    return clock(monkeypatch)


@pytest.fixture
def store(tmp_path, at):
    return open_sample(tmp_path / "ds", sample_job(frames=40))


def submit(store, at=0.0, ids=("12", "13"), shards=("0-3", "4-7"), **changed):
    def make(folder):
        place, frames = store.root.as_posix(), ",".join(shards)
        submission = sample_submission(folder=folder, shards=shards, frames=frames, dataset=place, **changed)
        return submission, ready_files(submission)

    record_ids(store.root, add_entry(store.root, "slurm", make), ids, (), T0 + at)


def test_no_time_is_left_for_frames_that_were_given_up(store, at):
    at(50)
    log(store.root, process_name(), [start(0, **CPU), *frames_made(range(5), 0, 10), begin(5, 50)])
    lay_frames(store.root, range(5))
    for frame in (6, 7):
        quarantine(store, frame, ["ValueError: no"], None, "")
    assert read_status(store.root, range(10)).pace.left_s == pytest.approx(3 / (5 / 50))  # 5, 8 and 9


def test_a_frame_that_is_there_does_not_run_whoever_still_makes_it(store):
    """Two processes made it at once; the other is a little behind."""
    commit_samples(store, store.root.parent, (0,))
    log(store.root, process_name(), [start(0, **CPU), begin(0, 20)])
    counts = read_status(store.root, range(2)).counts
    assert (counts.accepted, counts.running, counts.missing) == (1, (), (1,))


def test_why_a_frame_was_rejected_is_looked_up_where_its_log_does_not_say(store):
    commit_samples(store, store.root.parent, (4,))  # its record has a reason
    event = rejected(4, 9, "")
    log(store.root, dead(), [start(), event])
    counts = read_status(store.root, range(5)).counts
    assert counts.rejections == (("no room for object 3 after 50 tries", 1),)


def test_workers_of_an_earlier_run_feed_no_gpu_now(store, at):
    at(7300)
    fed = {"build": 0.75, "render": 0.25}
    for number in range(4):
        events = frames_made(range(number * 5, number * 5 + 5), 0, 1, **fed)
        log(store.root, dead(number), [start(0, **GPU), *events, end(5)])
    log(store.root, process_name(), [start(7200, **GPU), *frames_made(range(20, 30), 7200, 10, **fed)])
    lay_frames(store.root, range(30))
    (hint,) = read_status(store.root, range(30)).hints
    assert "at most 25% of the time, fed by 1 process: start 4 workers" in hint


def test_memory_that_did_not_suffice_before_is_no_fault_of_a_later_submission(store):
    reason = over_memory(15000, 14745)
    lost = {"event": "lost", "frame": 1, "at_s": T0 + 30, "worker": dead(2), "reason": reason, "counts": True}
    log(store.root, dead(1), [start(1, role="supervisor"), lost, end(40)])
    log(store.root, dead(2), [start(2, **CPU, supervisor=dead(1)), begin(1, 20)])
    submit(store)
    (first,) = read_status(store.root, range(40), engines=SLURM).submissions
    assert first.starved is not None and first.starved.shards == (0,)
    submit(store, at=60, ids=("20", "21"))
    first, second = read_status(store.root, range(40), engines=SLURM).submissions
    assert first.starved is None and second.starved is None


def test_a_shard_that_ran_out_of_memory_before_a_frame_is_told_once(store):
    submit(store, shards=("0-3",), resources=Resources(memory_mb=1024))
    text = (
        "shard 0: task 12_0 on n1, start 1\nslurmstepd: error: Detected 1 oom-kill event(s)\nshard 0: exit code 137\n"
    )
    (store.root / "logs/slurm-12_0.log").write_text(text)
    status = read_status(store.root, range(4), engines=SLURM)
    assert [group.reason for group in status.submissions[0].unbegun] == ["out of memory"]
    told = [hint for hint in status.hints if "farm/0001-slurm" in hint]
    assert len(told) == 1 and told[0].startswith("1 shard of farm/0001-slurm ran out of memory at 1G: ")


def test_what_ended_shards_before_a_frame_is_told_by_their_logs_or_by_their_processes_not_by_both(store):
    reason = "models/mug.glb: the file does not exist"
    log(store.root, dead(), [start(1, role="shard"), end(5, reason)])
    told = [hint for hint in read_status(store.root, range(4), engines=SLURM).hints if reason in hint]
    assert told == [f"1 process of the last run ended early: {reason}: mend that first"]
    submit(store, shards=("0-3",))
    text = f"shard 0: task 12_0 on n1, start 1\n{reason}\nshard 0: exit code 2\n"
    (store.root / "logs/slurm-12_0.log").write_text(text)
    (told,) = [hint for hint in read_status(store.root, range(4), engines=SLURM).hints if reason in hint]
    assert told.startswith("shard 0 of farm/0001-slurm ended before the first frame: ")


def test_a_shard_that_had_made_its_frames_did_not_fail_when_they_were_taken_away_since(store):
    submit(store, shards=("0-3",))
    (store.root / "logs/slurm-12_0.log").write_text("shard 0: task 12_0 on n1, start 1\nshard 0: exit code 0\n")
    (one,) = read_status(store.root, range(4), engines=SLURM).submissions
    assert one.lacking == 4 and one.unbegun == ()


def test_a_machine_that_is_left_out_by_now_is_not_named_again(store):
    """Its frames failed in this run; the shards that the last submission sent elsewhere go on."""
    bad, good = (CPU | {"role": "shard", "task": f"slurm 12_{shard} on n{shard}, start 1"} for shard in (3, 2))
    failures = [event for frame in range(8) for event in (begin(frame, 2), failed(frame, 3, "DeviceError: no driver"))]
    log(store.root, dead(1, "h1"), [start(0, **bad), *failures, end(9)])
    log(store.root, dead(2, "h2"), [start(0, **good), *frames_made(range(8, 40), 1, 1, render=1.0), end(40)])
    lay_frames(store.root, range(8, 40))
    submit(store, shards=("0-7",))
    first = read_status(store.root, range(40), engines=SLURM)
    assert first.bad_nodes and any(hint.startswith("n3 failed 8 of its 8 frames") for hint in first.hints)
    submit(store, at=50, shards=("0-7",), ids=("14", "15"), engine_options={"exclude": "n3"})
    second = read_status(store.root, range(40), engines=SLURM)
    assert second.bad_nodes and not any(hint.startswith("n3 ") for hint in second.hints)


def test_the_logs_of_a_dataset_that_moved_are_read_where_it_is_now(store):
    submit(store, shards=("0-3",))
    text = "shard 0: task 12_0 on n1, start 1\n/opt/blender: not found\nshard 0: exit code 127\n"
    (store.root / "logs/slurm-12_0.log").write_text(text)
    moved = store.root.with_name("moved")
    os.rename(store.root, moved)
    (one,) = read_status(moved, range(40), engines=SLURM).submissions
    assert [(group.shards, group.reason) for group in one.unbegun] == [((0,), "/opt/blender: not found")]
