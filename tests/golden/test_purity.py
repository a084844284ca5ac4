"""A frame is a pure function of (job, seed, index): any order, any process, by its plan, through a real Blender."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kills import run_and_kill

from pipeline.codecs.png import decode_png
from pipeline.dataset.read import read_labels

SCENE = """
extends: preset:tabletop
seed: 11
frames: 12
targets:
  - {files: "shipped:dice/", category: die, count: {integer: [1, 2]}, size_m: {uniform: [0.04, 0.08]}}
  - {shapes: [cube, wedge], category: block, count: {integer: [1, 2]}, size_m: {uniform: [0.05, 0.12]}}
camera: {resolution: [80, 60]}
render: {quality: draft, denoiser: none}
"""

ROOT = Path(__file__).resolve().parents[2]


def cli(*args: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr[-2000:]
    return done


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("purity") / "scene.yaml"
    path.write_text(SCENE)
    return path


@pytest.fixture(scope="module")
def whole(scene: Path) -> Path:
    """Frames 0-5 made in one run."""
    out = scene.parent / "whole"
    cli("render", scene, "--out", out, "--frames", "0-5", "--device", "cpu")
    return out


# What every build of a series writes alike; pictures and depths differ in their last bits.
SAME_BYTES = ("labels.json", "plan.json", "instance.png", "category.png", "mask_full.json", "panoptic.png", "part.png")


def assert_same_frame(a: Path, b: Path, pixels: bool = True) -> None:
    names = {item.name for item in a.iterdir()}
    assert names == {item.name for item in b.iterdir()} and "labels.json" in names
    for name in sorted(names - {"frame.json"}):
        if pixels or name in SAME_BYTES:
            assert (a / name).read_bytes() == (b / name).read_bytes(), f"{a / name} differs from {b / name}"


def test_frames_made_backwards_one_process_each_are_the_same_bytes(scene, whole, tmp_path):
    for frame in (5, 3, 0):
        cli("render", scene, "--out", tmp_path / "out", "--frames", frame, "--device", "cpu")
        assert_same_frame(whole / f"frames/{frame:06d}", tmp_path / f"out/frames/{frame:06d}")


def test_a_plan_replays_its_frame(whole, tmp_path):
    for frame in (1, 2, 4):
        plan = whole / f"frames/{frame:06d}/plan.json"
        cli("render", "--plan", plan, "--out", tmp_path / "again", "--device", "cpu")
        assert_same_frame(whole / f"frames/{frame:06d}", tmp_path / f"again/frames/{frame:06d}")


def test_the_instance_image_holds_the_ids_of_the_labels(whole):
    for frame in range(6):
        labels = read_labels(whole, frame)
        image = decode_png((whole / f"frames/{frame:06d}/instance.png").read_bytes())
        counts = np.bincount(image.ravel(), minlength=len(labels.instances) + 1)
        assert [one.visible_px for one in labels.instances] == list(counts[1:])


def blender_command() -> list[str]:
    """The real Blender named by VARIEGATE_BLENDER, e.g. "chroot /srv/blender /usr/bin/blender"."""
    return os.environ.get("VARIEGATE_BLENDER", "").split()


ASKED = {
    "as it is": (),
    "a fisheye, more labels": (
        *("--set", "camera.lens={fisheye: {k1: -0.02, k2: 0.001}}", "--set", "camera.fov_deg=150"),
        *("--set", "outputs=[instance, category, mask_full, box_3d, panoptic, distance, normal, nocs]"),
    ),
}


@pytest.mark.skipif(not blender_command(), reason="VARIEGATE_BLENDER does not name a Blender executable")
@pytest.mark.parametrize("asked", ASKED)
def test_a_real_blender_gives_the_same_labels(asked, scene, tmp_path):
    version = subprocess.run([*blender_command(), "--version"], capture_output=True, text=True, check=True).stdout
    import bpy

    if version.split()[1].rsplit(".", 1)[0] != ".".join(map(str, bpy.app.version[:2])):
        pytest.skip(f"{version.splitlines()[0]} is not of this series")
    cli("render", scene, "--out", tmp_path / "wheel", "--frames", "0-3", "--device", "cpu", *ASKED[asked])
    share = Path(os.environ.get("VARIEGATE_BLENDER_ROOT", "/"))
    folder = share / "tmp" / f"variegate-{os.getpid()}"
    try:
        shutil.copytree(ROOT, folder / "repo", ignore=shutil.ignore_patterns(".*", "out", "*.egg-info"))
        cli("check", scene, "--job", folder / "job.json", *ASKED[asked])
        inside = Path("/") / folder.relative_to(share)
        script = inside / "repo/scripts/render.py"
        command = ["--background", "--factory-startup", "--python-exit-code", "1", "--python", script, "--"]
        args = [inside / "job.json", "--out", inside / "out", "--frames", "0-3", "--device", "cpu"]
        done = subprocess.run(
            [*blender_command(), *map(str, command + args)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        for frame in range(4):
            made = tmp_path / f"wheel/frames/{frame:06d}"
            assert_same_frame(made, folder / f"out/frames/{frame:06d}", pixels=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_run_killed_at_random_moments_ends_in_the_same_dataset(scene, whole, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "pipeline", "render", str(scene), "--out", str(out), "--device", "cpu"]
    for delay_s in (0.0, 0.05, 0.1, 0.13, 0.16, 0.19, 0.22, 0.25, 0.3, 0.5):
        run_and_kill(command, ROOT, out, delay_s)
    cli("render", scene, "--out", out, "--device", "cpu")
    frames = sorted(item.name for item in (out / "frames").iterdir())
    assert frames == [f"{frame:06d}" for frame in range(12)]
    for frame in range(6):
        assert_same_frame(whole / f"frames/{frame:06d}", out / f"frames/{frame:06d}")
    before = {path: path.stat().st_mtime_ns for path in out.glob("frames/*/*")}
    cli("render", scene, "--out", out, "--device", "cpu")
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("frames/*/*")}


def test_another_job_in_the_same_folder_is_refused(scene, whole):
    done = cli("render", scene, "--out", whole, "--seed", 12, "--frames", "0", check=False)
    assert done.returncode == 2
    assert "holds the frames of job" in done.stderr and "Traceback" not in done.stderr
