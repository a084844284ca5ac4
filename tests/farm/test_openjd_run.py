"""A bundle run by `openjd run`: its renderer killed, the same command again, and the dataset is that of one process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from pipeline.dataset.claims import claimed

pytest.importorskip("openjd.cli", reason="openjd-cli is not installed")
model = pytest.importorskip("openjd.model")
sessions = pytest.importorskip("openjd.sessions")

ROOT = Path(__file__).resolve().parents[2]
OPENJD = Path(sys.executable).with_name("openjd")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{OPENJD.parent}:{os.environ['PATH']}"}
PATIENCE_S = 600

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the process to kill in /proc")

SCENE = """\
seed: 5
frames: 6
categories: [{id: 1, name: thing}]
targets: [{shapes: [cube, cone], category: thing, count: 2, size_m: 0.1}]
camera: {shell: {distance_m: 0.8}, resolution: [64, 48]}
render: {quality: draft, samples_per_pixel: 1}
outputs: [rgb, instance]
"""


def variegate(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, words)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a scene, and the dataset "one" that a single process rendered of it."""
    folder = tmp_path_factory.mktemp("openjd run")
    (folder / "scene.yaml").write_text(SCENE)
    done = variegate("render", folder / "scene.yaml", "--out", folder / "one", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    return folder


def submitted(folder: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    order = ("--engine", "openjd", "--frames-per-shard", "3", "--device", "cpu", *words)
    return variegate("submit", folder / "scene.yaml", "--out", folder / name, *order)


def contents(dataset: Path) -> dict[str, bytes]:
    frames = dataset / "frames"
    return {str(path.relative_to(frames)): path.read_bytes() for path in frames.rglob("*") if path.is_file()}


def run_command(dataset: Path) -> list[str]:
    template = dataset / "farm" / "0001-openjd" / "template.yaml"
    return [str(OPENJD), "run", str(template), "-p", f"Dataset={dataset}"]


def shards_of(dataset: Path) -> Iterator[int]:
    """Yield the processes that render frames of a dataset now."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if b"shard" in words and str(dataset).encode() in words:
            yield int(entry.name)


def kill_after_first_frame(dataset: Path, watched: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not (dataset / "frames" / "000000").exists():
        assert watched.poll() is None and time.monotonic() < until, "no frame came"
        time.sleep(0.01)
    for process in shards_of(dataset):
        with suppress(ProcessLookupError):  # its worker goes with it
            os.kill(process, signal.SIGKILL)


def test_a_killed_shard_fails_the_run_and_the_same_command_finishes_it(folder):
    dataset = folder / "killed"
    told = submitted(folder, "killed")
    assert told.returncode == 0 and f"openjd run '{dataset}/farm/0001-openjd/template.yaml'" in told.stdout
    checked = subprocess.run([OPENJD, "check", run_command(dataset)[2]], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with (
        claimed(dataset, 2),  # by this process, so that the shard does not end before it is killed
        subprocess.Popen(run_command(dataset), env=ENVIRONMENT, **pipes) as first,
    ):
        kill_after_first_frame(dataset, first)
        log, _ = first.communicate(timeout=PATIENCE_S)
    assert first.returncode != 0, log
    assert 0 < len(os.listdir(dataset / "frames")) < 6

    again = subprocess.run(
        run_command(dataset), env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert again.returncode == 0, again.stdout
    assert "6 of 6 frames are there" in again.stdout  # the step Finalize
    assert contents(dataset) == contents(folder / "one")


def test_submit_with_openjd_runs_the_bundle_and_shows_its_progress(folder):
    done = submitted(folder, "at once", "--engine-option", "submit-with=openjd")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "openjd_progress: 100.0" in done.stdout and "6 frames in 2 shards" in done.stdout
    assert contents(folder / "at once") == contents(folder / "one")


def test_a_session_hears_progress_and_status(folder):
    shutil.copytree(folder / "one", folder / "less")
    shutil.rmtree(folder / "less" / "frames" / "000004")
    assert submitted(folder, "less").returncode == 0
    bundle = folder / "less" / "farm" / "0001-openjd"
    template = model.decode_job_template(
        template=yaml.safe_load((bundle / "template.yaml").read_text()), supported_extensions=["TASK_CHUNKING"]
    )
    given = {"Dataset": str(folder / "less"), "Device": "cpu"}
    parameters = model.preprocess_job_parameters(
        job_template=template, job_parameter_values=given, job_template_dir=bundle, current_working_dir=bundle
    )
    job = model.create_job(job_template=template, job_parameter_values=parameters)
    (task,) = model.StepParameterSpaceIterator(space=job.steps[0].parameterSpace)
    assert task["Frame"].value == "4"
    heard = []
    session = sessions.Session(
        session_id="heard",
        job_parameter_values=parameters,
        callback=lambda _, status: heard.append((status.state.value, status.progress, status.status_message)),
        os_env_vars=dict(ENVIRONMENT),
    )
    with session:
        session.run_task(step_script=job.steps[0].script, task_parameter_values=task)
        until = time.monotonic() + PATIENCE_S
        while session.state is sessions.SessionState.RUNNING:
            assert time.monotonic() < until
            time.sleep(0.01)
    assert heard[-1] == ("success", 100.0, "1 frame made, 0 rejected")
    assert "frame 4: render" in [text for _, _, text in heard]
    assert contents(folder / "less") == contents(folder / "one")
