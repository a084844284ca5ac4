"""Materials reduced to how much they let through, so that a ray never gambles.

Cycles lets a camera ray pass a half transparent surface by chance, and writes ids only from the first sample. A
surface whose only closure is transparent leaves it no choice: the ray always goes on, and the id is written where the
surface's opacity reaches the view layer's alpha threshold. So every other closure is unplugged for a while.
"""

from __future__ import annotations

from contextlib import ExitStack

import bpy

from pipeline.scene.looks.alpha import lets_through, node_trees

# Nodes that hand closures on, and the one closure that stays.
_KEPT = frozenset({"MIX_SHADER", "ADD_SHADER", "GROUP", "GROUP_INPUT", "REROUTE", "BSDF_TRANSPARENT"})


def has_volume(tree: bpy.types.NodeTree | None) -> bool:
    """Return whether a material's or world's tree fills space, where rays scatter by chance."""
    if tree is None:
        return False
    return any("Volume" in node.inputs and node.inputs["Volume"].is_linked for node in _outputs(tree))


def is_certain(material: bpy.types.Material) -> bool:
    """Return whether every ray that meets the material stops there."""
    return not lets_through(material) and not has_volume(material.node_tree)


def is_displaced(material: bpy.types.Material) -> bool:
    """Return whether the material moves the surface itself, not its normals alone."""
    if material.displacement_method == "BUMP" or material.node_tree is None:
        return False
    return any(node.inputs["Displacement"].is_linked for node in _outputs(material.node_tree))


def keep_only_transparency(materials: list[bpy.types.Material], until: ExitStack) -> None:
    """Unplug every closure but the transparent one, and all volumes, from the materials that need it."""
    trees = {
        tree.session_uid: tree for material in materials if not is_certain(material) for tree in node_trees(material)
    }
    for tree in trees.values():
        _open_volumes(tree, until)
        for node in list(tree.nodes):
            if node.type not in _KEPT:
                _unplug(tree, node, until)


def _unplug(tree: bpy.types.NodeTree, node: bpy.types.Node, until: ExitStack) -> None:
    links = [link for output in node.outputs if output.type == "SHADER" for link in output.links]
    if not links:
        return
    replacement = None
    if node.type == "BSDF_PRINCIPLED" and not node.mute:
        replacement = _alpha_alone(tree, node.inputs["Alpha"], until)
    for source, target in [(link.from_socket, link.to_socket) for link in links if not link.is_muted]:
        _reconnect(tree, source, target, replacement, until)


def _alpha_alone(tree: bpy.types.NodeTree, alpha: bpy.types.NodeSocket, until: ExitStack) -> bpy.types.NodeSocket:
    """Return the closure that lets through 1 - alpha."""
    transparent = _add_node(tree, "ShaderNodeBsdfTransparent", until)
    mix = _add_node(tree, "ShaderNodeMixShader", until)
    tree.links.new(transparent.outputs[0], mix.inputs[1])
    if alpha.is_linked and not alpha.links[0].is_muted:
        tree.links.new(alpha.links[0].from_socket, mix.inputs[0])
    else:
        mix.inputs[0].default_value = alpha.default_value
    return mix.outputs[0]


def _open_volumes(tree: bpy.types.NodeTree, until: ExitStack) -> None:
    for output in _outputs(tree):
        volume, surface = output.inputs["Volume"], output.inputs["Surface"]
        if not volume.is_linked:
            continue
        _reconnect(tree, volume.links[0].from_socket, volume, None, until)
        if not surface.is_linked:  # nothing at all would be black, and opaque
            transparent = _add_node(tree, "ShaderNodeBsdfTransparent", until)
            tree.links.new(transparent.outputs[0], surface)


def _reconnect(
    tree: bpy.types.NodeTree,
    source: bpy.types.NodeSocket,
    target: bpy.types.NodeSocket,
    replacement: bpy.types.NodeSocket | None,
    until: ExitStack,
) -> None:
    """Feed `target` from `replacement`, or from nothing, instead of `source`."""
    if replacement is None:
        tree.links.remove(target.links[0])
    else:
        tree.links.new(replacement, target)
    until.callback(tree.links.new, source, target)


def _add_node(tree: bpy.types.NodeTree, kind: str, until: ExitStack) -> bpy.types.Node:
    node = tree.nodes.new(kind)
    until.callback(tree.nodes.remove, node)
    return node


def _outputs(tree: bpy.types.NodeTree) -> list[bpy.types.Node]:
    return [node for node in tree.nodes if node.type in ("OUTPUT_MATERIAL", "OUTPUT_WORLD")]
