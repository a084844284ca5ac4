"""Frames made by a farm whose processes, nodes and controller die: the same bytes as one process makes."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import variegate
from slurm_cluster import Cluster, send

from pipeline.cli import main
from pipeline.dataset.attempts import read_workers
from pipeline.dataset.claims import claimed
from pipeline.dataset.presence import present
from pipeline.farm.ledger import read_ledger
from pipeline.frames import parse_frames

FRAMES = 24
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Victim:
    """A worker in the midst of a frame, stopped there: its log's name, its supervisor, and their shard."""

    pid: int
    supervisor: int
    index: str
    frame: int


@pytest.fixture(scope="module")
def whole(job: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All frames, made by one process."""
    out = tmp_path_factory.mktemp("whole") / "out"
    variegate("render", job, "--out", out, "--device", "cpu")
    return out


def stop_one(slurm: Cluster, out: Path, nodes: str, spared: Collection[str]) -> Victim:
    """Return a worker of a shard, other than `spared`, that makes a frame on one of `nodes` ("n[12]")."""
    found: list[Victim] = []

    def look() -> bool:
        for log in (out / "timing").glob("*.jsonl"):
            found.extend(stopped_at_work(log, nodes, spared))
            if found:
                return True
        return False

    slurm.wait_until(look, f"a shard works on {nodes}", PATIENCE_S, every_s=0.01)  # a frame takes a moment
    return found[0]


def stopped_at_work(log: Path, nodes: str, spared: Collection[str]) -> list[Victim]:
    start, last = first_and_last(log)
    task = re.fullmatch(rf"slurm \d+_(\d+) on {nodes}, .*", start.get("task", ""))
    if task is None or task[1] in spared or start.get("role") != "worker" or last["event"] != "begin":
        return []
    pid = pid_of(log.stem)
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return []
    start, last = first_and_last(log)
    if last["event"] == "begin" and last["frame"] not in present(log.parents[1]):  # else it is about to say so
        return [Victim(pid=pid, supervisor=pid_of(start["supervisor"]), index=task[1], frame=last["frame"])]
    os.kill(pid, signal.SIGCONT)
    return []


def first_and_last(log: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    *lines, _ = log.read_text().split("\n")  # the last line may be half written
    return json.loads(lines[0] if lines else "{}"), json.loads(lines[-1] if lines else "{}")


def pid_of(process: str) -> int:
    """Return the number in "HOST-PID-TOKEN"."""
    return int(process.split("-")[1])


@pytest.mark.parametrize("slurm", [{"silence_s": 5}], indirect=True)
def test_nothing_is_lost_when_processes_nodes_and_the_controller_die(slurm, job, whole, tmp_path):
    out = tmp_path / "out"
    assert main(["submit", str(job), "--out", str(out), "--frames-per-shard", "3", "--device", "cpu"]) == 0

    killed = stop_one(slurm, out, "n[12]", spared=())
    send(killed.pid, signal.SIGKILL)

    crashed = stop_one(slurm, out, "n[12]", spared={killed.index})
    os.kill(crashed.supervisor, signal.SIGSEGV)
    os.kill(crashed.pid, signal.SIGCONT)

    lost = stop_one(slurm, out, "n2", spared={killed.index, crashed.index})
    slurm.stop_controller()
    slurm.kill_node("n2")
    slurm.start_controller()
    slurm.start_node("n2")

    slurm.wait_for_end(PATIENCE_S)
    assert (out / "farm/0001-slurm/verdict.txt").read_text() == "24 of 24 frames are there\n"
    assert_same_frames(out, whole)
    assert main(["verify", str(out), "--workers", "1"]) == 0
    restarts = [restarts_of(slurm, out, victim.index) for victim in (killed, crashed, lost)]
    assert restarts == [0, 1, 1], "a shard looks after its workers, Slurm after its shards"
    assert_attempts_are_told(out, killed, crashed, lost)


def restarts_of(slurm: Cluster, out: Path, index: str) -> int:
    (array, _) = read_ledger(out)[0].ids or ("", "")
    shown = re.search(r"Restarts=(\d+)", slurm.call("scontrol", "show", "job", f"{array}_{index}"))
    assert shown is not None
    return int(shown[1])


def assert_same_frames(out: Path, whole: Path) -> None:
    assert sorted(path.name for path in (out / "frames").iterdir()) == [f"{frame:06d}" for frame in range(FRAMES)]
    for folder in sorted((whole / "frames").iterdir()):
        for file in sorted(folder.iterdir()):
            ours = out / "frames" / folder.name / file.name
            assert ours.read_bytes() == file.read_bytes(), ours


def assert_attempts_are_told(out: Path, killed: Victim, crashed: Victim, lost: Victim) -> None:
    workers = {pid_of(worker.name): worker for worker in read_workers(out)}
    for pid in (killed.pid, crashed.supervisor, lost.pid, lost.supervisor):
        assert workers[pid].outcome == "died"
        assert str(workers[pid].start["task"]).startswith("slurm ")
    for victim, outcome in ((killed, "lost"), (lost, "stopped")):  # a frame is not to blame for the end of its machine
        attempts = [one.outcome for one in workers[victim.pid].attempts if one.frame == victim.frame]
        assert attempts == [outcome]
    done = [one for worker in workers.values() for one in worker.attempts if one.outcome in ("accepted", "rejected")]
    assert {one.frame for one in done} == set(range(FRAMES))


def test_resume_after_scancel_submits_exactly_the_missing_frames(slurm, job, tmp_path, capfd):
    out = tmp_path / "out"
    words = ["--frames", "0-11", "--frames-per-shard", "3", "--device", "cpu"]
    assert main(["submit", str(job), "--out", str(out), *words]) == 0
    with claimed(out, 11):  # by this process, so that not all is over before it is cancelled
        slurm.wait_until(lambda: len(present(out)) >= 2, "two frames are there", PATIENCE_S)
        slurm.call("scancel", *read_ledger(out)[0].ids)
        slurm.wait_for_end(PATIENCE_S)
    missing = set(range(12)) - present(out)
    assert 0 < len(missing) <= 10
    assert main(["resume", str(out)]) == 0
    again = read_ledger(out)[1].submission
    assert set(parse_frames(again.frames, FRAMES)) == missing
    assert again.options == ("--device", "cpu")
    slurm.wait_for_end(PATIENCE_S)
    assert present(out) == frozenset(range(12))
    logs = "".join(path.read_text() for path in (out / "logs").glob("slurm-*"))
    assert "\nSaved: '" in logs and "\nProgress: 100%\n" in logs and not re.search("openjd_(status|progress)", logs)
    capfd.readouterr()
    assert main(["resume", str(out)]) == 0
    assert "nothing is missing" in capfd.readouterr().out
