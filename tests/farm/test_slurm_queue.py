"""How Slurm and the scripts get on, with a program that stands in for the shards: nothing is rendered here."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from slurm_cluster import Cluster

from pipeline.cli import main
from pipeline.farm.engines.slurm import SLURM
from pipeline.farm.ledger import read_ledger

# Stands in for the Python of the nodes: WORKER -m pipeline shard DATASET ... --index N. Notes each start, then does as
# the shell text in FOLDER/shard says; what it makes and how it ends is up to that.
WORKER = """\
#!/bin/bash
cd "$(dirname "$0")" || exit 1
[ "$3" = shard ] || exit 0
index=$8
echo "$index" >>starts
start=$(grep -cx "$index" starts)
. ./shard
"""


@pytest.fixture
def worker(shared: Path) -> Path:
    path = shared / "worker"
    path.write_text(WORKER)
    path.chmod(0o755)
    (shared / "starts").touch()
    (shared / "starts").chmod(0o666)
    return path


def starts(worker: Path) -> list[int]:
    return sorted(int(line) for line in (worker.parent / "starts").read_text().split())


def task(slurm: Cluster, job: str) -> dict[str, str]:
    """Return what Slurm says of a task, like JobState and Restarts."""
    shown = slurm.call("scontrol", "show", "job", job)
    return dict(re.findall(r"(\w+)=(\S+)", shown))


def ids(out: Path) -> list[str]:
    entry = read_ledger(out)[-1]
    assert entry.ids is not None
    return list(entry.ids)


def submit(job: Path, out: Path, worker: Path, *words: str) -> None:
    assert main(["submit", str(job), "--out", str(out), "--python", str(worker), *words]) == 0


@pytest.mark.parametrize("slurm", [{"max_array_size": 4}], indirect=True)
def test_arrays_are_split_at_what_the_site_allows_and_a_limit_holds(slurm, job, shared, worker):
    script = "touch run-$index; ls -d run-* | wc -l >>most; sleep 0.3; rm run-$index; exit 0"
    (shared / "shard").write_text(script)
    submit(job, shared / "out", worker, "--frames", "0-9", "--frames-per-shard", "1", "--max-running", "1")
    slurm.wait_for_end()
    assert starts(worker) == list(range(10))
    assert set((shared / "most").read_text().split()) == {"1"}
    assert [one.partition("+")[2] for one in ids(shared / "out")] == ["", "4", "8", ""]


@pytest.mark.parametrize("slurm", [{"max_array_size": 4}], indirect=True)
def test_states_go_by_the_shards_of_all_arrays(slurm, job, shared, worker, capfd):
    (shared / "shard").write_text("exit 0")
    out = shared / "out"
    submit(job, out, worker, "--frames", "0-9", "--frames-per-shard", "1", "--engine-option", "hold=")
    entry = read_ledger(out)[0]
    assert entry.ids is not None
    assert SLURM.states(entry.submission, entry.ids) == dict.fromkeys(range(10), "PENDING")
    slurm.call("scancel", f"{entry.ids[1].partition('+')[0]}_2", f"{entry.ids[2].partition('+')[0]}_1")
    states = SLURM.states(entry.submission, entry.ids)
    assert states is not None and set(states) == {0, 1, 2, 3, 4, 5, 7, 8}
    capfd.readouterr()
    assert main(["resume", str(out), "--engine-option", "hold="]) == 0
    assert "their 8 frames (0-5,7-8) are left out" in capfd.readouterr().out
    assert read_ledger(out)[1].submission.shards == ("6", "9")
    assert main(["cancel", str(out)]) == 0
    slurm.wait_for_end()
    assert SLURM.states(entry.submission, entry.ids) == {}
    assert SLURM.states(entry.submission, ("99999",)) == {}


def test_exit_code_2_is_not_queued_again_and_stays(slurm, job, shared, worker):
    (shared / "shard").write_text("exit 2")
    submit(job, shared / "out", worker, "--frames", "0")
    slurm.wait_for_end()
    said = task(slurm, ids(shared / "out")[0])
    assert (said["JobState"], said["ExitCode"], said["Restarts"]) == ("FAILED", "2:0", "0")
    assert starts(worker) == [0]


def test_a_shard_that_always_crashes_is_started_as_often_as_attempts_says(slurm, job, shared, worker):
    (shared / "shard").write_text("kill -SEGV $$")
    submit(job, shared / "out", worker, "--frames", "0", "--attempts", "2")
    slurm.wait_for_end()
    said = task(slurm, ids(shared / "out")[0])
    assert (said["JobState"], said["ExitCode"], said["Restarts"]) == ("FAILED", "139:0", "1")
    assert starts(worker) == [0, 0]


def test_a_shard_that_is_told_to_stop_ends_in_its_own_time_and_is_queued_again(slurm, job, shared, worker):
    stopped = "trap 'touch stopped; exit 75' TERM; touch ready; while :; do sleep 0.1; done"
    (shared / "shard").write_text(f"[ $start = 1 ] || exit 0; {stopped}")
    submit(job, shared / "out", worker, "--frames", "0", "--attempts", "1")
    slurm.wait_until((shared / "ready").exists, "the shard runs")
    first = ids(shared / "out")[0]
    slurm.call("scancel", "--batch", "--signal=TERM", first)  # as --signal=B:TERM@60 does before the time limit
    slurm.wait_until((shared / "stopped").exists, "the shard was told")
    slurm.wait_for_end()
    assert starts(worker) == [0, 0]
    assert (task(slurm, first)["JobState"], task(slurm, first)["Restarts"]) == ("COMPLETED", "1")


def unbegun(out: Path, capfd: pytest.CaptureFixture[str]) -> list[tuple[list[int], str, str]]:
    """Return what status tells of shards that ended before a frame: which, their last line, and their log."""
    capfd.readouterr()
    assert main(["status", str(out), "--json"]) == 0
    submissions = json.loads(capfd.readouterr().out)["submissions"]
    return [(one["shards"], one["reason"], one["where"]) for sub in submissions for one in sub["unbegun"]]


def test_shards_that_cannot_be_started_are_told_by_status(slurm, job, shared, capfd):
    absent = shared / "absent"
    submit(job, shared / "out", absent, "--frames", "0-3", "--frames-per-shard", "2", "--attempts", "1")
    slurm.wait_for_end()
    log = f"logs/slurm-{ids(shared / 'out')[0]}_0.log"
    assert unbegun(shared / "out", capfd) == [([0, 1], f"{absent}: No such file or directory", log)]


def test_shards_on_nodes_that_do_not_see_the_folder_are_told_by_status(slurm, job, shared, worker, capfd):
    out = shared / "out"
    submit(job, out, worker, "--frames", "0-3", "--frames-per-shard", "2", "--engine-option", "hold=")
    (out / "logs").rename(out / "elsewhere")
    slurm.call("scontrol", "release", *ids(out))
    slurm.wait_for_end()
    ((shards, said, _),) = unbegun(out, capfd)
    assert shards == [0, 1] and said.startswith("they left no log: their nodes may not see the dataset's folder")


def test_a_shard_that_is_cancelled_stays_cancelled(slurm, job, shared, worker, capfd):
    (shared / "shard").write_text("trap 'exit 75' TERM; touch ready; while :; do sleep 0.1; done")
    submit(job, shared / "out", worker, "--frames", "0-1", "--frames-per-shard", "1", "--max-running", "1")
    slurm.wait_until((shared / "ready").exists, "a shard runs")
    capfd.readouterr()
    assert main(["cancel", str(shared / "out")]) == 0
    assert "farm/0001-slurm: cancelled (jobs " in capfd.readouterr().out
    slurm.wait_for_end()
    assert main(["cancel", str(shared / "out")]) == 0
    assert capfd.readouterr().out == "farm/0001-slurm: nothing waits or runs (it was cancelled before)\n"
    assert starts(worker) == [0]
    assert unbegun(shared / "out", capfd) == []
    assert task(slurm, f"{ids(shared / 'out')[0]}_0")["JobState"] == "CANCELLED"


NASTY = """it's a "dataset" $HOME `id` 100% #1"""


