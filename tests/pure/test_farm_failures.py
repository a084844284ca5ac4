"""Frames that fail: how often is too often, and when the machine is to blame and not the frames."""

from __future__ import annotations

import json

import pytest
from status_samples import begin, dead, done, failed, start, write_log
from store_samples import commit_samples, open_sample, sample_job, sample_plan

from pipeline.dataset.attempts import failures_of, read_workers
from pipeline.dataset.layout import LOGS, PLAN, QUARANTINE
from pipeline.dataset.quarantine import LOG, REASON, quarantine, quarantined, read_quarantine
from pipeline.dataset.read import read_plan
from pipeline.farm.local.failures import HOPELESS, HOPELESS_AT_FIRST, Failures


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", sample_job(frames=40))


def test_a_machine_on_which_nothing_succeeds_is_to_blame_soon(store):
    failures = Failures(store, 3, {})
    for frame in range(HOPELESS_AT_FIRST):
        assert failures.hopeless() == "" and not failures.add(frame, f"ValueError: {frame}", "")
    assert "8 frames failed one after another" in failures.hopeless()
    assert failures.hopeless().endswith("frame 0:\nValueError: 0")


def test_one_that_made_frames_is_believed_longer(store):
    failures = Failures(store, 3, {})
    failures.made(HOPELESS + 10)
    for frame in range(HOPELESS):
        assert failures.hopeless() == ""
        failures.add(frame, "ValueError: no", "")
    assert f"{HOPELESS} frames failed" in failures.hopeless()


def test_a_frame_that_is_made_in_between_speaks_for_the_machine(store):
    failures = Failures(store, 3, {})
    for frame in range(HOPELESS + 10):
        failures.add(frame, "ValueError: no", "")
        failures.made(frame)
        assert failures.hopeless() == ""


def test_a_frame_that_fails_again_tells_nothing_new_of_the_machine(store):
    """Bad frames come last, each as often as it may be tried: more failures in a row than a machine may have."""
    bad = tuple(range(HOPELESS // 3 + 1))
    failures = Failures(store, 3, {})
    failures.made(HOPELESS + 10)
    gone = [failures.add(frame, "ValueError: no", "") for _ in range(3) for frame in bad]
    assert gone == [False] * 2 * len(bad) + [True] * len(bad)
    assert failures.hopeless() == "" and quarantined(store.root) == bad == tuple(failures.given_up)


def test_failures_of_several_machines_are_put_in_the_order_of_their_time(store):
    """One began first and failed the frame after another had made it, which a bad disk lost since."""
    write_log(store.root, dead(1), [start(role="shard"), begin(3, 30), failed(3, 31, "ValueError: late")])
    write_log(store.root, dead(2), [start(1, role="shard"), begin(3, 10), done(3, 20)])
    assert failures_of(read_workers(store.root)) == {3: ["ValueError: late"]}
    write_log(store.root, dead(2), [start(1, role="shard"), begin(3, 32), done(3, 40)])
    assert failures_of(read_workers(store.root)) == {}


def test_what_failed_too_often_before_is_given_up_with_the_last_words_of_where_that_was(store):
    first, last = dead(1), dead(2)
    write_log(store.root, first, [start(role="shard"), begin(3, 1), failed(3, 2, "ValueError: first")])
    write_log(store.root, last, [start(3, role="shard"), begin(3, 4)])
    for name, words in ((first, "an old story"), (last, "Segmentation fault")):
        (store.root / LOGS / f"blender-{name}.log").write_text(f"Blender 5.2\n{words}\n")
    workers = read_workers(store.root)
    failures = Failures(store, 2, failures_of(workers))
    assert failures.worth_trying((2, 3, 4), workers) == [2, 4] and quarantined(store.root) == (3,)
    kept = read_quarantine(store.root, 3)
    assert kept[LOG].decode() == "Blender 5.2\nSegmentation fault"
    assert json.loads(kept[REASON])["attempts"] == ["ValueError: first", "the process ended: died"]


def test_what_is_given_up_keeps_its_plan_and_is_no_more_so_once_it_is_there(store, tmp_path):
    plan = sample_plan(store.job, 3)
    quarantine(store, 3, ["ValueError: first", "ValueError: last"], plan, "last words")
    assert read_plan(store.root / QUARANTINE / "000003" / PLAN) == plan
    assert json.loads(read_quarantine(store.root, 3)[REASON])["reason"] == "ValueError: last"
    commit_samples(store, tmp_path, (4,))
    quarantine(store, 4, ["made by another at that moment"], None, "")
    assert quarantined(store.root) == (3,)
