"""part.png: exact to the pixel, whatever materials are shared, jittered, replaced or see-through.

What is expected comes from renders of one part at a time, told from another by a material of its own, or from the
geometry of a cube whose sides are its parts.
"""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from asset_samples import empty, export, material
from scene_samples import workshop_and_job

from pipeline.annotations.annotate import annotate
from pipeline.geometry import inverse_rigid, transform_points
from pipeline.lens_remap import sampled_rays
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.render.parts import numbered_parts
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import close_scene

SIDES = ("red", "green", "blue", "red", "green", "blue")  # of -x -y -z +x +y +z
CUBE_FACES = [(0, 1, 3, 2), (0, 4, 5, 1), (0, 2, 6, 4), (4, 6, 7, 5), (2, 3, 7, 6), (1, 5, 7, 3)]


def add_cube(name: str, looks, center=(0.0, 0.0, 0.0), half: float = 0.05) -> bpy.types.Object:
    """A cube whose sides (-x -y -z +x +y +z) wear the materials `looks`, None for none."""
    corners = [
        tuple(c + half * s for c, s in zip(center, signs, strict=True))
        for signs in [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    ]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], CUBE_FACES)
    slots = list(dict.fromkeys(looks))
    for look in slots:
        mesh.materials.append(look)
    mesh.polygons.foreach_set("material_index", [slots.index(look) for look in looks])
    mesh.uv_layers.new(name="UVMap")
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    return item


def save_cube(path, alpha: float = 1.0, bare: bool = False):
    """Sides opposite each other share a material; `bare` leaves blue's without any."""
    empty()
    looks = {name: material(name, Alpha=alpha) for name in ("red", "green", "blue")}
    add_cube("cube", [None if bare and name == "blue" else looks[name] for name in SIDES])
    return export(path)


def save_pair(path):
    """A base and a lid that share one material, the lid with a second one on its top."""
    empty()
    shared, top = material("shared"), material("top")
    add_cube("base", [shared] * 6)
    add_cube("lid", [shared] * 5 + [top], center=(0.0, 0.02, 0.09), half=0.04)
    return export(path)


def scene_of(base, *targets, **changes):
    settings = {
        "categories": [{"id": 1, "name": "thing"}],
        "distractors": [{"shapes": ["sphere"], "count": 2, "size_m": 0.08}],
        "placement": {"flying": {"volume_m": [0.35, 0.35, 0.2], "center_m": [0, 0, 0.3]}},
        "camera": {"shell": {"distance_m": 1.0, "elevation_deg": 40}, "focal_length_mm": 50, "resolution": [96, 72]},
        "outputs": ["rgb", "part"],
        "render": {"quality": "draft", "samples_per_pixel": 2, "denoiser": "none"},
        **changes,
    }
    return workshop_and_job(base, targets=list(targets), **settings)


def thing(file: str, count: int = 3, **fields):
    return {"files": file, "category": "thing", "count": count, **fields}


def render(workshop, job, frame: int = 0, look=None):
    """Return the labels and arrays of a frame; `look` gets the built scene first."""
    plan = plan_frame(job, frame)
    built = build_scene(plan, workshop)
    if look is not None:
        look(built)
    rendered = render_frame(built, plan, choose_device("cpu"), workshop.places.base_dir)
    close_scene(workshop)
    return annotate(plan, rendered).labels, rendered


def names_image(labels, rendered) -> np.ndarray:
    """(H, W) of part names, "" where there is no part."""
    table = {0: "", **{part.part_id: part.name for part in labels.parts}}
    return np.vectorize(table.get, otypes=[object])(rendered.part)


def cube_names(rendered) -> np.ndarray:
    """(H, W) the names of the sides that the rays of the pixels of cubes meet, from geometry alone."""
    camera = rendered.realised.camera
    pose = np.array(camera.world_from_camera)
    rays = sampled_rays(camera.lens) @ pose[:3, :3].T
    found = np.full(rendered.instance.shape, "", dtype=object)
    for item in rendered.realised.instances:
        if item.role != "target":
            continue
        inverse = inverse_rigid(item.world_from_object)
        origin = transform_points(inverse, [pose[:3, 3]])[0]
        ray = rays @ inverse[:3, :3].T
        half = np.array(item.dimensions_m) / 2
        near = np.minimum((-half - origin) / ray, (half - origin) / ray)
        axis = near.argmax(axis=-1)
        own = rendered.instance == item.instance_id
        found[own] = np.array(SIDES[:3], dtype=object)[axis][own]
    return found


