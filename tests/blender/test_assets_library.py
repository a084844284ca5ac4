"""What a file shows when rendered becomes meshes of one asset, read once, and the open file stays as it was."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from asset_samples import SIZE_M, add_roof, contents, empty, export, library, load, material, size_of
from mathutils import Matrix

from pipeline.errors import AssetError
from pipeline.geometry import Array
from pipeline.records import AssetRecipe
from pipeline.scene.assets import importers


def outward(asset) -> bool:
    """Every roof facet faces away from the roof's middle."""
    corners = asset.vertices[asset.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middle = asset.vertices.mean(axis=0)
    return bool((((corners.mean(axis=1) - middle) * normals).sum(axis=1) > 0).all())


def mesh_normals(mesh) -> Array:
    flat = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", flat)
    return flat.reshape(-1, 3)


# --- what is read ---------------------------------------------------------------------------------------------------


def test_a_file_is_read_once_however_often_it_is_used(tmp_path, monkeypatch):
    add_roof()
    export(tmp_path / "roof.stl")
    reads = []
    real = importers.read_model
    monkeypatch.setattr(importers, "read_model", lambda path, scene: (reads.append(path), real(path, scene)))
    shelf = library(tmp_path)
    recipes = [AssetRecipe(source="roof.stl", origin=origin) for origin in ("keep", "center", "bottom")]
    assets = [shelf.load(recipe) for recipe in [*recipes, *recipes]]
    assert len(reads) == 1
    assert assets[0] is assets[3]


def test_a_file_that_cannot_be_read_is_tried_once(tmp_path, monkeypatch):
    (tmp_path / "bad.glb").write_bytes(b"glTF")
    reads = []
    real = importers.read_model
    monkeypatch.setattr(importers, "read_model", lambda path, scene: (reads.append(path), real(path, scene)))
    shelf = library(tmp_path)
    for _ in range(2):
        with pytest.raises(AssetError):
            shelf.load(AssetRecipe(source="bad.glb"))
    assert len(reads) == 1


def test_parts_of_a_parented_tree_keep_their_places(tmp_path):
    parent = add_roof("base", Matrix.Translation((1, 0, 0)) @ Matrix.Rotation(np.pi / 2, 4, "Z"))
    add_roof("child", Matrix.Translation((1, 0, 0)), parent)
    export(tmp_path / "two.glb")
    empty()
    asset = load(tmp_path, "two.glb", origin="keep")
    assert len(asset.parts) == 2
    assert asset.low_m == pytest.approx((1 - 0.15, -0.1, 0.0), abs=1e-5)
    assert asset.high_m == pytest.approx((1 + 0.15, 1.1, 0.4), abs=1e-5)


@pytest.mark.parametrize("extension", [".blend", ".glb", ".usdc", ".fbx"])
def test_a_mirrored_part_faces_outward(tmp_path, extension):
    add_roof(matrix=Matrix.Diagonal((-1, 1, 1, 1)))
    export(tmp_path / f"mirror{extension}")
    empty()
    asset = load(tmp_path, f"mirror{extension}", origin="keep")
    assert asset.vertices[asset.vertices[:, 2].argmax()] == pytest.approx([-0.1, 0, 0.4], abs=1e-6)
    assert outward(asset)


def test_a_sheared_part_keeps_its_shape(tmp_path):
    parent = bpy.data.objects.new("stretch", None)
    parent.scale = (1, 1, 2)
    bpy.context.scene.collection.objects.link(parent)
    add_roof(matrix=Matrix.Rotation(np.pi / 6, 4, "X"), parent=parent)
    bpy.context.view_layer.update()
    world = bpy.data.objects["roof"].matrix_world
    expected = np.array([world @ vertex.co for vertex in bpy.data.meshes["roof"].vertices])
    export(tmp_path / "shear.blend")
    empty()
    asset = load(tmp_path, "shear.blend", origin="keep")
    assert asset.vertices == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "matrix", [Matrix.Diagonal((1, 1, 3, 1)), Matrix.Diagonal((-1, 1, 3, 1))], ids=["stretch", "flip"]
)
def test_normals_given_by_the_file_follow_a_stretch(tmp_path, matrix):
    item = add_roof(matrix=matrix)
    given = np.random.default_rng(0).normal(size=(len(item.data.loops), 3))
    given /= np.linalg.norm(given, axis=1)[:, None]
    item.data.normals_split_custom_set(given)
    corners = [loop.vertex_index for loop in item.data.loops]
    given = mesh_normals(item.data)
    faces = [tuple(corners[i] for i in polygon.loop_indices) for polygon in item.data.polygons]
    export(tmp_path / "normals.blend")
    empty()
    (part,) = load(tmp_path, "normals.blend").parts
    turned = given @ np.linalg.inv(np.array(matrix)[:3, :3])
    turned /= np.linalg.norm(turned, axis=1)[:, None]
    expected = {}
    for face, polygon in zip(faces, np.split(turned, np.cumsum([len(face) for face in faces])[:-1]), strict=True):
        for vertex, normal in zip(face, polygon, strict=True):
            expected[frozenset(face), vertex] = normal
    seen = mesh_normals(part)
    for polygon in part.polygons:
        for loop in polygon.loop_indices:
            vertex = part.loops[loop].vertex_index
            assert seen[loop] == pytest.approx(expected[frozenset(polygon.vertices), vertex], abs=2e-3)


