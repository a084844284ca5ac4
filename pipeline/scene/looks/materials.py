"""Materials from their plans. None glows and none lets the background through, so that labels stay exact."""

from __future__ import annotations

import bpy

from pipeline.addresses import Places
from pipeline.records import MaterialPlan, PbrPlan, Vector
from pipeline.scene.compat import shader_tree
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.nodes import Tree, add_node
from pipeline.scene.looks.procedural import procedural_inputs
from pipeline.scene.looks.textures import texture_inputs
from pipeline.scene.looks.weather import weathered


def add_material(
    plan: MaterialPlan, name: str, images: ImageCache, places: Places, *, object_scale: Vector = (1.0, 1.0, 1.0)
) -> bpy.types.Material:
    """Return a new opaque material. `object_scale` is the scale of the object it is for, so that the plan's lengths
    are metres in the world. Raises AssetError for an unreadable texture."""
    material = bpy.data.materials.new(name)
    tree = shader_tree(material)
    inputs = weathered(tree, _inputs(tree, plan, images, places, object_scale), plan)
    bsdf = add_node(tree, "ShaderNodeBsdfPrincipled", inputs)
    add_node(tree, "ShaderNodeOutputMaterial", {"Surface": bsdf.outputs[0]})
    return material


def _inputs(
    tree: Tree, plan: MaterialPlan, images: ImageCache, places: Places, object_scale: Vector
) -> dict[str, object]:
    if plan.pbr is not None:
        return _pbr_inputs(plan.pbr)
    if plan.procedural is not None:
        return procedural_inputs(tree, plan.procedural, object_scale)
    if plan.textures is not None:
        return texture_inputs(tree, plan.textures, images, places, object_scale)
    raise ValueError("a material plan holds none of pbr, procedural, textures")


def _pbr_inputs(plan: PbrPlan) -> dict[str, object]:
    return {
        "Base Color": plan.base_color,
        "Roughness": plan.roughness,
        "Metallic": plan.metallic,
        "Specular IOR Level": plan.specular,
        "Coat Weight": plan.coat,
    }