# --- by material ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [{}, {"materials": "jitter"}, {"materials": "replace"}, {"materials": "replace", "size_m": 0.13}],
    ids=["keep", "jitter", "replace", "scaled"],
)
@pytest.mark.parametrize("outputs", [["rgb", "part"], ["part"]], ids=["picture", "labels"])
def test_each_pixel_has_the_material_that_the_file_gives_its_side(fields, outputs, tmp_path):
    save_cube(tmp_path / "cube.glb")
    labels, rendered = render(*scene_of(tmp_path, thing("cube.glb", **fields), outputs=outputs))
    expected = cube_names(rendered)
    assert set(expected.ravel()) == {"", *SIDES} and (expected != "").sum() > 300
    assert np.array_equal(names_image(labels, rendered), expected)
    assert rendered.id_source == ("render" if "rgb" in outputs else "exact")


def test_parts_are_numbered_through_the_frame_and_counted(tmp_path):
    save_cube(tmp_path / "cube.glb")
    labels, rendered = render(*scene_of(tmp_path, thing("cube.glb")))
    assert [(part.part_id, part.instance_id, part.name, part.class_id) for part in labels.parts] == [
        (3 * i + j + 1, i + 1, name, j + 1) for i in range(3) for j, name in enumerate(["blue", "green", "red"])
    ]
    for part in labels.parts:
        assert part.visible_px == (rendered.part == part.part_id).sum()
        assert (rendered.instance[rendered.part == part.part_id] == part.instance_id).all()


def test_faces_without_material_are_a_part_of_their_own(tmp_path):
    save_cube(tmp_path / "cube.blend", bare=True)
    labels, rendered = render(*scene_of(tmp_path, thing("cube.blend")))
    expected = cube_names(rendered)
    expected[expected == "blue"] = "(none)"
    assert np.array_equal(names_image(labels, rendered), expected)


@pytest.mark.parametrize("materials", ["keep", "jitter", "replace"])
def test_out_of_focus_frames_have_the_parts_of_sharp_ones(materials, tmp_path):
    save_cube(tmp_path / "cube.glb")
    workshop, job = scene_of(tmp_path, thing("cube.glb", materials=materials))

    def blur(built) -> None:
        dof = built.scene.camera.data.dof
        dof.use_dof, dof.aperture_fstop, dof.focus_distance = True, 0.1, 0.3

    sharp, blurred = render(workshop, job)[1], render(workshop, job, look=blur)[1]
    assert (sharp.id_source, blurred.id_reason) == ("render", "depth of field")
    assert np.array_equal(sharp.part, blurred.part) and sharp.part.any()


def test_what_can_be_seen_through_shows_the_parts_behind_it(tmp_path):
    save_cube(tmp_path / "clear.blend", alpha=0.3)
    save_cube(tmp_path / "cube.blend")
    labels, rendered = render(*scene_of(tmp_path, thing("cube.blend"), thing("clear.blend", 2)))
    assert rendered.id_reason == "materials that can be seen through"
    assert np.array_equal(names_image(labels, rendered), cube_names(rendered))
    assert {part.visible_px for part in labels.parts if part.instance_id > 3} == {0}


def test_a_lens_with_distortion_shows_the_parts_that_its_rays_meet(tmp_path):
    save_cube(tmp_path / "cube.glb")
    camera = {
        "shell": {"distance_m": 1.0, "elevation_deg": 40},
        "focal_length_mm": 40,
        "resolution": [96, 72],
        "lens": {"opencv": {"k1": -0.3, "k2": 0.1}},
    }
    labels, rendered = render(*scene_of(tmp_path, thing("cube.glb", materials="replace"), camera=camera))
    assert np.array_equal(names_image(labels, rendered), cube_names(rendered))


# --- by object ------------------------------------------------------------------------------------------------------


def parts_alone(workshop, job, by_name) -> dict[str, np.ndarray]:
    """(H, W) bool for each name: where that part of any instance shows in a frame of it alone."""
    found = {}
    for name, keep in by_name.items():

        def hide(built, keep=keep) -> None:
            for parts in built.objects.values():
                for part in parts:
                    part.hide_render = not keep(part)

        plan = plan_frame(job, 0)
        built = build_scene(plan, workshop)
        hide(built)
        rendered = render_frame(built, plan, choose_device("cpu"), workshop.places.base_dir)
        close_scene(workshop)
        found[name] = (rendered.instance, rendered.distance_m)
    return found


def is_lid(part: bpy.types.Object) -> bool:
    xs = [vertex.co.x for vertex in part.data.vertices]
    return max(xs) - min(xs) < 0.09  # 0.08 m wide, the base 0.1 m


