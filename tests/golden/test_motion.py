"""Flow and motion blur through the command line: the same bytes alone, in a run and from the plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_purity import assert_same_frame, cli

from pipeline.codecs.exr import decode_exr
from pipeline.codecs.png import decode_png
from pipeline.dataset.read import read_labels

SCENE = """
extends: preset:tabletop
seed: 5
frames: 6
views_per_scene: 3
reroll_per_view: [lights, materials]
categories: [{id: 1, name: block}]
targets:
  - {shapes: [cube, wedge], category: block, count: 3, size_m: 0.12}
camera: {resolution: [80, 60], motion_blur: {speed_m_s: 1.0, turn_deg_s: 60}}
render: {quality: draft, denoiser: none}
outputs: [rgb, depth, flow, flow_occlusion]
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames 0-5 made in one run."""
    folder = tmp_path_factory.mktemp("motion")
    (folder / "scene.yaml").write_text(SCENE)
    cli("render", folder / "scene.yaml", "--out", folder / "whole", "--device", "cpu")
    return folder / "whole"


def test_frames_alone_and_from_their_plans_are_those_of_the_run(whole, tmp_path):
    scene = whole.parent / "scene.yaml"
    cli("render", scene, "--out", tmp_path / "out", "--frames", "4", "--device", "cpu")
    assert_same_frame(whole / "frames/000004", tmp_path / "out/frames/000004")
    plan = whole / "frames/000000/plan.json"
    cli("render", "--plan", plan, "--out", tmp_path / "again", "--device", "cpu")
    assert_same_frame(whole / "frames/000000", tmp_path / "again/frames/000000")


def test_flow_is_there_for_all_but_the_last_view_of_a_scene(whole):
    status = [read_labels(whole, frame).status for frame in range(6)]
    assert status.count("accepted") >= 4
    for frame in range(6):
        names = {item.name for item in (whole / f"frames/{frame:06d}").iterdir()}
        labels = read_labels(whole, frame)
        leads = frame % 3 < 2 and status[frame] == status[frame + 1] == "accepted"
        assert labels.flow_to == (frame + 1 if leads else None)
        assert ({"flow.exr", "flow_occlusion.png"} <= names) == leads
        if leads:
            flow = decode_exr((whole / f"frames/{frame:06d}/flow.exr").read_bytes())
            occlusion = decode_png((whole / f"frames/{frame:06d}/flow_occlusion.png").read_bytes())
            assert flow["U"].shape == occlusion.shape == (60, 80) and set(np.unique(occlusion)) <= {0, 255}


def test_flow_of_a_single_view_is_refused_by_check(whole):
    scene = whole.parent / "scene.yaml"
    done = cli("check", scene, "--set", "views_per_scene=1", check=False)
    assert done.returncode == 2
    assert "flow leads from one view of a scene to the next, and views_per_scene is 1" in done.stderr