def test_normals_and_uvs_of_a_turned_part_stay(tmp_path):
    item = add_roof(matrix=Matrix.Rotation(1.0, 4, "X"))
    item.data.uv_layers[0].uv[3].vector = (0.25, 0.75)
    item.data.normals_split_custom_set([(0.0, 0.0, 1.0)] * len(item.data.loops))
    export(tmp_path / "turned.blend")
    empty()
    (part,) = load(tmp_path, "turned.blend").parts
    assert tuple(part.uv_layers[0].uv[3].vector) == (0.25, 0.75)
    assert mesh_normals(part) == pytest.approx(np.tile([0, -np.sin(1.0), np.cos(1.0)], (16, 1)), abs=2e-3)


# --- what a render would show ---------------------------------------------------------------------------------------


def test_modifiers_and_shape_keys_are_applied(tmp_path):
    item = add_roof()
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="tall")
    for point in key.points:
        point.co.z *= 2
    key.value = 1.0
    array = item.modifiers.new("array", "ARRAY")
    array.count = 3
    array.use_relative_offset, array.use_constant_offset = False, True
    array.constant_offset_displace = (1, 0, 0)
    export(tmp_path / "array.blend")
    empty()
    asset = load(tmp_path, "array.blend")
    assert size_of(asset) == pytest.approx((2.2, 0.3, 0.8), abs=1e-6)


def test_a_modifier_that_renders_do_not_show_is_left_out(tmp_path):
    array = add_roof().modifiers.new("array", "ARRAY")
    array.show_render = False
    export(tmp_path / "array.blend")
    empty()
    assert size_of(load(tmp_path, "array.blend")) == pytest.approx(SIZE_M, abs=1e-6)


def test_an_armature_poses_its_mesh(tmp_path):
    item = add_roof()
    armature = bpy.data.armatures.new("bones")
    rig = bpy.data.objects.new("rig", armature)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = armature.edit_bones.new("bone")
    bone.tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["bone"].scale = (2, 2, 2)
    item.vertex_groups.new(name="bone").add(range(5), 1.0, "REPLACE")
    item.modifiers.new("armature", "ARMATURE").object = rig
    item.parent = rig
    for extension in (".blend", ".glb"):
        export(tmp_path / f"rig{extension}")
    empty()
    shown = bpy.context.window.scene
    for extension in (".blend", ".glb"):
        before = contents()
        asset = load(tmp_path, f"rig{extension}")
        assert contents() == before
        assert bpy.context.window.scene == shown
        if extension == ".blend":
            assert size_of(asset) == pytest.approx([2 * side for side in SIZE_M], abs=1e-6)


