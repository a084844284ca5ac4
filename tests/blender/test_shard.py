"""A shard in the very process that a queue starts: what fails, and what the queue is told of it."""

from __future__ import annotations

import errno
import json
import shutil
import time
from contextlib import nullcontext

import pytest
from store_samples import commit_samples, open_sample, sample_job, sample_plan

from pipeline import run, shard
from pipeline.dataset.attempts import failures_of, read_workers
from pipeline.dataset.layout import TEMPORARY
from pipeline.dataset.processes import host
from pipeline.dataset.quarantine import LOG, quarantined, read_quarantine
from pipeline.errors import ScratchError
from pipeline.exit_codes import DO_NOT_RETRY, DONE, RETRY, TRANSIENT, code_of
from pipeline.farm.local import failures
from pipeline.reporting import SilentReporter
from pipeline.shard import ShardOptions, run_shard

FRAMES = 4


class Notes(SilentReporter):
    def __init__(self):
        self.told = []
        self.begun = []

    def stage(self, frame, name):
        self.begun.append(frame)

    def notice(self, text):
        self.told.append(text)


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", sample_job(frames=FRAMES))


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def shards(store, notes, tmp_path, monkeypatch):
    """Run a shard whose frames fail as told, {frame: errors in their order}, and are made up else."""
    monkeypatch.setattr(run, "plan_frame", sample_plan)
    monkeypatch.setattr(shard, "open_dataset", lambda *args, **options: (ENGINE, store))

    def run_one(errors, frames="0-3", **options):
        notes.told.clear()
        left = {frame: list(these) for frame, these in errors.items()}

        def make(engine, plan, store, report, *, save_blend):
            report.stage(plan.frame, "build")
            if left.get(plan.frame):
                raise left[plan.frame].pop(0)
            commit_samples(store, tmp_path, (plan.frame,))
            return MADE

        monkeypatch.setattr(run, "_commit_one", make)
        return run_shard(store.root, frames, notes, ShardOptions(**options), lambda: "last words"), notes.told

    return run_one


class Fields:
    def __init__(self, **fields):
        self.__dict__.update(fields)


ENGINE = Fields(device=Fields(name="cpu", models=(), threads=1))
MADE = Fields(seconds={}, annotation=Fields(labels=Fields(status="accepted", reason="")))


def test_a_frame_that_fails_is_tried_again_after_the_others(shards, store):
    code, told = shards({1: [ValueError("no"), ValueError("no")]})
    assert code == DONE and told == ["frame 1 failed: ValueError('no')"] * 2
    workers = read_workers(store.root)
    assert failures_of(workers) == {} and [one.asked for one in workers] == [("0-3",)]


def test_a_frame_that_always_fails_is_given_up_with_its_plan_and_log(shards, store):
    code, told = shards({1: [ValueError("no")] * 3})
    assert code == DO_NOT_RETRY and told[-1] == "frame 1 is given up" and quarantined(store.root) == (1,)
    kept = read_quarantine(store.root, 1)
    assert kept[LOG] == b"last words" and len(json.loads(kept["reason.json"])["attempts"]) == 3
    assert shards({}, frames="0,2-3")[0] == DONE
    assert shards({}, retry_quarantined=True)[0] == DONE and quarantined(store.root) == ()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), ScratchError("/tmp cannot be written")])
def test_a_full_disk_speaks_against_no_frame(shards, store, error):
    for _ in range(4):
        with pytest.raises(type(error)) as raised:
            shards({0: [error]})
        assert code_of(raised.value) == TRANSIENT
    assert quarantined(store.root) == () and failures_of(read_workers(store.root)) == {}


def test_when_all_fail_the_machine_is_to_blame(shards, store, monkeypatch):
    monkeypatch.setattr(failures, "HOPELESS_AT_FIRST", 3)
    code, told = shards({frame: [ValueError("no")] * 9 for frame in range(FRAMES)})
    assert code == RETRY and "3 frames failed one after another" in told[-1] and quarantined(store.root) == ()


def test_a_frame_in_which_a_process_died_comes_last_and_is_given_up_when_that_was_often_enough(shards, store, notes):
    for number in (1, 2):
        events = ({"event": "start", "role": "shard", "at_s": 0.5}, {"event": "begin", "frame": 0, "at_s": 1.0})
        path = store.root / "timing" / f"{host()}-99999999{number}-0badf00d.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert shards({3: [ValueError("no")]})[0] == DONE and notes.begun == [1, 2, 3, 0, 3]
    shutil.rmtree(store.folder(0))
    path.with_name(f"{host()}-999999993-0badf00d.jsonl").write_text(path.read_text().replace("1.0", f"{time.time()}"))
    assert shards({}, attempts=1)[0] == DO_NOT_RETRY and quarantined(store.root) == (0,)


def test_a_frame_may_take_20_times_the_longest_or_what_was_asked_for(shards, monkeypatch):
    armed = []
    monkeypatch.setattr(shard, "ended_after", lambda seconds: armed.append(seconds) or nullcontext())
    monkeypatch.setattr(MADE, "seconds", {"render": 40.0})
    assert shards({2: [ValueError("no")]})[0] == DONE
    assert armed == [600.0, 3600.0, 3600.0, 3600.0, 3600.0, 800.0]
    armed.clear()
    assert shards({}, frames="0-3", retry_quarantined=True, frame_time_limit_s=900.0)[0] == DONE
    assert armed == [900.0]


def test_what_dead_processes_left_is_cleared(shards, store):
    dead = f"{host()}-999999999-0badf00d"
    (store.root / "frames" / f"{TEMPORARY}000001.1-{dead}").mkdir()
    (store.root / "claims").mkdir()
    (store.root / "claims" / "000001.json").write_text(json.dumps({"worker": dead}))
    code, told = shards({})
    assert code == DONE, told
    assert not list(store.root.rglob(f"{TEMPORARY}*")) and not list((store.root / "claims").iterdir())
