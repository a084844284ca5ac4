"""A template whose marks vary in every way, from the .blend to a proven dataset."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs the bpy package")
sys.path.insert(0, str(Path(__file__).parents[1] / "blender"))
from template_samples import card, link, save  # noqa: E402

from pipeline.codecs.png import decode_png  # noqa: E402
from pipeline.config.load import load_config  # noqa: E402
from pipeline.engine import open_engine, survey_job  # noqa: E402
from pipeline.reporting import SilentReporter  # noqa: E402
from pipeline.run import render_frames  # noqa: E402
from pipeline.verify.run import verify_dataset  # noqa: E402

SCENE = """
categories: [{id: 1, name: arm}, {id: 2, name: thing}]
template: room.blend
targets: [{shapes: cube, category: thing, proportions: 1}]
contexts: {slots: {slot: Stand-in, allowed: {thing: 1}}}
frames: 6
camera: {box: {center_m: [0, 0, 4], size_m: [0, 0, 0]}, look_at: [0, 0, 0], fov_deg: 60, resolution: [96, 72]}
render: {quality: draft, samples_per_pixel: 1, denoiser: none}
outputs: [rgb, depth, instance, category, mask_full, box_3d]
"""


def build(folder: Path) -> None:
    """An arm that bends on a joint, one of two cards, a card that moves, a slot, a lamp."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = link(bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig")))
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, x in (("upper", 0.0), ("lower", 0.5)):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (x, 0, 0), (x + 0.5, 0, 0)
    rig.data.edit_bones["lower"].parent = rig.data.edit_bones["upper"]
    bpy.ops.object.mode_set(mode="OBJECT")
    rig["vg.role"] = "randomize"
    rig.pose.bones["lower"]["vg.turn_deg"] = [0.0, 0.0, 80.0]
    for name, x in (("upper", 0.25), ("lower", 0.75)):
        part = card(f"Arm {name}", x, 0.0, half=(0.24, 0.06))
        part["vg.role"], part["vg.category"], part["vg.name"] = "target", "arm", "Arm"
        for group in ("upper", "lower"):
            vertices = part.vertex_groups.new(name=group)
            vertices.add(range(4), 1.0 if group == name else 0.0, "REPLACE")
        part.modifiers.new("Armature", "ARMATURE").object = rig
    for name, y in (("Red", 0.7), ("Blue", 0.75)):
        one = card(name, -0.8, y)
        one["vg.role"], one["vg.one_of"], one["vg.move_m"] = "randomize, target", "colour", [0.1, 0.1, 0.0]
        one["vg.category"] = "thing"
    slot = card("Stand-in", -0.6, -0.7, half=(0.15, 0.15))
    slot["vg.role"] = "slot"
    lamp = link(bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT")))
    lamp.location, lamp["vg.role"], lamp["vg.energy_w"] = (0, 0, 3), "light", [50.0, 500.0]
    save(folder)
    (folder / "scene.yaml").write_text(SCENE)


def rendered(folder: Path, out: str, frames: list[int]) -> list[dict]:
    engine = open_engine("cpu", folder, "room.blend")
    job = survey_job(engine, load_config(folder / "scene.yaml"), SilentReporter())
    for frame in frames:
        render_frames(engine, job, folder / out, [frame], SilentReporter())
    return [json.loads((folder / out / f"frames/{frame:06d}/labels.json").read_text()) for frame in sorted(frames)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("varies")
    build(path)
    return path


@pytest.fixture(scope="module")
def labels(folder):
    return rendered(folder, "out", list(range(6)))


def named(label: dict, name: str) -> list[dict]:
    return [one for one in label["instances"] if one["asset_id"].startswith(f"template#{name}")]


def test_the_dataset_is_proven(folder, labels):
    report = verify_dataset(folder / "out", workers=1)
    assert not report.findings, report.findings


def test_any_order_gives_the_same_frames(folder, labels):
    assert rendered(folder, "again", [5, 0, 3, 1, 4, 2]) == labels


def test_the_arm_bends_and_its_labels_bend_with_it(folder, labels):
    lower = [named(label, "Arm lower")[0]["bbox_xywh_px"] for label in labels]
    upper = [named(label, "Arm upper")[0]["bbox_xywh_px"] for label in labels]
    assert len({tuple(box) for box in upper}) == 1
    assert len({tuple(box) for box in lower}) == 6 and max(box[3] for box in lower) > 2 * min(box[3] for box in lower)
    image = decode_png((folder / "out/frames/000000/instance.png").read_bytes())
    number = named(labels[0], "Arm lower")[0]["instance_id"]
    rows, columns = np.nonzero(image == number)
    x, y, width, height = lower[0]
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (x, y, x + width, y + height)


def test_of_two_cards_one_shows_now_here_now_there(labels):
    shown = [
        [one["asset_id"] for one in label["instances"] if one["asset_id"].endswith(("Red", "Blue"))] for label in labels
    ]
    assert all(len(one) == 1 for one in shown) and len({one[0] for one in shown}) == 2


def test_what_fills_the_slot_is_as_large_and_the_stand_in_is_gone(labels):
    for label in labels:
        (cube,) = (one for one in label["instances"] if one["context"] == "slots")
        assert max(cube["dimensions_m"]) == pytest.approx(0.3, abs=1e-6)
        assert cube["world_from_object"][0][3] == pytest.approx(-0.6, abs=1e-6)
        assert cube["bbox_xywh_px"] is not None


def test_the_lamp_shines_in_its_range(labels):
    energies = [label["lights"][0]["energy"] for label in labels]
    assert len(set(energies)) == 6 and all(50 <= energy <= 500 for energy in energies)
