"""The supervisor over workers that crash, hang, grow and refuse: no Blender, made-up frames."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from store_samples import commit_samples, contents, open_sample, sample_job

from pipeline.dataset.attempts import read_workers
from pipeline.dataset.layout import TEMPORARY
from pipeline.dataset.processes import is_alive_here
from pipeline.dataset.quarantine import quarantine_reason, quarantined
from pipeline.errors import FarmError
from pipeline.farm.local import crew, failures, supervisor
from pipeline.farm.local.crew import Crew, make_frames
from pipeline.farm.local.limits import Limits
from pipeline.farm.local.protocol import Stop

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).with_name("fake_worker.py")
FRAMES = 8
PATIENCE_S = 600.0


class Notes:
    """A display that remembers."""

    def __init__(self):
        self.notices, self.done, self.pids = [], [], set()

    def begin(self, total, already_done): ...
    def stage(self, frame, name): ...
    def end(self, summary): ...

    def frame_done(self, frame, status, seconds, worker):
        self.done.append((frame, status))

    def notice(self, text):
        self.notices.append(text)

    def show(self, workers):
        self.pids |= {worker.pid for worker in workers}

    def saw(self, words):
        return any(words in text for text in self.notices)


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", sample_job(frames=FRAMES))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The dataset as one process makes it."""
    root = tmp_path_factory.mktemp("whole") / "ds"
    supervise(open_sample(root, sample_job(frames=FRAMES)), {}, workers=1)
    return contents(root)


def crew_of(store, behaviour, workers):
    command = (sys.executable, str(FAKE), json.dumps(behaviour))
    return Crew(workers=workers, cpus=workers, dataset=str(store.root), program=lambda threads: command)


def supervise(store, behaviour, *, workers=2, frames=range(FRAMES), stop=None, retry=False, **limits):
    notes = Notes()
    outcome = make_frames(
        store,
        frames,
        crew_of(store, behaviour, workers),
        Limits(**{"memory_mib": 0.0, **limits}),
        notes,
        stop or Stop(),
        retry_quarantined=retry,
    )
    assert_nothing_left(store.root, notes.pids)
    return outcome, notes


def assert_nothing_left(root, pids):
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not list(root.rglob(f"{TEMPORARY}*")) and not list((root / "claims").glob("*"))


def wait_for(path):
    until = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < until, f"{path} never came"
        time.sleep(0.01)


def test_all_frames_come_out_as_from_one_process(store, whole):
    outcome, notes = supervise(store, {})
    assert contents(store.root) == whole
    assert (outcome.summary.accepted, outcome.summary.rejected, outcome.summary.given_up) == (7, 1, 0)
    assert sorted(frame for frame, _ in notes.done) == list(range(FRAMES)) and len(notes.pids) == 2
    again, notes = supervise(store, {})
    assert again.summary.already_done == FRAMES and notes.pids == set()
    assert [one.asked for one in read_workers(store.root) if one.start["role"] == "supervisor"] == [("0-7", "0-7")]


def test_a_crashed_worker_is_replaced_and_its_frame_tried_again(store, whole):
    outcome, notes = supervise(store, {"2": "crash once"})
    assert contents(store.root) == whole and outcome.summary.given_up == 0
    assert notes.saw("frame 2 failed") and notes.saw("SIGKILL")
    assert notes.done[-1][0] == 2 or notes.done[-2][0] == 2  # after those that were not tried yet
    lost = [one for worker in read_workers(store.root) for one in worker.attempts if one.outcome == "lost"]
    assert [(one.frame, one.reason) for one in lost] == [(2, "the process was killed by signal 9 (SIGKILL)")]


def test_a_frame_that_always_crashes_is_given_up_and_the_others_are_made(store):
    outcome, notes = supervise(store, {"2": "crash"}, attempts=2)
    assert quarantined(store.root) == (2,) and outcome.summary.given_up == 1 and outcome.summary.made == FRAMES - 1
    assert "SIGKILL" in quarantine_reason(store.root, 2)
    assert "Segmentation fault in Cycles" in (store.root / "quarantine/000002/log.txt").read_text()
    assert json.loads((store.root / "quarantine/000002/reason.json").read_text())["frame"] == 2
    assert notes.saw("frame 2 is given up after 2 failures")
    again, notes = supervise(store, {})
    assert again.summary.given_up == 1 and notes.saw("--retry-quarantined")
    freed, _ = supervise(store, {}, retry=True)
    assert freed.summary.made == 1 and quarantined(store.root) == ()


