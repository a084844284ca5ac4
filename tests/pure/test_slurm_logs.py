"""What the ends of Slurm's logs tell of shards: their last words, exit codes, nodes, and memory."""

from __future__ import annotations

import pytest
from farm_samples import sample_submission

from pipeline.farm.engine import End
from pipeline.farm.engines import slurm_logs
from pipeline.farm.engines.slurm_logs import TAIL_BYTES, read_end, read_ends
from pipeline.farm.engines.slurm_scripts import CRASHES, render_script

BEGIN = "shard 3: task 12_3 on n1, start 1\n"
REQUEUED = (
    "slurmstepd-n1: error: *** JOB 15 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO JOB REQUEUE ***\nTerminated\n"
)
ABSENT = "/var/spool/slurmd/n1/job00015/slurm_script: line 25: /opt/blender: No such file or directory\n"
KILLED = "/var/spool/slurmd/job15/slurm_script: line 25: 1613604 Killed                  python -m pipeline\n"


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        (BEGIN + ABSENT + "shard 3: exit code 127\n", "/opt/blender: No such file or directory", 127),
        (BEGIN + KILLED + "shard 3: exit code 137\n", "1613604 Killed python -m pipeline", 137),
        (BEGIN + ABSENT + "shard 3: exit code 127\nshard 3: queued again\n" + REQUEUED, "/opt/blender: No such", 127),
        (
            BEGIN
            + "no such device\nshard 3: exit code 1\nshard 3: queued again\n"
            + REQUEUED
            # the start that counts is the last one
            + BEGIN.replace("n1, start 1", "n2, start 2")
            + "shard 3: exit code 75\n",
            "",
            75,
        ),
        (BEGIN + "Error: no such file\n\nBlender quit\nshard 3: exit code 1\n", "Error: no such file", 1),
        (
            BEGIN + "openjd_fail: --device optix: not on this machine\nopenjd_progress: 0.0\nshard 3: exit code 2\n",
            "--device optix: not on this machine",
            2,
        ),
        (
            BEGIN + "slurmstepd: error: *** JOB 15 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***\n",
            "slurmstepd: error: *** JOB 15 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***",
            None,
        ),
        (
            BEGIN + "No module named pipeline\nshard 3: exit code 1\nshard 3: crashed 3 times, given up until",
            "No mod",
            1,
        ),
    ],
)
def test_the_last_line_that_says_why_and_the_exit_code_are_found(text, reason, code):
    end = read_end(text, "logs/slurm-12_3.log")
    assert end.reason.startswith(reason) and bool(end.reason) == bool(reason)
    assert (end.exit_code, end.where, end.is_starved) == (code, "logs/slurm-12_3.log", False)


@pytest.mark.parametrize(
    "line",
    [
        "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=12.batch. Some of your processes may have been",
        "slurmstepd: error: Detected 2 oom_kill events in StepId=12.batch. Some of the step tasks have been OOM",
        "[2026-09-14T17:14:38.784] error: Detected 1 oom_kill event in StepId=12.1. Some of the step tasks have been",
        "slurmstepd: error: StepId=7.batch exceeded memory limit (734003200 > 52428800), being killed",
        "slurmstepd: error: Exceeded job memory limit",
    ],
)
def test_what_slurm_says_of_memory_is_understood_in_all_its_versions(line):
    end = read_end(BEGIN + KILLED + f"shard 3: exit code 137\nshard 3: queued again\n{line}\n", "")
    assert end.is_starved
    again = BEGIN.replace("start 1", "start 2") + "Terminated\nshard 3: exit code 143\n"
    assert read_end(f"{BEGIN}{line}\n{again}", "").is_starved, "an earlier start had as much memory"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("", True),
        (" DUE TO SIGNAL Terminated", True),
        (" DUE TO TIME LIMIT", False),
        (" DUE TO NODE FAILURE, SEE", False),
    ],
)
def test_a_shard_that_somebody_took_back_is_no_failure(why, said):
    line = f"slurmstepd-n1: error: *** JOB 33 ON n1 CANCELLED AT 2026-11-26T04:14:31{why} ***\n"
    assert read_end(f"{BEGIN}{line}shard 3: exit code 143\n", "").is_cancelled is said


def test_a_gpu_without_memory_is_no_shard_without_memory():
    assert not read_end(
        BEGIN + "System is out of GPU memory\nCUDA error: Out of memory\nshard 3: exit code 1\n", ""
    ).is_starved


def test_the_script_says_what_is_read_here():
    script = render_script(sample_submission())
    for words in (
        'echo "shard $shard: task $task on ${SLURMD_NODENAME:-?}, start $((restarts + 1))"',
        'echo "shard $shard: exit code $code"',
        'echo "shard $shard: queued again"',
        'echo "shard $shard: crashed $crashed times',
        'echo "shard $shard: started $((restarts + 1)) times',
    ):
        assert words in script


def test_each_shard_has_the_log_of_its_array_and_only_its_tail_is_read(tmp_path):
    (tmp_path / "logs").mkdir()
    logs = {"12_1": "a", "13_0": "b", "13_2": "c"}
    for name, word in logs.items():
        noise = "x" * 80 + "\n"
        (tmp_path / f"logs/slurm-{name}.log").write_text(
            noise * (2 * TAIL_BYTES // 80) + f"shard 3: task {name} on n7, start 1\n{word}\nshard 3: exit code 1\n"
        )
    ids = ("12", "13+4", "14")
    ends = read_ends(sample_submission(dataset=str(tmp_path)), ids, (0, 1, 4, 6))
    assert ends.looked_into == {0, 1, 4, 6} and ends.told == {
        shard: End(reason=word, where=f"logs/slurm-{name}.log", exit_code=1, node="n7")
        for shard, (name, word) in zip((1, 4, 6), logs.items(), strict=True)
    }
    assert read_ends(sample_submission(dataset=str(tmp_path)), ("12",), (1,)).told[1].reason == "a"


def test_of_many_logs_those_of_crashed_shards_are_read_first_and_then_some_of_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(slurm_logs, "LOOKED_INTO", 5)
    folder = tmp_path / "farm/0001-slurm"
    folder.mkdir(parents=True)
    (tmp_path / "logs").mkdir()
    for shard in range(20):
        (tmp_path / f"logs/slurm-12_{shard}.log").write_text(f"shard {shard}: exit code 1\n")
    for shard in (7, 13):
        (folder / CRASHES.format(shard)).touch()
    ends = read_ends(sample_submission(dataset=str(tmp_path)), ("12", "13"), range(22))
    assert sorted(ends.told) == [0, 6, 7, 13, 14]
    assert ends.looked_into == {0, 6, 7, 13, 14, 20, 21}, "the last two have no log, which is known without reading"
