"""The exact pass: ids and depth by one ray through each pixel's centre, where the picture's own would be wrong.

Wrong they are with depth of field, with materials that let the background through (Cycles then writes the pass
stochastically), on other engines, on devices where it has not been proven, and where a template numbers its own
objects. Half transparent decides: what lets through less than half of the light is labelled, what lets through more
is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bpy

from pipeline.records import FramePlan
from pipeline.render.device import Device
from pipeline.scene.alpha import lets_through, node_trees

ALPHA_THRESHOLD = 0.5

Undo = list[Callable[[], None]]


def needs_exact(scene: bpy.types.Scene, plan: FramePlan, device: Device) -> bool:
    """Return whether ids and depth of the picture's own render are not exact."""
    camera = scene.camera.data
    return (
        camera.dof.use_dof
        or plan.render.engine != "cycles"
        or device.name != "cpu"
        or bool(_strangers(scene))
        or any(lets_through(material) for material in _materials(scene))
    )


@contextmanager
def render_exact(scene: bpy.types.Scene) -> Iterator[None]:
    """Render one exact sample; inside the block "Render Result" holds it, afterwards the scene is as it was."""
    undo: Undo = []
    try:
        _bare(scene, undo)
        for material in _materials(scene):
            if lets_through(material):
                _harden(material, undo)
        bpy.ops.render.render(scene=scene.name)
        yield
    finally:
        for step in reversed(undo):
            step()


def _set(owner: object, name: str, value: object, undo: Undo) -> None:
    before = getattr(owner, name)
    undo.append(lambda: setattr(owner, name, before))
    setattr(owner, name, value)


def _bare(scene: bpy.types.Scene, undo: Undo) -> None:
    """One sample without light, bounces or blur: the ray is all that is wanted."""
    _set(scene.render, "engine", "CYCLES", undo)
    _set(scene.render, "use_motion_blur", False, undo)
    _set(scene.render, "use_compositing", False, undo)
    _set(scene.render, "use_sequencer", False, undo)
    _set(scene.camera.data.dof, "use_dof", False, undo)
    _set(scene, "world", None, undo)
    for name, value in (
        ("device", "CPU"),
        ("samples", 1),
        ("use_adaptive_sampling", False),
        ("use_denoising", False),
        ("max_bounces", 0),
        ("transparent_max_bounces", 128),
    ):
        _set(scene.cycles, name, value, undo)
    _set(scene.view_layers[0], "pass_alpha_threshold", ALPHA_THRESHOLD, undo)
    for light in scene.objects:
        if light.type == "LIGHT":
            _set(light, "hide_render", True, undo)
    for stranger in _strangers(scene):
        _set(stranger, "pass_index", 0, undo)


def _strangers(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Objects of a template that carry an index of their own, which would pass for an instance."""
    ours = bpy.data.collections.get("variegate")
    mine = set() if ours is None else {item.session_uid for item in ours.all_objects}
    return [item for item in scene.objects if item.pass_index != 0 and item.session_uid not in mine]


def _materials(scene: bpy.types.Scene) -> list[bpy.types.Material]:
    found = {
        slot.material.session_uid: slot.material
        for item in scene.objects
        for slot in item.material_slots
        if slot.material is not None
    }
    return list(found.values())


def _harden(material: bpy.types.Material, undo: Undo) -> None:
    """Make every transparency of a material all or nothing at ALPHA_THRESHOLD."""
    for tree in node_trees(material):
        for node in list(tree.nodes):
            if node.type == "BSDF_PRINCIPLED":
                _threshold(tree, node.inputs["Alpha"], undo)
            elif node.type == "MIX_SHADER":
                _threshold(tree, node.inputs[0], undo)


def _threshold(tree: bpy.types.NodeTree, socket: bpy.types.NodeSocket, undo: Undo) -> None:
    if not socket.is_linked:
        _set(socket, "default_value", float(socket.default_value > ALPHA_THRESHOLD), undo)
        return
    source = socket.links[0].from_socket
    step = tree.nodes.new("ShaderNodeMath")
    step.operation = "GREATER_THAN"
    step.inputs[1].default_value = ALPHA_THRESHOLD
    tree.links.new(source, step.inputs[0])
    tree.links.new(step.outputs[0], socket)

    def restore() -> None:
        tree.links.new(source, socket)
        tree.nodes.remove(step)

    undo.append(restore)
