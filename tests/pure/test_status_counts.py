"""How frames stand, how fast they come, and where the time goes: each figure against one computed by hand."""

from __future__ import annotations

import json

import pytest
from status_samples import CPU, GPU, T0, begin, clock, dead, done, end, failed, frames_made, lay_frames, rejected, start
from status_samples import write_log as log
from store_samples import commit_samples, open_sample, sample_job

from pipeline.dataset import attempts as attempts_module
from pipeline.dataset.processes import process_name
from pipeline.dataset.quarantine import quarantine
from pipeline.status import counts as counts_module
from pipeline.status.overview import read_status

JOB = sample_job(frames=20)


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", JOB)


@pytest.fixture
def at(monkeypatch):
    return clock(monkeypatch)


def status(store, frames=20, **options):
    return read_status(store.root, range(frames), **options)


def test_every_frame_is_one_of_accepted_rejected_running_missing_and_given_up(store, at):
    lay_frames(store.root, (0, 1, 2, 99))
    log(store.root, dead(), [start(), *frames_made((0, 1), 0, 5, render=4.0), begin(2, 10), rejected(2, 11, "empty")])
    log(store.root, process_name(), [start(), begin(3, 20)])
    quarantine(store, 4, ["ValueError: no"], None, "")
    counts = status(store, 8).counts
    assert (counts.asked, counts.accepted, counts.rejected, counts.there) == (8, 2, 1, 3)
    assert counts.running == (3,) and counts.missing == (5, 6, 7) and counts.given_up == {4: "ValueError: no"}
    assert counts.rejections == (("empty", 1),) and counts.unreadable == ()


def test_frames_that_no_log_tells_of_are_looked_into(store, at, tmp_path):
    commit_samples(store, tmp_path, (3, 4))
    lay_frames(store.root, (5,))
    (store.root / "frames/000005/frame.json").write_text("{}")
    counts = status(store).counts
    assert (counts.accepted, counts.rejected, counts.unreadable) == (1, 1, (5,))
    assert counts.rejections == (("no room for object 3 after 50 tries", 1),)


def test_many_frames_that_no_log_tells_of_are_not_all_looked_into(store, at, tmp_path, monkeypatch):
    monkeypatch.setattr(counts_module, "LOOKED_INTO", 2)
    commit_samples(store, tmp_path, range(6))
    counts = status(store).counts
    assert (counts.accepted, counts.untold, counts.there) == (2, 4, 6)


def test_reasons_that_differ_by_numbers_are_one(store, at):
    lay_frames(store.root, range(4))
    reasons = ["no room for object 3", "no room for object 12.5", "no camera", "no room for object 3"]
    log(store.root, dead(), [start(), *(rejected(frame, frame, text) for frame, text in enumerate(reasons))])
    assert status(store).counts.rejections == (("no room for object N", 3), ("no camera", 1))


def test_an_empty_dataset_has_all_to_be_made(store, at):
    seen = status(store)
    assert seen.counts.missing == tuple(range(20)) and seen.counts.there == 0
    assert (seen.pace.now, seen.pace.average, seen.pace.left_s) == (0.0, 0.0, None)
    assert seen.stages == () and seen.slowest == () and seen.living == {} and seen.peak_memory_mib == 0.0


def test_the_pace_leaves_out_pauses(store, at):
    """Ten frames in 50 s, an hour of nothing, then four frames in 40 s, and this process is still at it."""
    at(3690)
    log(store.root, dead(), [start(0, **CPU), *frames_made(range(10), 0, 5), end(50)])
    log(store.root, process_name(), [start(3650, **CPU), *frames_made(range(10, 14), 3650, 10), begin(14, 3690)])
    lay_frames(store.root, range(14))
    pace = status(store).pace
    assert pace.now == pytest.approx(4 / 40) and pace.window_s == pytest.approx(40)
    assert pace.average == pytest.approx(14 / 90) and pace.busy_s == pytest.approx(90)
    assert pace.left_s == pytest.approx(6 / (4 / 40))


def test_now_is_the_last_ten_minutes_where_enough_was_done_in_them(store, at):
    at(2000)
    slow, fast = frames_made(range(5), 0, 200), frames_made(range(5, 15), 1000, 100)
    log(store.root, process_name(), [start(0, **CPU), *slow, *fast])
    assert status(store).pace.window_s == pytest.approx(600)
    assert status(store).pace.now == pytest.approx(7 / 600)  # ended at 1400 ... 2000


