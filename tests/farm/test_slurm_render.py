"""Frames made by a farm whose processes, nodes and controller die: the same bytes as one process makes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import variegate
from slurm_cluster import Cluster, kill

from pipeline.cli import main
from pipeline.dataset.attempts import read_workers
from pipeline.dataset.presence import present
from pipeline.farm.ledger import read_ledger
from pipeline.frames import parse_frames

FRAMES = 24
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Victim:
    """A process of a shard that is in the midst of a frame, stopped there."""

    pid: int
    index: str
    frame: int


@pytest.fixture(scope="module")
def whole(job: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All frames, made by one process."""
    out = tmp_path_factory.mktemp("whole") / "out"
    variegate("render", job, "--out", out, "--device", "cpu")
    return out


def stop_one(slurm: Cluster, out: Path, nodes: Collection[str], spared: Collection[str]) -> Victim:
    """Return a process of a shard, other than `spared`, that makes a frame on one of `nodes`."""
    found: list[Victim] = []

    def look() -> bool:
        for node in nodes:
            for pid in slurm.processes(node, f"pipeline shard {out} "):
                found.extend(stopped_at_work(pid, out, spared))
                if found:
                    return True
        return False

    slurm.wait_until(look, f"a shard works on {nodes}", PATIENCE_S)
    return found[0]


def stopped_at_work(pid: int, out: Path, spared: Collection[str]) -> list[Victim]:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        index = words[words.index("--index") + 1]
        if index in spared:
            return []
        os.kill(pid, signal.SIGSTOP)
    except (OSError, ValueError):
        return []  # ended meanwhile
    for log in (out / "timing").glob(f"*-{pid}-*.jsonl"):
        last = json.loads(log.read_text().splitlines()[-1])
        if last["event"] == "begin":
            return [Victim(pid=pid, index=index, frame=last["frame"])]
    os.kill(pid, signal.SIGCONT)
    return []


def test_nothing_is_lost_when_processes_nodes_and_the_controller_die(slurm, job, whole, tmp_path):
    out = tmp_path / "out"
    assert main(["submit", str(job), "--out", str(out), "--frames-per-shard", "3", "--device", "cpu"]) == 0

    killed = stop_one(slurm, out, ("n1", "n2"), spared=())
    kill(killed.pid)

    crashed = stop_one(slurm, out, ("n1", "n2"), spared={killed.index})
    os.kill(crashed.pid, signal.SIGSEGV)
    os.kill(crashed.pid, signal.SIGCONT)

    lost = stop_one(slurm, out, ("n2",), spared={killed.index, crashed.index})
    slurm.stop_controller()
    slurm.kill_node("n2")
    slurm.start_controller()
    slurm.start_node("n2")

    slurm.wait_for_end(PATIENCE_S)
    assert (out / "farm/0001-slurm/verdict.txt").read_text() == "24 of 24 frames are there\n"
    assert_same_frames(out, whole)
    assert_attempts_are_told(out, [killed, crashed, lost])
    assert main(["verify", str(out), "--workers", "1"]) == 0
    array = read_ledger(out)[0].ids[0]
    for victim in (killed, crashed, lost):
        assert "Restarts=1" in slurm.call("scontrol", "show", "job", f"{array}_{victim.index}")


def assert_same_frames(out: Path, whole: Path) -> None:
    assert sorted(path.name for path in (out / "frames").iterdir()) == [f"{frame:06d}" for frame in range(FRAMES)]
    for folder in sorted((whole / "frames").iterdir()):
        for file in sorted(folder.iterdir()):
            ours = out / "frames" / folder.name / file.name
            assert ours.read_bytes() == file.read_bytes(), ours


def assert_attempts_are_told(out: Path, victims: list[Victim]) -> None:
    workers = {int(worker.name.split("-")[1]): worker for worker in read_workers(out)}
    for victim in victims:
        worker = workers[victim.pid]
        assert worker.outcome == "died"
        assert str(worker.start["task"]).startswith("slurm ")
        assert [one.outcome for one in worker.attempts if one.frame == victim.frame] == ["lost"]
    done = [one for worker in workers.values() for one in worker.attempts if one.outcome in ("accepted", "rejected")]
    assert sorted({one.frame for one in done}) == list(range(FRAMES))


def test_resume_after_scancel_submits_exactly_the_missing_frames(slurm, job, tmp_path, capfd):
    out = tmp_path / "out"
    words = ["--frames", "0-11", "--frames-per-shard", "3", "--device", "cpu"]
    assert main(["submit", str(job), "--out", str(out), *words]) == 0
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
    capfd.readouterr()
    assert main(["resume", str(out)]) == 0
    assert "nothing is missing" in capfd.readouterr().out
