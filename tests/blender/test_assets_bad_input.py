"""A damaged or useless model is named with its fault; it never ends the process, prints, or leaves things behind."""

from __future__ import annotations

import struct
from dataclasses import replace

import bpy
import pytest
from asset_samples import add_roof, empty, export, glb, library, load, material

from pipeline.addresses import Places
from pipeline.config.distributions import Uniform
from pipeline.config.schema import AssetGroup, Camera, Config, Environment, MaterialOption, Materials, Shell, Textures
from pipeline.errors import AssetError
from pipeline.scene.assets import importers
from pipeline.scene.survey import catalogue as survey_module
from pipeline.scene.survey.catalogue import survey

CUBE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n"
PLY = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
PLY += "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n"
TRIANGLE = {
    "asset": {"version": "2.0"},
    "scenes": [{"nodes": [0]}],
    "nodes": [{"mesh": 0}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
    "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
    "bufferViews": [{"buffer": 0, "byteLength": 36}],
    "buffers": [{"byteLength": 36}],
}


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch):
    monkeypatch.setenv("VARIEGATE_CACHE", "")


def config(*files: str, **fields) -> Config:
    camera = Camera(shell=Shell(distance_m=Uniform(low=1, high=2)))
    group = AssetGroup(files=files, materials=fields.pop("materials_of_targets", None))
    fields.setdefault("environment", None)
    return Config(categories=(), targets=(group,), camera=camera, **fields)


def problems(folder, scene: Config) -> list[str]:
    """The survey's problems but the missing default HDRIs, as lines."""
    places = Places(base_dir=folder)
    with pytest.raises(AssetError) as caught:
        survey(scene, places, library(folder), lambda line: None)
    return [str(one) for one in caught.value.problems if not one.message.startswith("this Blender build")]