def test_instances_of_a_collection_become_parts(tmp_path):
    group = bpy.data.collections.new("group")
    roof = add_roof()
    roof.data.materials.append(material("red"))
    roof.modifiers.new("subdivide", "SUBSURF").subdivision_type = "SIMPLE"
    bpy.context.scene.collection.objects.unlink(roof)
    group.objects.link(roof)
    for x in (0, 2):
        item = bpy.data.objects.new(f"at {x}", None)
        item.instance_type, item.instance_collection, item.location.x = "COLLECTION", group, x
        bpy.context.scene.collection.objects.link(item)
    export(tmp_path / "instances.blend")
    empty()
    asset = load(tmp_path, "instances.blend")
    assert len(asset.parts) == 2
    assert size_of(asset) == pytest.approx((2.2, 0.3, 0.4), abs=1e-6)
    assert len(asset.triangles) > 2 * 6
    assert asset.parts[0].materials[0] == bpy.data.materials[0]


def test_instances_of_geometry_nodes_become_parts(tmp_path):
    item = add_roof()
    item.data.materials.append(material("red"))
    tree = bpy.data.node_groups.new("scatter", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    enter, leave = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    line, on_points = tree.nodes.new("GeometryNodeMeshLine"), tree.nodes.new("GeometryNodeInstanceOnPoints")
    line.inputs["Count"].default_value = 3
    tree.links.new(line.outputs[0], on_points.inputs["Points"])
    tree.links.new(enter.outputs[0], on_points.inputs["Instance"])
    tree.links.new(on_points.outputs[0], leave.inputs[0])
    item.modifiers.new("scatter", "NODES").node_group = tree
    export(tmp_path / "scatter.blend")
    empty()
    asset = load(tmp_path, "scatter.blend")
    assert len(asset.parts) == 3
    assert asset.parts[0].materials[0] == bpy.data.materials[0]
    assert not bpy.data.node_groups
    assert size_of(asset) == pytest.approx((0.2, 0.3, 2.4), abs=1e-6)


def test_curves_and_text_become_meshes(tmp_path):
    curve = bpy.data.curves.new("text", "FONT")
    curve.body = "A"
    curve.extrude = 0.1
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("text", curve))
    export(tmp_path / "text.blend")
    empty()
    before = contents()
    assert size_of(load(tmp_path, "text.blend"))[2] == pytest.approx(0.2, abs=1e-6)
    assert contents() == before


def test_what_renders_do_not_show_is_left_out(tmp_path):
    add_roof()
    add_roof("cutter", Matrix.Translation((5, 0, 0))).hide_render = True
    hidden = bpy.data.collections.new("hidden")
    bpy.context.scene.collection.children.link(hidden)
    other = add_roof("other", Matrix.Translation((9, 0, 0)))
    bpy.context.scene.collection.objects.unlink(other)
    hidden.objects.link(other)
    hidden.hide_render = True
    export(tmp_path / "hidden.blend")
    empty()
    assert size_of(load(tmp_path, "hidden.blend")) == pytest.approx(SIZE_M, abs=1e-6)


def test_what_only_the_viewport_hides_is_there(tmp_path):
    add_roof().hide_viewport = True
    export(tmp_path / "eye.blend")
    empty()
    assert size_of(load(tmp_path, "eye.blend")) == pytest.approx(SIZE_M, abs=1e-6)


# --- .blend by name -------------------------------------------------------------------------------------------------


