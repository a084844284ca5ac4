"""Image textures, wrapped around an object by its UV map or projected from three sides.

Box projection is built from nodes rather than the image node's own BOX: that one cannot turn a picture within each
side, and turned coordinates smear on the sides they leave. Pictures are never mirrored. A normal map counts in the
plane of each side (whiteout blending), so it needs no tangents and is exact where one side alone is seen.
The shared part lives in two node groups of the `ImageCache`.
"""

from __future__ import annotations

import math as pymath
from collections.abc import Callable

import bpy

from pipeline.addresses import Places, resolve
from pipeline.records import TexturePlan, Vector
from pipeline.scene.looks.images import ImageCache, color_space_of, load_image
from pipeline.scene.looks.nodes import (
    Socket,
    Tree,
    add_node,
    combine,
    dot,
    input_of,
    mapping,
    math,
    output_of,
    separate,
    set_input,
    shift_color,
    vector_math,
)

BLEND_POWER = 8.0  # sides blend over about 10 degrees either way of an edge
SIDES = ("X", "Y", "Z")
Sampler = Callable[[bpy.types.Image], Socket]


def texture_inputs(
    tree: Tree, plan: TexturePlan, images: ImageCache, places: Places, object_scale: Vector
) -> dict[str, object]:
    """Add the nodes of a texture set and return the inputs of the Principled BSDF by identifier.

    With "uv", `scale_m` is in UV units and the mesh needs a UV map; with "box" it is metres in the world.
    """
    if plan.projection == "uv":
        color_of, normal_of = _uv_samplers(tree, plan)
    else:
        color_of, normal_of = _box_samplers(tree, plan, images, object_scale)

    def load(address: str, color_space: str = "Non-Color") -> bpy.types.Image:
        return load_image(resolve(address, places), color_space, images)

    base_path = resolve(plan.textures.base_color, places)
    color = color_of(load_image(base_path, color_space_of(base_path), images))
    if (plan.hue_shift, plan.value_scale) != (0.0, 1.0):
        color = shift_color(tree, color, plan.hue_shift, 1.0, plan.value_scale)
    inputs: dict[str, object] = {"Base Color": color, "Roughness": plan.roughness}
    if plan.textures.roughness:
        inputs["Roughness"] = color_of(load(plan.textures.roughness))
    if plan.textures.metallic:
        inputs["Metallic"] = color_of(load(plan.textures.metallic))
    if plan.textures.normal:
        inputs["Normal"] = normal_of(load(plan.textures.normal))
    return inputs


def _sample(tree: Tree, image: bpy.types.Image, uv: Socket) -> Socket:
    return output_of(add_node(tree, "ShaderNodeTexImage", {"Vector": uv}, image=image), "Color")


def _tangent(tree: Tree, color: Socket, rotation_rad: object) -> Socket:
    """Return a normal map's vector (-1..1), turned back from the picture's axes to the surface's."""
    signed = vector_math(tree, "MULTIPLY_ADD", color, (2.0, 2.0, 2.0), (-1.0, -1.0, -1.0))
    turn = add_node(tree, "ShaderNodeVectorRotate", {"Vector": signed}, rotation_type="Z_AXIS", invert=True)
    set_input(tree, input_of(turn, "Angle"), rotation_rad)
    return turn.outputs[0]


# --- uv -------------------------------------------------------------------------------------------------------------


