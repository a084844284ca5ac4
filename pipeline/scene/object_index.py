"""Whether a picture depends on the object indices that labels are made with."""

from __future__ import annotations

from collections.abc import Iterator

import bpy


def shows_object_index(scene: bpy.types.Scene) -> bool:
    """Return whether a material or the compositor of the open file reads object indices."""
    trees = [tree for tree in _trees(scene) if tree is not None]
    return any(_reads(node) for tree in trees for node in tree.nodes)


def _trees(scene: bpy.types.Scene) -> Iterator[bpy.types.NodeTree | None]:
    yield from (item.node_tree for item in bpy.data.materials)
    yield from bpy.data.node_groups
    yield getattr(scene, "node_tree", None)  # the compositor, until Blender 5.0


def _reads(node: bpy.types.Node) -> bool:
    if node.type == "OBJECT_INFO" and "Object Index" in node.outputs:  # the shader's; Geometry Nodes have another
        return bool(node.outputs["Object Index"].is_linked)
    if node.type == "R_LAYERS":
        return any(node.outputs[name].is_linked for name in ("IndexOB", "Object Index") if name in node.outputs)
    return node.type == "ID_MASK"
