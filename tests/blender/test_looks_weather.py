"""Water and palette on materials, in numbers."""

from __future__ import annotations

import colorsys
import dataclasses

import bpy
import numpy as np
import pytest
from looks_samples import (
    add_camera,
    add_plane,
    empty_scene,
    pbr,
    places,
    procedural,
    render,
    textures,
    write_picture,
)

from pipeline.records import MaterialPlan, PalettePlan
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.materials import add_material
from pipeline.scene.looks.weather import DARKENING, WET_ROUGHNESS

CLAY = (0.5, 0.2, 0.08)


def seen(plan: MaterialPlan, folder) -> np.ndarray:
    """The colour that reaches the Principled BSDF, shown as light."""
    scene = empty_scene()
    material = add_material(plan, "surface", ImageCache(), places(folder))
    nodes, links = material.node_tree.nodes, material.node_tree.links
    base = next(node for node in nodes if node.type == "BSDF_PRINCIPLED").inputs["Base Color"]
    emission = nodes.new("ShaderNodeEmission")
    if base.is_linked:
        links.new(base.links[0].from_socket, emission.inputs["Color"])
    else:
        emission.inputs["Color"].default_value = base.default_value
    output = next(node for node in nodes if node.type == "OUTPUT_MATERIAL")
    links.new(emission.outputs[0], output.inputs["Surface"])
    add_plane(scene, material, 4.0)
    add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=1.0)
    return render(scene, folder, (8, 8), 1).mean(axis=(0, 1))


def bsdf(plan: MaterialPlan, folder) -> bpy.types.Node:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    material = add_material(plan, "surface", ImageCache(), places(folder))
    return next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")


def wet(albedo, wetness: float) -> np.ndarray:
    a = np.array(albedo)
    return a + wetness * (a * (1 - DARKENING) / (1 - DARKENING * a) - a)


def with_water(plan: MaterialPlan, wetness: float) -> MaterialPlan:
    return dataclasses.replace(plan, wetness=wetness)


def with_hue(plan: MaterialPlan, hue: float, strength: float) -> MaterialPlan:
    return dataclasses.replace(plan, palette=PalettePlan(hue=hue, strength=strength))


@pytest.mark.parametrize("wetness", [0.4, 1.0])
def test_a_wet_surface_is_as_dark_as_the_formula_says(tmp_path, wetness):
    dry = seen(pbr(CLAY), tmp_path)
    assert dry == pytest.approx(CLAY, rel=1e-3)
    assert seen(with_water(pbr(CLAY), wetness), tmp_path) == pytest.approx(wet(CLAY, wetness), rel=1e-3)


def test_pictures_and_patterns_get_wet_too(tmp_path):
    file = write_picture(tmp_path / "clay.exr", np.full((4, 4, 3), CLAY, dtype=np.float32))
    pattern = procedural("noise", color_a=CLAY, color_b=CLAY)
    for plan in (textures(file), pattern):
        assert seen(with_water(plan, 1.0), tmp_path) == pytest.approx(wet(CLAY, 1.0), rel=1e-3)


def test_water_smooths(tmp_path):
    for wetness in (0.5, 1.0):
        roughness = bsdf(with_water(pbr(CLAY, roughness=0.8), wetness), tmp_path).inputs["Roughness"]
        node = roughness.links[0].from_node
        assert node.operation == "MULTIPLY"
        product = node.inputs[0].default_value * node.inputs[1].default_value
        assert product == pytest.approx(0.8 * (1 - wetness * (1 - WET_ROUGHNESS)))


def test_metals_do_not_darken(tmp_path):
    metal = pbr(CLAY, metallic=1.0)
    assert seen(with_water(metal, 1.0), tmp_path) == pytest.approx(CLAY, rel=1e-3)


@pytest.mark.parametrize("hue", [0.0, 1 / 3, 0.6])
def test_a_full_palette_gives_every_colour_its_hue(tmp_path, hue):
    color = seen(with_hue(pbr(CLAY), hue, 1.0), tmp_path)
    srgb = [float(v) ** (1 / 2.2) for v in color]
    turned = colorsys.rgb_to_hsv(*srgb)[0]
    assert min(abs(turned - hue), 1 - abs(turned - hue)) < 0.04
    assert max(color) == pytest.approx(max(CLAY), rel=1e-3)  # its value stays


def test_a_palette_mixes_by_its_strength_and_leaves_greys(tmp_path):
    none, half, full = (seen(with_hue(pbr(CLAY), 0.6, s) if s else pbr(CLAY), tmp_path) for s in (0.0, 0.5, 1.0))
    assert half == pytest.approx((none + full) / 2, rel=1e-3)
    assert seen(with_hue(pbr((0.3, 0.3, 0.3)), 0.6, 1.0), tmp_path) == pytest.approx((0.3, 0.3, 0.3), rel=1e-3)


def test_what_is_neutral_adds_no_node(tmp_path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    material = add_material(pbr(CLAY), "plain", ImageCache(), places(tmp_path))
    assert len(material.node_tree.nodes) == 2
