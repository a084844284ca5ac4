"""Keypoints end to end: the label is where the picture shows the feature, whatever the file, its axes and the lens.

Each asset holds small balls as objects of their own around its keypoints, so that part.png shows where those are.
"""

from __future__ import annotations

import math
from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from asset_samples import empty, export, material
from mathutils import Euler, Matrix
from scene_samples import workshop_and_job

from pipeline.annotations.annotate import annotate
from pipeline.errors import AssetError
from pipeline.job import Job
from pipeline.lens_remap import sampled_rays
from pipeline.lenses import project_camera_points
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import Workshop, close_scene

BALL_M = 0.008
RESOLUTION = (320, 240)
CAMERA = {
    "shell": {"distance_m": 1.2, "elevation_deg": 50, "azimuth_deg": 30},
    "focal_length_mm": 150,
    "resolution": list(RESOLUTION),
}
POINTS = [{"name": name, "empty": f"kp_{name}"} for name in ("tip", "side", "end")]


def add_ball(name: str, at: Matrix, radius_m: float = BALL_M) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    shape = bmesh.new()
    bmesh.ops.create_icosphere(shape, subdivisions=4, radius=radius_m)
    shape.to_mesh(mesh)
    shape.free()
    mesh.materials.append(bpy.data.materials.get("paint") or material("paint"))
    ball = bpy.data.objects.new(name, mesh)
    ball.matrix_world = at
    bpy.context.scene.collection.objects.link(ball)
    return ball


def add_empty(name: str, matrix: Matrix, parent: bpy.types.Object | None = None) -> bpy.types.Object:
    item = bpy.data.objects.new(name, None)
    item.parent = parent
    item.matrix_basis = matrix
    bpy.context.scene.collection.objects.link(item)
    return item


def balls_at_empties() -> None:
    """Put a ball "ball_tip" at every empty "kp_tip", in the world."""
    bpy.context.view_layer.update()
    for item in [one for one in bpy.data.objects if one.name.startswith("kp_")]:
        add_ball(item.name.replace("kp_", "ball_"), Matrix.Translation(item.matrix_world.translation))


def save_sample(path: Path) -> Path:
    """Three empties: one plain, one the child of a turned, mirrored and stretched one, one hidden from renders."""
    empty()
    add_empty("kp_tip", Matrix.Translation((0.03, 0.01, 0.05)))
    turn = Euler((0.4, -0.3, 0.8)).to_matrix().to_4x4() @ Matrix.Diagonal((-2.0, 1.0, 0.5, 1.0))
    parent = add_empty("holder", Matrix.Translation((-0.02, 0.0, 0.01)) @ turn)
    add_empty("kp_side", Matrix.Translation((0.01, -0.03, 0.02)), parent)
    add_empty("kp_end", Matrix.Translation((0.0, 0.04, -0.03))).hide_render = True
    balls_at_empties()
    return export(path)


def made(base: Path, frame: int = 0, opened: Path | None = None, **changes: object):
    """Render a frame of a scene and return its labels and arrays."""
    workshop, job = scene_of(base, opened, **changes)
    return shown(workshop, job, frame)


def scene_of(base: Path, opened: Path | None = None, **changes: object) -> tuple[Workshop, Job]:
    settings = {
        "distractors": [],
        "categories": [{"id": 1, "name": "thing"}],
        "placement": {"flying": {"volume_m": [0.01, 0.01, 0.01], "center_m": [0, 0, 0.5]}},
        "surroundings": {"floor": None},
        "camera": {**CAMERA, "look_at": "targets", "center": "targets"},
        "outputs": ["rgb", "keypoints", "part"],
        **changes,
    }
    return workshop_and_job(base, opened, **settings)


def shown(workshop: Workshop, job: Job, frame: int = 0):
    plan = plan_frame(job, frame)
    assert not plan.rejected
    scratch = workshop.places.base_dir
    rendered = render_frame(build_scene(plan, workshop), plan, choose_device("cpu"), scratch)
    close_scene(workshop)
    return annotate(plan, rendered).labels, rendered


def group(file: str, points=POINTS, **fields: object) -> dict[str, object]:
    return {"files": file, "category": "thing", "keypoints": points, "parts": "objects", **fields}


def ball_center_px(labels, rendered, name: str) -> np.ndarray:
    part = next(part for part in labels.parts if part.name == f"ball_{name}")
    lens = rendered.realised.camera.lens
    spots = project_camera_points(lens, sampled_rays(lens)[rendered.part == part.part_id])
    assert len(spots) > 100, f"the ball at {name} shows {len(spots)} px"
    return spots.mean(axis=0)


