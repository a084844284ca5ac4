"""What a process tells of itself: that it lives, whose task it is, and how it ended."""

from __future__ import annotations

import os
import time

import pytest
from store_samples import open_sample, sample_job

from pipeline.dataset import worker_log
from pipeline.dataset.attempts import has_ended, read_workers
from pipeline.dataset.worker_log import WorkerLog

PATIENCE_S = 600.0
SLURM = ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURMD_NODENAME", "SLURM_RESTART_COUNT")


@pytest.fixture
def root(tmp_path):
    return open_sample(tmp_path / "ds", sample_job()).root


def test_a_log_is_touched_as_long_as_its_process_works(root, monkeypatch):
    monkeypatch.setattr(worker_log, "HEARTBEAT_S", 0.01)
    with WorkerLog(root, {"role": "shard"}) as log:
        path = root / "timing" / f"{log.name}.jsonl"
        os.utime(path, (0, 0))
        until_s = time.monotonic() + PATIENCE_S
        while not path.stat().st_mtime:
            assert time.monotonic() < until_s, "no heartbeat came"
            time.sleep(0.01)
        assert not has_ended(root, log.name)
    assert has_ended(root, log.name) and not has_ended(root, "node7-1-0badf00d")


@pytest.mark.parametrize(
    ("error", "outcome"), [(None, "done"), (KeyboardInterrupt(), "stopped"), (ValueError("no"), "ValueError: no")]
)
def test_the_log_says_how_its_process_ended(root, error, outcome):
    try:
        with WorkerLog(root, {"role": "shard"}):
            if error is not None:
                raise error
    except (KeyboardInterrupt, ValueError) as raised:
        assert raised is error
    (worker,) = read_workers(root)
    assert worker.outcome == outcome


@pytest.mark.parametrize(
    ("env", "task"),
    [
        ({}, ""),
        ({"VARIEGATE_TASK": "kubernetes 3 on n1"}, "kubernetes 3 on n1"),
        ({"SLURM_JOB_ID": "5", "SLURMD_NODENAME": "n1"}, "slurm 5 on n1, start 1"),
        (dict(zip(SLURM, ("17", "12", "3", "n1", "1"), strict=True)), "slurm 12_3 on n1, start 2"),
    ],
)
def test_the_log_says_which_task_of_a_queue_it_is_of_and_which_start(root, monkeypatch, env, task):
    for name in (*SLURM, "VARIEGATE_TASK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with WorkerLog(root, {"role": "shard"}):
        pass
    (worker,) = read_workers(root)
    assert worker.start["task"] == task