@pytest.fixture
def kitchen(tmp_path):
    """A .blend with mug (and its handle), bowl, a collection "cutlery" of fork and knife, a camera and a light."""
    mug = add_roof("mug")
    add_roof("handle", Matrix.Translation((1, 0, 0)), mug)
    add_roof("bowl", Matrix.Scale(2, 4))
    cutlery = bpy.data.collections.new("cutlery")
    bpy.context.scene.collection.children.link(cutlery)
    for number, name in enumerate(("fork", "knife")):
        item = add_roof(name, Matrix.Translation((0, number * 3, 0)))
        bpy.context.scene.collection.objects.unlink(item)
        cutlery.objects.link(item)
    for name, data in (("camera", bpy.data.cameras.new("c")), ("light", bpy.data.lights.new("l", "POINT"))):
        bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, data))
    bpy.context.scene.world = bpy.data.worlds.new("sky")
    export(tmp_path / "kitchen.blend")
    empty()
    return tmp_path


def test_an_object_comes_with_its_children_only(kitchen):
    asset = load(kitchen, "kitchen.blend", object_name="mug")
    assert len(asset.parts) == 2
    assert size_of(asset) == pytest.approx((1.2, 0.3, 0.4), abs=1e-6)


def test_a_collection_is_one_asset(kitchen):
    asset = load(kitchen, "kitchen.blend", collection_name="cutlery")
    assert size_of(asset) == pytest.approx((0.2, 3.3, 0.4), abs=1e-6)


def test_names_in_the_file_hold_even_when_they_are_taken(kitchen):
    add_roof("mug")
    asset = load(kitchen, "kitchen.blend", object_name="bowl")
    assert size_of(asset) == pytest.approx([2 * side for side in SIZE_M], abs=1e-6)


def test_names_lists_what_shows_something(kitchen):
    names = library(kitchen).names("kitchen.blend")
    assert names.objects == {"bowl": (), "fork": (), "handle": ("mug",), "knife": (), "mug": ()}
    assert names.collections == ("cutlery",)
    assert {"camera", "light"} <= set(names.silent)


def test_an_unknown_name_is_answered_with_the_nearest(kitchen):
    with pytest.raises(AssetError, match="^[a-z.]+blend#bowll: holds no object 'bowll'.*did you mean 'bowl'"):
        load(kitchen, "kitchen.blend", object_name="bowll")


# --- the open file --------------------------------------------------------------------------------------------------


def test_an_artists_scene_stays_as_it_was(kitchen):
    scene = bpy.context.scene
    add_roof("mug")
    scene.world = bpy.data.worlds.new("sky")
    scene.frame_set(7)
    before = contents()
    load(kitchen, "kitchen.blend")
    assert contents() == before
    assert [item.name for item in scene.objects] == ["mug"]
    assert (bpy.context.scene, scene.world.name, scene.frame_current) == (scene, "sky", 7)
    assert [item.name for item in bpy.data.worlds] == ["sky"]
    assert not bpy.data.libraries


def test_a_file_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "nan.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    before = contents()
    with pytest.raises(AssetError):
        load(tmp_path, "nan.obj")
    assert contents() == before
    assert not bpy.data.meshes


def test_pinned_is_all_that_the_assets_need(tmp_path):
    image = bpy.data.images.new("dots", 4, 4)
    image.pack()
    looks = material("dotted")
    node = looks.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    looks.node_tree.links.new(node.outputs[0], looks.node_tree.nodes["Principled BSDF"].inputs[0])
    add_roof().data.materials.append(looks)
    export(tmp_path / "dotted.blend")
    empty()
    shelf = library(tmp_path)
    asset = shelf.load(AssetRecipe(source="dotted.blend"))
    pinned = shelf.pinned()
    assert set(asset.parts) | set(bpy.data.materials) | set(bpy.data.images) <= pinned
    assert pinned == set(bpy.data.meshes) | set(bpy.data.materials) | set(bpy.data.images)
    assert asset.parts[0].materials[0].node_tree.nodes["Image Texture"].image in pinned


