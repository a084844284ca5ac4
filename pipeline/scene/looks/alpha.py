"""Which materials let the background through, so that a pixel does not belong to one object alone.

Transmission (glass) does not count: a ray stops at glass, and glass is what the pixel shows. Decided from the nodes
alone: a frame must not wait for images to be opened, nor depend on which are (the survey looks closer, once a file).
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy


def lets_through(material: bpy.types.Material) -> bool:
    """Return whether some camera rays can pass: alpha below 1 or linked, or a Transparent BSDF in use."""
    return any(_passes(node) for tree in node_trees(material) for node in tree.nodes)


def node_trees(material: bpy.types.Material) -> Iterator[bpy.types.NodeTree]:
    """Yield a material's node tree and those of the groups in it, each once."""
    waiting, seen = [material.node_tree], set()
    while waiting:
        tree = waiting.pop()
        if tree is None or tree.session_uid in seen:
            continue
        seen.add(tree.session_uid)
        yield tree
        waiting += [node.node_tree for node in tree.nodes if node.type == "GROUP"]


def _passes(node: bpy.types.Node) -> bool:
    if node.type == "BSDF_PRINCIPLED":
        alpha = node.inputs["Alpha"]
        return bool(alpha.is_linked or alpha.default_value < 1.0)
    return node.type == "BSDF_TRANSPARENT" and any(output.is_linked for output in node.outputs)