def test_failures_of_earlier_runs_count(store):
    supervise(store, {"2": "fail"}, attempts=2)
    os.rename(store.root / "quarantine/000002", store.root.parent / "away")
    outcome, _ = supervise(store, {}, attempts=2)
    assert outcome.summary.given_up == 1 and quarantined(store.root) == (2,)
    outcome, _ = supervise(store, {}, attempts=3, retry=True)
    assert outcome.summary.made == 1


def test_a_frame_that_raises_keeps_its_worker(store):
    outcome, notes = supervise(store, {"2": "fail"}, attempts=3)
    assert quarantine_reason(store.root, 2).endswith("ValueError: no") and len(notes.pids) == 2
    assert outcome.summary.made == FRAMES - 1


def test_a_hung_worker_is_killed_after_the_time_limit(store, whole):
    # Where the machine is slow, other frames may take as long: they are tried until they do not.
    outcome, notes = supervise(store, {"1": "hang once"}, frame_s=3.0, attempts=1000)
    assert contents(store.root) == whole and outcome.summary.given_up == 0
    assert notes.saw("more than 3 s (--frame-time-limit)")


def test_the_time_for_a_frame_goes_by_the_longest_that_was_made(store, monkeypatch):
    seen, real = [], supervisor.Watch.look

    def look(self, workers, slots, made, longest_s):
        seen.append((made, longest_s))
        real(self, workers, slots, made, longest_s)

    monkeypatch.setattr(supervisor.Watch, "look", look)
    supervise(store, {}, workers=1)
    assert seen[0] == (0, 0.0) and seen[-1] == (FRAMES, 0.01)


def test_a_limit_that_ends_all_frames_is_blamed_at_the_end(store, monkeypatch):
    behaviour = {"1": "hang", "2": "hang"}
    told = "--frame-time-limit 1 ended all 2 frames that were tried; none was made so far"
    outcome, notes = supervise(store, behaviour, frame_s=1.0, attempts=1, frames=(1, 2))
    assert outcome.summary.given_up == 2 and notes.notices[-1].startswith(told)
    monkeypatch.setattr(failures, "HOPELESS_AT_FIRST", 2)
    outcome, _ = supervise(store, behaviour, frame_s=1.0, attempts=2, frames=(1, 2), retry=True, workers=1)
    assert outcome.code == 1 and "failed one after another" in outcome.reason
    assert outcome.reason.splitlines()[-1].startswith(told)


def test_a_worker_that_grows_is_killed_in_mid_frame(store, whole):
    outcome, notes = supervise(store, {"1": "grow once"}, memory_mib=300.0)
    assert contents(store.root) == whole and outcome.summary.given_up == 0
    assert notes.saw("MiB of memory, more than 300 (--memory-limit)")


def test_one_may_fill_more_than_its_share_while_all_together_keep_to_it(store, whole):
    outcome, notes = supervise(store, {"1": "swell"}, memory_mib=350.0, is_share=True)
    assert contents(store.root) == whole and outcome.summary.made == FRAMES and not notes.saw("--memory-limit")


def test_the_largest_goes_when_all_together_fill_too_much(store, whole):
    outcome, notes = supervise(store, {"1": "grow once"}, memory_mib=150.0, is_share=True)
    assert contents(store.root) == whole and notes.saw("frame 1 failed") and notes.saw("more than 150")


def test_where_all_workers_do_not_fit_fewer_are_started(store, whole):
    outcome, notes = supervise(store, {}, workers=4, memory_mib=20.0, is_share=True)
    assert contents(store.root) == whole and outcome.reason == ""
    assert notes.saw("before its first frame: 3 workers fit in the memory")


def test_a_limit_that_no_worker_fits_in_ends_the_run(store):
    outcome, _ = supervise(store, {}, memory_mib=1.0)
    assert outcome.code == 2 and "before its first frame, --memory-limit is 1" in outcome.reason
    assert outcome.summary.made == 0


def test_no_more_workers_are_started_than_there_are_frames(store):
    outcome, notes = supervise(store, {}, workers=3, frames=(2,))
    assert outcome.summary.made == 1 and len(notes.pids) == 1


def test_workers_are_renewed_after_so_many_frames(store, whole):
    outcome, _ = supervise(store, {}, workers=1, recycle=3)
    assert contents(store.root) == whole
    made = [len(worker.attempts) for worker in read_workers(store.root) if worker.start["role"] == "worker"]
    assert made == [3, 3, 2]
    assert {worker.outcome for worker in read_workers(store.root)} == {"done"}


def test_frames_that_others_made_wear_no_worker(store, monkeypatch):
    commit_samples(store, store.root.parent, range(FRAMES))
    monkeypatch.setattr(crew, "missing", lambda store, frames: tuple(frames))  # they came a moment later
    outcome, notes = supervise(store, {}, workers=1, recycle=1)
    assert {status for _, status in notes.done} == {"there"} and len(notes.pids) == 1
    assert (outcome.summary.made, outcome.summary.already_done) == (0, FRAMES)


