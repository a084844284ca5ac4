"""The exact pass: when it runs, what it says, and that it leaves no trace."""

from __future__ import annotations

import dataclasses

import bpy
import numpy as np
import pytest
from render_scenes import (
    Stage,
    add_material,
    add_mesh,
    add_rectangle,
    built_of,
    frame_plan,
    make_stage,
    plane_hits,
    rectangle_mask,
    render,
)

from pipeline.render.device import choose_device
from pipeline.render.exact import exact_settings

LOW, HIGH = (-0.6137, -0.4311), (0.7043, 0.3719)


def layered(alpha: float = 1.0) -> tuple[Stage, bpy.types.Material]:
    """Instance 2 with a material of `alpha` above instance 1."""
    stage = make_stage()
    add_rectangle(stage, (-20, -20), (20, 20), -1.0, instance_id=1)
    return stage, add_material(add_rectangle(stage, LOW, HIGH, 0.0, instance_id=2), alpha)


def expected(stage: Stage, shown: bool) -> np.ndarray:
    return np.where(rectangle_mask(stage.camera, LOW, HIGH, 0.0) & shown, 2, 1)


def principled(material: bpy.types.Material) -> bpy.types.Node:
    return next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")


def surface_of(material: bpy.types.Material) -> bpy.types.NodeSocket:
    return next(node for node in material.node_tree.nodes if node.type == "OUTPUT_MATERIAL").inputs["Surface"]


def test_a_frame_out_of_focus_has_the_ids_and_depth_of_a_sharp_one(tmp_path):
    stage, _ = layered()
    sharp = render(stage, tmp_path)
    stage.scene.camera.data.dof.use_dof = True
    stage.scene.camera.data.dof.aperture_fstop = 0.1
    stage.scene.camera.data.dof.focus_distance = 1.0
    blurred = render(stage, tmp_path)
    assert (sharp.id_source, blurred.id_source) == ("render", "exact")
    assert np.array_equal(sharp.instance, blurred.instance) and np.array_equal(sharp.depth_m, blurred.depth_m)
    assert sharp.rgb_file is not None and stage.scene.camera.data.dof.use_dof


@pytest.mark.parametrize(("alpha", "shown"), [(0.05, False), (0.3, False), (0.49, False), (0.51, True), (0.7, True)])
@pytest.mark.parametrize("seed", [1, 2])
def test_half_opaque_decides_for_the_whole_surface(alpha, shown, seed, tmp_path):
    stage, _ = layered(alpha)
    frame = render(stage, tmp_path, frame_plan(cycles_seed=seed))
    assert frame.id_source == "exact"
    assert np.array_equal(frame.instance, expected(stage, shown))
    assert np.allclose(frame.depth_m, np.where(frame.instance == 2, 5.0, 6.0), atol=1e-4)


def test_an_opaque_material_needs_no_exact_pass(tmp_path):
    stage, _ = layered(1.0)
    frame = render(stage, tmp_path)
    assert frame.id_source == "render" and np.array_equal(frame.instance, expected(stage, True))


def test_glass_is_what_its_pixels_show(tmp_path):
    stage, material = layered()
    principled(material).inputs["Transmission Weight"].default_value = 1.0
    frame = render(stage, tmp_path)
    assert frame.id_source == "render" and np.array_equal(frame.instance, expected(stage, True))


def test_many_veils_hide_nothing(tmp_path):
    stage = make_stage()
    add_rectangle(stage, LOW, HIGH, 0.0, instance_id=1)
    for number in range(40):
        add_material(add_rectangle(stage, (-2, -2), (2, 2), 0.5 + number / 20, instance_id=2 + number), 0.4)
    ids = render(stage, tmp_path, frame_plan(outputs=("depth",))).instance
    assert np.array_equal(ids, rectangle_mask(stage.camera, LOW, HIGH, 0.0))


def checker(size: int = 8) -> bpy.types.Image:
    """A black and white board, white (opaque) at the lower left."""
    image = bpy.data.images.new("cutout", size, size)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.ones((size, size, 4), np.float32)
    pixels[..., :3] = ((np.indices((size, size)).sum(axis=0) + 1) % 2)[..., None]
    image.pixels.foreach_set(pixels.ravel())
    return image