def test_slow_frames_widen_the_window(store, at):
    at(7000)
    log(store.root, process_name(), [start(0, **CPU), *frames_made(range(7), 0, 1000)])
    pace = status(store).pace  # 4 frames in the last hour are too few, all 7 in the last 7000 s are counted
    assert pace.window_s == pytest.approx(7000) and pace.now == pytest.approx(7 / 7000)


def test_nothing_is_left_of_a_complete_dataset_and_nothing_works_on_one_that_was_stopped(store, at):
    log(store.root, dead(), [start(0, **CPU), *frames_made(range(10), 0, 5), end(50)])
    lay_frames(store.root, range(10))
    assert status(store, 10).pace.left_s is None and status(store).pace.left_s is None
    assert status(store).pace.average == pytest.approx(0.2) and status(store).pace.now == 0.0


def test_stages_are_shares_of_all_frames(store, at):
    first = frames_made((0, 1), 0, 10, build=1.0, render=6.0, commit=1.0, memory=500)
    second = frames_made((2, 3), 0, 10, build=3.0, render=8.0, denoise=2.0, commit=1.0, memory=700)
    log(store.root, dead(1), [start(), *first])
    log(store.root, dead(2), [start(), *second])
    seen = status(store)
    assert [stage.name for stage in seen.stages] == ["build", "render", "denoise", "commit"]
    assert [stage.seconds for stage in seen.stages] == [2.0, 7.0, 1.0, 1.0]
    assert [stage.share for stage in seen.stages] == pytest.approx([2 / 11, 7 / 11, 1 / 11, 1 / 11])
    assert seen.peak_memory_mib == 700


def test_the_slowest_frames_come_first(store, at):
    events = [done(frame, frame, build=1.0, render=float(frame)) for frame in range(12)]
    log(store.root, dead(), [start(), *events])
    assert [(one.frame, one.seconds) for one in status(store).slowest] == [(n, n + 1.0) for n in (11, 10, 9, 8, 7)]


def test_troubles_are_put_together_by_reason_and_machine(store, at):
    traceback = "Traceback:\n  a line\nRuntimeError: out of memory at {}"
    mine = [failed(frame, frame, traceback.format(frame)) for frame in (1, 2, 1)]
    log(store.root, dead(1, "node1"), [start(), *mine, begin(3, 9)])
    log(store.root, dead(2, "node7"), [start(), failed(5, 5, traceback.format(5))])
    seen = status(store)
    assert [(one.count, one.outcome, one.host, one.frames, one.reason) for one in seen.troubles] == [
        (3, "failed", "node1", (1, 2), "RuntimeError: out of memory at N"),
        (1, "lost", "node1", (3,), "the process ended: died"),
        (1, "failed", "node7", (5,), "RuntimeError: out of memory at 5"),
    ]
    assert seen.attempts is None


def test_what_a_killed_job_cost_is_told_though_it_speaks_against_no_frame(store, at):
    log(store.root, dead(1, "node1"), [start(role="supervisor")])
    log(store.root, dead(2, "node1"), [start(supervisor=dead(1, "node1")), begin(3, 9)])
    log(store.root, dead(3, "node1"), [start(), begin(4, 9), end(10, "stopped")])
    (one,) = status(store).troubles
    assert (one.outcome, one.reason, one.frames) == ("stopped", "its supervisor was killed", (3,))


def test_all_attempts_are_told_where_asked_for(store, at):
    name = process_name()
    log(
        store.root,
        name,
        [start(task="slurm 7_3"), failed(1, 2, "no"), begin(1, 3), done(1, 8, render=4.0), begin(2, 9)],
    )
    told = status(store, attempts=True).attempts
    assert [(one.frame, one.outcome, one.at_s - T0, one.seconds, one.reason) for one in told] == [
        (1, "failed", 2, 0, "no"),
        (1, "accepted", 3, 4, ""),
        (2, "running", 9, 91, ""),
    ]
    assert {(one.process, one.task) for one in told} == {(name, "slurm 7_3")}


