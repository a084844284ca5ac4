"""Patterns of two colours, solid in the object: they run around edges without seams and need no UV map.

A pattern is drawn in units of its repeat: `scale_m` metres of the world are one unit, whatever the object's scale.
"""

from __future__ import annotations

import math as pymath
from collections.abc import Callable

from pipeline.records import ProceduralPlan, Vector
from pipeline.scene.looks.nodes import (
    Socket,
    Tree,
    add_node,
    combine,
    dot,
    mapping,
    math,
    mix_colors,
    output_of,
    ramp,
    separate,
    vector_math,
)

BRICK = (1.0, 0.4, 0.4)  # one brick in repeats: length, and height as seen from above and from the side
MORTAR = 0.025  # half the width of a joint
EDGE = 0.01  # half the width of a crisp edge, in repeats: enough for a bump to have a slope
BUMP_HEIGHT = 0.1  # of a repeat, at bump 1

Pattern = Callable[[Tree, Socket, ProceduralPlan], Socket]


def procedural_inputs(tree: Tree, plan: ProceduralPlan, object_scale: Vector) -> dict[str, object]:
    """Add the nodes of a pattern and return the inputs of the Principled BSDF by identifier."""
    point = _distorted(tree, _point(tree, plan, object_scale), plan)
    factor = PATTERNS[plan.pattern](tree, point, plan)
    inputs: dict[str, object] = {
        "Base Color": mix_colors(tree, factor, plan.color_a, plan.color_b),
        "Roughness": plan.roughness,
        "Metallic": plan.metallic,
    }
    if plan.bump > 0.0:
        bump = {"Strength": plan.bump, "Distance": BUMP_HEIGHT * plan.scale_m, "Height": factor}
        inputs["Normal"] = add_node(tree, "ShaderNodeBump", bump, invert=True).outputs[0]
    return inputs


def _point(tree: Tree, plan: ProceduralPlan, object_scale: Vector) -> Socket:
    """Return where a shaded point lies in the pattern, in repeats."""
    coordinates = output_of(add_node(tree, "ShaderNodeTexCoord"), "Object")
    x, y, z = (axis / plan.scale_m for axis in object_scale)
    if x == y == z:
        rotation = (0.0, 0.0, pymath.radians(plan.rotation_deg))
        return mapping(tree, coordinates, location=plan.offset, rotation_rad=rotation, scale=(x, y, z))
    metres = vector_math(tree, "MULTIPLY", coordinates, (x, y, z))
    return mapping(tree, metres, location=plan.offset, rotation_rad=(0.0, 0.0, pymath.radians(plan.rotation_deg)))