def assert_on_balls(labels, rendered, names=("tip", "side", "end"), within_px: float = 0.1) -> None:
    (item,) = labels.instances
    assert [point.name for point in item.keypoints] == list(names)
    for point in item.keypoints:
        off = np.abs(np.array(point.position_px) - ball_center_px(labels, rendered, point.name))
        assert off.max() < within_px, (point.name, off)


@pytest.mark.parametrize("file", ["thing.blend", "thing.glb", "thing.fbx"])
def test_labels_lie_on_what_the_picture_shows(file, tmp_path):
    save_sample(tmp_path / file)
    assert_on_balls(*made(tmp_path, targets=[group(file)]))


def test_usd_keeps_its_places_too(tmp_path):
    save_sample(tmp_path / "thing.usdc")  # Blender's exporter leaves out what renders do not show
    assert_on_balls(*made(tmp_path, targets=[group("thing.usdc", POINTS[:2])]), names=("tip", "side"))


@pytest.mark.parametrize(
    "fields",
    [
        {"up_axis": "-x"},
        {"up_axis": "+y", "origin": "bottom"},
        {"origin": "keep", "scale": 1.3},
        {"size_m": 0.15, "origin": "bottom"},
    ],
    ids=str,
)
def test_turned_moved_and_scaled_assets_take_their_keypoints_along(fields, tmp_path):
    save_sample(tmp_path / "thing.glb")
    camera = {**CAMERA, "look_at": "targets", "center": "targets", "focal_length_mm": 120}
    assert_on_balls(*made(tmp_path, targets=[group("thing.glb", **fields)], camera=camera))


@pytest.mark.parametrize(
    "lens",
    [
        {"opencv": {"k1": 3, "k2": 0.4, "p1": 0.01, "p2": -0.02}},
        {"fisheye": {"k1": 2.5, "k2": -0.01}},
    ],
    ids=str,
)
def test_a_lens_with_distortion_moves_the_label_with_the_picture(lens, tmp_path):
    save_sample(tmp_path / "thing.blend")
    camera = {**CAMERA, "look_at": "targets", "center": "targets", "lens": lens}
    assert_on_balls(*made(tmp_path, targets=[group("thing.blend")], camera=camera), within_px=0.25)


# --- bones ----------------------------------------------------------------------------------------------------------


def save_rig(path: Path) -> Path:
    """An arm of two bones, bent by an action at the file's own frame, with balls at its elbow and at its hand."""
    empty()
    data = bpy.data.armatures.new("data of rig")
    rig = bpy.data.objects.new("Rig", data)
    bpy.context.scene.collection.objects.link(rig)
    rig.location = (0.01, 0.02, 0.0)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    upper, lower = data.edit_bones.new("upper"), data.edit_bones.new("lower")
    upper.head, upper.tail = (0, 0, 0), (0, 0, 0.05)
    lower.head, lower.tail, lower.parent = (0, 0, 0.05), (0, 0, 0.1), upper
    bpy.ops.object.mode_set(mode="OBJECT")
    bent = rig.pose.bones["lower"]
    bent.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (21, 2.0)):
        bent.rotation_euler = (angle, 0.3, 0.0)
        bent.keyframe_insert("rotation_euler", frame=frame)
    bpy.context.scene.frame_set(12)
    for name, bone in (("tip", "upper"), ("end", "lower")):
        ball = add_ball(f"ball_{name}", Matrix())
        ball.parent, ball.parent_type, ball.parent_bone = rig, "BONE", bone  # at the tail
    rig.hide_render = True
    return export(path)


def test_bones_are_where_the_file_poses_them(tmp_path):
    save_rig(tmp_path / "rig.blend")
    points = [
        {"name": "tip", "bone": "Rig/lower", "radius_m": 0.01},
        {"name": "end", "bone": "lower", "end": "tail", "radius_m": 0.01},
    ]
    labels, rendered = made(tmp_path, targets=[group("rig.blend", points)])
    assert_on_balls(labels, rendered, ("tip", "end"))
    assert [point.visibility for point in labels.instances[0].keypoints] == [2, 2]


def test_a_joint_counts_as_seen_within_its_radius_and_not_below_it(tmp_path):
    save_rig(tmp_path / "rig.blend")
    seen = {}
    for radius in (0.0, 0.01):
        points = [{"name": "tip", "bone": "lower", "radius_m": radius}]
        labels, _ = made(tmp_path, targets=[group("rig.blend", points)])
        seen[radius] = labels.instances[0].keypoints[0].visibility
    assert seen == {0.0: 1, 0.01: 2}  # it lies 8 mm below the surface of its ball