def test_attempts_of_several_processes_come_in_the_order_of_their_begin_and_frequent_troubles_first(store, at):
    log(store.root, dead(1, "a"), [start(), begin(1, 1), failed(1, 2, "no camera"), begin(2, 6), done(2, 9)])
    again = [event for at_s in (3, 7) for event in (begin(3, at_s), failed(3, at_s + 1, "no mug"))]
    log(store.root, dead(2, "b"), [start(), *again])
    seen = status(store, attempts=True)
    assert [(one.frame, one.at_s - T0) for one in seen.attempts] == [(1, 1), (3, 3), (2, 6), (3, 7)]
    assert [(one.count, one.host, one.reason) for one in seen.troubles] == [(2, "b", "no mug"), (1, "a", "no camera")]


def test_only_the_frames_asked_for_count(store, at):
    lay_frames(store.root, range(10))
    log(store.root, dead(), [start(), *frames_made(range(10), 0, 5, render=4.0)])
    seen = read_status(store.root, (2, 3, 15))
    assert seen.counts.asked == 3 and seen.counts.accepted == 2 and seen.counts.missing == (15,)
    assert sorted(one.frame for one in seen.slowest) == [2, 3]


def test_processes_that_live_are_counted_by_machine_and_those_that_watch_are_not(store, at):
    log(store.root, process_name(), [start(0, **GPU)])
    log(store.root, dead(1), [start(0, **GPU)])
    far = log(store.root, dead(2, "node7"), [start(0, **GPU)])
    log(store.root, dead(3, "node7"), [start(0, role="supervisor")])
    at(far.stat().st_mtime - T0)
    assert status(store).living == {process_name().rsplit("-", 2)[0]: 1, "node7": 1}


def test_times_are_those_of_the_disk_whatever_a_machines_clock_says(store, at):
    """A clock an hour ahead, and one an hour behind; the disk says that both began at 0."""
    for number, wrong in enumerate((3600.0, -3600.0)):
        name = dead(number, "node7")
        events = [start(wrong, disk_s=T0, **CPU), *frames_made((number,), wrong, 10), end(wrong + 10)]
        log(store.root, name, events)
    told = status(store, attempts=True).attempts
    assert [one.at_s for one in told] == pytest.approx([T0, T0])
    assert status(store).pace.average == pytest.approx(2 / 10)


def test_what_is_torn_or_makes_no_sense_is_passed_over(store, at):
    path = log(store.root, dead(), [start(), *frames_made((0,), 0, 5, render=4.0)])
    odd = [
        {"event": "done"},
        {"event": "done", "frame": 3, "status": "splendid"},
        {"event": "done", "frame": "4", "status": "accepted"},
        {"event": "done", "frame": 5, "status": "accepted", "at_s": "noon", "seconds": [1], "memory_mib": None},
        {"event": "begin", "frame": 6},
        {"event": "end"},
        ["event"],
        7,
    ]
    with path.open("ab") as file:
        for one in odd:
            file.write(json.dumps(one).encode() + b"\n")
        file.write(b'\xff\xfe\n\n{"event": "done", "frame": 7, "sta')
    lay_frames(store.root, (0, 5))
    seen = status(store)
    assert seen.counts.accepted == 2 and seen.stages[0].name == "render"
    (store.root / "timing/strange.jsonl").write_text('{"event": "begin", "frame": 1, "at_s": 1}\n')
    assert status(store, attempts=True).counts.accepted == 2


def test_a_log_that_goes_away_meanwhile_is_no_error(store, at, monkeypatch):
    log(store.root, dead(1), [start(), *frames_made((0,), 0, 5)])
    gone = store.root / "timing" / f"{dead(2)}.jsonl"
    monkeypatch.setattr(attempts_module, "_log_files", lambda root: [gone, root / "timing" / f"{dead(1)}.jsonl"])
    lay_frames(store.root, (0,))
    assert status(store).counts.accepted == 1


def test_a_process_that_ends_while_it_is_read_is_not_taken_for_dead(store, at, monkeypatch):
    path = log(store.root, dead(), [start(), begin(1, 5)])

    def ends_now(name):
        with path.open("a") as file:
            file.write(json.dumps(done(1, 9, render=4.0)) + "\n" + json.dumps(end(9)) + "\n")
        return True

    monkeypatch.setattr(attempts_module, "is_alive_here", ends_now)
    seen = status(store, attempts=True)
    assert [one.outcome for one in seen.attempts] == ["accepted"] and seen.troubles == ()