def _uv_samplers(tree: Tree, plan: TexturePlan) -> tuple[Sampler, Sampler]:
    angle = pymath.radians(plan.rotation_deg)
    repeats = 1.0 / plan.scale_m
    coordinates = output_of(add_node(tree, "ShaderNodeTexCoord"), "UV")
    scale = (repeats, repeats, repeats)
    uv = mapping(tree, coordinates, location=plan.offset, rotation_rad=(0.0, 0.0, angle), scale=scale)

    def color_of(image: bpy.types.Image) -> Socket:
        return _sample(tree, image, uv)

    def normal_of(image: bpy.types.Image) -> Socket:
        turned = _tangent(tree, color_of(image), angle)
        color = vector_math(tree, "MULTIPLY_ADD", turned, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        return add_node(tree, "ShaderNodeNormalMap", {"Color": color}).outputs[0]

    return color_of, normal_of


# --- box ------------------------------------------------------------------------------------------------------------


def _box_samplers(tree: Tree, plan: TexturePlan, images: ImageCache, object_scale: Vector) -> tuple[Sampler, Sampler]:
    angle = pymath.radians(plan.rotation_deg)
    repeats = 1.0 / plan.scale_m
    box = _add_group(tree, _group(images, "box projection", _fill_box))
    for name, value in (
        ("Object Scale", object_scale),
        ("Repeats", (repeats, repeats, repeats)),
        ("Rotation", (0.0, 0.0, angle)),
        ("Offset", plan.offset),
    ):
        box.inputs[name].default_value = value

    def blended(group: bpy.types.Node, image: bpy.types.Image) -> Socket:
        for side in SIDES:
            tree.links.new(_sample(tree, image, box.outputs[side]), group.inputs[side])
        tree.links.new(box.outputs["Weights"], group.inputs["Weights"])
        return group.outputs[0]

    def color_of(image: bpy.types.Image) -> Socket:
        return blended(_add_group(tree, _group(images, "box color", _fill_color)), image)

    def normal_of(image: bpy.types.Image) -> Socket:
        group = _add_group(tree, _group(images, "box normal", _fill_normal))
        tree.links.new(box.outputs["Normal"], group.inputs["Normal"])
        group.inputs["Object Scale"].default_value = object_scale
        group.inputs["Rotation"].default_value = angle
        return blended(group, image)

    return color_of, normal_of


def _group(images: ImageCache, name: str, fill: Callable[[Tree], None]) -> Tree:
    """Return a shared node group, filled at its first use."""
    if name not in images.groups:
        group = bpy.data.node_groups.new(f"variegate {name}", "ShaderNodeTree")
        fill(group)
        images.groups[name] = group
    return images.groups[name]


def _add_group(tree: Tree, group: Tree) -> bpy.types.Node:
    return add_node(tree, "ShaderNodeGroup", node_tree=group)


def _declare(group: Tree, inputs: dict[str, str], outputs: dict[str, str]) -> tuple[bpy.types.Node, bpy.types.Node]:
    for name, kind in inputs.items():
        group.interface.new_socket(name, in_out="INPUT", socket_type=f"NodeSocket{kind}")
    for name, kind in outputs.items():
        group.interface.new_socket(name, in_out="OUTPUT", socket_type=f"NodeSocket{kind}")
    return group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")


def _fill_box(group: Tree) -> None:
    """Coordinates of the picture on each side, how much each side counts, and the normal, all in unturned metres.

    Seen from outside, a picture stands upright on the sides (its v is z) and has y up on top.
    """
    given, result = _declare(
        group,
        {"Object Scale": "Vector", "Repeats": "Vector", "Rotation": "Vector", "Offset": "Vector"},
        {"X": "Vector", "Y": "Vector", "Z": "Vector", "Weights": "Vector", "Normal": "Vector"},
    )
    source = add_node(group, "ShaderNodeTexCoord")
    scale = given.outputs["Object Scale"]
    x, y, z = separate(group, vector_math(group, "MULTIPLY", output_of(source, "Object"), scale))
    slanted = vector_math(group, "DIVIDE", output_of(source, "Normal"), scale)
    normal = vector_math(group, "NORMALIZE", slanted)
    sx, sy, sz = _signs(group, normal)
    planes = {
        "X": (math(group, "MULTIPLY", y, sx), z),
        "Y": (math(group, "MULTIPLY", x, math(group, "MULTIPLY", sy, -1.0)), z),
        "Z": (math(group, "MULTIPLY", x, sz), y),
    }
    for side, (u, v) in planes.items():
        uv = mapping(
            group,
            combine(group, u, v, 0.0),
            location=given.outputs["Offset"],
            rotation_rad=given.outputs["Rotation"],
            scale=given.outputs["Repeats"],
        )
        group.links.new(uv, result.inputs[side])
    power = (BLEND_POWER, BLEND_POWER, BLEND_POWER)
    raised = vector_math(group, "POWER", vector_math(group, "ABSOLUTE", normal), power)
    total = dot(group, raised, (1.0, 1.0, 1.0))
    group.links.new(vector_math(group, "DIVIDE", raised, total), result.inputs["Weights"])
    group.links.new(normal, result.inputs["Normal"])


def _signs(group: Tree, normal: Socket) -> tuple[Socket, Socket, Socket]:
    return separate(group, vector_math(group, "SIGN", normal))


def _fill_color(group: Tree) -> None:
    """The colours of the three sides by their weights."""
    given, result = _declare(group, {"X": "Color", "Y": "Color", "Z": "Color", "Weights": "Vector"}, {"Color": "Color"})
    blended = _weighted(group, given, {side: given.outputs[side] for side in SIDES})
    group.links.new(blended, result.inputs["Color"])


def _weighted(group: Tree, given: bpy.types.Node, vectors: dict[str, Socket]) -> Socket:
    wx, wy, wz = separate(group, given.outputs["Weights"])
    total = vector_math(group, "SCALE", vectors["X"], wx)
    total = vector_math(group, "MULTIPLY_ADD", vectors["Y"], wy, total)
    return vector_math(group, "MULTIPLY_ADD", vectors["Z"], wz, total)


def _fill_normal(group: Tree) -> None:
    """The world normal bent by the pictures of the three sides."""
    given, result = _declare(
        group,
        {
            "X": "Color",
            "Y": "Color",
            "Z": "Color",
            "Weights": "Vector",
            "Normal": "Vector",
            "Object Scale": "Vector",
            "Rotation": "Float",
        },
        {"Normal": "Vector"},
    )
    normal = given.outputs["Normal"]
    sx, sy, sz = _signs(group, normal)
    bent = {}
    for side in SIDES:
        u, v, w = separate(group, _tangent(group, given.outputs[side], given.outputs["Rotation"]))
        if side == "X":
            along = combine(group, 0.0, math(group, "MULTIPLY", u, sx), v)
        elif side == "Y":
            along = combine(group, math(group, "MULTIPLY", u, math(group, "MULTIPLY", sy, -1.0)), 0.0, v)
        else:
            along = combine(group, math(group, "MULTIPLY", u, sz), v, 0.0)
        bent[side] = vector_math(group, "MULTIPLY_ADD", normal, w, along)
    scaled = vector_math(group, "MULTIPLY", _weighted(group, given, bent), given.outputs["Object Scale"])
    settings = {"vector_type": "NORMAL", "convert_from": "OBJECT", "convert_to": "WORLD"}
    world = add_node(group, "ShaderNodeVectorTransform", {"Vector": scaled}, **settings).outputs[0]
    group.links.new(world, result.inputs["Normal"])
