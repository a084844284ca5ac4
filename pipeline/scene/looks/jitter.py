"""Small changes to materials that are otherwise kept as their artist made them."""

from __future__ import annotations

import bpy
from mathutils import Color

from pipeline.records import JitterPlan
from pipeline.scene.compat import uses_nodes
from pipeline.scene.looks.nodes import Socket, Tree, add_to_color, math, set_input, shift_color

# Nodes whose colour is the colour of a surface. Transparent and Holdout are not: theirs decides what is seen through.
COLORED = (
    "BSDF_PRINCIPLED",
    "BSDF_DIFFUSE",
    "BSDF_GLOSSY",
    "BSDF_ANISOTROPIC",
    "BSDF_METALLIC",
    "BSDF_GLASS",
    "BSDF_REFRACTION",
    "BSDF_TRANSLUCENT",
    "BSDF_SHEEN",
    "BSDF_TOON",
    "BSDF_HAIR",
    "SUBSURFACE_SCATTERING",
    "EEVEE_SPECULAR",
    "EMISSION",  # glTF's unlit materials
)


def jittered(material: bpy.types.Material, plan: JitterPlan, name: str) -> bpy.types.Material:
    """Return a copy of `material` with the colour, roughness, metallic and specular of every surface changed.

    Colours and roughness end within 0..1. What decides opacity is left alone.
    """
    copy = material.copy()
    copy.name = name
    if uses_nodes(copy):
        _jitter_tree(copy.node_tree, plan)
    else:
        _jitter_plain(copy, plan)
    return copy


def _jitter_tree(tree: Tree, plan: JitterPlan) -> None:
    for node in list(tree.nodes):
        if node.type == "GROUP" and node.node_tree is not None:
            node.node_tree = node.node_tree.copy()  # a copied material still shares its groups
            _jitter_tree(node.node_tree, plan)
        elif node.type in COLORED:
            _jitter_node(tree, node, plan)


def _jitter_node(tree: Tree, node: bpy.types.Node, plan: JitterPlan) -> None:
    color = next((node.inputs[name] for name in ("Base Color", "Color") if name in node.inputs), None)
    if color is not None:
        if (plan.hue_shift, plan.saturation_scale, plan.value_scale) != (0.0, 1.0, 1.0):
            shifted = shift_color(tree, _given(color), plan.hue_shift, plan.saturation_scale, plan.value_scale)
            set_input(tree, color, shifted)
        if (plan.saturation_shift, plan.value_shift) != (0.0, 0.0):
            set_input(tree, color, add_to_color(tree, _given(color), plan.saturation_shift, plan.value_shift))
    for name, value in (
        ("Roughness", plan.roughness),
        ("Metallic", plan.metallic),
        ("Specular IOR Level", plan.specular),
    ):
        if value is not None and name in node.inputs:
            _fix(tree, node.inputs[name], value)
    roughness = node.inputs.get("Roughness")
    if roughness is not None and plan.roughness_shift != 0.0:
        if roughness.is_linked:
            set_input(tree, roughness, math(tree, "ADD", _given(roughness), plan.roughness_shift, clamp=True))
        else:
            roughness.default_value = min(1.0, max(0.0, roughness.default_value + plan.roughness_shift))


def _fix(tree: Tree, socket: Socket, value: float) -> None:
    for link in list(socket.links):
        tree.links.remove(link)
    socket.default_value = value


def _given(socket: Socket) -> object:
    """Return what an input is linked from, or its own value."""
    if socket.is_linked:
        return socket.links[0].from_socket
    return tuple(socket.default_value) if socket.type == "RGBA" else socket.default_value


def _jitter_plain(material: bpy.types.Material, plan: JitterPlan) -> None:
    """A material without nodes (possible up to 4.5) is drawn in its viewport colour."""
    color = Color(material.diffuse_color[:3])
    color.hsv = (
        (color.h + plan.hue_shift) % 1.0,
        min(1.0, color.s * plan.saturation_scale),
        min(1.0, color.v * plan.value_scale),
    )
    color = color.from_scene_linear_to_srgb()
    color.s = min(1.0, max(0.0, color.s + plan.saturation_shift))
    color.v = min(1.0, max(0.0, color.v + plan.value_shift))
    material.diffuse_color = (*color.from_srgb_to_scene_linear(), material.diffuse_color[3])
    roughness = material.roughness if plan.roughness is None else plan.roughness
    material.roughness = min(1.0, max(0.0, roughness + plan.roughness_shift))
    if plan.metallic is not None:
        material.metallic = plan.metallic
    if plan.specular is not None:
        material.specular_intensity = plan.specular
