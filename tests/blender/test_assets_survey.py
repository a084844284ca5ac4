"""The catalogue: what is found, in which order, under which ids, and what is measured of it."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import bpy
import numpy as np
import pytest
from asset_samples import SIZE_M, add_roof, empty, export, glb, library, material
from mathutils import Matrix

from pipeline.addresses import Places
from pipeline.config.distributions import Integer, Uniform
from pipeline.config.schema import (
    AssetGroup,
    Background,
    Camera,
    Config,
    Environment,
    MaterialOption,
    Materials,
    Shell,
    Template,
    Textures,
)
from pipeline.errors import AssetError
from pipeline.job import assets_of
from pipeline.scene.survey.catalogue import survey
from pipeline.scene.survey.inspect import lets_light_through, measure_picture
from pipeline.structure import from_json, unstructure

CAMERA = Camera(shell=Shell(distance_m=Uniform(low=1, high=2)))
SHAPES = AssetGroup(shapes=("cube",))


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch):
    monkeypatch.setenv("VARIEGATE_CACHE", "")


@pytest.fixture
def hdri(tmp_path):
    return save_picture(tmp_path / "sky.hdr", np.full((4, 8, 3), 0.5), "HDR")


def save_picture(path, pixels, file_format="PNG"):
    """Write (H, W, 3) pixels, the first row at the top."""
    height, width, _ = pixels.shape
    is_float = file_format in ("HDR", "OPEN_EXR")
    image = bpy.data.images.new("made", width, height, float_buffer=is_float)
    rgba = np.concatenate([pixels[::-1], np.ones((height, width, 1))], axis=2)
    image.colorspace_settings.name = "Non-Color" if is_float else "sRGB"  # numbers go to the file as they are
    image.pixels.foreach_set(rgba.astype(np.float32).ravel())
    image.file_format = file_format
    image.filepath_raw = str(path)
    image.save()
    bpy.data.images.remove(image)
    return path


def catalogue(folder, *targets: AssetGroup, **fields):
    fields.setdefault("environment", Environment(hdris=("sky.hdr",)))
    if not (folder / "sky.hdr").exists():
        save_picture(folder / "sky.hdr", np.full((4, 8, 3), 0.5), "HDR")
    scene = Config(categories=(), targets=targets, camera=CAMERA, **fields)
    return survey(scene, Places(base_dir=folder), library(folder), lambda line: None)


def ids(assets) -> list[str]:
    return [asset.asset_id for asset in assets]


def roofs(folder, *names: str) -> None:
    empty()
    add_roof()
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        export(folder / name)
    empty()


# --- what is found --------------------------------------------------------------------------------------------------


def test_folders_are_searched_to_the_bottom_in_a_fixed_order(tmp_path):
    roofs(tmp_path, "models/b.stl", "models/a/z.obj", "models/a/deep/y.glb", "models/.hidden/x.stl")
    (tmp_path / "models/notes.txt").write_text("not a model")
    found = catalogue(tmp_path, AssetGroup(files=("models",)))
    assert ids(found.targets[0]) == ["models/a/deep/y.glb", "models/a/z.obj", "models/b.stl"]


def test_globs_take_models_only_and_sort_them(tmp_path):
    roofs(tmp_path, "m_2.obj", "m_1.stl", "n_1.stl")
    assert ids(catalogue(tmp_path, AssetGroup(files=("m_*",))).targets[0]) == ["m_1.stl", "m_2.obj"]
    assert ids(catalogue(tmp_path, AssetGroup(files=("**/*_1.stl",))).targets[0]) == ["m_1.stl", "n_1.stl"]


def test_a_file_named_twice_in_a_group_counts_once(tmp_path):
    roofs(tmp_path, "m/a.stl")
    assert ids(catalogue(tmp_path, AssetGroup(files=("m/a.stl", "m", "m/*.stl"))).targets[0]) == ["m/a.stl"]


def test_a_name_with_brackets_is_a_file_first(tmp_path):
    roofs(tmp_path, "mug[1].stl")
    assert ids(catalogue(tmp_path, AssetGroup(files=("mug[1].stl",))).targets[0]) == ["mug[1].stl"]


def test_one_file_used_in_two_ways_has_two_ids(tmp_path):
    roofs(tmp_path, "a.stl", "b.stl")
    groups = AssetGroup(files=("a.stl",)), AssetGroup(files=("a.stl", "b.stl"), up_axis="+y", origin="bottom")
    found = catalogue(tmp_path, *groups)
    assert ids(found.targets[0]) == ["a.stl (origin center)"]
    assert ids(found.targets[1]) == ["a.stl (up +y, origin bottom)", "b.stl"]
    assert len(assets_of(found)) == 3


def test_the_same_recipe_in_two_groups_is_one_asset(tmp_path):
    roofs(tmp_path, "a.stl")
    found = catalogue(tmp_path, AssetGroup(files=("a.stl",)), AssetGroup(files=("a.stl",), materials="replace"))
    assert ids(assets_of(found)) == ["a.stl"]


def test_convex_stands_for_sixteen_shapes(tmp_path):
    found = catalogue(tmp_path, AssetGroup(shapes=("cube", "convex")))
    assert len(found.targets[0]) == 17
    assert found.targets[0][0].asset_id == "shape:cube"


def test_patterns_name_objects_of_a_blend_without_their_children(tmp_path):
    empty()
    mug = add_roof("mug_red")
    add_roof("mug_red_handle", Matrix.Translation((1, 0, 0)), mug)
    add_roof("mug_blue")
    add_roof("bowl")
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("mug_camera", bpy.data.cameras.new("c")))
    export(tmp_path / "kitchen.blend")
    empty()
    found = catalogue(tmp_path, AssetGroup(files=("kitchen.blend",), objects=("mug_*",)))
    assert ids(found.targets[0]) == ["kitchen.blend#mug_blue", "kitchen.blend#mug_red"]
    assert found.targets[0][1].high_m[0] == pytest.approx(0.6)
    with pytest.raises(AssetError, match=r"targets\[0\].objects: kitchen.blend: .* 'bowll' .did you mean 'bowl'"):
        catalogue(tmp_path, AssetGroup(files=("kitchen.blend",), objects=("mug_*", "bowll")))
    with pytest.raises(AssetError, match="'mug_camera' holds no mesh with faces"):
        catalogue(tmp_path, AssetGroup(files=("kitchen.blend",), objects=("mug_camera",)))


def test_default_hdris_are_the_bundled_ones(tmp_path):
    folder = tmp_path / "bundled"
    folder.mkdir()
    for name in ("b.exr", "a.exr"):
        save_picture(folder / name, np.ones((2, 4, 3)), "OPEN_EXR")
    scene = Config(categories=(), targets=(SHAPES,), camera=CAMERA)
    places = Places(base_dir=tmp_path, bundled_hdris=folder)
    found = survey(scene, places, library(tmp_path), lambda line: None)
    assert [one.source for one in found.hdris] == ["bundled:a.exr", "bundled:b.exr"]
    (tmp_path / "t.blend").write_bytes(b"any bytes")
    with_template = replace(scene, template=Template(file="t.blend"))
    found = survey(with_template, places, library(tmp_path), lambda line: None)
    assert found.hdris == ()
    assert len(found.template_sha256) == 64


def test_textures_are_listed_under_their_key(tmp_path):
    for name in ("wood_Color", "wood_Roughness", "plain"):
        save_picture(tmp_path / f"tex/{name}.png", np.full((2, 2, 3), 0.5))
    materials = Materials(floor=(MaterialOption(textures=Textures(files=("tex",))),))
    found = catalogue(tmp_path, SHAPES, materials=materials)
    plain, wood = found.textures["materials.floor[0].textures"]
    assert (plain.base_color, wood.base_color, wood.roughness) == (
        "tex/plain.png",
        "tex/wood_Color.png",
        "tex/wood_Roughness.png",
    )
    assert wood.sha256 != plain.sha256


def test_photos_are_measured(tmp_path):
    save_picture(tmp_path / "photo.png", np.zeros((3, 5, 3)))
    background = Background(photos=("photo.png",))
    found = catalogue(tmp_path, SHAPES, environment=Environment(hdris=("sky.hdr",), background=background))
    assert (found.photos[0].width_px, found.photos[0].height_px) == (5, 3)


# --- what is measured -----------------------------------------------------------------------------------------------


def test_an_asset_is_measured(tmp_path):
    roofs(tmp_path, "roof.stl")
    ((asset,),) = catalogue(tmp_path, AssetGroup(files=("roof.stl",), origin="bottom")).targets
    assert asset.low_m == pytest.approx((-0.1, -0.15, 0.0))
    assert asset.high_m == pytest.approx((0.1, 0.15, 0.4))
    assert asset.radius_m == pytest.approx(np.hypot(0.1, 0.4))
    assert asset.triangles == 6
    assert not asset.has_alpha
    assert sum(pose.probability for pose in asset.resting) == pytest.approx(1.0, abs=1e-6)
    assert all(round(value, 9) == value for value in (*asset.low_m, *asset.high_m, asset.radius_m))


def test_the_hash_covers_the_files_an_asset_needs(tmp_path):
    (tmp_path / "a.obj").write_text("mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 1\nusemtl m\nf 1 2 3\n")
    (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd a.png\n")
    seen = []
    for level in (0.2, 0.8):
        save_picture(tmp_path / "a.png", np.full((2, 2, 3), level))
        ((asset,),) = catalogue(tmp_path, AssetGroup(files=("a.obj",))).targets
        seen.append(asset.sha256)
    (tmp_path / "a.mtl").write_text("newmtl m\nKd 1 0 0\nmap_Kd a.png\n")
    ((asset,),) = catalogue(tmp_path, AssetGroup(files=("a.obj",))).targets
    assert len({*seen, asset.sha256}) == 3


def test_licences_come_from_the_file_or_the_catalogue_beside_it(tmp_path):
    folder = tmp_path / "dice"
    folder.mkdir()
    roofs(tmp_path, "dice/a.stl", "dice/b.stl", "dice/c.glb")
    (folder / "dice.json").write_text(json.dumps([{"file": "a.stl", "licence": "CC0-1.0"}]))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    add_roof()
    bpy.ops.export_scene.gltf(filepath=str(folder / "c.glb"), export_copyright="CC BY 4.0 someone")
    empty()
    found = catalogue(tmp_path, AssetGroup(files=("dice",))).targets[0]
    assert [asset.licence for asset in found] == ["CC0-1.0", "", "CC BY 4.0 someone"]


def test_a_catalogue_survives_json(tmp_path):
    found = catalogue(tmp_path, AssetGroup(shapes=("wedge",)))
    assert from_json(json.loads(json.dumps(unstructure(found))), type(found), "") == found


# --- alpha ----------------------------------------------------------------------------------------------------------


def test_opaque_and_glass_materials_stop_the_camera():
    assert not lets_light_through(material("plain"))
    assert not lets_light_through(material("glass", **{"Transmission Weight": 1.0}))


def test_alpha_below_one_lets_it_through():
    assert lets_light_through(material("thin", Alpha=0.5))


def test_a_linked_alpha_lets_it_through_unless_the_picture_has_none(tmp_path):
    for channels, seen in (("RGBA", True), ("RGB", False)):
        made = material(channels)
        node = made.node_tree.nodes.new("ShaderNodeTexImage")
        bpy.context.scene.render.image_settings.file_format = "PNG"
        bpy.context.scene.render.image_settings.color_mode = channels
        image = bpy.data.images.new("dots", 2, 2, alpha=True)
        image.save_render(str(tmp_path / f"{channels}.png"))
        node.image = bpy.data.images.load(str(tmp_path / f"{channels}.png"))
        made.node_tree.links.new(node.outputs["Alpha"], made.node_tree.nodes["Principled BSDF"].inputs["Alpha"])
        assert lets_light_through(made) == seen


def test_a_transparent_shader_counts_only_where_it_is_used():
    made = material("mixed")
    nodes, links = made.node_tree.nodes, made.node_tree.links
    clear = nodes.new("ShaderNodeBsdfTransparent")
    assert not lets_light_through(made)
    mix = nodes.new("ShaderNodeMixShader")
    links.new(clear.outputs[0], mix.inputs[1])
    links.new(nodes["Principled BSDF"].outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
    assert lets_light_through(made)


def test_a_transparent_shader_inside_a_group_counts():
    made = material("grouped")
    group = bpy.data.node_groups.new("inner", "ShaderNodeTree")
    group.interface.new_socket("Shader", in_out="OUTPUT", socket_type="NodeSocketShader")
    group.links.new(
        group.nodes.new("ShaderNodeBsdfTransparent").outputs[0], group.nodes.new("NodeGroupOutput").inputs[0]
    )
    node = made.node_tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group
    made.node_tree.links.new(node.outputs[0], made.node_tree.nodes["Material Output"].inputs["Surface"])
    assert lets_light_through(made)


def test_gltf_blending_is_seen(tmp_path):
    """What the importer makes of alphaMode BLEND and OPAQUE with the same base colour of alpha 0.5."""
    for mode, seen in (("BLEND", True), ("OPAQUE", False)):
        data = {
            "asset": {"version": "2.0"},
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
            "materials": [{"alphaMode": mode, "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 0.5]}}],
            "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
            "bufferViews": [{"buffer": 0, "byteLength": 36}],
            "buffers": [{"byteLength": 36}],
        }
        (tmp_path / f"{mode}.glb").write_bytes(glb(data, struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)))
        ((asset,),) = catalogue(tmp_path, AssetGroup(files=(f"{mode}.glb",))).targets
        assert asset.has_alpha == seen


# --- radiance -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("a.exr", "OPEN_EXR"), ("a.hdr", "HDR")])
def test_mean_radiance_weighs_rows_by_their_solid_angle(tmp_path, name, kind):
    """The upper sixth of the elevations at radiance 3, the rest at 1: a cap of (1 - cos 30 deg) / 2 of the sphere."""
    pixels = np.ones((48, 8, 3))
    pixels[:8] = 3.0
    facts = measure_picture(save_picture(tmp_path / name, pixels, kind), radiance=True)
    assert facts.mean_radiance == pytest.approx(1 + 2 * (1 - np.cos(np.pi / 6)) / 2, rel=2e-3)


def test_mean_radiance_weighs_colours_as_rec_709(tmp_path):
    green = np.zeros((4, 8, 3))
    green[:, :, 1] = 2.0
    facts = measure_picture(save_picture(tmp_path / "green.exr", green, "OPEN_EXR"), radiance=True)
    assert facts.mean_radiance == pytest.approx(2 * 0.7152, rel=1e-3)


def test_an_eight_bit_panorama_is_linearised(tmp_path):
    facts = measure_picture(save_picture(tmp_path / "grey.png", np.full((4, 8, 3), 128 / 255)), radiance=True)
    assert facts.mean_radiance == pytest.approx(0.2159, abs=2e-3)


def test_an_hdri_without_light_is_refused(tmp_path):
    with pytest.raises(ValueError, match="mean radiance is 0"):
        measure_picture(save_picture(tmp_path / "black.exr", np.zeros((4, 8, 3)), "OPEN_EXR"), radiance=True)


def test_a_roof_in_metres_stays_in_metres(tmp_path):
    roofs(tmp_path, "roof.glb")
    ((asset,),) = catalogue(tmp_path, AssetGroup(files=("roof.glb",))).targets
    assert [h - low for low, h in zip(asset.low_m, asset.high_m, strict=True)] == pytest.approx(SIZE_M, abs=1e-6)


def test_more_different_assets_than_there_are_is_a_problem_of_the_count(tmp_path):
    roofs(tmp_path, "a.stl", "b.stl")
    group = AssetGroup(files=("*.stl",), count=Integer(low=0, high=3), unique=True)
    with pytest.raises(AssetError, match=r"targets\[0\].count: 3 different assets are asked for, and there are 2"):
        catalogue(tmp_path, group)
    assert len(catalogue(tmp_path, replace(group, count=Integer(low=0, high=2))).targets[0]) == 2
