"""Shader nodes as expressions: each function adds a node and returns its output socket.

Sockets are found by identifier, which Blender keeps, not by name, which it changes (5.2 calls "Fac" "Factor").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import bpy
from bpy.types import NodeSocket, NodeTree

Socket: TypeAlias = NodeSocket
Tree: TypeAlias = NodeTree
DISPLAY_GAMMA = 2.2  # sRGB, nearly

Value: TypeAlias = Any  # a Socket to link from, or a number, a vector or a linear colour


def add_node(tree: Tree, kind: str, inputs: Mapping[str, Value] | None = None, **settings: Any) -> bpy.types.Node:
    """Add a node, set its properties, then its inputs by identifier: linked from a socket or set to a value."""
    node = tree.nodes.new(kind)
    for name, setting in settings.items():
        setattr(node, name, setting)
    for identifier, value in (inputs or {}).items():
        set_input(tree, input_of(node, identifier), value)
    return node


def input_of(node: bpy.types.Node, identifier: str) -> Socket:
    """Return the input socket of an identifier. Raises KeyError when there is none."""
    return _socket(node.inputs, identifier)


def output_of(node: bpy.types.Node, identifier: str) -> Socket:
    """Return the output socket of an identifier. Raises KeyError when there is none."""
    return _socket(node.outputs, identifier)


def _socket(sockets: bpy.types.bpy_prop_collection, identifier: str) -> Socket:
    for socket in sockets:
        if socket.identifier == identifier:
            return socket
    raise KeyError(f"no socket {identifier!r}; there are {[socket.identifier for socket in sockets]}")


def set_input(tree: Tree, socket: Socket, value: Value) -> None:
    """Link `socket` from another socket, or set its value; colours are linear RGB."""
    if isinstance(value, bpy.types.NodeSocket):
        tree.links.new(value, socket)
    elif socket.type == "RGBA":
        socket.default_value = (*value, 1.0) if len(value) == 3 else value
    else:
        socket.default_value = value


def math(tree: Tree, operation: str, *values: Value, clamp: bool = False) -> Socket:
    """Return the result of a Math node."""
    inputs = dict(zip(("Value", "Value_001", "Value_002"), values, strict=False))
    return add_node(tree, "ShaderNodeMath", inputs, operation=operation, use_clamp=clamp).outputs[0]


def vector_math(tree: Tree, operation: str, *values: Value) -> Socket:
    """Return the vector result of a Vector Math node; SCALE takes (vector, factor)."""
    names = ("Vector", "Scale") if operation == "SCALE" else ("Vector", "Vector_001", "Vector_002")
    node = add_node(tree, "ShaderNodeVectorMath", dict(zip(names, values, strict=False)), operation=operation)
    return output_of(node, "Vector")


def dot(tree: Tree, a: Value, b: Value) -> Socket:
    """Return the dot product of two vectors."""
    node = add_node(tree, "ShaderNodeVectorMath", {"Vector": a, "Vector_001": b}, operation="DOT_PRODUCT")
    return output_of(node, "Value")


def separate(tree: Tree, vector: Value) -> tuple[Socket, Socket, Socket]:
    """Return the three components of a vector."""
    x, y, z = add_node(tree, "ShaderNodeSeparateXYZ", {"Vector": vector}).outputs
    return x, y, z


def combine(tree: Tree, x: Value, y: Value, z: Value) -> Socket:
    """Return the vector of three components."""
    return add_node(tree, "ShaderNodeCombineXYZ", {"X": x, "Y": y, "Z": z}).outputs[0]


def ramp(tree: Tree, value: Value, low: float, high: float, *, smooth: bool = True) -> Socket:
    """Return `value` mapped from [low, high] to [0, 1], clamped; low may be the greater one."""
    kind = "SMOOTHSTEP" if smooth else "LINEAR"
    if low > high:  # smoothstep wants them in order
        return math(tree, "SUBTRACT", 1.0, ramp(tree, value, high, low, smooth=smooth))
    inputs = {"Value": value, "From Min": low, "From Max": high}
    return output_of(add_node(tree, "ShaderNodeMapRange", inputs, interpolation_type=kind, clamp=True), "Result")


def mix_colors(tree: Tree, factor: Value, a: Value, b: Value) -> Socket:
    """Return colour `a` at factor 0, `b` at 1."""
    inputs = {"Factor_Float": factor, "A_Color": a, "B_Color": b}
    return output_of(add_node(tree, "ShaderNodeMix", inputs, data_type="RGBA"), "Result_Color")


def shift_color(tree: Tree, color: Value, hue_shift: float, saturation_scale: float, value_scale: float) -> Socket:
    """Return a colour with its hue turned by `hue_shift` turns and saturation and value scaled, clamped to 0..1."""
    inputs = {"Hue": (0.5 + hue_shift) % 1.0, "Saturation": saturation_scale, "Value": value_scale, "Color": color}
    shifted = add_node(tree, "ShaderNodeHueSaturation", inputs).outputs[0]
    unclamped = {"Factor_Float": 0.0, "A_Color": shifted}
    return output_of(add_node(tree, "ShaderNodeMix", unclamped, data_type="RGBA", clamp_result=True), "Result_Color")


def add_to_color(tree: Tree, color: Value, saturation_shift: float, value_shift: float) -> Socket:
    """Return a linear colour with numbers added to saturation and value as displayed, clamped to 0..1."""
    shown = add_node(tree, "ShaderNodeGamma", {"Color": color, "Gamma": 1 / DISPLAY_GAMMA}).outputs[0]
    split = add_node(tree, "ShaderNodeSeparateColor", mode="HSV")
    set_input(tree, split.inputs[0], shown)
    joined = add_node(tree, "ShaderNodeCombineColor", mode="HSV")
    shifts = (0.0, saturation_shift, value_shift)
    for given, taken, shift in zip(split.outputs, joined.inputs, shifts, strict=True):
        set_input(tree, taken, math(tree, "ADD", given, shift, clamp=True) if shift else given)
    return add_node(tree, "ShaderNodeGamma", {"Color": joined.outputs[0], "Gamma": DISPLAY_GAMMA}).outputs[0]


def mapping(
    tree: Tree,
    vector: Value,
    *,
    location: Value = (0.0, 0.0, 0.0),
    rotation_rad: Value = (0.0, 0.0, 0.0),
    scale: Value = (1.0, 1.0, 1.0),
    vector_type: str = "POINT",
) -> Socket:
    """Return the result of a Mapping node: scale, then rotation, then location ("TEXTURE": their inverse)."""
    inputs = {"Vector": vector, "Rotation": rotation_rad, "Scale": scale}
    if vector_type in ("POINT", "TEXTURE"):
        inputs["Location"] = location
    return add_node(tree, "ShaderNodeMapping", inputs, vector_type=vector_type).outputs[0]
