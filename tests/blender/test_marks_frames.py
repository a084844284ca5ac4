"""Marks from the file to frames: what `check` says of them, what they hide and label, and files of a real Blender."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
from mark_samples import box, curve, mark, plane, read
from scene_samples import workshop_and_job
from template_samples import PLACES, card, check, end, frame_of, full_masks, save, settings

from pipeline.check import describe_job
from pipeline.job import job_from_json, job_to_json
from pipeline.records import Marks
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import close_scene
from pipeline.structure import unstructure

LINE = [(0, 0, 0), (2, 0, 0), (2, 1, 0)]


def test_check_names_marks_by_kind(tmp_path):
    mark(plane("Desk"), "surface")
    mark(plane("Floor"), "surface, collider")
    mark(curve("Lane", LINE, LINE), "spline")
    box("Lamp", (0.2, 0.2, 0.2), at=(0, 0, 0.5))
    save(tmp_path)
    _, job = workshop_and_job(tmp_path, tmp_path / "room.blend", template={"file": "room.blend"})
    rows = dict(describe_job(job))
    assert rows["surfaces"] == "Desk, Floor (2)" and rows["splines"] == "Lane (2)"
    assert rows["colliders"] == "Floor (1)" and rows["solids"] == "1 object near marks as 1 boxes"
    assert "volumes" not in rows


def test_marks_come_with_the_job_and_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VARIEGATE_CACHE", str(tmp_path / "cache"))
    mark(plane("Desk"), "surface", clearance_m="0.1 to 0.2")
    save(tmp_path)
    template = {"file": "room.blend"}
    _, job = workshop_and_job(tmp_path, tmp_path / "room.blend", template=template)
    assert job.catalogue.marks != Marks()
    assert job_from_json(job_to_json(job, "."), "job.json") == job
    monkeypatch.setattr("pipeline.scene.survey.marks.read_marks", None)
    _, again = workshop_and_job(tmp_path, tmp_path / "room.blend", template=template)
    assert again == job


def test_marked_targets_are_labelled_like_those_of_the_scene_file(tmp_path):
    for number, place in enumerate(PLACES):
        mark(card(f"Card.{number}", *place), "target", category="block")
    frame = frame_of(tmp_path)
    check(frame)
    assert [one.asset_id for one in frame.instances] == [f"template#Card.{number}" for number in range(4)]
    end(frame)


def test_marked_targets_follow_those_that_the_scene_file_names(tmp_path):
    mark(card("A", *PLACES[0]), "target", category="block")
    card("B", *PLACES[1])
    save(tmp_path)
    _, job = workshop_and_job(tmp_path, tmp_path / "room.blend", **settings({"objects": ["B"], "category": "block"}))
    assert [one.objects for one in plan_frame(job, 0).template_targets] == [("B",), ("A",)]
    assert [one.name for one in job.catalogue.template_objects] == ["A", "B"]


def test_helpers_are_never_in_a_picture(tmp_path):
    mark(card("Card", *PLACES[0]), "target", category="block")
    mark(box("Zone", (3, 3, 1)), "volume")
    cable = mark(curve("Cable", [(-2, 0.3, 0.1), (2, 0.3, 0.1)]), "spline")
    cable.data.bevel_depth = 0.2
    frame = frame_of(tmp_path)
    scene = frame.workshop.session.scene
    assert all(scene.objects[name].hide_render for name in ("Zone", "Cable"))
    assert np.array_equal(full_masks(frame)[1], frame.rendered.instance == 1)
    end(frame)
    assert all(scene.objects[name].hide_render for name in ("Zone", "Cable"))


def test_surveying_marks_changes_nothing_that_frames_start_from(tmp_path):
    mark(plane("Desk"), "surface").hide_render = True
    mark(curve("Lane", LINE), "spline").data.bevel_depth = 0.1
    mark(box("Step", (4, 4, 0.2), at=(0, 0, -0.1)), "collider")
    save(tmp_path)
    workshop, job = workshop_and_job(
        tmp_path, tmp_path / "room.blend", template={"file": "room.blend"}, placement={"drop": {"area_m": [0.5, 0.5]}}
    )
    uids = {item.session_uid for item in (*bpy.data.objects, *bpy.data.meshes, *bpy.data.scenes)}
    first = build_scene(plan_frame(job, 0), workshop).realised
    close_scene(workshop)
    assert {item.session_uid for item in (*bpy.data.objects, *bpy.data.scenes)} <= uids
    assert unstructure(build_scene(plan_frame(job, 0), workshop).realised) == unstructure(first)
    assert workshop.session.scene.objects["Lane"].data.bevel_depth == pytest.approx(0.1)


# --- a file that a real Blender saved -------------------------------------------------------------------------------

HANDMADE = """
import bpy
scene = bpy.context.scene
for item in list(bpy.data.objects):
    bpy.data.objects.remove(item)