# --- what is seen ---------------------------------------------------------------------------------------------------

FACES = {
    "+x": (0.5, 0, 0),
    "-x": (-0.5, 0, 0),
    "+y": (0, 0.5, 0),
    "-y": (0, -0.5, 0),
    "+z": (0, 0, 0.5),
    "-z": (0, 0, -0.5),
}
EYE = 1.2 * np.array(
    [math.cos(math.radians(50)) * c for c in (math.cos(0.5), math.sin(0.5))] + [math.sin(math.radians(50))]
)
AT_CUBES = {"shell": {"distance_m": 1.2, "elevation_deg": 50, "azimuth_deg": math.degrees(0.5)}, "look_at": "origin",
            "focal_length_mm": 150, "resolution": [160, 120]}  # fmt: skip


def cube(center_m, size_m: float = 0.1, **fields):
    """A cube with a keypoint in the middle of each side, in any rotation."""
    return {
        "shapes": "cube",
        "category": "thing",
        "proportions": 1.0,
        "size_m": size_m,
        "placement": {"flying": {"volume_m": [1e-6] * 3, "center_m": [float(v) for v in center_m]}},
        "keypoints": [{"name": name, "point_m": list(at)} for name, at in FACES.items()],
        **fields,
    }


def cubes(base: Path, *groups, **changes: object):
    labels, _ = made(base, targets=list(groups), camera=AT_CUBES, outputs=["keypoints"], **changes)
    return labels


def faces_the_eye(item, name: str) -> bool:
    pose = np.array(item.world_from_object)
    normal = pose[:3, :3] @ FACES[name]
    return bool(normal @ (EYE - pose[:3, 3]) > normal @ normal * item.dimensions_m[0])


@pytest.mark.parametrize("seed", range(4))
def test_a_solid_hides_its_own_far_sides(seed, tmp_path):
    (item,) = cubes(tmp_path, cube((0, 0, 0)), seed=seed).instances
    seen = {point.name: point.visibility for point in item.keypoints}
    assert seen == {name: 2 if faces_the_eye(item, name) else 1 for name in FACES}
    assert set(seen.values()) == {1, 2}


def test_what_stands_before_an_object_hides_its_points(tmp_path):
    labels = cubes(tmp_path, cube((0, 0, 0)), cube(EYE / 2, 0.15, keypoints=[]))
    assert [point.visibility for point in labels.instances[0].keypoints] == [1] * 6
    assert labels.instances[1].keypoints == ()


def test_points_beyond_the_border_are_not_in_the_picture(tmp_path):
    across = np.cross(EYE, (0, 0, 1)) / np.linalg.norm(np.cross(EYE, (0, 0, 1)))
    (item,) = cubes(tmp_path, cube(0.144 * across)).instances  # the picture is 0.29 m wide there
    outside = [point for point in item.keypoints if not 0 <= point.position_px[0] < 160]
    assert 0 < len(outside) < 6
    assert all((point.visibility == 0) == (point in outside) for point in item.keypoints)


def test_points_behind_the_camera_have_no_place(tmp_path):
    labels = cubes(tmp_path, cube((0, 0, 0)), cube(EYE * 1.5, 0.1))
    assert all(point.position_px is None and point.visibility == 0 for point in labels.instances[1].keypoints)


# --- names ----------------------------------------------------------------------------------------------------------


def complaints(base: Path, points, **fields) -> list[str]:
    with pytest.raises(AssetError) as caught:
        scene_of(base, targets=[group("thing.blend", points, **fields)])
    return [str(problem) for problem in caught.value.problems]


def test_names_that_the_file_does_not_hold_are_all_told_with_what_it_holds(tmp_path):
    save_sample(tmp_path / "thing.blend")
    points = [{"name": "a", "empty": "kp_tpi"}, POINTS[1], {"name": "b", "bone": "Rig/upper"}]
    assert complaints(tmp_path, points) == [
        "targets[0].keypoints[0].empty: thing.blend: holds no object 'kp_tpi' (did you mean 'kp_tip'?)",
        "targets[0].keypoints[2].bone: thing.blend: holds no bone 'Rig/upper' (it has no bones; use point_m)",
    ]