def test_workers_that_cannot_start_end_the_run_with_their_last_words(store):
    outcome, notes = supervise(store, {"start": "die"})
    assert any(
        note.endswith("did not start: the process ended with exit code 3; another takes over") for note in notes.notices
    )
    assert outcome.code == 1 and "3 workers in a row did not start" in outcome.reason
    assert "exit code 3" in outcome.reason and outcome.reason.endswith("cannot open display")


def test_workers_that_fail_to_start_now_and_then_end_nothing(store, whole):
    outcome, notes = supervise(store, {"start": "die every other time"}, workers=1, recycle=2)
    assert contents(store.root) == whole and outcome.reason == ""
    failed = sum("did not start" in text for text in notes.notices)
    assert failed >= supervisor.FAILED_STARTS, "as often as ends a run when it happens in a row"


def test_a_program_that_is_not_there_is_told_plainly(store):
    crew = replace(crew_of(store, {}, 1), program=lambda threads: ("/no/such/blender", "--background"))
    with pytest.raises(FarmError, match="/no/such/blender --background worker ...: cannot be started: No such file"):
        make_frames(store, range(FRAMES), crew, Limits(), Notes(), Stop())


def test_what_every_worker_would_refuse_ends_the_run_at_once(store):
    outcome, _ = supervise(store, {"start": "refuse"})
    assert (outcome.code, outcome.reason) == (2, "--device optix: not on this machine")


def test_a_full_disk_stops_all_and_keeps_what_is_committed(store, whole):
    outcome, notes = supervise(store, {"3": "full", "4": "slow"})
    assert outcome.code == 75 and outcome.reason == "the disk is full"
    assert "the disk is full" in [one.outcome for one in read_workers(store.root) if one.start["role"] == "supervisor"]
    assert 0 < len(list((store.root / "frames").iterdir())) < FRAMES
    outcome, _ = supervise(store, {})
    assert contents(store.root) == whole and outcome.summary.given_up == 0
    attempts = [one for worker in read_workers(store.root) for one in worker.attempts]
    assert not [one for one in attempts if one.outcome in ("failed", "lost") and one.frame == 4]


def test_a_full_disk_speaks_against_no_frame_when_its_worker_is_gone_at_once(store, monkeypatch):
    real = supervisor.Supervisor._ends_all

    def when_it_is_gone(self, worker, message):
        real(self, worker, message)
        until = time.monotonic() + PATIENCE_S
        while self._inbox.empty():
            assert time.monotonic() < until
            time.sleep(0.01)

    monkeypatch.setattr(supervisor.Supervisor, "_ends_all", when_it_is_gone)
    outcome, _ = supervise(store, {"3": "full"}, workers=1, attempts=1)
    assert (outcome.code, outcome.reason) == (75, "the disk is full")
    (attempt,) = (one for worker in read_workers(store.root) for one in worker.attempts if one.frame == 3)
    assert attempt.outcome == "stopped" and quarantined(store.root) == ()


def test_when_no_frame_can_be_made_any_more_nobody_waits_for_a_worker_to_leave(store, monkeypatch):
    monkeypatch.setattr(supervisor, "FAREWELL_S", PATIENCE_S)
    start_s = time.monotonic()
    outcome, _ = supervise(store, {"1": "full while another lingers", "end": "linger"}, recycle=1, frames=(0, 1))
    assert (outcome.code, outcome.reason, outcome.summary.made) == (75, "the disk is full", 1)
    assert time.monotonic() - start_s < PATIENCE_S


def test_when_all_fail_the_machine_is_to_blame_and_no_frame_is_given_up(store):
    outcome, _ = supervise(store, {str(frame): "fail" for frame in range(FRAMES)}, workers=1)
    assert outcome.code == 1 and "8 frames failed one after another" in outcome.reason
    assert "ValueError: no" in outcome.reason
    assert quarantined(store.root) == ()


def test_a_machine_that_breaks_down_later_gives_up_no_frame(store, monkeypatch):
    monkeypatch.setattr(failures, "HOPELESS", 3)
    outcome, _ = supervise(store, {str(frame): "fail" for frame in range(2, FRAMES)}, workers=1)
    assert outcome.code == 1 and "3 frames failed one after another" in outcome.reason and "frame 2:" in outcome.reason
    assert quarantined(store.root) == () and outcome.summary.made == 2


def test_a_frame_that_is_there_is_never_given_up(store):
    """Its worker died between putting it in place and saying so, or another machine made it."""
    commit_samples(store, store.root.parent, (1,))
    found = failures.Failures(store, 1, {})
    assert not found.add(1, "killed by signal 9", "") and quarantined(store.root) == ()
    assert found.add(2, "killed by signal 9", "") and quarantined(store.root) == (2,)


