from __future__ import annotations

from dataclasses import replace

import bpy
import pytest
from looks_samples import add_camera, add_plane, empty_scene, light_everything, pbr, places, render

from pipeline.records import JitterPlan
from pipeline.scene.compat import IS_5, shader_tree
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.jitter import jittered
from pipeline.scene.looks.materials import add_material
from pipeline.scene.looks.nodes import add_node


def plan(*, hue=0.0, saturation=1.0, value=1.0, roughness=0.0, **changes: float) -> JitterPlan:
    """`roughness` is its shift."""
    return JitterPlan(
        hue_shift=hue, saturation_scale=saturation, value_scale=value, roughness_shift=roughness, **changes
    )


def red(folder, **changes) -> bpy.types.Material:
    return add_material(pbr((0.5, 0.0, 0.0), **changes), "red", ImageCache(), places(folder))


def linked_red() -> bpy.types.Material:
    """Red by a link, as from a texture; its alpha linked too."""
    material = bpy.data.materials.new("linked")
    tree = shader_tree(material)
    color = add_node(tree, "ShaderNodeRGB")
    color.outputs[0].default_value = (0.5, 0.0, 0.0, 1.0)
    alpha = add_node(tree, "ShaderNodeValue", label="alpha")
    alpha.outputs[0].default_value = 1.0
    inputs = {"Base Color": color.outputs[0], "Alpha": alpha.outputs[0], "Specular IOR Level": 0.0}
    bsdf = add_node(tree, "ShaderNodeBsdfPrincipled", inputs)
    add_node(tree, "ShaderNodeOutputMaterial", {"Surface": bsdf.outputs[0]})
    return material


def mixed_red() -> bpy.types.Material:
    """No Principled BSDF: two others mixed."""
    material = bpy.data.materials.new("mixed")
    tree = shader_tree(material)
    halves = [
        add_node(tree, kind, {"Color": (0.5, 0.0, 0.0)}).outputs[0]
        for kind in ("ShaderNodeBsdfDiffuse", "ShaderNodeEmission")
    ]
    mix = add_node(tree, "ShaderNodeMixShader", {"Fac": 0.5, "Shader": halves[0], "Shader_001": halves[1]})
    add_node(tree, "ShaderNodeOutputMaterial", {"Surface": mix.outputs[0]})
    return material


def grouped_red() -> bpy.types.Material:
    """The BSDF lies in a node group that other materials share."""
    group = bpy.data.node_groups.new("shared", "ShaderNodeTree")
    group.interface.new_socket("Shader", in_out="OUTPUT", socket_type="NodeSocketShader")
    diffuse = add_node(group, "ShaderNodeBsdfDiffuse", {"Color": (0.5, 0.0, 0.0)})
    group.links.new(diffuse.outputs[0], group.nodes.new("NodeGroupOutput").inputs[0])
    material = bpy.data.materials.new("grouped")
    tree = shader_tree(material)
    node = add_node(tree, "ShaderNodeGroup", node_tree=group)
    add_node(tree, "ShaderNodeOutputMaterial", {"Surface": node.outputs[0]})
    return material


def color_of(material, folder):
    scene = bpy.context.scene
    add_plane(scene, material, 2.0)
    light_everything(scene, folder)
    add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=1.0)
    return render(scene, folder, (8, 8), 64).mean(axis=(0, 1))


KINDS = {"linked": linked_red, "mixed": mixed_red, "grouped": grouped_red}


@pytest.mark.parametrize("kind", ["constant", *KINDS])
def test_a_third_of_a_turn_of_hue_makes_red_green(tmp_path, kind):
    empty_scene()
    material = KINDS[kind]() if kind in KINDS else red(tmp_path)
    changed = jittered(material, plan(hue=1 / 3), "changed")
    assert color_of(changed, tmp_path) == pytest.approx((0.0, 0.5, 0.0), abs=0.03)


@pytest.mark.parametrize("kind", ["constant", *KINDS])
def test_the_material_itself_stays_as_it_was(tmp_path, kind):
    empty_scene()
    material = KINDS[kind]() if kind in KINDS else red(tmp_path)
    jittered(material, plan(hue=1 / 3, roughness=0.2), "changed")
    assert color_of(material, tmp_path) == pytest.approx((0.5, 0.0, 0.0), abs=0.03)