def checker_mask(stage: Stage, size: int = 8) -> np.ndarray:
    hit, _ = plane_hits(stage.camera, 0.0)
    cell = np.floor((hit - LOW) / (np.array(HIGH) - LOW) * size)
    return rectangle_mask(stage.camera, LOW, HIGH, 0.0) & (cell.sum(axis=-1) % 2 == 0)


def textured(stage: Stage, material: bpy.types.Material) -> bpy.types.NodeSocket:
    """The colour of a checker stretched over instance 2."""
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    texture.image, texture.interpolation = checker(), "Closest"
    links.new(nodes.new("ShaderNodeTexCoord").outputs["Generated"], texture.inputs[0])
    return texture.outputs["Color"]


def test_a_cutout_texture_cuts_the_mask(tmp_path):
    stage, material = layered()
    material.node_tree.links.new(textured(stage, material), principled(material).inputs["Alpha"])
    frame = render(stage, tmp_path)
    mask = checker_mask(stage)
    assert 100 < mask.sum() < expected(stage, True).size
    assert np.array_equal(frame.instance, np.where(mask, 2, 1))


def mixed(material: bpy.types.Material, factor: float = 0.5) -> tuple[bpy.types.Node, bpy.types.Node]:
    """Put a mix of a Transparent BSDF (second) into the surface of `material`; return the mix and the BSDF."""
    tree = material.node_tree
    mix, clear = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeBsdfTransparent")
    mix.inputs[0].default_value = factor
    tree.links.new(surface_of(material).links[0].from_socket, mix.inputs[1])
    tree.links.new(clear.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], surface_of(material))
    return mix, clear


@pytest.mark.parametrize(("factor", "shown"), [(0.7, False), (0.3, True)])
def test_a_mix_with_transparent_counts_like_alpha(factor, shown, tmp_path):
    stage, material = layered()
    mixed(material, factor)
    assert np.array_equal(render(stage, tmp_path).instance, expected(stage, shown))


def test_a_mix_by_texture_cuts_the_mask(tmp_path):
    stage, material = layered()
    mix, _ = mixed(material)
    material.node_tree.links.new(textured(stage, material), mix.inputs[0])
    inside = rectangle_mask(stage.camera, LOW, HIGH, 0.0)
    assert np.array_equal(render(stage, tmp_path).instance, np.where(inside & ~checker_mask(stage), 2, 1))


def test_opacities_of_nested_mixes_multiply(tmp_path):
    stage, material = layered(0.8)
    mixed(material, 0.4)  # opacity 0.8 * 0.6 = 0.48
    assert np.array_equal(render(stage, tmp_path).instance, expected(stage, False))


def test_a_sum_with_transparent_is_certain_too(tmp_path):
    stage, material = layered()
    tree = material.node_tree
    add, clear = tree.nodes.new("ShaderNodeAddShader"), tree.nodes.new("ShaderNodeBsdfTransparent")
    tree.links.new(surface_of(material).links[0].from_socket, add.inputs[0])
    tree.links.new(clear.outputs[0], add.inputs[1])
    tree.links.new(add.outputs[0], surface_of(material))
    assert np.array_equal(render(stage, tmp_path).instance, expected(stage, False))


def in_a_group(material: bpy.types.Material, alpha: float) -> bpy.types.NodeTree:
    """Move the surface into a group whose input is the alpha."""
    group = bpy.data.node_groups.new("shader", "ShaderNodeTree")
    group.interface.new_socket("Alpha", in_out="INPUT", socket_type="NodeSocketFloat")
    group.interface.new_socket("Shader", in_out="OUTPUT", socket_type="NodeSocketShader")
    inner, enter = group.nodes.new("ShaderNodeBsdfPrincipled"), group.nodes.new("NodeGroupInput")
    group.links.new(enter.outputs[0], inner.inputs["Alpha"])
    group.links.new(inner.outputs[0], group.nodes.new("NodeGroupOutput").inputs[0])
    node = material.node_tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group
    node.inputs[0].default_value = alpha
    material.node_tree.links.new(node.outputs[0], surface_of(material))
    return group


