"""Frames of a template are pure too: any order, any process, by their plans, and after a kill."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from kills import run_and_kill
from test_purity import ROOT, assert_same_frame, cli

from pipeline.dataset.read import read_labels

bpy = pytest.importorskip("bpy", reason="needs the bpy package")
sys.path.insert(0, str(Path(__file__).parents[1] / "blender"))
from rich_template import save_rich_template  # noqa: E402

FRAMES = 4
SCENE = f"""
seed: 3
frames: {FRAMES}
views_per_scene: 2
categories: [{{id: 1, name: card}}, {{id: 2, name: block}}]
template: {{file: room.blend, targets: [{{objects: [Moving, Scatter, Linked], category: card}}]}}
targets: [{{shapes: [cube, wedge], category: block, count: 2, size_m: {{uniform: [0.06, 0.12]}}}}]
placement: {{drop: {{area_m: [0.4, 0.3], center_m: [0.1, 0.45, -0.3]}}}}
lights: []
camera: {{shell: {{distance_m: {{uniform: [1.5, 2.5]}}, elevation_deg: {{uniform: [50, 80]}}}}, resolution: [64, 48]}}
render: {{quality: draft, samples_per_pixel: 2, denoiser: none}}
outputs: [rgb, depth, instance, category, mask_full, box_3d, flow]
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    save_rich_template(folder)
    (folder / "scene.yaml").write_text(SCENE)
    return folder / "scene.yaml"


@pytest.fixture(scope="module")
def whole(scene: Path) -> Path:
    """All frames made in one run; they show things of the template and things placed."""
    cli("render", scene, "--out", scene.parent / "whole", "--device", "cpu")
    seen = [one for frame in range(FRAMES) for one in read_labels(scene.parent / "whole", frame).instances]
    assert {one.category_id for one in seen if one.visible_px > 0} == {1, 2}
    return scene.parent / "whole"


def test_frames_made_backwards_one_process_each_are_the_same_bytes(scene, whole, tmp_path):
    for frame in reversed(range(FRAMES)):
        cli("render", scene, "--out", tmp_path / "out", "--frames", frame, "--device", "cpu")
        assert_same_frame(whole / f"frames/{frame:06d}", tmp_path / f"out/frames/{frame:06d}")


def test_a_plan_replays_its_frame(whole, tmp_path):
    cli("render", "--plan", whole / "frames/000003/plan.json", "--out", tmp_path / "again", "--device", "cpu")
    assert_same_frame(whole / "frames/000003", tmp_path / "again/frames/000003")


def test_a_run_killed_at_random_moments_ends_in_the_same_dataset(scene, whole, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "pipeline", "render", str(scene), "--out", str(out), "--device", "cpu"]
    for delay_s in (0.05, 0.15, 0.3, 0.6):
        run_and_kill(command, ROOT, out, delay_s)
    cli("render", scene, "--out", out, "--device", "cpu")
    assert sorted(item.name for item in (out / "frames").iterdir()) == [f"{frame:06d}" for frame in range(FRAMES)]
    for frame in range(FRAMES):
        assert_same_frame(whole / f"frames/{frame:06d}", out / f"frames/{frame:06d}")


def test_an_edited_library_does_not_go_on_with_a_dataset(scene, whole):
    props = scene.parent / "props.blend"
    before = props.read_bytes()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(props))
        bpy.data.meshes["Linked"].vertices[0].co.x -= 0.1
        bpy.ops.wm.save_mainfile()
        done = cli("render", scene, "--out", whole, "--frames", "0", "--device", "cpu", check=False)
    finally:
        props.write_bytes(before)
    assert done.returncode == 2
    assert "holds the frames of job" in done.stderr and "Traceback" not in done.stderr
