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


DRIVING = """
seed: 4
frames: 3
views_per_scene: 3
view_interval_s: 0.2
categories: [{id: 1, name: block}]
targets:
  - {shapes: [cube, wedge], category: block, size_m: 0.12}
contexts:
  belt:
    spline: {points_m: [[-0.5, 0.2, 0], [0.5, 0, 0], [0.6, 0.4, 0]], gap_m: {uniform: [0.02, 0.1]}, speed_m_s: 0.4}
    allowed: {block: 1}
distractors: [{shapes: sphere, count: 2, size_m: 0.1, placement: {drop: {area_m: [0.5, 0.5]}}}]
camera:
  ride: {marks: [road.lane.0], at: 0.1, height_m: 0.5, speed_m_s: 0.3, look: aim}
  look_at: [0, 0, 0]
  resolution: [80, 60]
surroundings: {road: {length_m: 6, lanes: 1, oncoming: 0, lane_m: 1, curvature_per_m: 0}}
render: {quality: draft, denoiser: none}
outputs: [rgb, depth, distance, box_3d, mask_full, flow, flow_occlusion]
"""


def test_things_and_a_camera_in_motion_make_a_dataset_that_verify_proves(tmp_path):
    (tmp_path / "scene.yaml").write_text(DRIVING)
    cli("render", tmp_path / "scene.yaml", "--out", tmp_path / "out", "--device", "cpu")
    labels = [read_labels(tmp_path / "out", frame) for frame in range(3)]
    assert [one.status for one in labels] == ["accepted"] * 3 and [one.flow_to for one in labels] == [1, 2, None]
    names = [[(one.instance_id, one.asset_id, one.context) for one in view.instances] for view in labels]
    assert names[0] == names[1] == names[2] and len(names[0]) > 6
    eyes = np.array([view.camera.world_from_camera for view in labels])[:, :3, 3]
    assert np.diff(eyes, axis=0) == pytest.approx(np.array([[0.06, 0, 0]] * 2), abs=1e-5)
    cli("verify", tmp_path / "out", "--replay", "2")