@pytest.mark.parametrize("materials", ["keep", "jitter", "replace"])
def test_objects_that_share_a_material_are_told_apart(materials, tmp_path):
    save_pair(tmp_path / "box.glb")
    workshop, job = scene_of(tmp_path, thing("box.glb", parts="objects", materials=materials), distractors=[])
    labels, rendered = render(workshop, job)
    alone = parts_alone(workshop, job, {"lid": is_lid, "base": lambda part: not is_lid(part)})
    (lid_ids, lid_m), (base_ids, base_m) = alone["lid"], alone["base"]
    expected = np.where(lid_m < base_m, "lid", np.where(np.isfinite(base_m), "base", ""))
    expected[rendered.instance == 0] = ""
    assert (expected == "lid").sum() > 100 and (expected == "base").sum() > 100
    assert np.array_equal(names_image(labels, rendered), expected.astype(object))
    assert np.array_equal(rendered.instance, np.where(lid_m < base_m, lid_ids, base_ids))


def test_an_asset_of_several_objects_has_its_materials_as_parts_by_default(tmp_path):
    save_pair(tmp_path / "box.glb")
    labels, rendered = render(*scene_of(tmp_path, thing("box.glb")))
    assert {part.name for part in labels.parts} == {"shared", "top"}
    assert set(names_image(labels, rendered).ravel()) == {"", "shared", "top"}


def test_groups_may_divide_in_their_own_way(tmp_path):
    save_pair(tmp_path / "box.glb")
    save_cube(tmp_path / "cube.glb")
    groups = thing("box.glb", 2, parts="objects"), thing("cube.glb", 2), {**thing("box.glb", 1), "origin": "bottom"}
    labels, rendered = render(*scene_of(tmp_path, *groups))
    by_instance: dict[int, set[str]] = {}
    for part in labels.parts:
        by_instance.setdefault(part.instance_id, set()).add(part.name)
    pair, cube = {"base", "lid"}, {"red", "green", "blue"}
    assert list(by_instance.values()) == [pair, pair, cube, cube, {"shared", "top"}]
    ids = {part.name: part.class_id for part in labels.parts}
    assert ids == {name: i for i, name in enumerate(sorted(ids), start=1)}


# --- who has parts --------------------------------------------------------------------------------------------------


def test_distractors_have_parts_only_where_that_is_asked(tmp_path):
    save_cube(tmp_path / "cube.glb")
    plain = {"files": "cube.glb", "count": 1}
    _, job = scene_of(tmp_path, thing("cube.glb", 1), distractors=[plain, {**plain, "parts": "materials"}])
    assert [one.parts is not None for one in plan_frame(job, 0).instances] == [True, False, True]


def test_a_model_without_named_materials_has_no_parts(tmp_path):
    save_cube(tmp_path / "cube.stl")
    labels, rendered = render(*scene_of(tmp_path, thing("cube.stl")))
    assert labels.parts == () and not rendered.part.any() and rendered.instance.any()


# --- no trace -------------------------------------------------------------------------------------------------------


def numbers() -> dict[str, object]:
    return {
        "materials": {item.name: item.pass_index for item in bpy.data.materials},
        "objects": {item.name: item.pass_index for item in bpy.data.objects},
        "slots": {
            item.name: [(slot.link, slot.material and slot.material.name) for slot in item.material_slots]
            for item in bpy.data.objects
        },
    }


@pytest.mark.parametrize("materials", ["keep", "jitter", "replace"])
def test_the_scene_is_as_it_was_afterwards(materials, tmp_path):
    save_pair(tmp_path / "box.glb")
    workshop, job = scene_of(tmp_path, thing("box.glb", parts="objects", materials=materials))
    built = build_scene(plan_frame(job, 0), workshop)
    for item in bpy.data.materials:
        item.pass_index = 7
    before = numbers()
    with numbered_parts(built):
        assert numbers() != before
    assert numbers() == before


@pytest.mark.parametrize("materials", ["keep", "replace"])
def test_parts_do_not_change_the_picture_the_ids_or_the_depth(materials, tmp_path):
    save_cube(tmp_path / "cube.glb")
    pictures = []
    for outputs in (["rgb", "depth"], ["rgb", "depth", "part"]):
        workshop, job = scene_of(tmp_path, thing("cube.glb", materials=materials), outputs=outputs)
        _, rendered = render(workshop, job)
        pictures.append((rendered.rgb_file.read_bytes(), rendered.instance.tobytes(), rendered.depth_m.tobytes()))
    assert pictures[0] == pictures[1]


def test_numbers_of_a_templates_own_are_no_parts(tmp_path):
    save_cube(tmp_path / "cube.glb")
    empty()
    wall = add_cube("wall", [material("red")] * 6, center=(0, 0, -0.4), half=0.4)
    wall.data.materials[0].pass_index = 2
    template = export(tmp_path / "template.blend")
    changes = {"template": str(template), "surroundings": None}
    labels, rendered = render(*scene_of(tmp_path, thing("cube.glb"), opened=template, **changes))
    assert np.array_equal(names_image(labels, rendered), cube_names(rendered))
    assert bpy.data.materials["red"].pass_index == 2