@pytest.mark.parametrize(("alpha", "shown"), [(0.4, False), (0.6, True)])
def test_alpha_inside_a_node_group_counts(alpha, shown, tmp_path):
    stage, material = layered()
    in_a_group(material, alpha)
    frame = render(stage, tmp_path)
    assert frame.id_source == "exact" and np.array_equal(frame.instance, expected(stage, shown))


def add_volume(material: bpy.types.Material) -> None:
    tree = material.node_tree
    scatter = tree.nodes.new("ShaderNodeVolumeScatter")
    scatter.inputs["Density"].default_value = 50.0
    tree.links.new(scatter.outputs[0], surface_of(material).node.inputs["Volume"])


def add_cube(stage: Stage) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=4, location=(0, 0, 1.5))
    return bpy.context.object


def test_fog_in_a_box_hides_no_ids(tmp_path):
    stage, _ = layered()
    material = add_material(add_cube(stage))
    add_volume(material)
    material.node_tree.links.remove(surface_of(material).links[0])
    frame = render(stage, tmp_path)
    assert frame.id_source == "exact" and np.array_equal(frame.instance, expected(stage, True))
    assert surface_of(material).node.inputs["Volume"].is_linked and not surface_of(material).is_linked


def test_fog_of_the_world_hides_no_ids(tmp_path):
    stage, _ = layered()
    world = bpy.data.worlds.new("fog")
    if world.node_tree is None:
        world.use_nodes = True
    tree = world.node_tree
    scatter = tree.nodes.new("ShaderNodeVolumeScatter")
    output = next(node for node in tree.nodes if node.type == "OUTPUT_WORLD")
    tree.links.new(scatter.outputs[0], output.inputs["Volume"])
    stage.scene.world = world
    frame = render(stage, tmp_path)
    assert frame.id_source == "exact" and np.array_equal(frame.instance, expected(stage, True))
    assert stage.scene.world == world


def test_an_index_of_the_artists_own_is_no_instance(tmp_path):
    stage, _ = layered()
    stranger = add_rectangle(stage, (-0.2013, -0.2013), (0.2017, 0.2017), 0.5)
    stranger.pass_index = 1
    frame = render(stage, tmp_path)
    hidden = rectangle_mask(stage.camera, (-0.2013, -0.2013), (0.2017, 0.2017), 0.5)
    assert np.array_equal(frame.instance, np.where(hidden, 0, expected(stage, True)))
    assert stranger.pass_index == 1