bpy.ops.mesh.primitive_plane_add(size=2, location=(1, 0, 0.5))
table = bpy.context.object
table.name = "Table"
table["vg.role"] = "surface"
table["vg.density"] = "paint"
table["vg.clearance_m"] = [0.05, 0.1]
table["vg.upright"] = True
for one, value in zip(table.data.color_attributes.new("paint", "BYTE_COLOR", "CORNER").data, (0, 1, 1, 0)):
    one.color = (value, value, value, 1)
bpy.ops.curve.primitive_bezier_curve_add()
lane = bpy.context.object
lane.name = "Lane"
lanes = bpy.data.collections.new("vg.spline.Lanes")
scene.collection.children.link(lanes)
lanes.objects.link(lane)
lane["vg.spacing_m"] = "0.5 to 2"
bpy.ops.object.empty_add(type="CUBE", location=(0, 0, 2))
bpy.context.object["vg.role"] = "volume"
bpy.context.object["vg.use"] = "drop"
bpy.ops.object.camera_add(location=(0, -3, 1), rotation=(1.2, 0, 0))
bpy.context.object["vg.role"] = "camera"
bpy.context.object["vg.look_at"] = table
bpy.ops.wm.save_as_mainfile(filepath=FILE)
"""


def blender_command() -> list[str]:
    """The real Blender named by VARIEGATE_BLENDER, e.g. "chroot /srv/blender /usr/bin/blender"."""
    return os.environ.get("VARIEGATE_BLENDER", "").split()


@pytest.mark.skipif(not blender_command(), reason="VARIEGATE_BLENDER does not name a Blender executable")
def test_marks_made_in_a_real_blender_are_those_made_here(tmp_path):
    version = subprocess.run([*blender_command(), "--version"], capture_output=True, text=True, check=True).stdout
    if version.split()[1].rsplit(".", 1)[0] != ".".join(map(str, bpy.app.version[:2])):
        pytest.skip(f"{version.splitlines()[0]} is not of this series")
    share = Path(os.environ.get("VARIEGATE_BLENDER_ROOT", "/"))
    folder = share / "tmp" / f"variegate-marks-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        inside = Path("/") / folder.relative_to(share)
        script = HANDMADE.replace("FILE", repr(str(inside / "hand.blend")))
        command = ["--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", script]
        done = subprocess.run([*blender_command(), *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        shutil.copy(folder / "hand.blend", tmp_path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    exec(HANDMADE.replace("FILE", repr(str(tmp_path / "here.blend"))), {})
    here = read()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hand.blend"))
    assert read() == here
    (table,) = here.surfaces
    assert sorted(table.weights) == [0, 0, 1, 1] and table.settings.ranges == {"clearance_m": (0.05, 0.1)}
    assert [one.name for one in here.splines] == ["Lanes"] and here.cameras[0].settings.words == {"look_at": "Table"}
    assert [one.settings.words for one in here.volumes] == [{"use": "drop"}]
