"""What a whole scene does to its materials: a shared hue, and water on the ground."""

from __future__ import annotations

import colorsys

from pipeline.records import MaterialPlan
from pipeline.scene.looks.nodes import Socket, Tree, Value, add_node, math, mix_colors, output_of, vector_math

DARKENING = 0.472
"""Share of the light leaving a wet surface that the water's surface sends back: 1 - (1 - 0.066) / 1.33^2, for light
from all sides (Angstrom 1925; Lekner and Dorf 1988, "Why some things are darker when wet")."""
WET_ROUGHNESS = 0.12  # of the dry one: a film of water smooths all but the coarse relief


def weathered(tree: Tree, inputs: dict[str, Value], plan: MaterialPlan) -> dict[str, Value]:
    """Return the inputs of a Principled BSDF with the plan's palette and wetness; what is neutral adds no nodes."""
    result = dict(inputs)
    if plan.palette is not None:
        leaned = _with_hue(tree, inputs["Base Color"], _linear_hue(plan.palette.hue))
        result["Base Color"] = mix_colors(tree, plan.palette.strength, inputs["Base Color"], leaned)
    if plan.wetness > 0:
        result["Base Color"] = _darkened(tree, result["Base Color"], inputs.get("Metallic", 0.0), plan.wetness)
        factor = 1.0 - plan.wetness * (1.0 - WET_ROUGHNESS)
        result["Roughness"] = math(tree, "MULTIPLY", inputs["Roughness"], factor)
    return result


def _linear_hue(hue: float) -> float:
    """Return the hue, of linear RGB, of the pure colour of an sRGB hue."""
    r, g, b = (v**2.2 for v in colorsys.hsv_to_rgb(hue, 1.0, 1.0))
    return colorsys.rgb_to_hsv(r, g, b)[0]


def _with_hue(tree: Tree, color: Value, hue: float) -> Socket:
    parts = add_node(tree, "ShaderNodeSeparateColor", {"Color": color}, mode="HSV")
    inputs = {"Red": hue, "Green": output_of(parts, "Green"), "Blue": output_of(parts, "Blue")}
    return add_node(tree, "ShaderNodeCombineColor", inputs, mode="HSV").outputs[0]


def _darkened(tree: Tree, color: Value, metallic: Value, wetness: float) -> Socket:
    """Return a colour as it is under water, so far as the surface is wet and no metal: light that the water sends back
    meets the surface once more, so albedo a becomes a (1 - p) / (1 - p a), which darkens and saturates."""
    kept = vector_math(tree, "MULTIPLY", color, (1.0 - DARKENING,) * 3)
    rest = vector_math(tree, "MULTIPLY_ADD", color, (-DARKENING,) * 3, (1.0, 1.0, 1.0))
    wet = vector_math(tree, "DIVIDE", kept, rest)
    share = math(tree, "MULTIPLY_ADD", metallic, -wetness, wetness)
    return mix_colors(tree, share, color, wet)
