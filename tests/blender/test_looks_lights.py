from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from looks_samples import add_camera, add_cube, add_plane, empty_scene, lamp, pbr, places, render

from pipeline.config.schema import LIGHT_KINDS
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.lights import add_light, read_lights, rendered_lamps
from pipeline.scene.looks.materials import add_material


def white_floor(scene, folder):
    add_plane(scene, add_material(pbr((1.0, 1.0, 1.0)), "white", ImageCache(), places(folder)), 100.0)


@pytest.mark.parametrize("kind", LIGHT_KINDS)
def test_a_lamp_stands_at_its_offset_from_the_anchor_and_shines_at_it(kind):
    scene = empty_scene()
    thing = add_light(scene.collection, lamp(kind, offset_m=(0.3, -0.4, 0.5)), "lamp", (1.0, 2.0, 3.0))
    scene.view_layers[0].update()
    matrix = np.array(thing.matrix_world)
    assert matrix[:3, 3] == pytest.approx((1.3, 1.6, 3.5))
    assert matrix[:3, :3] @ (0, 0, -1) == pytest.approx(-np.array((0.3, -0.4, 0.5)) / math.sqrt(0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "radiance"),
    [
        ("point", 30 / (4 * math.pi**2)),
        ("spot", 30 / (4 * math.pi**2)),
        ("area", 30 / math.pi**2),
        ("sun", 3 / math.pi),
    ],
)
def test_energy_means_what_the_scene_file_says(tmp_path, kind, radiance):
    scene = empty_scene()
    white_floor(scene, tmp_path)
    add_light(scene.collection, lamp(kind), "lamp", (0.0, 0.0, 0.0))
    add_camera(scene, (0.0, 0.0, 0.5), (0.0, 0.0, 0.0), width_m=0.02)
    assert render(scene, tmp_path, (8, 8), 16).mean() == pytest.approx(radiance, rel=0.02)


@pytest.mark.parametrize("kind", LIGHT_KINDS)
def test_the_camera_does_not_see_the_lamp_itself(tmp_path, kind):
    scene = empty_scene()
    add_light(scene.collection, lamp(kind, size_m=0.5), "lamp", (0.0, 0.0, 0.0))
    add_camera(scene, (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    assert render(scene, tmp_path, (16, 16), 4).max() == 0.0


@pytest.mark.parametrize("kind", LIGHT_KINDS)
def test_a_larger_lamp_throws_a_softer_shadow(tmp_path, kind):
    def half_lit(size_m: float) -> int:
        scene = empty_scene()
        white_floor(scene, tmp_path)
        add_cube(scene, None, 0.3).location.z = 0.5
        size = 50 * size_m if kind == "sun" else size_m
        add_light(scene.collection, lamp(kind, size_m=size, spot_angle_deg=120.0), "lamp", (0.0, 0.0, 0.0))
        add_camera(scene, (0.4, 0.0, 0.2), (0.4, 0.0, 0.0), width_m=0.6)
        brightness = render(scene, tmp_path, (48, 8), 64).mean(axis=(0, 2))
        return int(((brightness > 0.1 * brightness.max()) & (brightness < 0.7 * brightness.max())).sum())

    assert half_lit(0.3) > half_lit(0.01) + 3


def test_a_spot_lights_its_cone_only(tmp_path):
    scene = empty_scene()
    white_floor(scene, tmp_path)
    add_light(scene.collection, lamp("spot", spot_angle_deg=60.0), "lamp", (0.0, 0.0, 0.0))
    add_camera(scene, (0.0, 0.0, 0.9), (0.0, 0.0, 0.0), width_m=4.0)
    lit = render(scene, tmp_path, (64, 8), 4)[4, :, 0] > 1e-3
    assert lit.sum() * 4.0 / 64 == pytest.approx(2 * math.tan(math.radians(30.0)), abs=0.15)


def test_a_lamp_at_its_own_anchor_shines_down(tmp_path):
    scene = empty_scene()
    white_floor(scene, tmp_path)
    add_light(scene.collection, lamp("spot", offset_m=(0.0, 0.0, 0.0)), "lamp", (0.0, 0.0, 1.0))
    add_camera(scene, (0.0, 0.0, 0.5), (0.0, 0.0, 0.0), width_m=0.02)
    assert render(scene, tmp_path, (8, 8), 4).mean() > 0.5


def test_lamps_of_collections_that_are_not_rendered_have_no_label():
    scene = empty_scene()
    for name in ("shown", "hidden", "excluded"):
        collection = bpy.data.collections.new(name)
        scene.collection.children.link(collection)
        collection.objects.link(bpy.data.objects.new(name, bpy.data.lights.new(name, "POINT")))
    bpy.data.collections["hidden"].hide_render = True
    scene.view_layers[0].layer_collection.children["excluded"].exclude = True
    bpy.data.objects["shown"].location.x = 3.0
    bpy.data.objects["shown"].scale = (0.0, 0.0, 0.0)  # it has no direction then
    scene.view_layers[0].update()
    (label,) = read_lights((), ((lamp, lamp.matrix_world) for lamp in rendered_lamps(scene)))
    assert (label.location_m, label.direction) == ((3.0, 0.0, 0.0), (0.0, 0.0, -1.0))
