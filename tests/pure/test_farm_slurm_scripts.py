"""The batch scripts of Slurm: what they say, and what they do when bash runs them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from farm_samples import Programs, sample_submission

from pipeline.errors import FarmError
from pipeline.farm.engines.slurm import SLURM
from pipeline.farm.engines.slurm_scripts import finalize_script, render_script
from pipeline.farm.submission import Resources, Submission
from pipeline.progress_lines import NO_OPENJD

NASTY = """it's a "dataset" $HOME `id` 100% #1"""
PATIENCE_S = 600


def directives(script: str) -> list[str]:
    return [line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH ")]


SAMPLES = {
    "plain": sample_submission(),
    "nasty": sample_submission(dataset=f"/data/{NASTY}", name=NASTY),
    "container": sample_submission(container="/images/it's.sif", resources=Resources(gres="gpu:a100:2")),
    "pyxis": sample_submission(container="nvcr.io#me/variegate:1", engine_options={"container-runtime": "pyxis"}),
    "all": sample_submission(
        resources=Resources(time_min=240, cpus=8, memory_mb=16384, gres="gpu:1", partition="render"),
        engine_options={"account": "vision lab", "exclusive": "", "signal": "B:TERM@300"},
        path_map=(("/data", "/mnt/data"), ("/venv", "/opt/v env")),
        options=("--device", "optix"),
        max_running=8,
        attempts=5,
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("write", [render_script, finalize_script], ids=["render", "finalize"])
def test_bash_and_shellcheck_find_nothing_wrong(name, write, tmp_path):
    script = tmp_path / "script.sbatch"
    script.write_text(write(SAMPLES[name]))
    subprocess.run(["bash", "-n", str(script)], check=True)
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert shellcheck is not None, "shellcheck is part of the dev extra"
    # The words of one command line are quoted as they are, whatever a person would have meant by them.
    done = subprocess.run(
        [shellcheck, "--exclude=SC2016,SC2289", str(script)], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_render_script_says_all_that_was_asked_for():
    assert set(directives(render_script(SAMPLES["all"]))) >= {
        '--job-name="variegate dice"',
        "--output=/mnt/data/dice/logs/slurm-%A_%a.log",
        "--open-mode=append",
        "--requeue",
        "--signal=B:TERM@300",
        "--cpus-per-task=8",
        "--mem=16384M",
        "--gres=gpu:1",
        "--time=240",
        "--partition=render",
        '--account="vision lab"',
        "--exclusive",
    }


def test_what_is_not_asked_for_is_left_to_the_site():
    said = " ".join(directives(render_script(SAMPLES["plain"])))
    assert not re.search(r"--(cpus-per-task|mem|gres|time|partition|account)", said)
    assert "--signal=B:TERM@60" in said


def test_path_map_holds_for_every_path_of_a_node():
    script = render_script(SAMPLES["all"])
    command = next(line for line in script.splitlines() if line.endswith(" &"))
    assert command.startswith("'/opt/v env/bin/python' -m pipeline shard /mnt/data/dice --submission farm/0001-slurm")
    assert command.endswith(
        """--index "$shard" --device optix --path-map /data=/mnt/data --path-map '/venv=/opt/v env' &"""
    )
    assert "verdict=/mnt/data/dice/farm/0001-slurm/verdict.txt" in finalize_script(SAMPLES["all"])


def test_finalize_job_takes_no_gpu_but_the_account():
    said = directives(finalize_script(SAMPLES["all"]))
    assert '--account="vision lab"' in said
    assert "--partition=render" in said
    assert not any(one.startswith(("--gres", "--mem", "--exclusive", "--cpus")) for one in said)
    own = sample_submission(resources=Resources(partition="gpu"), engine_options={"finalize-partition": "cpu"})
    assert "--partition=cpu" in directives(finalize_script(own))
    assert "--partition=gpu" in directives(render_script(own))


def test_a_container_wraps_the_command():
    script = render_script(SAMPLES["container"])
    assert "apptainer exec --nv --bind /data/dice '/images/it'\"'\"'s.sif' /venv/bin/python -m pipeline shard" in script
    assert "--chdir=/data/dice" in directives(script)
    pyxis = render_script(SAMPLES["pyxis"])
    assert "srun --ntasks=1 --container-mounts=/data/dice:/data/dice --container-image=nvcr.io#me/variegate:1" in (
        pyxis.replace("'", "")
    )


def test_percent_signs_of_a_path_are_no_pattern_of_slurm():
    script = render_script(sample_submission(dataset="/data/100%A"))
    assert "--output=/data/100%%A/logs/slurm-%A_%a.log" in directives(script)


# --- as bash runs them ----------------------------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path):
    return Programs(tmp_path / "bin", "worker", "squeue", "scontrol", "sleep")


def start(programs: Programs, submission: Submission, *, restarts: int = 0, task: int = 1, **fakes: str):
    script = programs.folder / "render.sbatch"
    script.write_text(render_script(submission))
    fakes = {"FAKE_squeue": "echo RUNNING", **fakes}
    slurm = {"SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": str(task), "SLURM_RESTART_COUNT": str(restarts)}
    return subprocess.Popen(
        ["bash", str(script), "10"],
        env={**os.environ, "PATH": f"{programs.folder}:{os.environ['PATH']}", **slurm, **fakes},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(programs: Programs, submission: Submission, **how) -> tuple[int, str]:
    process = start(programs, submission, **how)
    said, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def worker(programs: Programs, **changed) -> Submission:
    dataset = programs.folder.parent / "ds"
    (dataset / "farm/0001-slurm").mkdir(parents=True, exist_ok=True)
    command = (str(programs.folder / "worker"), "-m", "pipeline")
    return sample_submission(**{"command": command, "dataset": dataset.as_posix(), **changed})


def test_the_shard_gets_its_words_as_they_are(programs):
    code, _ = ended(programs, worker(programs, dataset=f"/data/{NASTY}", options=("--device", "a b;$(id)")))
    assert code == 0
    assert programs.calls("worker") == [
        ["worker", "-m", "pipeline", "shard", f"/data/{NASTY}", "--submission", "farm/0001-slurm"]
        + ["--index", "11", "--device", "a b;$(id)"]
    ]


def test_a_shard_is_told_to_keep_progress_out_of_its_log(programs):
    _, said = ended(programs, worker(programs), FAKE_worker=f'echo "quiet: ${NO_OPENJD}"; exit 0')
    assert "quiet: 1\n" in said


@pytest.mark.parametrize("code", [0, 2])
def test_a_shard_that_is_done_or_hopeless_is_not_queued_again(programs, code):
    assert ended(programs, worker(programs), FAKE_worker=f"exit {code}")[0] == code
    assert programs.calls("scontrol") == []


@pytest.mark.parametrize("death", ["exit 1", "exit 75", "kill -KILL $$", "kill -SEGV $$"])
def test_a_shard_that_crashed_is_queued_again_and_its_exit_code_stays(programs, death):
    code, said = ended(programs, worker(programs), FAKE_worker=death)
    assert programs.calls("scontrol") == [["scontrol", "requeue", "77_1"]]
    assert code == {"exit 1": 1, "exit 75": 75, "kill -KILL $$": 137, "kill -SEGV $$": 139}[death]
    assert "queued again" in said


def test_it_crashes_as_often_as_attempts_says_whatever_else_started_it_anew(programs):
    for restarts in (7, 9):
        ended(programs, worker(programs, attempts=3), restarts=restarts, FAKE_worker="kill -SEGV $$")
    assert len(programs.calls("scontrol")) == 2
    code, said = ended(programs, worker(programs, attempts=3), restarts=10, FAKE_worker="exit 1")
    assert len(programs.calls("scontrol")) == 2
    assert code == 1
    assert "crashed 3 times, given up until variegate resume" in said
    other = ended(programs, worker(programs, attempts=3), task=2, FAKE_worker="exit 1")
    assert "queued again" in other[1], "each shard has a count of its own"


def test_crashes_that_cannot_be_counted_are_those_that_slurm_counts(programs):
    lost = worker(programs, attempts=3, dataset="/nowhere")
    assert "queued again" in ended(programs, lost, restarts=1, FAKE_worker="exit 1")[1]
    assert "crashed 3 times" in ended(programs, lost, restarts=2, FAKE_worker="exit 1")[1]


def test_a_full_disk_is_no_crash_and_gets_time(programs):
    code, said = ended(programs, worker(programs, attempts=1), restarts=7, FAKE_worker="exit 75")
    assert code == 75 and "queued again" in said
    assert programs.calls("sleep")[0] == ["sleep", "60"]
    assert "started 100 times" in ended(programs, worker(programs), restarts=99, FAKE_worker="exit 75")[1]


@pytest.mark.parametrize("state", ["COMPLETING", "CANCELLED", ""])
def test_a_task_that_slurm_ends_is_left_to_slurm(programs, state):
    assert ended(programs, worker(programs), FAKE_worker="exit 75", FAKE_squeue=f"echo {state}")[0] == 75
    assert programs.calls("scontrol") == []


def test_a_controller_that_starts_anew_is_waited_for(programs, tmp_path):
    up = f"[ -e {tmp_path}/up ] && echo RUNNING || {{ touch {tmp_path}/up; exit 1; }}"
    assert ended(programs, worker(programs), FAKE_worker="exit 1", FAKE_squeue=up)[0] == 1
    assert [call[0] for call in programs.calls()] == ["worker", "squeue", "sleep", "squeue", "scontrol", "sleep"]


def test_sigterm_goes_on_to_the_shard_whose_exit_code_is_waited_for(programs, tmp_path):
    ready = tmp_path / "ready"
    nap = "/bin/sleep 0.05; done"
    slow = f"trap 'while [ ! -e {tmp_path}/go ]; do {nap}; exit 75' TERM; touch {ready}; while :; do {nap}"
    process = start(programs, worker(programs, attempts=1), FAKE_worker=slow, restarts=7)
    wait_for(ready.exists)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.poll() is None, "it waits for the frame in progress"
    (tmp_path / "go").touch()
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 75
    assert "exit code 75" in said
    assert len(programs.calls("scontrol")) == 1, "being stopped is no crash: attempts do not count"


def wait_for(holds) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_finalize_writes_its_verdict_whole_and_passes_its_exit_code_on(programs, tmp_path):
    dataset = tmp_path / NASTY
    (dataset / "farm" / "0001-slurm").mkdir(parents=True)
    script = tmp_path / "finalize.sbatch"
    script.write_text(finalize_script(worker(programs, dataset=dataset.as_posix())))
    done = subprocess.run(
        ["bash", str(script)],
        env={**os.environ, "FAKE_worker": "echo 'missing: 3'; exit 1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert [path.name for path in (dataset / "farm" / "0001-slurm").iterdir()] == ["verdict.txt"]
    assert (dataset / "farm" / "0001-slurm" / "verdict.txt").read_text() == done.stdout == "missing: 3\n"
    words = ["status", str(dataset), "--submission", "farm/0001-slurm", "--require-complete"]
    assert programs.calls("worker") == [["worker", "-m", "pipeline", *words]]


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"engine_options": {"array": "0-3"}}, r"--engine-option array: not for you to set: --frames-per-shard"),
        ({"engine_options": {"time": "3"}}, r"--engine-option time: .*use --time"),
        ({"engine_options": {"A": "vision"}}, r"--engine-option A: not a long option of sbatch \(write account=NAME"),
        ({"engine_options": {"account": "a\nb"}}, r"account='a\\nb': one line"),
        ({"engine_options": {"container-runtime": "apptainer"}}, r"container-runtime: goes with --container IMAGE"),
        (
            {"container": "x.sif", "engine_options": {"container-runtime": "aptainer"}},
            r"container-runtime=aptainer: not known \(did you mean 'apptainer'",
        ),
        (
            {"container": "x", "engine_options": {"container-runtime": "docker"}},
            r"container-runtime=docker: not known \(.*apptainer",
        ),
        (
            {"container": "x.sif", "engine_options": {"container-options": "--bind '/a"}},
            r"container-options: No closing quotation \(quote as in a shell\)",
        ),
        ({"dataset": "/data/a\\b"}, r"Slurm takes no backslash or control character"),
    ],
)
def test_what_slurm_would_not_take_is_refused(changed, message, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FarmError, match=message):
        SLURM.check(sample_submission(**changed))
