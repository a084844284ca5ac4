"""A model that breaks after all were found good: its frames are given up, it is named, and the others are made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.dataset.presence import present
from pipeline.dataset.quarantine import quarantined

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 12
SCENE = f"""
frames: {FRAMES}
categories: [{{id: 1, name: die}}]
targets: [{{files: models/, category: die, count: 1, size_m: 0.1}}]
placement: {{frustum: {{depth_m: 1}}}}
camera: {{shell: {{distance_m: 1.5}}, look_at: [0, 0, 0.2], min_targets_in_view: 0, resolution: [64, 48]}}
render: {{quality: draft, denoiser: none, samples_per_pixel: 1}}
"""


def run(*words):
    command = [sys.executable, "-m", "pipeline", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def scene(tmp_path):
    """A scene of four models, one of which is broken once the job is made."""
    (tmp_path / "models").mkdir()
    for number, source in enumerate(sorted((ROOT / "assets/dice").glob("*.glb"))[:4]):
        shutil.copy(source, tmp_path / f"models/die_{number}.glb")
    (tmp_path / "scene.yaml").write_text(SCENE)
    assert run("check", tmp_path / "scene.yaml", "--job", tmp_path / "job.json")[0] == 0
    (tmp_path / "models/die_0.glb").write_bytes(b"glTF, but cut off")
    return tmp_path


@pytest.mark.parametrize("workers", ["--workers=2", "--workers=0"])
def test_its_frames_are_given_up_and_it_is_named(scene, workers):
    out = scene / "ds"
    assert run("render", scene / "job.json", "--out", out, "--frames", "0", "--device", "cpu")[0] in (0, 2)
    code, said = run("shard", out, "--frames", f"0-{FRAMES - 1}", workers, "--attempts", "2", "--device", "cpu")
    given_up = quarantined(out)
    assert code == 2 and len(given_up) >= 2
    assert {*given_up} | {*present(out)} == {*range(FRAMES)}
    assert f"models/die_0.glb is in all {len(given_up)} frames that failed and in none of" in said
    for frame in given_up:
        folder = out / f"quarantine/{frame:06d}"
        assert "die_0.glb" in json.loads((folder / "reason.json").read_text())["reason"]
        assert "die_0.glb" in (folder / "plan.json").read_text() and (folder / "log.txt").is_file()
    assert "die_0.glb" in run("status", out)[1]


def test_one_process_stops_and_says_what_to_mend(scene):
    code, said = run("render", scene / "job.json", "--out", scene / "ds", "--device", "cpu")
    assert code == 2 and "die_0.glb" in said and "Traceback" not in said