def test_a_bone_asked_for_as_an_object_is_pointed_out(tmp_path):
    save_rig(tmp_path / "thing.blend")
    (text,) = complaints(tmp_path, [{"name": "a", "empty": "lower"}])
    assert "holds no object 'lower', but a bone of that name (write bone: lower)" in text


def test_names_are_those_of_the_file_though_the_template_has_the_same(tmp_path):
    save_sample(tmp_path / "thing.glb")
    empty()
    for name in ("kp_tip", "kp_side", "ball_tip"):
        add_empty(name, Matrix.Translation((9, 9, 9)))
    material("paint").use_fake_user = True
    template = export(tmp_path / "template.blend")
    changes = {"targets": [group("thing.glb")], "template": str(template), "surroundings": None}
    assert_on_balls(*made(tmp_path, opened=template, **changes))
    assert {item.name for item in bpy.data.objects} == {"kp_tip", "kp_side", "ball_tip"}
    assert bpy.data.objects["kp_tip"].location.x == 9 and "paint" in bpy.data.materials


def test_each_asset_of_a_file_has_its_own_numbered_empties(tmp_path):
    empty()
    for number, x in enumerate((0.0, 5.0)):
        body = add_ball(f"mug_{number}", Matrix.Translation((x, 0, 0)), 0.02)
        tip = add_empty("kp_tip", Matrix.Translation((0.03, 0, 0.01 * number)), body)
        bpy.context.view_layer.update()
        add_ball(f"ball {number}", Matrix.Translation(tip.matrix_world.translation), 0.005).parent = body
        bpy.data.objects[f"ball {number}"].matrix_parent_inverse = body.matrix_world.inverted()
    export(tmp_path / "mugs.blend")
    _, job = scene_of(tmp_path, targets=[group("mugs.blend", POINTS[:1], objects=["mug_*"], origin="keep")])
    found = {asset.asset_id: asset.keypoints[0].point_m for asset in job.catalogue.targets[0]}
    assert found["mugs.blend#mug_0"] == pytest.approx((0.03, 0, 0), abs=1e-6)
    assert found["mugs.blend#mug_1"] == pytest.approx((5.03, 0, 0.01), abs=1e-6)


def test_an_asset_of_a_file_does_not_borrow_the_empty_of_another(tmp_path):
    empty()
    first, _ = add_ball("mug_0", Matrix(), 0.02), add_ball("mug_1", Matrix(), 0.02)
    add_empty("kp_tip", Matrix(), first)
    export(tmp_path / "thing.blend")
    (text,) = complaints(tmp_path, POINTS[:1], objects=["mug_*"])
    assert "thing.blend#mug_1: holds no object 'kp_tip'" in text


def test_a_moved_empty_is_found_anew_though_the_mesh_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("VARIEGATE_CACHE", str(tmp_path / "cache"))
    places = []
    for x in (0.01, 0.01, 0.02):
        empty()
        add_ball("body", Matrix(), 0.05)
        add_empty("kp_tip", Matrix.Translation((x, 0, 0)))
        export(tmp_path / "thing.glb")
        for _ in range(2):  # the second time from the cache
            _, job = scene_of(tmp_path, targets=[group("thing.glb", POINTS[:1])])
            places.append(job.catalogue.targets[0][0].keypoints[0].point_m[0])
    assert places == pytest.approx([0.01] * 4 + [0.02] * 2, abs=1e-6)


def test_a_file_in_other_units_keeps_its_keypoints_on_its_mesh(tmp_path):
    save_sample(tmp_path / "thing.blend")
    bpy.context.scene.unit_settings.system = "METRIC"
    bpy.context.scene.unit_settings.scale_length = 0.01
    export(tmp_path / "thing.blend")
    labels, rendered = made(tmp_path, targets=[group("thing.blend", scale=100)])
    assert_on_balls(labels, rendered)
    assert max(labels.instances[0].dimensions_m) < 0.2


def test_an_object_that_only_an_instanced_collection_holds_is_no_landmark(tmp_path):
    """It stands in the file's library, not where the picture shows it."""
    save_sample(tmp_path / "thing.blend")
    library = bpy.data.collections.new("library")
    library.objects.link(bpy.data.objects.new("kp_far", None))
    shower = add_empty("shower", Matrix.Translation((1, 0, 0)))
    shower.instance_type, shower.instance_collection = "COLLECTION", library
    export(tmp_path / "thing.blend")
    (text,) = complaints(tmp_path, [{"name": "far", "empty": "kp_far"}])
    assert "holds no object 'kp_far'" in text
