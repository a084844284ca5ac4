"""The command line with Blender: what it renders, resumes, replays and shows, each run a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from pipeline.plurals import counted
from pipeline.script_arguments import OVERVIEW

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600.0
SCENE = """\
title: Cubes
frames: 4
categories: [{id: 1, name: cube}]
targets: [{shapes: cube, category: cube, size_m: 0.1}]
placement: {resting: {area_m: [0.1, 0.1]}}
camera: {shell: {distance_m: 0.8}, resolution: [32, 24]}
render: {quality: draft, samples_per_pixel: 1, denoiser: none}
"""


def run(
    *args: object, program: tuple[str, ...] = ("-m", "pipeline"), cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *program, *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def done(*args: object) -> str:
    result = run(*args)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "scene.yaml"
    path.write_text(SCENE)
    return path


@pytest.fixture(scope="module")
def rendered(scene: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = scene.parent / "out"
    result = run("render", scene, "--out", out, "--frames", "0,1", "--device", "cpu", "--save-blend")
    assert result.returncode == 0, result.stderr[-2000:]
    return out, result


def test_a_run_shows_its_frames_and_ends_with_a_summary(rendered):
    out, result = rendered
    lines = [line for line in result.stderr.splitlines() if line.startswith("frame ")]
    assert [line.split(" in ")[0] for line in lines] == ["frame 0 accepted", "frame 1 accepted"]
    assert result.stdout.startswith(f"{out}: 2 frames made; ") and len(result.stdout.splitlines()) == 1


def test_blenders_own_words_are_in_the_log_alone(rendered):
    out, result = rendered
    assert "Fra:" not in result.stdout + result.stderr and "Saved:" not in result.stdout + result.stderr
    assert list((out / "logs").glob("blender-*.log"))


def test_each_scene_is_kept_as_a_blend_when_asked(rendered):
    out, _ = rendered
    assert [path.name for path in sorted((out / "blends").glob("*.blend"))] == ["000000.blend", "000001.blend"]


def test_the_same_command_again_makes_nothing_and_says_so(scene, rendered):
    out, _ = rendered
    before = {path: path.stat().st_mtime_ns for path in out.glob("frames/*/*")}
    assert "0 frames made, 2 were there already" in done("render", scene, "--out", out, "--frames", "0,1")
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("frames/*/*")}


def test_a_plan_is_replayed_and_compared(rendered):
    out, _ = rendered
    plan = out / "frames/000001/plan.json"
    text = done("render", "--plan", plan, "--device", "cpu")
    again = out.with_name("out-replay") / "frames/000001"
    assert str(again) in text and "labels.json is the same as" in text
    assert (again / "rgb.png").read_bytes() == (out / "frames/000001/rgb.png").read_bytes()


def test_a_plan_away_from_its_dataset_needs_its_job(rendered, tmp_path):
    out, _ = rendered
    plan = tmp_path / "plan.json"
    plan.write_bytes((out / "frames/000000/plan.json").read_bytes())
    assert run("render", "--plan", plan, "--out", tmp_path / "x").returncode == 2
    done("render", out / "job.json", "--plan", plan, "--out", tmp_path / "x")


def test_check_says_what_would_be_made_and_writes_a_job(scene, rendered, tmp_path):
    out, _ = rendered
    text = done("check", scene, "--job", tmp_path / "job.json")
    assert "scene.yaml is fine" in text and "cube: 1 shape (1 a frame)" in text and "32 x 24" in text
    job = json.loads((tmp_path / "job.json").read_text())
    assert job["digest"] == json.loads((out / "job.json").read_text())["digest"]


def test_a_preview_is_one_picture_of_all_tiles(scene, tmp_path):
    done("preview", scene, "--out", tmp_path / "a/sheet.png", "--width", "16", "--frames", "0-3")
    with Image.open(tmp_path / "a/sheet.png") as sheet:
        assert sheet.size == (2 * (32 + 6) + 6, 2 * (24 + 6) + 6)


def test_the_estimate_of_disk_is_of_the_right_size(scene, tmp_path):
    overrides = ("--set", "camera.resolution=[320,240]", "--set", "render.samples_per_pixel=4")
    done("render", scene, "--out", tmp_path / "ds", "--frames", "0", *overrides)
    real = sum(path.stat().st_size for path in (tmp_path / "ds/frames/000000").iterdir())
    rows = done("check", scene, *overrides)
    text = next(line for line in rows.splitlines() if line.split()[:1] == ["disk"])
    number, unit = text.split("about ")[1].split()[:2]
    estimate = float(number) * {"kB": 1e3, "MB": 1e6}[unit]
    assert real / 4 < estimate < real * 4, (real, estimate)


# A test run in the background hands an ignored SIGINT down; a terminal does not.
AT_A_TERMINAL = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "runpy.run_module('pipeline', run_name='__main__')"
)


def interrupted(scene: Path, out: Path, times: int, frame: int, *args: str) -> str:
    """Render, press Ctrl-C `times` times once `frame` has begun, and return what was said."""
    command = [sys.executable, "-c", AT_A_TERMINAL, "render", str(scene), "--out", str(out), *args]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + PATIENCE_S
    while not any(f'"begin", "frame": {frame}' in path.read_text() for path in out.glob("timing/*.jsonl")):
        assert process.poll() is None and time.monotonic() < until, "waited in vain"
        time.sleep(0.01)
    said = ""
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        while "stopping" not in said:  # two at one moment would be one
            said += (line := process.stderr.readline())
            assert line, said
    said += process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    return said


def test_ctrl_c_waits_for_a_safe_moment_and_says_how_to_go_on(scene, tmp_path):
    scene = scene.with_name("many.yaml")
    scene.write_text(SCENE.replace("frames: 4", "frames: 100000"))
    out = tmp_path / "out"
    said = interrupted(scene, out, 1, 2)
    committed = len([path for path in (out / "frames").iterdir() if path.name.isdecimal()])
    there = counted(committed, "frame is", "frames are")
    assert said.splitlines()[-1] == f"interrupted: {there} committed; run the same command to go on"
    assert not [path for path in (out / "frames").iterdir() if not path.name.isdecimal()]


def test_a_second_ctrl_c_stops_in_the_middle_of_a_render(scene, tmp_path):
    endless = ("--set", "render.samples_per_pixel=1000000", "--set", "camera.resolution=[640,480]")
    out = tmp_path / "out"
    said = interrupted(scene, out, 2, 0, *endless)
    assert said.splitlines()[-1] == "interrupted: 0 frames are committed; run the same command to go on"


def test_an_error_of_ours_keeps_its_traceback_and_blenders_last_words(scene, tmp_path):
    broken = (
        "import sys, os; import pipeline.engine as engine\n"
        "def boom(*a, **k): os.system('echo the last thing Blender said'); raise KeyError('bug')\n"
        "engine.survey_job = boom\n"
        "from pipeline.__main__ import main; sys.exit(main())"
    )
    result = run("check", scene, program=("-c", broken))
    assert result.returncode == 1
    assert "KeyError: 'bug'" in result.stderr and "the last thing Blender said" in result.stderr


# --- scripts/render.py ----------------------------------------------------------------------------------------------


def script(*args: object) -> subprocess.CompletedProcess[str]:
    return run("--", *args, program=("scripts/render.py",))


@pytest.mark.parametrize("kind", ["scene", "job"])
def test_the_script_makes_the_same_frames_and_prints_progress(kind, scene, rendered, tmp_path):
    out, _ = rendered
    given = scene if kind == "scene" else out / "job.json"
    result = script(given, "--out", tmp_path / "ds", "--frames", "0,1", "--device", "cpu")
    assert result.returncode == 0, result.stderr[-2000:]
    lines = result.stdout.splitlines()
    assert [line for line in lines if line.startswith("Progress: ")] == ["Progress: 50%", "Progress: 100%"]
    assert f"Saved: '{tmp_path / 'ds/frames/000001/rgb.png'}'" in lines
    assert not any(word in result.stdout for word in ("Error:", "Warning"))
    for name in ("labels.json", "plan.json", "rgb.png", "instance.png"):
        ours, its = (root / "frames/000001" / name for root in (out, tmp_path / "ds"))
        assert ours.read_bytes() == its.read_bytes(), name


def test_the_script_replays_a_plan(rendered, tmp_path):
    out, _ = rendered
    result = script("--plan", out / "frames/000000/plan.json", "--out", tmp_path / "ds")
    assert result.returncode == 0, result.stderr[-2000:]
    labels = "frames/000000/labels.json"
    assert (tmp_path / "ds" / labels).read_bytes() == (out / labels).read_bytes()


def test_the_script_refuses_with_exit_code_2(scene, tmp_path):
    result = script(scene, "--out", tmp_path / "ds", "--set", "sead=1")
    assert result.returncode == 2 and "did you mean 'seed'?" in result.stderr
    assert any(line.startswith("openjd_fail: ") for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "give SCENE.yaml or job.json and --out DATASET; --help shows what else there is"),
        ("no.yaml --out ds", "no.yaml: no such file"),
        ("--plan no.json --out ds", "no.json: not in a dataset"),
        ("shard ds --frames 0", "ds is not a dataset"),
        ("shard ds --submission farm/0001-slurm --index 0", "farm/0001-slurm/shards.txt: cannot be read"),
        ("status ds", "ds is not a dataset"),
    ],
)
def test_the_script_says_what_is_wrong_in_a_message_without_a_traceback(words, said, tmp_path):
    result = run("--", *words.split(), program=(str(ROOT / "scripts/render.py"),), cwd=tmp_path)
    assert result.returncode == 2 and said in result.stderr and "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_script_shows_all_that_it_can_do():
    result = script("--help")
    assert result.returncode == 0 and not result.stderr
    assert OVERVIEW in result.stdout