def test_value_and_saturation_scale_the_colour(tmp_path):
    empty_scene()
    material = add_material(pbr((0.4, 0.2, 0.2)), "pale", ImageCache(), places(tmp_path))
    changed = jittered(material, plan(saturation=0.0, value=0.5), "grey")
    assert color_of(changed, tmp_path) == pytest.approx((0.2, 0.2, 0.2), abs=0.02)


def test_a_surface_never_reflects_more_than_it_gets(tmp_path):
    empty_scene()
    material = add_material(pbr((0.9, 0.9, 0.9)), "white", ImageCache(), places(tmp_path))
    assert color_of(jittered(material, plan(value=3.0), "whiter"), tmp_path).max() <= 1.01


@pytest.mark.parametrize(("shift", "result"), [(0.2, 0.7), (0.9, 1.0), (-0.9, 0.0)])
def test_roughness_shifts_and_stays_within_0_and_1(tmp_path, shift, result):
    changed = jittered(red(tmp_path, roughness=0.5), plan(roughness=shift), "changed")
    bsdf = next(node for node in changed.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert bsdf.inputs["Roughness"].default_value == pytest.approx(result)


def test_what_decides_opacity_is_left_alone():
    changed = jittered(linked_red(), plan(hue=0.2, value=0.7), "changed")
    bsdf = next(node for node in changed.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert bsdf.inputs["Alpha"].links[0].from_node.label == "alpha"


def test_no_change_asked_for_adds_no_nodes(tmp_path):
    material = red(tmp_path)
    changed = jittered(material, plan(), "changed")
    assert (changed.name, len(changed.node_tree.nodes)) == ("changed", len(material.node_tree.nodes))


@pytest.mark.skipif(IS_5, reason="from Blender 5.0 on every material has nodes")
def test_a_material_without_nodes_changes_its_viewport_colour():
    material = bpy.data.materials.new("plain")
    material.diffuse_color = (0.5, 0.0, 0.0, 1.0)
    changed = jittered(material, plan(hue=1 / 3), "changed")
    assert tuple(changed.diffuse_color) == pytest.approx((0.0, 0.5, 0.0, 1.0), abs=1e-3)


def srgb(linear: float) -> float:
    return linear ** (1 / 2.2)


@pytest.mark.parametrize("kind", ["constant", *KINDS])
def test_saturation_and_value_shift_the_colour_as_displayed(tmp_path, kind):
    empty_scene()
    material = KINDS[kind]() if kind in KINDS else red(tmp_path)
    changed = jittered(material, plan(saturation_shift=-0.25, value_shift=0.1), "changed")
    value = srgb(0.5) + 0.1
    pale = (value * 0.25) ** 2.2
    assert color_of(changed, tmp_path) == pytest.approx((value**2.2, pale, pale), abs=0.03)


def test_shifts_end_at_black_and_white(tmp_path):
    empty_scene()
    material = add_material(pbr((0.4, 0.4, 0.4)), "grey", ImageCache(), places(tmp_path))
    white = jittered(material, plan(saturation_shift=-1.0, value_shift=1.0), "white")
    assert color_of(white, tmp_path) == pytest.approx((1.0, 1.0, 1.0), abs=0.02)
    black = jittered(material, plan(value_shift=-1.0), "black")
    assert color_of(black, tmp_path).max() < 0.01


def test_gloss_takes_the_place_of_values_and_of_maps(tmp_path):
    material = linked_red()
    tree = material.node_tree
    bsdf = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    tree.links.new(add_node(tree, "ShaderNodeValue").outputs[0], bsdf.inputs["Roughness"])
    changed = jittered(material, replace(plan(roughness=0.1), roughness=0.3, metallic=1.0, specular=0.7), "changed")
    inputs = next(node for node in changed.node_tree.nodes if node.type == "BSDF_PRINCIPLED").inputs
    assert not inputs["Roughness"].is_linked and bsdf.inputs["Roughness"].is_linked
    assert inputs["Roughness"].default_value == pytest.approx(0.4)
    assert inputs["Metallic"].default_value == 1.0 and inputs["Specular IOR Level"].default_value == pytest.approx(0.7)