def instanced(stage: Stage, alpha: float) -> bpy.types.Object:
    """A rectangle of `alpha` over everything that is there only as an instance of a collection."""
    veil = add_rectangle(stage, (-2, -2), (2, 2), 2.0)
    add_material(veil, alpha)
    hidden = bpy.data.collections.new("library")
    hidden.objects.link(veil)
    stage.scene.collection.objects.unlink(veil)
    empty = bpy.data.objects.new("instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", hidden
    stage.scene.collection.objects.link(empty)
    return veil


def test_a_veil_that_is_only_instanced_is_seen_through(tmp_path):
    stage, _ = layered()
    instanced(stage, 0.2)
    frame = render(stage, tmp_path)
    assert frame.id_source == "exact" and np.array_equal(frame.instance, expected(stage, True))


def test_an_index_of_an_instanced_object_is_no_instance(tmp_path):
    stage, _ = layered()
    instanced(stage, 1.0).pass_index = 2
    assert not render(stage, tmp_path).instance.any()


def test_labels_alone_need_one_sample_and_are_the_same(tmp_path):
    stage, _ = layered()
    with_picture = render(stage, tmp_path, frame_plan(outputs=("rgb", "depth")))
    alone = render(stage, tmp_path, frame_plan(outputs=("depth",)))
    assert alone.rgb_file is None and alone.id_source == "exact"
    assert np.array_equal(alone.instance, with_picture.instance)
    assert np.array_equal(alone.depth_m, with_picture.depth_m)


def test_a_gpu_gets_its_ids_from_the_cpu(tmp_path):
    stage, _ = layered()
    device = dataclasses.replace(choose_device("cpu"), name="a gpu without proof")
    assert render(stage, tmp_path, device=device).id_source == "exact"


def state(stage: Stage) -> dict[str, object]:
    """Everything the exact pass touches, as plain data."""
    trees = {
        tree.name_full: (
            sorted((n.name, n.bl_idname) for n in tree.nodes),
            sorted(
                (x.from_node.name, x.from_socket.identifier, x.to_node.name, x.to_socket.identifier) for x in tree.links
            ),
        )
        for tree in [*bpy.data.node_groups, *(material.node_tree for material in bpy.data.materials)]
    }
    scene, layer = stage.scene, stage.scene.view_layers[0]
    names = [
        *("samples", "device", "use_denoising", "use_adaptive_sampling", "max_bounces", "transparent_max_bounces"),
        "min_transparent_bounces",
    ]
    return {
        "trees": trees,
        "cycles": {name: getattr(scene.cycles, name) for name in names},
        "render": (scene.render.engine, scene.render.use_compositing, scene.camera.data.dof.use_dof),
        "world": scene.world and scene.world.name,
        "layers": [(one.use, one.pass_alpha_threshold) for one in scene.view_layers],
        "objects": {item.name: (item.hide_render, item.pass_index) for item in bpy.data.objects},
        "materials": {item.name: [slot.material.name for slot in item.material_slots] for item in scene.objects},
        "threshold": layer.pass_alpha_threshold,
    }


@pytest.mark.parametrize("fails", [False, True])
def test_the_scene_is_as_it_was_afterwards_even_after_an_error(fails, tmp_path):
    stage, material = layered(0.3)
    mixed(material, 0.2)
    in_a_group(add_material(add_cube(stage)), 0.4)
    add_volume(material)
    material.node_tree.links.new(textured(stage, material), principled(material).inputs["Alpha"])
    add_rectangle(stage, (-1, -1), (0, 0), 0.5).pass_index = 9
    stage.scene.world = bpy.data.worlds.new("world")
    stage.scene.camera.data.dof.use_dof = True
    stage.scene.view_layers.new("second")
    before = state(stage)
    try:
        with exact_settings(built_of(stage), stage.objects):
            assert state(stage) != before
            if fails:
                raise RuntimeError("the render failed")
    except RuntimeError:
        assert fails
    assert state(stage) == before


def test_a_picture_after_the_exact_pass_is_the_picture_before_it(tmp_path):
    stage, material = layered(0.3)
    mixed(material, 0.2)
    first = render(stage, tmp_path).rgb_file.read_bytes()
    assert render(stage, tmp_path).rgb_file.read_bytes() == first


def test_a_mesh_without_faces_or_material_does_no_harm(tmp_path):
    stage, _ = layered(0.3)
    add_mesh(stage, [(0, 0, 0)], [])
    assert np.array_equal(render(stage, tmp_path).instance, expected(stage, False))


def test_a_material_that_only_geometry_nodes_set_is_seen_through(tmp_path):
    stage, _ = layered()
    veil = add_rectangle(stage, (-2, -2), (2, 2), 2.0)
    material = add_material(veil, 0.2)
    veil.data.materials.clear()
    group = bpy.data.node_groups.new("dress", "GeometryNodeTree")
    for in_out in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=in_out, socket_type="NodeSocketGeometry")
    dress = group.nodes.new("GeometryNodeSetMaterial")
    dress.inputs["Material"].default_value = material
    group.links.new(group.nodes.new("NodeGroupInput").outputs[0], dress.inputs["Geometry"])
    group.links.new(dress.outputs[0], group.nodes.new("NodeGroupOutput").inputs[0])
    veil.modifiers.new("dress", "NODES").node_group = group
    frame = render(stage, tmp_path)
    assert frame.id_source == "exact" and np.array_equal(frame.instance, expected(stage, True))


def test_a_veil_hidden_in_the_viewport_alone_is_seen_through(tmp_path):
    stage, _ = layered()
    veil = add_rectangle(stage, (-2, -2), (2, 2), 2.0)
    add_material(veil, 0.2)
    veil.hide_viewport = True
    frame = render(stage, tmp_path)
    assert frame.id_source == "exact" and np.array_equal(frame.instance, expected(stage, True))