def _distorted(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    """Move points by up to about an eighth of a repeat at distortion 1."""
    if plan.distortion == 0.0 or plan.pattern in ("wood", "marble"):  # these use the distortion in their own way
        return point
    noise = add_node(tree, "ShaderNodeTexNoise", {"Vector": point, "Scale": 1.3, "Detail": 1.0})
    centered = vector_math(tree, "SUBTRACT", output_of(noise, "Color"), (0.5, 0.5, 0.5))
    amount = plan.distortion * 0.4
    return vector_math(tree, "MULTIPLY_ADD", centered, (amount, amount, amount), point)


def _checker(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    return output_of(add_node(tree, "ShaderNodeTexChecker", {"Vector": point, "Scale": 2.0}), "Fac")


def _stripes(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    return ramp(tree, _triangle_wave(tree, separate(tree, point)[0]), 0.25 - EDGE, 0.25 + EDGE)


def _gradient(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    return ramp(tree, _triangle_wave(tree, separate(tree, point)[0]), 0.0, 0.5)


def _triangle_wave(tree: Tree, value: Socket) -> Socket:
    """Return 0 at whole numbers, 0.5 halfway between."""
    return math(tree, "PINGPONG", value, 0.5)


def _noise(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    noise = add_node(tree, "ShaderNodeTexNoise", {"Vector": point, "Scale": 2.0, "Detail": 4.0})
    return ramp(tree, output_of(noise, "Fac"), 0.35, 0.65)


def _voronoi(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    """Cells about one repeat wide, each a mixture of its own."""
    cells = add_node(tree, "ShaderNodeTexVoronoi", {"Vector": point, "Scale": 1.0})
    return ramp(tree, separate(tree, output_of(cells, "Color"))[0], 0.2, 0.8)


def _wood(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    """Growth rings one repeat apart around a trunk along y below the surface, with fibres along it."""
    grain = vector_math(tree, "MULTIPLY", point, (1.0, 0.15, 1.0))
    wander = add_node(tree, "ShaderNodeTexNoise", {"Vector": grain, "Scale": 0.6, "Detail": 2.0})
    x, _, z = separate(tree, point)
    across = combine(tree, x, 0.0, math(tree, "ADD", z, 3.0))
    radius = math(tree, "SQRT", dot(tree, across, across))
    turns = math(tree, "MULTIPLY_ADD", output_of(wander, "Fac"), 1.0 + 3.0 * plan.distortion, radius)
    ring = math(tree, "POWER", math(tree, "FRACT", turns), 2.0)
    fibres = vector_math(tree, "MULTIPLY", point, (14.0, 0.5, 14.0))
    fibre = output_of(add_node(tree, "ShaderNodeTexNoise", {"Vector": fibres, "Scale": 1.0, "Detail": 1.0}), "Fac")
    return math(tree, "MULTIPLY_ADD", math(tree, "SUBTRACT", fibre, 0.5), 0.7, ring, clamp=True)


def _marble(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    """Veins of the second colour, a repeat apart, through faint clouds of it."""
    noise = add_node(tree, "ShaderNodeTexNoise", {"Vector": point, "Scale": 0.9, "Detail": 6.0, "Roughness": 0.6})
    turbulence = output_of(noise, "Fac")
    bent = math(tree, "MULTIPLY_ADD", turbulence, 1.5 + 3.0 * plan.distortion, separate(tree, point)[0])
    vein = math(tree, "POWER", math(tree, "MULTIPLY_ADD", _triangle_wave(tree, bent), -2.0, 1.0), 5.0)
    return math(tree, "MULTIPLY_ADD", ramp(tree, turbulence, 0.4, 0.7), 0.3, vein, clamp=True)


def _brick(tree: Tree, point: Socket, plan: ProceduralPlan) -> Socket:
    """Bricks of the first colour in a running bond, mortar of the second.

    A joint that lies in the surface would fill it with mortar, so an axis has joints only where the surface does not
    face along it.
    """
    x, y, z = separate(tree, vector_math(tree, "DIVIDE", point, BRICK))
    y = math(tree, "MULTIPLY_ADD", math(tree, "FLOOR", z), 0.5, y)
    rows = math(tree, "ADD", math(tree, "FLOOR", y), math(tree, "FLOOR", z))
    x = math(tree, "MULTIPLY_ADD", rows, 0.5, x)
    cell = combine(tree, *(math(tree, "FLOOR", v) for v in (x, y, z)))
    tone = output_of(add_node(tree, "ShaderNodeTexWhiteNoise", {"Vector": cell}), "Value")
    facing = separate(tree, vector_math(tree, "ABSOLUTE", _turned_normal(tree, plan)))
    factor = math(tree, "MULTIPLY", tone, 0.3)
    for value, size, along in zip((x, y, z), BRICK, facing, strict=True):
        joint = ramp(tree, _triangle_wave(tree, value), (MORTAR + EDGE) / size, (MORTAR - EDGE) / size)
        factor = math(tree, "MAXIMUM", factor, math(tree, "MULTIPLY", joint, math(tree, "LESS_THAN", along, 0.8)))
    return factor


def _turned_normal(tree: Tree, plan: ProceduralPlan) -> Socket:
    normal = output_of(add_node(tree, "ShaderNodeTexCoord"), "Normal")
    rotation = (0.0, 0.0, pymath.radians(plan.rotation_deg))
    return mapping(tree, normal, rotation_rad=rotation, vector_type="VECTOR")


PATTERNS: dict[str, Pattern] = {
    "checker": _checker,
    "stripes": _stripes,
    "gradient": _gradient,
    "noise": _noise,
    "voronoi": _voronoi,
    "wood": _wood,
    "marble": _marble,
    "brick": _brick,
}
