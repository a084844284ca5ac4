"""Materials of rooms and streets, by nodes alone: wood, paint, fabric, metal, tiles, concrete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

from goods.materials import linear_from_hex


def plain(name: str, colour: str, roughness: float = 0.5, metallic: float = 0.0) -> bpy.types.Material:
    """One colour (sRGB hex)."""
    material, bsdf = _new(name)
    bsdf.inputs["Base Color"].default_value = (*linear_from_hex(colour), 1.0)
    bsdf.inputs["Roughness"].default_value = roughness
    bsdf.inputs["Metallic"].default_value = metallic
    return material


def glass(name: str, colour: str = "#eef6f4") -> bpy.types.Material:
    """Clear glass, which light goes through."""
    material, bsdf = _new(name)
    bsdf.inputs["Base Color"].default_value = (*linear_from_hex(colour), 1.0)
    bsdf.inputs["Roughness"].default_value = 0.02
    bsdf.inputs["Transmission Weight"].default_value = 1.0
    return material


def glowing(name: str, colour: str, strength: float) -> bpy.types.Material:
    """A surface that shines."""
    material, bsdf = _new(name)
    bsdf.inputs["Emission Color"].default_value = (*linear_from_hex(colour), 1.0)
    bsdf.inputs["Emission Strength"].default_value = strength
    return material


def wood(name: str, dark: str, light: str, grain: Sequence[float] = (1.5, 22.0, 22.0)) -> bpy.types.Material:
    """Grain along the object's x, stretched by `grain` (per metre on each axis)."""
    material, bsdf = _new(name)
    noise = _noise(material, grain, detail=6.0, distortion=1.2)
    _ramp(material, noise, bsdf.inputs["Base Color"], dark, light, 0.35, 0.7)
    _ramp(material, noise, bsdf.inputs["Roughness"], "#707070", "#989898", 0.3, 0.7)
    return material


def speckled(name: str, dark: str, light: str, per_m: float = 60.0, roughness: float = 0.8) -> bpy.types.Material:
    """Two colours in fine noise: plaster, asphalt, concrete, fabric."""
    material, bsdf = _new(name)
    noise = _noise(material, (per_m, per_m, per_m), detail=8.0)
    _ramp(material, noise, bsdf.inputs["Base Color"], dark, light, 0.35, 0.65)
    bsdf.inputs["Roughness"].default_value = roughness
    _bump(material, noise, bsdf, 0.15)
    return material


def weathered(
    name: str,
    dark: str,
    light: str,
    stain: str,
    per_m: float = 60.0,
    patches_per_m: float = 0.3,
    roughness: float = 0.9,
) -> bpy.types.Material:
    """Two colours in fine noise, and large patches of a third: old asphalt, lawns, fields."""
    material, bsdf = _new(name)
    tree = material.node_tree
    fine = _noise(material, (per_m, per_m, per_m), detail=8.0)
    coarse = _noise(material, (patches_per_m, patches_per_m, patches_per_m), detail=5.0, distortion=0.6)
    grain, patches, mix = (
        tree.nodes.new(kind) for kind in ("ShaderNodeValToRGB", "ShaderNodeValToRGB", "ShaderNodeMix")
    )
    for ramp, positions, colours, value in (
        (grain, (0.3, 0.7), (dark, light), fine),
        (patches, (0.4, 0.75), ("#000000", "#ffffff"), coarse),
    ):
        for stop, position, colour in zip(ramp.color_ramp.elements, positions, colours, strict=True):
            stop.position, stop.color = position, (*linear_from_hex(colour), 1.0)
        tree.links.new(value, ramp.inputs[0])
    mix.data_type = "RGBA"
    first, second = (socket for socket in mix.inputs if socket.type == "RGBA")
    tree.links.new(patches.outputs[0], mix.inputs[0])
    tree.links.new(grain.outputs[0], first)
    second.default_value = (*linear_from_hex(stain), 1.0)
    tree.links.new(next(socket for socket in mix.outputs if socket.type == "RGBA"), bsdf.inputs["Base Color"])
    bsdf.inputs["Roughness"].default_value = roughness
    _bump(material, fine, bsdf, 0.3)
    return material


def by_uv(material: bpy.types.Material) -> bpy.types.Material:
    """Let a pattern follow the UV map, in metres, instead of the object's own axes."""
    tree = material.node_tree
    for link in [one for one in tree.links if one.from_node.type == "TEX_COORD"]:
        tree.links.new(link.from_node.outputs["UV"], link.to_socket)
    return material


def bricks(
    name: str, one: str, two: str, joint: str, width_m: float, height_m: float, gap_m: float = 0.01, bond: float = 0.5
) -> bpy.types.Material:
    """Bricks, planks or tiles in the object's xy (`bond` is the offset of rows: 0 for tiles)."""
    material, bsdf = _new(name)
    tree = material.node_tree
    texture = tree.nodes.new("ShaderNodeTexBrick")
    tree.links.new(_coordinates(material, (1.0, 1.0, 1.0)), texture.inputs["Vector"])
    for socket, colour in (("Color1", one), ("Color2", two), ("Mortar", joint)):
        texture.inputs[socket].default_value = (*linear_from_hex(colour), 1.0)
    texture.inputs["Scale"].default_value = 1.0
    texture.inputs["Mortar Size"].default_value = gap_m
    texture.inputs["Brick Width"].default_value = width_m
    texture.inputs["Row Height"].default_value = height_m
    texture.offset = bond
    tree.links.new(texture.outputs["Color"], bsdf.inputs["Base Color"])
    bsdf.inputs["Roughness"].default_value = 0.55
    return material


def keep(*spare: bpy.types.Material) -> None:
    """Let materials stay in the file that nothing wears until a frame draws them."""
    for material in spare:
        material.use_fake_user = True


def _new(name: str) -> tuple[bpy.types.Material, Any]:
    material = bpy.data.materials.new(name)
    if not material.node_tree:  # bpy 5 makes the node tree at once and warns about use_nodes
        material.use_nodes = True
    return material, material.node_tree.nodes["Principled BSDF"]


def _coordinates(material: bpy.types.Material, scale: Sequence[float]) -> Any:
    tree = material.node_tree
    place, mapping = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Scale"].default_value = scale
    tree.links.new(place.outputs["Object"], mapping.inputs["Vector"])
    return mapping.outputs["Vector"]


def _noise(material: bpy.types.Material, scale: Sequence[float], detail: float, distortion: float = 0.0) -> Any:
    noise = material.node_tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 1.0
    noise.inputs["Detail"].default_value = detail
    noise.inputs["Distortion"].default_value = distortion
    material.node_tree.links.new(_coordinates(material, scale), noise.inputs["Vector"])
    return noise.outputs[0]


def _ramp(material: bpy.types.Material, value: Any, socket: Any, low: str, high: str, start: float, end: float) -> None:
    ramp = material.node_tree.nodes.new("ShaderNodeValToRGB")
    for stop, position, colour in zip(ramp.color_ramp.elements, (start, end), (low, high), strict=True):
        stop.position, stop.color = position, (*linear_from_hex(colour), 1.0)
    material.node_tree.links.new(value, ramp.inputs[0])
    material.node_tree.links.new(ramp.outputs[0], socket)


def _bump(material: bpy.types.Material, value: Any, bsdf: Any, strength: float) -> None:
    bump = material.node_tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = strength
    bump.inputs["Distance"].default_value = 0.01
    material.node_tree.links.new(value, bump.inputs["Height"])
    material.node_tree.links.new(bump.outputs["Normal"], bsdf.inputs["Normal"])
