"""Files a template needs beside its .blend: its identity and what is said of missing ones. Blender 4.5 and 5.2."""

from __future__ import annotations

import shutil

import bpy
import pytest
from scene_samples import SCENE
from template_samples import card, settings

from pipeline.addresses import Places
from pipeline.config.schema import Config
from pipeline.errors import AssetError
from pipeline.job import make_job
from pipeline.scene.survey.catalogue import survey
from pipeline.scene.workshop import open_workshop
from pipeline.structure import Reader, structure


def fresh():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def save(path):
    bpy.context.scene.world = bpy.context.scene.world or bpy.data.worlds.new("world")
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def picture(path, red: float = 1.0):
    image = bpy.data.images.new(path.name, 4, 4)
    image.pixels.foreach_set([red, 0.5, 0.25, 1.0] * 16)
    image.file_format = "PNG"
    image.save(filepath=str(path))
    bpy.data.images.remove(image)


def wear(item, path, name: str = "Wood"):
    """Give an object a material of a picture."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(path))
    node.image.filepath = bpy.path.relpath(str(path))
    shader = next(one for one in material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    item.data.materials.append(material)


def link_objects(path, *names):
    with bpy.data.libraries.load(str(path), link=True, relative=True) as (_, wanted):
        wanted.objects = list(names)
    for item in wanted.objects:
        bpy.context.scene.collection.objects.link(item)


@pytest.fixture
def room(tmp_path):
    """A room that links a chair of props.blend, whose mesh is linked from meshes.blend, beside a table of wood."""
    fresh()
    card("Seat")
    save(tmp_path / "meshes.blend")
    fresh()
    chair = card("Chair")
    with bpy.data.libraries.load(str(tmp_path / "meshes.blend"), link=True, relative=True) as (_, wanted):
        wanted.meshes = ["Seat"]
    chair.data = wanted.meshes[0]
    card("Stool")
    save(tmp_path / "props.blend")
    fresh()
    save(tmp_path / "room.blend")
    (tmp_path / "textures").mkdir()
    picture(tmp_path / "textures/wood.png")
    wear(card("Table"), tmp_path / "textures/wood.png")
    link_objects(tmp_path / "props.blend", "Chair", "Stool")
    save(tmp_path / "room.blend")
    return tmp_path


def job_of(folder, said=None):
    workshop = open_workshop(Places(base_dir=folder), folder / "room.blend")
    objects = {"targets": [{"shapes": "cube", "category": "block", "size_m": 0.1}]}
    config = structure({**SCENE, **settings(**objects)}, Config, Reader())
    said = [] if said is None else said
    return make_job(config, survey(config, workshop.places, workshop.library, said.append, workshop.session))


def problems(folder, said=None):
    with pytest.raises(AssetError) as caught:
        job_of(folder, said)
    return [one.message for one in caught.value.problems]


def edit_library(path):
    bpy.ops.wm.open_mainfile(filepath=str(path))
    bpy.data.meshes[0].vertices[0].co.x -= 0.05
    bpy.ops.wm.save_mainfile()


@pytest.mark.parametrize("name", ["props.blend", "meshes.blend"])
def test_an_edit_of_a_linked_library_makes_another_job(name, room):
    before = job_of(room).digest
    assert job_of(room).digest == before
    edit_library(room / name)
    assert job_of(room).digest != before


def test_another_picture_makes_another_job_and_another_place_does_not(room, tmp_path_factory):
    before = job_of(room).digest
    picture(room / "textures/wood.png", 0.2)
    changed = job_of(room).digest
    assert changed != before
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "room"
    shutil.copytree(room, elsewhere)
    assert job_of(elsewhere).digest == changed


def test_light_profiles_are_files_like_any(tmp_path):
    fresh()
    lamp = bpy.data.lights.new("Spot", "SPOT")
    if lamp.node_tree is None:
        lamp.use_nodes = True
    node = lamp.node_tree.nodes.new("ShaderNodeTexIES")
    node.mode, node.filepath = "EXTERNAL", "//spot.ies"
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Spot", lamp))
    save(tmp_path / "room.blend")
    assert problems(tmp_path) == ["Light profile of `Spot` on `Spot` is missing (spot.ies)"]


def test_a_template_without_other_files_is_known_by_its_own_content(tmp_path):
    import hashlib

    fresh()
    card("Table")
    save(tmp_path / "room.blend")
    job = job_of(tmp_path)
    assert job.catalogue.template_sha256 == hashlib.sha256((tmp_path / "room.blend").read_bytes()).hexdigest()


def test_all_that_is_missing_is_told_at_once_in_the_artists_words(room):
    (room / "textures/wood.png").unlink()
    (room / "meshes.blend").unlink()
    assert problems(room) == [
        "Library `meshes.blend` is missing (meshes.blend)",
        "Image `wood.png` of material `Wood` on `Table` is missing (textures/wood.png)",
    ]


def test_a_thing_that_left_its_library_is_told(room):
    bpy.ops.wm.open_mainfile(filepath=str(room / "props.blend"))
    bpy.data.objects["Stool"].name = "Bench"
    bpy.ops.wm.save_mainfile()
    assert problems(room) == ["Object `Stool` is no longer in the library `props.blend`"]


@pytest.mark.parametrize("hide", ["object", "nobody"])
def test_a_missing_picture_that_no_render_shows_is_only_noticed(hide, room):
    bpy.ops.wm.open_mainfile(filepath=str(room / "room.blend"))
    if hide == "object":
        bpy.data.objects["Table"].hide_render = True
    else:
        bpy.data.meshes["Table"].materials.clear()
        bpy.data.materials["Wood"].use_fake_user = True
    bpy.ops.wm.save_mainfile()
    (room / "textures/wood.png").unlink()
    said: list[str] = []
    job_of(room, said)
    assert [text for text in said if "wood.png" in text] == [
        "template: Image `wood.png` of material `Wood` is missing (textures/wood.png); no render shows it"
    ]


def test_packed_pictures_and_libraries_need_no_file(room):
    bpy.ops.wm.open_mainfile(filepath=str(room / "room.blend"))
    bpy.ops.file.pack_all()
    bpy.ops.file.pack_libraries()
    bpy.ops.wm.save_mainfile()
    for name in ("textures/wood.png", "meshes.blend", "props.blend"):
        (room / name).unlink()
    job_of(room)