def test_node_groups_of_materials_come_along(tmp_path):
    looks = material("grouped")
    group = bpy.data.node_groups.new("inner", "ShaderNodeTree")
    looks.node_tree.nodes.new("ShaderNodeGroup").node_tree = group
    add_roof().data.materials.append(looks)
    export(tmp_path / "grouped.blend")
    empty()
    shelf = library(tmp_path)
    shelf.load(AssetRecipe(source="grouped.blend"))
    assert len(bpy.data.node_groups) == 1
    assert set(bpy.data.node_groups) <= shelf.pinned()


def test_names_do_not_depend_on_what_was_loaded_before(tmp_path):
    add_roof().data.materials.append(material("red"))
    for name in ("a.glb", "b.glb"):
        export(tmp_path / name)
    empty()
    shelf = library(tmp_path)
    alone = shelf.load(AssetRecipe(source="b.glb")).parts[0]
    alone = alone.name, alone.materials[0].name
    empty()
    shelf = library(tmp_path)
    shelf.load(AssetRecipe(source="a.glb"))
    after = shelf.load(AssetRecipe(source="b.glb")).parts[0]
    assert (after.name, after.materials[0].name) == alone
    assert after.name.startswith("asset:")


def test_a_material_linked_to_the_object_wins(tmp_path):
    item = add_roof()
    item.data.materials.append(material("mesh's"))
    item.material_slots[0].link = "OBJECT"
    item.material_slots[0].material = material("object's")
    export(tmp_path / "slot.blend")
    empty()
    (part,) = load(tmp_path, "slot.blend").parts
    assert part.materials[0].name.endswith("object's")
    assert len(bpy.data.materials) == 1


def test_the_same_mesh_with_other_materials_is_another_part(tmp_path):
    item = add_roof()
    item.data.materials.append(None)
    for number, name in enumerate(("red", "blue")):
        copy = bpy.data.objects.new(name, item.data)
        copy.location.x = number
        bpy.context.scene.collection.objects.link(copy)
        copy.material_slots[0].link = "OBJECT"
        copy.material_slots[0].material = material(name)
    bpy.data.objects.remove(item)
    export(tmp_path / "pair.blend")
    empty()
    parts = load(tmp_path, "pair.blend").parts
    assert sorted(part.materials[0].name.rsplit(":", 1)[1] for part in parts) == ["blue", "red"]


# --- origin and arrays ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "low"), [("keep", (2.9, 3.85, 5.0)), ("center", (-0.1, -0.15, -0.2)), ("bottom", (-0.1, -0.15, 0.0))]
)
def test_the_origin_lies_where_the_recipe_says(tmp_path, origin, low):
    add_roof(matrix=Matrix.Translation((3, 4, 5)))
    export(tmp_path / "far.stl")
    empty()
    asset = load(tmp_path, "far.stl", origin=origin)
    assert asset.low_m == pytest.approx(low, abs=1e-6)
    assert size_of(asset) == pytest.approx(SIZE_M, abs=1e-6)


def test_arrays_hold_all_parts_together(tmp_path):
    add_roof()
    add_roof("second", Matrix.Translation((1, 0, 0)))
    export(tmp_path / "two.blend")
    empty()
    asset = load(tmp_path, "two.blend")
    assert asset.vertices.shape == (10, 3)
    assert asset.vertices.dtype == np.float64
    assert asset.triangles.shape == (12, 3)
    assert asset.triangles.dtype == np.int32
    assert set(asset.triangles.ravel()) == set(range(10))


def test_vertices_without_faces_do_not_count(tmp_path):
    item = add_roof()
    item.data.vertices.add(1)
    item.data.vertices[-1].co = (9, 9, 9)
    export(tmp_path / "stray.blend")
    empty()
    asset = load(tmp_path, "stray.blend")
    assert size_of(asset) == pytest.approx(SIZE_M, abs=1e-6)
    assert len(asset.vertices) == 5
