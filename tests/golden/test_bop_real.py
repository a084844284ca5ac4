"""A rendered dataset as BOP and KITTI: what models, poses and cameras say is where the masks are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.config.load import load_config
from pipeline.engine import open_engine, survey_job
from pipeline.exporters.bop.export import export_bop
from pipeline.exporters.kitti import export_kitti
from pipeline.models import write_bop_models
from pipeline.reporting import SilentReporter
from pipeline.run import render_frames
from pipeline.verify.exports import verify_export

SCENE = """
seed: 5
frames: 2
categories: [{id: 1, name: die}]
targets:
  - {files: shipped:dice/dice_right_black_*.glb, category: die, count: 3, size_m: {choice: [0.05, 0.08]}}
placement: {drop: {area_m: [0.2, 0.2], height_m: {uniform: [0.05, 0.1]}}}
camera:
  shell: {distance_m: 0.5, elevation_deg: {uniform: [40, 70]}}
  look_at: origin
  fov_deg: 45
  resolution: [320, 240]
render: {quality: draft}
"""


@pytest.fixture(scope="module")
def bop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bop")
    (folder / "scene.yaml").write_text(SCENE)
    engine = open_engine("cpu", folder)
    job = survey_job(engine, load_config(folder / "scene.yaml"), SilentReporter())
    render_frames(engine, job, folder / "ds", range(2), SilentReporter())
    export_bop(folder / "ds", folder / "bop")
    assert write_bop_models(folder / "ds", folder / "bop") > 1
    return folder / "bop"


def read_ply(path: Path) -> np.ndarray:
    lines = path.read_text().splitlines()
    count = next(int(line.split()[-1]) for line in lines if line.startswith("element vertex"))
    first = lines.index("end_header") + 1
    return np.array([line.split()[:3] for line in lines[first : first + count]], dtype=float)


def test_every_model_has_the_box_and_diameter_that_models_info_says(bop):
    infos = json.loads((bop / "models" / "models_info.json").read_text())
    assert len(infos) == len(list((bop / "models").glob("obj_*.ply"))) > 1
    for obj_id, info in infos.items():
        points = read_ply(bop / "models" / f"obj_{int(obj_id):06d}.ply")
        assert [info["min_x"], info["min_y"], info["min_z"]] == pytest.approx(points.min(axis=0), abs=1e-3)
        assert [info["size_x"], info["size_y"], info["size_z"]] == pytest.approx(np.ptp(points, axis=0), abs=1e-3)
        assert np.ptp(points, axis=0).max() < info["diameter"] <= np.linalg.norm(np.ptp(points, axis=0)) + 1e-3


def test_the_posed_models_project_onto_their_silhouettes(bop):
    folder = bop / "train_pbr" / "000000"
    cameras, gts, infos = (
        json.loads((folder / f"scene_{name}.json").read_text()) for name in ("camera", "gt", "gt_info")
    )
    seen = 0
    for image, poses in gts.items():
        k = np.array(cameras[image]["cam_K"]).reshape(3, 3)
        for number, (gt, info) in enumerate(zip(poses, infos[image], strict=True)):
            points = read_ply(bop / "models" / f"obj_{gt['obj_id']:06d}.ply")
            placed = points @ np.array(gt["cam_R_m2c"]).reshape(3, 3).T + gt["cam_t_m2c"]
            pixels = placed @ k.T
            pixels = pixels[:, :2] / pixels[:, 2:]
            x, y, width, height = info["bbox_obj"]
            # A pixel belongs to the silhouette when its centre, on an integer, is covered; a sharp tip may reach on.
            before = np.subtract((x, y), pixels.min(axis=0))
            after = pixels.max(axis=0) - (x + width - 1, y + height - 1)
            assert min(*before, *after) > -0.01 and max(*before, *after) < 2
            mask = np.asarray(Image.open(folder / "mask" / f"{int(image):06d}_{number:06d}.png")) > 0
            inside = np.rint(pixels).astype(int)
            inside = inside[((inside >= 1) & (inside < (mask.shape[1] - 1, mask.shape[0] - 1))).all(axis=1)]
            around = np.lib.stride_tricks.sliding_window_view(mask, (3, 3)).any(axis=(2, 3))
            assert around[inside[:, 1] - 1, inside[:, 0] - 1].all()
            seen += 1
    assert seen >= 4


def test_what_is_exported_of_a_render_is_proved(bop, tmp_path):
    export_kitti(bop.parent / "ds", tmp_path)
    assert verify_export("bop", bop, bop.parent / "ds").findings == ()
    assert verify_export("kitti", tmp_path, bop.parent / "ds").findings == ()