def test_what_another_machine_made_of_given_up_frames_counts_as_there(store, monkeypatch):
    real = crew.Supervisor.run

    def another_makes_it(*words):
        outcome = real(*words)
        commit_samples(store, store.root.parent, (2,))
        return outcome

    monkeypatch.setattr(crew.Supervisor, "run", another_makes_it)
    outcome, _ = supervise(store, {"2": "crash"}, attempts=1)
    assert (outcome.summary.given_up, outcome.summary.already_done, outcome.summary.made) == (0, 1, FRAMES - 1)


def asked(store, behaviour, times, **limits):
    """Run until frame 1 is being made, then ask for a stop that often; return how it ended and the seconds it took."""
    stop, ended = Stop(), []

    def ask():
        wait_for(store.root.parent / "slow-1")
        ended.append(time.monotonic())
        for _ in range(times):
            stop.ask()
        (store.root.parent / "asked").touch()

    thread = threading.Thread(target=ask)
    thread.start()
    outcome, notes = supervise(store, behaviour, stop=stop, **limits)
    seconds = time.monotonic() - ended[0]
    thread.join()
    return outcome, notes, seconds


def test_asked_to_stop_it_lets_frames_in_progress_end(store, whole):
    outcome, notes, _ = asked(store, dict.fromkeys("01", "until asked to stop"), 1, grace_s=PATIENCE_S)
    assert outcome.was_stopped and sorted(notes.done) == [(0, "accepted"), (1, "accepted")]
    ends = [(worker.start["role"], worker.outcome) for worker in read_workers(store.root)]
    assert ("supervisor", "stopped") in ends and {outcome for _, outcome in ends} <= {"done", "stopped"}
    supervise(store, {})
    assert contents(store.root) == whole


@pytest.mark.parametrize(("times", "grace_s"), [(1, 0.5), (2, 600.0)])
def test_a_frame_that_takes_longer_than_the_grace_or_a_second_signal_vanishes(store, whole, times, grace_s):
    outcome, _, seconds = asked(store, {"1": "slow once"}, times, grace_s=grace_s)
    assert outcome.was_stopped and seconds < 600
    attempts = [one for worker in read_workers(store.root) for one in worker.attempts if one.frame == 1]
    assert [(one.outcome, one.reason) for one in attempts] == [("stopped", "the run was stopped")]
    supervise(store, {})
    assert contents(store.root) == whole


def test_two_supervisors_share_the_frames_of_one_folder(store, whole):
    notes = [Notes(), Notes()]
    program = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(FAKE.parent)!r}, {str(ROOT / 'tests/pure')!r}]\n"
        "from pathlib import Path\nimport test_supervisor as t\nfrom store_samples import open_sample, sample_job\n"
        "store = open_sample(Path(sys.argv[1]), sample_job(frames=t.FRAMES))\n"
        "outcome, notes = t.supervise_alone(store, {str(n): 'together' for n in range(t.FRAMES)})\n"
        "print(sorted(f for f, status in notes.done if status != 'there'))\n"
    )
    command = [sys.executable, "-c", program, str(store.root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in notes]
    try:
        made = [json.loads(one.communicate(timeout=PATIENCE_S)[0]) for one in both]
    finally:  # each waits for the other
        for one in both:
            one.kill()
    assert sorted(made[0] + made[1]) == list(range(FRAMES)) and made[0] and made[1]
    assert contents(store.root) == whole
    assert_nothing_left(store.root, ())


def supervise_alone(store, behaviour):
    """As `supervise`, beside others."""
    notes = Notes()
    return make_frames(store, range(FRAMES), crew_of(store, behaviour, 1), Limits(), notes, Stop()), notes


def test_a_killed_supervisor_leaves_no_process_and_no_blame(store, whole):
    program = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(FAKE.parent)!r}, {str(ROOT / 'tests/pure')!r}]\n"
        "from pathlib import Path\nimport test_supervisor as t\nfrom store_samples import open_sample, sample_job\n"
        "t.supervise_alone(open_sample(Path(sys.argv[1]), sample_job(frames=t.FRAMES)), {'1': 'slow'})\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(store.root)]) as supervisor:
        wait_for(store.root.parent / "slow-1")
        (worker,) = [one.name for one in read_workers(store.root) if one.start["role"] == "worker"]
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
    until = time.monotonic() + PATIENCE_S
    while is_alive_here(worker):
        assert time.monotonic() < until, "the worker outlived its supervisor"
        time.sleep(0.01)
    outcome, _ = supervise(store, {}, attempts=1)
    assert outcome.summary.given_up == 0 and contents(store.root) == whole
