"""What `status` says of real renders: one that ends, one under way, one that is killed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.dataset.attempts import read_workers

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600
HAS_BLENDER = not subprocess.run([sys.executable, "-c", "import bpy"], capture_output=True, check=False).returncode

pytestmark = pytest.mark.skipif(not HAS_BLENDER, reason="this Python has no Blender to render with")

SCENE = """\
seed: 5
frames: 100000
categories: [{id: 1, name: thing}]
targets: [{shapes: [cube, cone], category: thing, count: 2, size_m: 0.1}]
camera: {shell: {distance_m: 0.8}, resolution: [64, 48]}
render: {quality: draft}
outputs: [rgb, instance]
"""


def variegate(*words: object) -> list[str]:
    return [sys.executable, "-m", "pipeline", *map(str, words)]


def run(command: list[str], code: int = 0) -> str:
    """Return what a command printed; it must end with `code`."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def told(dataset: Path, *words: object) -> dict:
    return json.loads(run(variegate("status", dataset, "--json", *words)))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """Three frames made by one process, then a second one killed while it makes more."""
    folder = tmp_path_factory.mktemp("status")
    (folder / "scene.yaml").write_text(SCENE)
    render = ("render", folder / "scene.yaml", "--out", folder / "ds", "--device", "cpu")
    run(variegate(*render, "--frames", "0-2"))
    (folder / "partial.txt").write_text(run(variegate("status", folder / "ds")))
    child = subprocess.Popen(variegate(*render), cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE_S
        while not (seen := told(folder / "ds"))["running"]:  # between two frames
            assert child.poll() is None and time.monotonic() < until, "waited in vain"
        (folder / "running.json").write_text(json.dumps(seen))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    return folder / "ds"


def test_a_finished_run_is_told_with_its_stages(dataset):
    seen = told(dataset, "--frames", "0-2", "--attempts")
    assert seen["counts"]["accepted"] == 3 and seen["counts"]["missing"] == [] and seen["pace"]["average"] > 0
    assert [one["outcome"] for one in seen["attempts"]] == ["accepted"] * 3
    names = [stage["name"] for stage in seen["stages"]]
    assert [name for name in names if name != "denoise"] == ["plan", "build", "render", "annotate", "commit", "clean"]
    assert sum(stage["share"] for stage in seen["stages"]) == pytest.approx(1)
    assert min(stage["seconds"] for stage in seen["stages"]) >= 0 and seen["peak_memory_mib"] > 50


def test_what_was_not_asked_for_does_not_lack(dataset):
    lines = (dataset.parent / "partial.txt").read_text().splitlines()
    assert lines[1:3] == ["3 of 3 frames, 100 %", "asked for: 3 of the scene's 100000 frames (0-2)"]
    assert lines[3].startswith("all that was asked for is there · ")
    assert "hints" not in lines and not any(line.startswith("  missing") for line in lines)
    assert told(dataset)["asked_for"] == "" and told(dataset)["counts"]["asked"] == 100000  # the second run's


def test_a_render_under_way_is_told_by_its_process(dataset):
    seen = json.loads((dataset.parent / "running.json").read_text())
    (process,) = (worker for worker in read_workers(dataset) if worker.outcome == "died")
    assert [one["process"] for one in seen["running"]] == [process.name]
    assert sum(seen["living"].values()) == 1 and process.start["cores"] >= 1 and process.start["age_s"] > 0
    assert abs(process.slow_s) < 60


def test_a_killed_one_left_its_frame_and_nobody_works_on(dataset):
    seen = told(dataset)
    assert seen["living"] == {} and seen["running"] == [] and seen["counts"]["running"] == []
    troubles = [(one["outcome"], one["reason"], one["count"]) for one in seen["troubles"]]
    assert troubles in (
        [("stopped", "the process was killed, or crashed", 1)],
        [],
    )  # killed between two frames: nothing is lost
    assert any("no process is running" in hint for hint in seen["hints"])


def test_a_queue_learns_whether_all_is_there(dataset):
    assert (
        run(variegate("status", dataset, "--frames", "0-2", "--require-complete", "--deep"))
        == "3 of 3 frames are there\n"
    )
    assert "missing: " in run(variegate("status", dataset, "--require-complete"), code=1)


def test_a_script_in_blender_says_the_same(dataset):
    script = [sys.executable, str(ROOT / "scripts/render.py"), "--", "status", str(dataset), "--frames", "0-3"]
    assert "3 of 3 frames are there" in run([*script[:-1], "0-2", "--require-complete"])
    assert "time of a frame" in run(script)


@pytest.mark.skipif("VARIEGATE_BLENDER" not in os.environ, reason="VARIEGATE_BLENDER names no real Blender")
def test_a_bare_blender_says_the_same(dataset, tmp_path):
    blender = shlex.split(os.environ["VARIEGATE_BLENDER"])
    root = Path(os.environ.get("VARIEGATE_BLENDER_ROOT", "/"))
    inside = Path("/tmp") / f"status-{os.getpid()}"
    place = root / inside.relative_to("/")
    subprocess.run(["mkdir", "-p", str(place)], check=True)
    try:
        for name in ("pipeline", "scripts"):
            subprocess.run(["cp", "-r", str(ROOT / name), str(place)], check=True)
        subprocess.run(["cp", "-r", str(dataset), str(place / "ds")], check=True)
        options = ["--background", "--factory-startup", "--python-exit-code", "1", "--python"]
        words = [*blender, *options, str(inside / "scripts/render.py"), "--", "status", str(inside / "ds")]
        assert "3 of 3 frames are there" in run([*words, "--frames", "0-2", "--require-complete"])
        assert "time of a frame" in run(words)
        assert "missing: " in run([*words, "--require-complete"], code=1)
    finally:
        subprocess.run(["rm", "-rf", str(place)], check=True)
