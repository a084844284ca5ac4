"""Shards that end in their queue before a frame: `status` says why, by their logs, and what to do about memory."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from farm_samples import sample_submission
from status_samples import CPU, T0, begin, clock, dead, end, failed, frames_made, lay_frames, start
from status_samples import write_log as log
from store_samples import open_sample, sample_job

from pipeline.farm.engines import ENGINES, slurm_logs
from pipeline.farm.ledger import add_entry, ready_files, record_cancelled, record_ids
from pipeline.farm.local.limits import over_memory
from pipeline.farm.submission import Resources
from pipeline.status.overview import read_status
from pipeline.status.sections import plain_lines

JOB = sample_job(frames=40)
ABSENT = "/opt/blender: No such file or directory"


@pytest.fixture
def store(tmp_path, monkeypatch):
    clock(monkeypatch)(1000)
    return open_sample(tmp_path / "ds", JOB)


def submit(store, shards=("0-3", "4-7", "8-11"), ids=("12", "13"), at=0.0, engine="slurm", **changed):
    def make(folder):
        frames = ",".join(shards)
        submission = sample_submission(
            engine=engine, folder=folder, shards=tuple(shards), frames=frames, dataset=store.root.as_posix(), **changed
        )
        return submission, ready_files(submission)

    submission = add_entry(store.root, engine, make)
    record_ids(store.root, submission, ids, (), T0 + at)
    return submission


def leave(store, task, shard, text, code, node="n1"):
    """Leave the log of a shard that ended."""
    name = store.root / "logs" / f"slurm-{task}.log"
    name.write_text(f"shard {shard}: task {task} on {node}, start 1\n{text}\nshard {shard}: exit code {code}\n")


def look(store, states=(), engine="slurm"):
    live = None if states is None else dict(states)
    engines = {engine: replace(ENGINES[engine], states=lambda submission, ids: live)}
    return read_status(store.root, range(40), engines=engines)


def told(store, states=(), engine="slurm"):
    status = look(store, states, engine)
    return [(one.shards, one.reason, one.where) for sub in status.submissions for one in sub.unbegun], status.hints


def test_shards_that_never_begin_are_told_with_the_last_line_of_their_log(store):
    submit(store)
    for shard in range(3):
        leave(store, f"12_{shard}", shard, f"/var/spool/slurmd/job7/slurm_script: line 25: {ABSENT}", 127)
    found, hints = told(store)
    assert found == [((0, 1, 2), ABSENT, "logs/slurm-12_0.log")]
    assert hints[0] == (
        f"shards 0-2 of farm/0001-slurm ended before the first frame: {ABSENT} (logs/slurm-12_0.log): mend that first"
    )
    lines = list(plain_lines(look(store)))
    at = lines.index("shards that ended before their first frame")
    assert lines[at + 1].split() == ["number", "submission", "shards", "said", "last", "log", "of", "the", "first"]
    assert lines[at + 2].split() == ["3", "farm/0001-slurm", "0-2", *ABSENT.split(), "logs/slurm-12_0.log"]


def test_a_shard_that_waits_runs_or_has_begun_is_none_of_them(store):
    submit(store)
    for shard in range(3):
        leave(store, f"12_{shard}", shard, ABSENT, 127)
    log(store.root, dead(), [start(5, **CPU), begin(9, 20), failed(9, 30, "no"), end(40)])
    lay_frames(store.root, (5,))
    assert told(store, {0: "PENDING"})[0] == []
    assert [shards for shards, _, _ in told(store)[0]] == [(0,)]


def test_attempts_before_a_submission_are_not_its_own(store):
    log(store.root, dead(), [start(5, **CPU), begin(1, 20), failed(1, 30, "no"), end(40)])
    submit(store, at=50)
    leave(store, "12_0", 0, ABSENT, 127)
    assert told(store, {1: "PENDING", 2: "PENDING"})[0] == [((0,), ABSENT, "logs/slurm-12_0.log")]


def test_a_later_submission_of_the_same_frames_is_the_one_to_be_told_of(store):
    submit(store)
    leave(store, "12_0", 0, ABSENT, 127)
    submit(store, shards=("0-11",), ids=("20", "21"), at=60)
    assert told(store, {0: "PENDING"})[0] == []


def test_shards_without_a_log_may_not_see_the_folder(store):
    submit(store)
    found, hints = told(store, {2: "PENDING"})
    assert found[0][0] == (0, 1) and hints[0].startswith(
        "shards 0-1 of farm/0001-slurm ended before the first frame: they left no log: their nodes may not see the"
    )


def test_where_the_queue_cannot_be_asked_only_logs_with_an_end_are_believed(store):
    submit(store)
    leave(store, "12_0", 0, ABSENT, 127)
    (store.root / "logs/slurm-12_1.log").write_text("shard 1: task 12_1 on n1, start 1\nopening\n")
    assert told(store, None)[0] == [((0,), ABSENT, "logs/slurm-12_0.log")]


def test_cancelled_shards_have_not_failed(store):
    submission = submit(store)
    leave(store, "12_0", 0, ABSENT, 127)
    leave(store, "12_1", 1, "stopped", 75)
    leave(store, "12_2", 2, "Terminated", 143)
    record_cancelled(store.root, submission, ("12",))
    found, _ = told(store)
    assert found == [((0,), ABSENT, "logs/slurm-12_0.log")]
    assert look(store).submissions[0].nodes == {"n1": 1}
    assert "nothing waits or runs (cancelled)" in "\n".join(plain_lines(look(store)))


def test_a_shard_that_somebody_cancelled_in_the_queue_has_not_failed(store):
    submit(store)
    leave(store, "12_0", 0, ABSENT, 127)
    for shard in (1, 2):
        leave(
            store, f"12_{shard}", shard, "slurmstepd: error: *** JOB 33 ON n1 CANCELLED AT 2026-11-26T04:14:31 ***", 143
        )
    assert told(store)[0] == [((0,), ABSENT, "logs/slurm-12_0.log")]


def test_reasons_that_differ_are_counted(store):
    submit(store)
    leave(store, "12_0", 0, "no module named pipeline", 1)
    leave(store, "12_1", 1, ABSENT, 127)
    leave(store, "12_2", 2, ABSENT, 127)
    _, hints = told(store)
    assert f"ended before the first frame: 2 of 3 say {ABSENT} (logs/slurm-12_1.log): mend" in hints[0]


def test_of_thousands_a_few_are_looked_into(store, monkeypatch):
    monkeypatch.setattr(slurm_logs, "LOOKED_INTO", 10)
    submit(store, shards=[str(frame) for frame in range(40)])
    for shard in range(40):
        leave(store, f"12_{shard}", shard, ABSENT, 127)
    found, hints = told(store)
    assert [len(shards) for shards, _, _ in found] == [10, 30]
    assert hints[0].startswith(f"shards 0-39 of farm/0001-slurm ended before the first frame: 10 of 10 say {ABSENT}")


def test_engines_that_keep_their_logs_say_so(store):
    submit(store, engine="flamenco", ids=("job",))
    found, _ = told(store, {0: "queued"}, engine="flamenco")
    assert found == [((1, 2), "the engine's own logs say why", "")]


def test_an_engine_that_answers_nonsense_fails_no_status(store):
    def nonsense(submission, ids, *shards):
        raise ValueError("Expecting value: line 1 column 1")

    submit(store, engine="kubernetes", ids=("job",))
    engine = replace(ENGINES["kubernetes"], states=nonsense, ends=nonsense)
    (told,) = read_status(store.root, range(40), engines={"kubernetes": engine}).submissions
    assert told.problem == "the engine does not answer: Expecting value: line 1 column 1" and told.unbegun == ()


def test_a_machine_that_ends_all_its_shards_before_a_frame_is_named_with_the_remedy(store):
    submit(store, shards=[str(frame) for frame in range(40)], engine_options={"exclude": "n1"})
    for shard in range(20):
        leave(store, f"12_{shard}", shard, ABSENT, 127, node="n3")
    for number in range(20):
        events = [start(0, **CPU | {"role": "shard", "task": "slurm 12 on n2, start 1"})]
        log(store.root, dead(machine=f"h{number}"), [*events, *frames_made((20 + number,), 1, 1, render=1.0), end(9)])
    lay_frames(store.root, range(20, 40))
    status = look(store)
    hint = next(hint for hint in status.hints if hint.startswith("on n3"))
    assert hint == (
        "on n3 20 of 20 processes ended before a frame, on the other machines 0 of 20: leave it out: "
        f"variegate resume {store.root} --engine-option exclude=n1,n3"
    )
    submit(store, shards=["0-19"], engine_options={"exclude": "n1,n3"}, at=500)
    assert not any(hint.startswith("on n3") for hint in look(store).hints), "it is left out already"
    shutil.rmtree(store.root / "farm/0002-slurm")
    queued = look(store, {5: "PENDING"})
    assert any(f"leave it out: variegate cancel {store.root}, then variegate resume" in hint for hint in queued.hints)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_shards_that_ran_out_of_memory_are_told_with_what_to_ask_for(store):
    submit(store, resources=Resources(memory_mb=16384))
    log(store.root, dead(1), [start(1, role="supervisor"), {**lost(1, 30, over_memory(15000, 14745))}, end(40)])
    log(store.root, dead(2), [start(2, **CPU, supervisor=dead(1)), begin(1, 20)])
    status = look(store, {1: "PENDING", 2: "PENDING"})
    assert status.submissions[0].starved is not None
    assert (
        f"1 shard of farm/0001-slurm ran out of memory at 16G: variegate resume {store.root} --memory 24G"
        in status.hints
    )
    for engines in ({}, {"slurm": replace(ENGINES["slurm"], states=lambda submission, ids: None)}):
        (unasked,) = read_status(store.root, range(40), engines=engines).submissions
        assert unasked.starved == status.submissions[0].starved, "no queue is needed to know it"


def lost(frame, at, reason):
    return {"event": "lost", "frame": frame, "at_s": T0 + at, "worker": dead(2), "reason": reason, "counts": True}


def test_memory_of_a_machine_without_a_queue_is_told_as_well(store):
    log(store.root, dead(1), [start(1, role="supervisor"), lost(1, 30, over_memory(1500, 1400)), end(40)])
    log(store.root, dead(2), [start(2, **CPU, supervisor=dead(1)), begin(1, 20)])
    hints = look(store).hints
    assert any(hint.startswith("1 frame lacks as workers filled more than their share of the memory") for hint in hints)
    lay_frames(store.root, (1,))
    assert not any("filled more" in hint for hint in look(store).hints)
