"""A dataset whose labels are all of the template: rendered, proven by verify, exported."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy", reason="needs the bpy package")
sys.path.insert(0, str(Path(__file__).parents[1] / "blender"))
from template_samples import PLACES, card, hidden_source, points, save, scatter  # noqa: E402

from pipeline.config.load import load_config  # noqa: E402
from pipeline.engine import open_engine, survey_job  # noqa: E402
from pipeline.reporting import SilentReporter  # noqa: E402
from pipeline.run import render_frames  # noqa: E402
from pipeline.verify.run import verify_dataset  # noqa: E402

SCENE = """
categories: [{id: 1, name: mug}, {id: 2, name: plate}]
template:
  file: room.blend
  targets: [{objects: [Mugs], category: mug}, {objects: "Plate*", category: plate}]
targets: [{shapes: cube, category: mug, size_m: 0.1}]
placement: {resting: {area_m: [0.3, 0.3], center_m: [0, 0, 0.4]}}
frames: 4
views_per_scene: 2
camera: {shell: {distance_m: {uniform: [2, 3]}, elevation_deg: {uniform: [40, 80]}}, resolution: [64, 48]}
render: {quality: draft, samples_per_pixel: 1, denoiser: none}
outputs: [rgb, depth, instance, category, mask_full, box_3d, panoptic, normal, nocs, object_coordinates, flow]
"""


def test_what_verify_recomputes_is_what_the_template_holds(tmp_path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scatter(points("Mugs", PLACES), hidden_source())
    card("Plate", 0.0, -0.7)
    save(tmp_path)
    (tmp_path / "scene.yaml").write_text(SCENE)
    engine = open_engine("cpu", tmp_path, "room.blend")
    job = survey_job(engine, load_config(tmp_path / "scene.yaml"), SilentReporter())
    render_frames(engine, job, tmp_path / "out", range(4), SilentReporter())
    report = verify_dataset(tmp_path / "out", workers=1)
    assert not report.findings, report.findings
    labels = json.loads((tmp_path / "out/frames/000001/labels.json").read_text())
    assert [(one["asset_id"], one["category"]) for one in labels["instances"]] == [
        ("shape:cube", "mug"),
        *((f"template#Mugs[{n}]", "mug") for n in range(4)),
        ("template#Plate", "plate"),
    ]
