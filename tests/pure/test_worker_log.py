"""The logs of processes, the attempts read from them, and claims of frames between processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from store_samples import commit_samples, open_sample, sample_job

from pipeline.dataset import attempts, claims, disk, processes, worker_log
from pipeline.dataset.attempts import failures_of, is_alive, read_workers
from pipeline.dataset.claims import claimed, claimed_by, share_out, sweep_claims
from pipeline.dataset.quarantine import quarantine, quarantine_reason, quarantined, release
from pipeline.dataset.worker_log import WorkerLog, tell_stopping

JOB = sample_job()
SECONDS = {"build": 0.25, "render": 0.5}


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", JOB)


def log_of(root, name, *events):
    lines = "".join(json.dumps(event) + "\n" for event in events)
    (root / "timing" / f"{name}.jsonl").write_text(lines)


def dead(number=1, host=None):
    return f"{host or processes.host()}-99999999{number}-0badf00d"


def begin(frame, at_s=1.0):
    return {"event": "begin", "frame": frame, "at_s": at_s}


def outcomes(root):
    return {(one.frame, one.outcome, one.reason) for worker in read_workers(root) for one in worker.attempts}


def test_what_a_process_does_is_read_back(store):
    with WorkerLog(store.root, {"role": "render", "device": "cpu"}) as log:
        log.begin(3)
        log.done(3, "accepted", SECONDS)
        log.begin(4)
        log.failed(4, "ValueError: no")
        log.begin(5)
        (before,) = read_workers(store.root)
    (after,) = read_workers(store.root)
    assert before.outcome == "" and before.start["role"] == "render" and before.name == processes.process_name()
    assert [(one.frame, one.outcome) for one in before.attempts] == [(3, "accepted"), (4, "failed"), (5, "running")]
    assert before.attempts[0].seconds == SECONDS and before.attempts[0].memory_mib > 10
    assert after.outcome == "done" and after.attempts[2].outcome == "stopped"


def test_a_process_that_left_without_a_word_lost_its_frame(store):
    log_of(store.root, dead(), {"event": "start", "at_s": 0.0}, begin(7))
    assert outcomes(store.root) == {(7, "lost", "the process ended: died")}


def test_a_supervisor_says_why_a_worker_died_and_whether_that_counts(store):
    log_of(store.root, dead(1), begin(7))
    log_of(store.root, dead(2), begin(8))
    lost = [
        {"event": "lost", "frame": 7, "worker": dead(1), "reason": "killed by signal 11", "counts": True, "at_s": 2.0},
        {"event": "lost", "frame": 8, "worker": dead(2), "reason": "the run was stopped", "counts": False, "at_s": 2.0},
    ]
    log_of(store.root, dead(3), *lost)
    assert outcomes(store.root) == {(7, "lost", "killed by signal 11"), (8, "stopped", "the run was stopped")}
    assert failures_of(read_workers(store.root)) == {7: ["killed by signal 11"]}


def test_a_worker_killed_with_its_supervisor_says_nothing_against_its_frame(store):
    log_of(store.root, dead(1), {"event": "start", "role": "supervisor", "at_s": 0.0})
    log_of(store.root, dead(2), {"event": "start", "supervisor": dead(1), "at_s": 0.0}, begin(7))
    log_of(store.root, dead(3), {"event": "start", "role": "supervisor", "at_s": 0.0}, {"event": "end", "at_s": 2.0})
    log_of(store.root, dead(4), {"event": "start", "supervisor": dead(3), "at_s": 0.0}, begin(8))
    assert outcomes(store.root) == {(7, "stopped", "its supervisor was killed"), (8, "lost", "the process ended: died")}
    assert failures_of(read_workers(store.root)) == {8: ["the process ended: died"]}


def test_one_killed_after_it_was_asked_to_stop_says_nothing_against_its_frame(store):
    log_of(store.root, dead(1), {"event": "start", "role": "shard", "at_s": 0.0}, begin(7), {"event": "stopping"})
    assert outcomes(store.root) == {(7, "stopped", "")} and failures_of(read_workers(store.root)) == {}


def test_a_living_process_says_that_it_was_asked_to_stop(store):
    tell_stopping(store.root)  # it has no log yet
    assert list((store.root / "timing").iterdir()) == []
    with WorkerLog(store.root, {"role": "shard"}) as log:
        log.begin(7)
        tell_stopping(store.root)
        log.begin(8)
        (one,) = read_workers(store.root)
        assert one.outcome == "" and [attempt.outcome for attempt in one.attempts] == ["running", "running"]
        assert [json.loads(line)["event"] for line in log_lines(store.root)] == ["start", "begin", "stopping", "begin"]


def log_lines(root):
    (path,) = (root / "timing").glob("*.jsonl")
    return path.read_text().splitlines()


def test_the_death_of_a_plain_render_says_nothing_against_its_frame(store):
    """People kill it, close its terminal, and see what it crashes of."""
    log_of(store.root, dead(1), {"event": "start", "role": "render", "at_s": 0.0}, begin(7))
    assert outcomes(store.root) == {(7, "stopped", "the process was killed, or crashed")}
    assert failures_of(read_workers(store.root)) == {}


def test_a_frame_made_or_released_has_no_failures_any_more(store):
    failed = {"event": "failed", "frame": 1, "reason": "no", "at_s": 2.0}
    log_of(store.root, dead(1), begin(1), failed, begin(2), failed | {"frame": 2}, begin(3), failed | {"frame": 3})
    log_of(
        store.root,
        dead(2),
        begin(1, 3.0),
        {"event": "done", "frame": 1, "status": "accepted", "seconds": {}, "at_s": 4.0},
        {"event": "released", "frame": 2, "at_s": 4.0},
    )
    assert failures_of(read_workers(store.root)) == {3: ["no"]}


def test_what_failed_in_a_plain_render_before_a_persons_eyes_does_not_count(store):
    failed = {"event": "failed", "frame": 1, "reason": "no", "at_s": 2.0}
    for number, role in ((1, "render"), (2, "shard"), (3, "worker")):
        log_of(store.root, dead(number), {"event": "start", "at_s": 0.5, "role": role}, begin(1), failed)
    assert failures_of(read_workers(store.root)) == {1: ["no", "no"]}


def test_lines_cut_off_by_a_full_disk_are_passed_over(store):
    path = store.root / "timing" / f"{dead()}.jsonl"
    path.write_text(json.dumps(begin(1)) + '\n{"event": "done", "fra')
    assert outcomes(store.root) == {(1, "lost", "the process ended: died")}


def test_a_process_of_another_machine_lives_while_its_log_is_touched(store):
    name = dead(host="elsewhere")
    log_of(store.root, name, begin(1))
    path = store.root / "timing" / f"{name}.jsonl"
    assert is_alive(store.root, name) and outcomes(store.root) == {(1, "running", "")}
    old = path.stat().st_mtime - attempts.SILENT_S - 60
    os.utime(path, (old, old))
    assert not is_alive(store.root, name)
    assert outcomes(store.root) == {(1, "lost", "the process ended: died")}


def test_a_clock_that_jumps_kills_nobody(store, monkeypatch):
    """Heartbeats are compared with the file server's clock, never with this machine's."""
    name = dead(host="elsewhere")
    log_of(store.root, name, begin(1))
    now_s = disk.time.time()
    for jump_s in (-1e6, 1e6):
        monkeypatch.setattr(disk.time, "time", lambda jump_s=jump_s: now_s + jump_s)
        assert is_alive(store.root, name) and outcomes(store.root) == {(1, "running", "")}


def test_a_process_that_is_held_up_as_it_begins_misjudges_no_clock(store, monkeypatch):
    """Else all it tells would be as much too late or early, and may seem to have come before frames were released."""
    clock, pauses_s, real = SimpleNamespace(now_s=1000.0), [5.0, 0.7], os.utime

    def touch_after_a_pause(path):
        clock.now_s += pauses_s.pop() if pauses_s else 0.0
        real(path, (clock.now_s, clock.now_s))

    monkeypatch.setattr(worker_log, "time", SimpleNamespace(time=lambda: clock.now_s))
    with monkeypatch.context() as paused:
        paused.setattr(os, "utime", touch_after_a_pause)
        log = WorkerLog(store.root, {"role": "render"})
    log.begin(3)
    (worker,) = read_workers(store.root)
    log.end("done")
    assert pauses_s == [] and worker.slow_s == 0.0 and worker.attempts[0].at_s == 1005.7


def test_a_container_that_counts_its_own_processes_is_another_machine(monkeypatch):
    monkeypatch.setattr(processes.os, "readlink", lambda path: "pid:[4026532999]")
    assert processes.host().endswith(".4026532999")
    monkeypatch.setattr(processes.os, "readlink", lambda path: f"pid:[{processes._FIRST_PID_SPACE}]")
    assert "4026" not in processes.host()


def test_an_ended_process_that_nobody_took_note_of_is_dead():
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and still to be taken note of
    assert processes.is_alive_here(f"{processes.host()}-{child.pid}-00000000") is False
    child.wait()


def test_a_number_that_was_given_anew_is_another_process(tmp_path):
    """As after a restart of the machine: a frame claimed by a number that some daemon has now would never be made."""
    if not processes.process_name().rpartition("-")[2].startswith("s"):
        pytest.skip("this system does not tell when a process was started")
    show = "from pipeline.dataset.processes import process_name; print(process_name(), flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", show], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        name = child.stdout.readline().strip()
        assert processes.is_alive_here(name) is True
        assert processes.is_alive_here(f"{name.rpartition('-')[0]}-s0000000") is False
        assert processes.is_alive_here(f"{name.rpartition('-')[0]}-0badf00d") is True, "it did not know its start"
    finally:
        child.communicate("\n")


def test_a_claim_holds_while_its_process_lives(store, monkeypatch):
    with claimed(store.root, 4) as is_ours:
        assert is_ours and claimed_by(store.root, 4) == processes.process_name()
    assert claimed_by(store.root, 4) == ""
    (store.root / "claims/000004.json").write_text(json.dumps({"worker": dead()}))
    with claimed(store.root, 4) as is_ours:
        assert is_ours
    assert list((store.root / "claims").iterdir()) == []


def test_a_claim_that_could_not_be_given_back_does_not_hold_its_own_process(store, monkeypatch):
    with monkeypatch.context() as stuck:
        stuck.setattr(claims, "remove", lambda path: None)  # a file server that does not answer for a moment
        with claimed(store.root, 3) as is_ours:
            assert is_ours
    with WorkerLog(store.root, {"role": "shard"}), claimed(store.root, 3) as is_ours:
        assert is_ours
    assert not list((store.root / "claims").iterdir())


def test_frames_that_others_make_come_last_and_not_at_all_when_they_get_done(store, tmp_path):
    other = dead(host="elsewhere")
    log_of(store.root, other, begin(0))
    for frame in (0, 1):
        (store.root / "claims").mkdir(exist_ok=True)
        (store.root / f"claims/{frame:06d}.json").write_text(json.dumps({"worker": other}))
    waits, ours = [], []

    def wait(frames):
        waits.append(list(frames))
        if len(waits) == 1:
            commit_samples(store, tmp_path, (0,))  # the other gets one done ...
        else:
            (store.root / "timing" / f"{other}.jsonl").unlink()  # ... and is gone

    for frame in share_out(store, (0, 1, 2), wait):
        assert claimed_by(store.root, frame) == processes.process_name()
        commit_samples(store, tmp_path, (frame,))
        ours.append(frame)
    assert ours == [2, 1] and waits == [[0, 1], [1]]


def test_a_frame_that_was_made_since_it_was_listed_is_not_made_again(store, tmp_path):
    shared = share_out(store, (0, 1, 2), lambda others: None)
    assert next(shared) == 0
    commit_samples(store, tmp_path, (0, 1))
    assert list(shared) == [2]


def test_claims_of_the_dead_are_swept(store):
    (store.root / "claims").mkdir(exist_ok=True)
    (store.root / "claims/000004.json").write_text(json.dumps({"worker": dead()}))
    (store.root / "claims/000005.json").write_bytes(b"")
    with claimed(store.root, 6):
        assert sweep_claims(store.root) == 2
        assert [path.name for path in (store.root / "claims").iterdir()] == ["000006.json"]


def test_a_frame_given_up_is_known_by_its_reason_until_it_is_made_or_released(store, tmp_path):
    assert quarantined(store.root) == ()
    quarantine(store, 3, ["once", "twice"], None, "last words")
    quarantine(store, 2, ["no"], None, "")
    assert quarantined(store.root) == (2, 3) and quarantine_reason(store.root, 3) == "twice"
    assert (store.root / "quarantine/000003/log.txt").read_text() == "last words"
    commit_samples(store, tmp_path, (3,))
    assert quarantined(store.root) == (2,)
    release(store.root, [2])
    assert quarantined(store.root) == () and quarantine_reason(store.root, 2) == ""
    assert claims.claimed_by(store.root, 3) == ""
