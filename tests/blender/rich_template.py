"""A template that uses what artists use: compositor, colour management, libraries, overrides, drivers, Geometry Nodes,
animation, a world, view layers, a holdout, light groups."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy
from template_samples import card, link, points, scatter

IS_5 = bpy.app.version >= (5, 0)


def save_rich_template(folder: Path) -> None:
    """Save room.blend and the props.blend that it links into `folder`."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for name, color in (("Linked", (0.9, 0.1, 0.1)), ("Overridden", (0.1, 0.1, 0.9))):
        card(name).data.materials.append(paint(name, color))
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "props.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "room.blend"))
    scene = bpy.context.scene
    floor = card("Floor", 0, 0, -0.3, half=(1.4, 1.0))
    floor.data.materials.append(paint("Floor", (0.6, 0.5, 0.3)))
    link_props(folder / "props.blend")
    add_animated(scene)
    scatter(points("Scatter", [(-0.9, 0.6), (-0.6, 0.6), (-0.3, 0.6)]), small_source())
    add_lights(scene)
    scene.world = world()
    add_layers(scene)
    add_compositor(scene)
    manage_colors(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "room.blend"))


def paint(name: str, color: tuple[float, float, float]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    shader = next(one for one in material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*color, 1.0)
    return material


def link_props(path: Path) -> None:
    with bpy.data.libraries.load(str(path), link=True, relative=True) as (_, wanted):
        wanted.objects = ["Linked", "Overridden"]
    link(wanted.objects[0])
    own = wanted.objects[1].override_create()
    link(own).location = (-0.5, -0.4, 0.1)


def add_animated(scene: bpy.types.Scene) -> None:
    """A card that moves along the timeline, and one that a driver keeps at twice its height."""
    moving = card("Moving")
    for frame, x in ((1, -1.0), (11, 1.0)):
        moving.location.x = x
        moving.keyframe_insert("location", frame=frame)
    driven = card("Driven", 0.6, -0.6)
    driven.location.y = -0.5
    driver = driven.driver_add("location", 2).driver
    variable = driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = moving, "location.x"
    driver.expression = "var * 0.5"
    scene.frame_set(7)


def small_source() -> bpy.types.Object:
    source = card("Source", half=(0.1, 0.1))
    source.hide_render = True
    source.data.materials.append(paint("Source", (0.1, 0.8, 0.2)))
    return source


def add_lights(scene: bpy.types.Scene) -> None:
    for name, x in (("Key", 1.0), ("Fill", -1.0)):
        lamp = link(bpy.data.objects.new(name, bpy.data.lights.new(name, "POINT")))
        lamp.location, lamp.data.energy = (x, 0.5, 1.5), 15.0
        lamp.lightgroup = name
    for layer in scene.view_layers:
        for name in ("Key", "Fill"):
            layer.lightgroups.add(name=name)


def world() -> bpy.types.World:
    made = bpy.data.worlds.new("Sky")
    if made.node_tree is None:
        made.use_nodes = True
    background = next(one for one in made.node_tree.nodes if one.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.02, 0.04, 0.09, 1.0)
    return made


def add_layers(scene: bpy.types.Scene) -> None:
    """A second layer in which everything wears clay, and a collection that is a holdout in the first."""
    held = bpy.data.collections.new("Held out")
    scene.collection.children.link(held)
    card("Hole", 0.9, 0.5, 0.2, into=held)
    second = scene.view_layers.new("Clay")
    second.material_override = paint("Clay", (0.8, 0.3, 0.2))
    scene.view_layers[0].layer_collection.children["Held out"].holdout = True
    scene.view_layers[0].use_pass_mist = True


def add_compositor(scene: bpy.types.Scene) -> None:
    """Half of each layer, with its colours inverted in part."""
    if IS_5:
        tree: Any = bpy.data.node_groups.new("Look", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
        output = tree.nodes.new("NodeGroupOutput")
        mix = tree.nodes.new("ShaderNodeMix")
        mix.data_type = "RGBA"
        factor, a, b, result = mix.inputs[0], mix.inputs[6], mix.inputs[7], mix.outputs[2]
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        output = tree.nodes.new("CompositorNodeComposite")
        mix = tree.nodes.new("CompositorNodeMixRGB")
        factor, a, b, result = mix.inputs[0], mix.inputs[1], mix.inputs[2], mix.outputs[0]
    factor.default_value = 0.35
    for socket, layer in ((a, scene.view_layers[0]), (b, scene.view_layers[1])):
        node = tree.nodes.new("CompositorNodeRLayers")
        node.scene, node.layer = scene, layer.name
        tree.links.new(node.outputs["Image"], socket)
    bright = tree.nodes.new("CompositorNodeInvert")
    bright.inputs[1 if bright.inputs[0].name != "Color" else 0].default_value = (1, 1, 1, 1)
    next(one for one in bright.inputs if one.name in ("Fac", "Factor")).default_value = 0.02
    tree.links.new(result, next(one for one in bright.inputs if one.name == "Color"))
    tree.links.new(bright.outputs[0], output.inputs[0])


def manage_colors(scene: bpy.types.Scene) -> None:
    view = scene.view_settings
    view.view_transform, view.look = "AgX", "AgX - High Contrast"
    view.exposure, view.gamma = -1.2, 0.9
    view.use_curve_mapping = True
    curve = view.curve_mapping.curves[3]
    curve.points.new(0.4, 0.45)
    view.curve_mapping.update()
    scene.render.film_transparent = False
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.quality = 37
    scene.render.resolution_percentage = 50
    scene.cycles.film_exposure = 1.2
    scene.timeline_markers.new("cut", frame=3)
    assert math.isclose(bpy.data.objects["Moving"].location.x, 0.2, abs_tol=0.2)
