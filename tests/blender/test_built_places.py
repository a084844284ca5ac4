"""Built places and rides through Blender: things stay in a bin, a camera sees what its artist's camera sees."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from scene_samples import workshop_and_job

from pipeline.conventions import BLENDER_CAMERA_FROM_CAMERA
from pipeline.errors import AssetError
from pipeline.geometry import look_at
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import close_scene

MANY = [{"shapes": ["cube", "torus", "wedge"], "category": "block", "count": 14, "size_m": 0.06}]
NO_ACCEPT = {"accept": {"min_targets": 0}, "distractors": []}


@pytest.mark.parametrize("corner", [0.0, 0.05])
def test_what_is_dropped_into_a_bin_stays_in_it(corner, tmp_path):
    sizes = {"width_m": 0.4, "depth_m": 0.3, "height_m": 0.2, "wall_m": 0.005, "corner_m": corner}
    workshop, job = workshop_and_job(
        tmp_path,
        targets=MANY,
        surroundings={"bin": sizes, "floor": {"size_m": 3}},
        placement={"drop": {"area_m": [0.3, 0.2], "height_m": 0.3}},
        **NO_ACCEPT,
    )
    built = build_scene(plan_frame(job, 0), workshop)
    centers = np.array([one.center_m for one in built.realised.instances])
    close_scene(workshop)
    assert len(centers) == 14 and (np.abs(centers[:, :2]) < (0.2, 0.15)).all() and centers[:, 2].min() > 0


def test_a_place_that_nothing_builds_is_told_by_name(tmp_path):
    context = {"row": {"spline": ["shelf.bord.0"], "allowed": {"block": 1}}}
    with pytest.raises(AssetError) as error:
        workshop_and_job(tmp_path, contexts=context, surroundings={"shelf": {}})
    assert "contexts.row.spline.marks[0]" in str(error.value) and "did you mean 'shelf.board.0'?" in str(error.value)


POSE = look_at((1.0, -2.0, 1.5), (0.1, 0.2, 0.3), 0.2)


def hall(folder: Path) -> Path:
    """A template with a cube, a lamp and a marked camera of 28 mm."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_cube_add(size=0.6, location=(0.1, 0.2, 0.3))
    lens = bpy.data.cameras.new("eye")
    lens.lens, lens.sensor_width = 28.0, 32.0
    eye = bpy.data.objects.new("eye", lens)
    eye.matrix_world = Matrix(POSE @ BLENDER_CAMERA_FROM_CAMERA)
    eye["vg.role"] = "camera"
    scene.collection.objects.link(eye)
    path = folder / "hall.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def test_a_ride_on_a_marked_camera_renders_what_that_camera_sees(tmp_path):
    path = hall(tmp_path)
    workshop, job = workshop_and_job(
        tmp_path,
        path,
        template={"file": path.name, "targets": [{"objects": ["Cube"], "category": "block"}]},
        targets=[],
        camera={"ride": ["eye"], "resolution": [64, 48], "min_targets_in_view": 0},
        **NO_ACCEPT,
    )
    plan = plan_frame(job, 0)
    rendered = render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), tmp_path)
    camera = rendered.realised.camera
    assert np.array(camera.world_from_camera) == pytest.approx(POSE, abs=1e-6)
    assert camera.k[0][0] == pytest.approx(28 / 32 * 64, rel=1e-6)
    rows, columns = np.nonzero(rendered.instance == 1)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((32, 24), abs=2)  # it looks at the cube's middle
    close_scene(workshop)