def test_paths_that_shells_and_slurm_could_misread(slurm, job, shared, worker):
    (shared / "shard").write_text("""printf '%s' "$4" >dataset; exit 0""")
    out = shared / NASTY
    submit(job, out, worker, "--frames", "0", "--name", NASTY)
    slurm.wait_for_end()
    assert (shared / "dataset").read_text() == str(out)
    array, finalize = ids(out)
    assert sorted(path.name for path in (out / "logs").iterdir()) == [
        f"slurm-{array}_0.log",
        f"slurm-{finalize}-finalize.log",
    ]
    assert (out / "farm/0001-slurm/verdict.txt").is_file()


def test_an_ordinary_user_needs_nothing_of_the_site(slurm, job, shared, worker, monkeypatch):
    """No RequeueExit, no accounting, no privileges: `nobody` submits, and a shard that crashes queues itself again."""
    for name in ("sbatch", "squeue", "scancel", "scontrol"):
        program = shared / "bin" / name
        program.parent.mkdir(exist_ok=True)
        as_nobody = "setpriv --reuid=nobody --regid=nogroup --clear-groups"
        program.write_text(f'#!/bin/sh\nexec {as_nobody} {shutil.which(name)} "$@"\n')
        program.chmod(0o755)
    (shared / "shard").write_text("id -un >>users; [ $start = 1 ] && kill -KILL $$; exit 0")
    out = shared / "out"
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{shared / 'bin'}:{os.environ['PATH']}")
        submit(job, out, worker, "--frames", "0", "--engine-option", "hold=", "--engine-option", "export=NONE")
        for path in (out / "logs", *(out / "farm").iterdir()):
            path.chmod(0o777)
    slurm.call("scontrol", "release", *ids(out))
    slurm.wait_for_end()
    said = task(slurm, ids(out)[0])
    assert (said["JobState"], said["Restarts"], said["UserId"].partition("(")[0]) == ("COMPLETED", "1", "nobody")
    assert (shared / "users").read_text().split() == ["nobody", "nobody"]


def test_dry_run_asks_slurm_and_writes_nothing(slurm, job, shared, worker, capfd):
    out = shared / "out"
    assert main(["submit", str(job), "--out", str(out), "--dry-run", "--gres", "gpu:1"]) == 2
    assert "--gres" in capfd.readouterr().err
    assert main(["submit", str(job), "--out", str(out), "--dry-run", "--frames-per-shard", "4"]) == 0
    assert "sbatch --parsable --array=0-5 " in capfd.readouterr().out
    assert not out.exists()
    assert slurm.queue("%i", "--states=all") == []


def test_what_sbatch_refuses_is_told_with_a_remedy(slurm, job, shared, worker, capfd):
    out = shared / "out"
    words = ["submit", str(job), "--out", str(out)]
    for more, message in [
        (["--partition", "gpu"], "invalid partition specified: gpu"),
        (["--memory", "1T"], "change --gres, --cpus or --memory"),
        (["--engine-option", "acount=vision"], "unrecognized option"),
    ]:
        assert main([*words, *more]) == 2
        assert message in capfd.readouterr().err
    assert not out.exists()