BAD = {
    "corrupt.glb": (b"glTF\x02\x00\x00\x00garbage", "no GLB"),
    "empty.glb": (b"", "no GLB"),
    "broken.gltf": (b'{"asset": {', "JSON is damaged"),
    "list.gltf": (b"[]", "no glTF"),
    "cut.glb": (glb(TRIANGLE, bytes(36))[:-20], "cut off"),
    "no_data.glb": (glb(TRIANGLE), "cannot be read"),
    "no_buffer.gltf": (b'{"asset": {"version": "2.0"}, "buffers": [{"uri": "gone.bin"}]}', "gone.bin"),
    "nan.glb": (glb(TRIANGLE, struct.pack("<9f", float("nan"), *range(8))), "NaN"),
    "inf.obj": (b"v inf 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "infinite"),
    "nan.obj": (b"v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "NaN"),
    "empty.obj": (b"# nothing\n", "no mesh with faces"),
    "no_faces.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no mesh with faces"),
    "edges.obj": (b"v 0 0 0\nv 1 0 0\nl 1 2\n", "no mesh with faces"),
    "outside.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "no mesh with faces"),
    "point.obj": (b"v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "size is zero"),
    "no_texture.obj": (b"mtllib no_texture.mtl\n" + CUBE.encode(), "gone.png"),
    "no_mtl.obj": (b"mtllib gone.mtl\n" + CUBE.encode(), "gone.mtl"),
    "text.ply": (b"hello", "no PLY header"),
    "short.ply": (PLY.encode(), "cut off"),
    "outside.ply": ((PLY + "3 0 1 7\n").encode(), "names vertex 7 of 3"),
    "nan.ply": (PLY.replace("\n0 0 0", "\nnan 0 0").encode() + b"3 0 1 2\n", "NaN"),
    "no_texture.ply": (
        (PLY.replace("element v", "comment TextureFile gone.jpg\nelement v") + "3 0 1 2\n").encode(),
        "gone.jpg",
    ),
    "empty.stl": (b"", "cannot be read"),
    "nan.stl": (bytes(80) + struct.pack("<I12fH", 1, 0, 0, 1, float("nan"), *range(8), 0), "NaN"),
    "garbage.fbx": (b"not an fbx at all" * 9, "cannot be read"),
    "garbage.usdc": (b"not a usd at all" * 9, "cannot be read"),
    "empty.usda": (b"#usda 1.0\n", "no mesh with faces"),
    "garbage.blend": (b"not a blend at all" * 9, "cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_is_named_with_its_fault(tmp_path, capfd, name):
    data, word = BAD[name]
    (tmp_path / name).write_bytes(data)
    (tmp_path / "no_texture.mtl").write_text("newmtl m\nmap_Kd -s 1 1 1 gone.png\n")
    lines = problems(tmp_path, config(name))
    assert len(lines) == 1
    assert lines[0].startswith(f"targets[0].files: {name}: ")
    assert word in lines[0]
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert not bpy.data.objects
    assert len(bpy.data.scenes) == 1


def test_all_bad_models_are_named_in_one_go(tmp_path):
    for name, (data, _) in BAD.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "no_texture.mtl").write_text("newmtl m\nmap_Kd gone.png\n")
    lines = problems(tmp_path, config(*BAD))
    for index, name in enumerate(BAD):
        assert any(line.startswith(f"targets[0].files[{index}]: {name}: ") for line in lines), name


def test_a_usd_with_a_face_beyond_its_vertices_does_not_end_the_process(tmp_path):
    empty()
    add_roof()
    export(tmp_path / "roof.usda")
    text = (tmp_path / "roof.usda").read_text()
    assert "faceVertexIndices = [3, 2," in text
    (tmp_path / "roof.usda").write_text(text.replace("faceVertexIndices = [3, 2,", "faceVertexIndices = [3, 99999999,"))
    empty()
    try:
        survey(config("roof.usda"), Places(base_dir=tmp_path), library(tmp_path), lambda line: None)
    except AssetError as error:
        assert "roof.usda" in str(error) or "comes without HDRIs" in str(error)


def test_draco_is_named_where_the_build_cannot_read_it(tmp_path, monkeypatch):
    monkeypatch.setattr(survey_module, "can_read_draco", lambda: False)
    data = TRIANGLE | {"extensionsUsed": ["KHR_draco_mesh_compression"]}
    (tmp_path / "small.glb").write_bytes(glb(data, bytes(36)))
    (line,) = problems(tmp_path, config("small.glb"))
    assert "small.glb" in line
    assert "Draco" in line
    assert "without compression" in line


# --- textures -------------------------------------------------------------------------------------------------------


@pytest.fixture
def textured(tmp_path):
    """dots.png, and roof.<ext> that uses it from beside itself."""
    image = bpy.data.images.new("dots", 4, 4)
    image.filepath_raw = str(tmp_path / "dots.png")
    image.file_format = "PNG"
    image.save()
    looks = material("dotted")
    node = looks.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(tmp_path / "dots.png"))
    looks.node_tree.links.new(node.outputs[0], looks.node_tree.nodes["Principled BSDF"].inputs[0])
    add_roof().data.materials.append(looks)
    for extension in (".blend", ".gltf", ".obj", ".fbx", ".usda"):
        export(tmp_path / f"roof{extension}")
    empty()
    return tmp_path


@pytest.mark.parametrize("name", ["roof.blend", "roof.gltf", "roof.obj", "roof.fbx", "roof.usda"])
@pytest.mark.parametrize("damage", ["missing", "no picture"])
def test_a_texture_that_is_gone_or_no_picture_is_named(textured, name, damage, capfd):
    for picture in textured.rglob("dots.png"):
        picture.unlink() if damage == "missing" else picture.write_bytes(b"no picture")
    lines = problems(textured, config(name))
    word = "dotted" if (name, damage) == ("roof.usda", "missing") else "dots.png"  # all that USD's importer leaves
    assert any(word in line for line in lines)
    assert all(name in line for line in lines)
    assert capfd.readouterr().err == ""


def test_a_lost_texture_does_not_matter_when_materials_are_replaced(textured):
    for picture in textured.rglob("dots.png"):
        picture.unlink()
    scene = config("roof.gltf", "roof.obj", "roof.blend", materials_of_targets="replace")
    assert problems(textured, scene) == []


# --- files ----------------------------------------------------------------------------------------------------------


def test_files_that_name_nothing_are_told_apart(tmp_path):
    (tmp_path / "mug.obj").write_text(CUBE)
    (tmp_path / "readme.xyz").write_text("")
    (tmp_path / "empty").mkdir()
    lines = problems(tmp_path, config("mugg.obj", "empty", "mug_*.obj", "readme.xyz", "gone/mug.obj"))
    assert "did you mean 'mug.obj'" in lines[0]
    assert "no models in this folder" in lines[1]
    assert "no models match" in lines[2]
    assert "'.xyz' files are no models" in lines[3]
    assert "there is no such file or folder" in lines[4]


def test_pictures_that_are_none_are_named_with_their_key(tmp_path):
    (tmp_path / "mug.obj").write_text(CUBE)
    for name in ("bad.hdr", "bad.exr", "bad.png"):
        (tmp_path / name).write_bytes(b"this is not an image")
    (tmp_path / "wood_rough.png").write_bytes(b"x")
    scene = config(
        "mug.obj",
        environment=Environment(hdris=("bad.hdr", "bad.exr")),
        materials=Materials(
            floor=(MaterialOption(textures=Textures(files=("bad.png",))),),
            targets=(MaterialOption(textures=Textures(files=("wood_rough.png",))),),
        ),
    )
    lines = problems(tmp_path, scene)
    assert [line.split(": ")[0] for line in lines] == [
        "environment.hdris",
        "environment.hdris",
        "materials.floor[0].textures.files",
        "materials.targets[0].textures.files",
    ]
    assert "bad.hdr: it is no picture" in lines[0]
    assert "no base colour" in lines[3]


def test_objects_by_name_need_a_blend(tmp_path):
    (tmp_path / "mug.obj").write_text(CUBE)
    camera = Camera(shell=Shell(distance_m=Uniform(low=1, high=2)))
    group = AssetGroup(files=("mug.obj",), objects=("mug",))
    lines = problems(tmp_path, Config(categories=(), targets=(group,), camera=camera))
    assert lines == ["targets[0].objects: only .blend files hold objects by name (name a .blend file in files)"]


def test_a_bad_file_does_not_spoil_the_next(tmp_path):
    (tmp_path / "nan.obj").write_bytes(BAD["nan.obj"][0])
    (tmp_path / "mug.obj").write_text(CUBE)
    with pytest.raises(AssetError):
        load(tmp_path, "nan.obj")
    assert len(load(tmp_path, "mug.obj").triangles) == 4


def test_a_build_without_an_importer_says_so(tmp_path, monkeypatch):
    def gone(path):
        raise AttributeError('Calling operator "bpy.ops.wm.usd_import" error, could not be found')

    monkeypatch.setitem(importers.FORMATS, ".usda", replace(importers.FORMATS[".usda"], read=gone))
    monkeypatch.setattr(survey_module, "try_import", lambda path: None)
    (tmp_path / "a.usda").write_text("#usda 1.0\n")
    (line,) = problems(tmp_path, config("a.usda"))
    assert "this Blender build cannot read USD files" in line
