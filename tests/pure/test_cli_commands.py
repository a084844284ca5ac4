"""The command line without Blender: help, exit codes, and one clear message for every mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from store_samples import commit_samples, sample_job

from pipeline import __main__, __version__
from pipeline.cli import main
from pipeline.dataset.store import open_store
from pipeline.errors import ConfigError
from pipeline.exporters import EXPORTERS
from pipeline.job_file import read_job_file, write_job_file

ROOT = Path(__file__).resolve().parents[2]
SCENE = """\
categories: [{id: 1, name: cube}]
targets: [{shapes: cube, category: cube}]
camera: {shell: {distance_m: 1}}
frames: 5
"""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "scene.yaml"
    path.write_text(SCENE)
    return path


def said(capfd: pytest.CaptureFixture[str], code: int, *args: object) -> str:
    """Run a command, check its exit code, and return what it wrote to stderr."""
    assert main([str(arg) for arg in args]) == code
    captured = capfd.readouterr()
    assert "Traceback" not in captured.err + captured.out
    return captured.err


COMMANDS = ["render", "check", "preview", "export", "show", "verify", "shard", "status", "submit", "resume", "cancel"]
COMMANDS += ["merge", "repair"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capfd):
    assert main([command, "--help"]) == 0
    text = capfd.readouterr().out
    assert "Examples:" in text and f"variegate {command} " in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_help_names_the_commands_and_version_the_version(capfd):
    assert main(["--help"]) == 0
    text = capfd.readouterr().out
    assert all(command in text for command in ("render", "check", "preview", "export", "show"))
    assert main(["--version"]) == 0
    assert __version__ in capfd.readouterr().out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["rendr"], ["rendr"]),
        (["render"], ["SCENE.yaml", "--out"]),
        (["render", "SCENE"], ["--out"]),
        (["render", "--plan", "p.json", "--seed", "1"], ["--plan makes exactly what the plan says"]),
        (["render", "SCENE", "--out", "OUT", "--device", "abacus"], ["abacus", "cpu"]),
        (["render", "SCENE", "--out", "OUT", "--seed", "-1"], ["--seed"]),
        (["render", "SCENE", "--out", "OUT", "--frames", "3-9"], ["--frames", "0-4"]),
        (["render", "SCENE", "--out", "OUT", "--frames", "x"], ["--frames", "0-9,20"]),
        (["render", "SCENE", "--out", "OUT", "--set", "sed=1"], ["--set sed=1", "did you mean 'seed'?"]),
        (["render", "nowhere.yaml", "--out", "OUT"], ["nowhere.yaml", "no such file"]),
        (["render", "SCENE", "--out", "OUT", "--workers", "two"], ["--workers", "'two' is neither a number nor auto"]),
        (
            ["render", "SCENE", "--out", "OUT", "--recycle", "9", "--gpus", "0"],
            ["--recycle, --gpus goes with"],
        ),
        (["render", "SCENE", "--out", "OUT", "--workers", "2", "--gpus", "a"], ["--gpus 'a': write numbers"]),
        (["render", "SCENE", "--out", "OUT", "--workers", "2", "--blender", "'x"], ['--blender "\'x": No closing']),
        (["render", "--plan", "p.json", "--gpus", "1"], ["--gpus goes with --workers"]),
        (
            ["render", "SCENE", "--out", "OUT", "--workers", "2", "--device", "cpu", "--gpus", "1"],
            ["--gpus 1: --device cpu uses none"],
        ),
        (["render", "SCENE", "--out", "OUT", "--workers", "2", "--frame-time-limit", "nan"], ["nan is not a finite"]),
        (["render", "SCENE", "--out", "OUT", "--workers", "2", "--grace", "inf"], ["--grace", "inf is not a finite"]),
        (["status", "nowhere", "--watch", "inf"], ["--watch", "inf is not a finite"]),
        (["shard", "nowhere", "--frames", "0"], ["nowhere is not a dataset: it has no dataset.json"]),
        (["shard", "nowhere", "--submission", "farm/0001-slurm", "--index", "3"], ["shards.txt: cannot be read"]),
        (["shard", "nowhere", "--frames", "0", "--workers", "0", "--recycle", "9"], ["--recycle is for workers"]),
        (["shard", "nowhere", "--frames", "0", "--path-map", "A"], ["--path-map 'A': write A=B"]),
        (["shard", "nowhere", "--frames", "0", "--index", "3"], ["--submission farm/NUMBER-ENGINE with --index N"]),
        (["submit", "SCENE", "--out", "OUT", "--blender", ""], ["--blender '': name a program"]),
        (["submit", "SCENE", "--out", "OUT", "--python", " "], ["--python ' ': name a program"]),
        (["submit", "SCENE", "--out", "OUT", "--blender", "env blender"], ["--blender 'env blender': one program"]),
        (["resume", "nowhere"], ["nowhere is not a dataset"]),
        (["cancel", "nowhere"], ["nowhere is not a dataset"]),
        (["status", "nowhere"], ["nowhere is not a dataset"]),
        (["repair", "nowhere"], ["nowhere is not a dataset"]),
        (["merge", "nowhere", "--out", "OUT"], ["nowhere is not a dataset"]),
        (["render", "--plan", "p.json", "--workers", "2"], ["--plan makes exactly what the plan says"]),
        (["preview", "SCENE", "--out", "sheet.xyz"], ["sheet.xyz", ".png"]),
        (["preview", "SCENE", "--frames", "7"], ["0-4"]),
        (["check", "nowhere.yaml"], ["nowhere.yaml"]),
        (["export", "nowhere", "--format", "coco", "--out", "OUT"], ["nowhere is not a dataset"]),
        (["export", "nowhere", "--format", "cocoa", "--out", "OUT"], ["cocoa"]),
        (["export", "x", "--format", "coco", "--out", "OUT", "--images", "move"], ["--images", "reference"]),
        (["export", "x", "--format", "coco", "--out", "OUT", "--min-visibility", "1.5"], ["--min-visibility", "1.5"]),
        (["export", "x", "--format", "coco", "--out", "OUT", "--min-pixels", "0"], ["--min-pixels", "0"]),
        (["export", "x", "--format", "coco", "--out", "OUT", "--val-fraction", "nan"], ["--val-fraction", "nan"]),
        (["export", "x", "--format", "coco", "--out", "OUT", "--val-fraction", "half"], ["--val-fraction", "half"]),
        (["render", "--plan", "no/such/data/set/plan.json"], ["not in a dataset"]),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(args, words, scene, tmp_path, capfd):
    places = {"SCENE": scene, "OUT": tmp_path / "out"}
    text = said(capfd, 2, *(places.get(arg, arg) for arg in args))
    for word in words:
        assert word in text, text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["check", "preview", "render"])
def test_without_blender_the_way_to_one_is_named(command, scene, tmp_path, capfd):
    out = ["--out", tmp_path / "out"] if command == "render" else []
    assert "pip install 'bpy==5.2.*'" in said(capfd, 2, command, scene, *out)


def test_all_that_is_wrong_with_a_scene_is_said_at_once(scene, capfd):
    scene.write_text(SCENE.replace("frames: 5", "frams: 5").replace("distance_m: 1", "distance_m: far"))
    text = said(capfd, 2, "check", scene)
    assert "scene.yaml:3: camera.shell.distance_m" in text and "scene.yaml:4: frams" in text


def test_an_export_says_what_it_wrote_and_refuses_missing_frames(tmp_path, capfd):
    commit_samples(open_store(tmp_path / "ds", sample_job(frames=6), tmp_path), tmp_path, (0, 1, 4))
    args = ("export", tmp_path / "ds", "--format", "coco", "--out", tmp_path / "coco")
    assert "lacks 3 of 6 frames: 2-3,5 (render them, or export what is there with --partial)" in said(capfd, 2, *args)
    assert main([*map(str, args), "--partial"]) == 0
    out = capfd.readouterr().out
    assert "2 images, 4 annotations, 0 objects ignored, 1 rejected frame left out, 3 frames missing" in out


@pytest.mark.parametrize("words", [(), ("--partial",)])
@pytest.mark.parametrize("form", EXPORTERS)
def test_there_is_no_export_of_a_dataset_without_frames(form, words, tmp_path, capfd):
    open_store(tmp_path / "ds", sample_job(frames=3), tmp_path)
    text = said(capfd, 2, "export", tmp_path / "ds", "--format", form, "--out", tmp_path / "out", *words)
    assert f"{tmp_path / 'ds'} has none of its 3 frames: nothing to export (render some first)" in text
    assert not (tmp_path / "out").exists()


def test_the_formats_offered_are_those_there_are():
    from pipeline.cli import export

    choice = next(option.type for option in export.params if option.name == "form")
    assert list(choice.choices) == list(EXPORTERS)


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 0), (3, 12, 1), (3, 14, 0)])
def test_another_python_gets_one_sentence(version, monkeypatch, capfd):
    monkeypatch.setattr(sys, "version_info", version)
    assert __main__.main() == 2
    text = capfd.readouterr().err
    assert len(text.splitlines()) == 1 and f"this is Python {version[0]}.{version[1]}" in text


def test_a_job_file_reads_back_and_an_edited_one_is_refused(tmp_path):
    job, path = sample_job(), tmp_path / "a/job.json"
    write_job_file(path, job, tmp_path)
    assert read_job_file(path) == job
    path.write_text(path.read_text().replace("mugs/red.glb", "mugs/blue.glb"))
    with pytest.raises(ConfigError, match="does not match its digest"):
        read_job_file(path)


LATE = """
import atexit, os, sys
sys.modules["bpy"] = sys
atexit.register(lambda: [os.write(stream, b"Error: Not freed memory blocks: 52") for stream in (1, 2)])
sys.argv = ["variegate", "--version"]
from pipeline.__main__ import main
sys.exit(main())
"""


def test_what_blender_says_after_the_end_is_not_shown():
    done = subprocess.run([sys.executable, "-c", LATE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("variegate, version")
    assert "Not freed" not in done.stdout
