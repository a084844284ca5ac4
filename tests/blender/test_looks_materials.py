from __future__ import annotations

import itertools

import numpy as np
import pytest
from looks_samples import (
    RED,
    add_camera,
    add_cube,
    add_plane,
    empty_scene,
    light_everything,
    pbr,
    places,
    procedural,
    render,
    textures,
    write_picture,
)

from pipeline.config.schema import PATTERNS
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.materials import add_material


def seen_from_above(plan, folder, *, width_m=1.0, scale=(1.0, 1.0, 1.0), size=(48, 48), spp=4):
    """Return the picture of a square metre (before `scale`) of a material under uniform light."""
    scene = empty_scene()
    material = add_material(plan, "material", ImageCache(), places(folder), object_scale=scale)
    add_plane(scene, material, 1.0).scale = scale
    light_everything(scene, folder)
    add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=width_m)
    return render(scene, folder, size, spp)


def grey(folder):
    return write_picture(folder / "grey.png", np.full((8, 8, 3), 0.5, dtype=np.float32))


@pytest.mark.parametrize("kind", ["pbr", "procedural", "textures"])
def test_no_material_glows_or_lets_the_background_through(tmp_path, kind):
    plan = {"pbr": pbr, "procedural": lambda: procedural("noise"), "textures": lambda: textures(grey(tmp_path))}[kind]()
    material = add_material(plan, "material", ImageCache(), places(tmp_path))
    bsdf = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    for name, value in (("Alpha", 1.0), ("Emission Strength", 0.0), ("Transmission Weight", 0.0)):
        assert bsdf.inputs[name].default_value == value and not bsdf.inputs[name].is_linked


def test_a_plain_material_has_the_plans_values(tmp_path):
    plan = pbr((0.1, 0.2, 0.3), roughness=0.4, metallic=0.5, specular=0.6)
    material = add_material(plan, "plain", ImageCache(), places(tmp_path))
    bsdf = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert material.name == "plain"
    assert tuple(bsdf.inputs["Base Color"].default_value) == pytest.approx((0.1, 0.2, 0.3, 1.0))
    values = [bsdf.inputs[name].default_value for name in ("Roughness", "Metallic", "Specular IOR Level")]
    assert values == pytest.approx([0.4, 0.5, 0.6])


@pytest.mark.parametrize("distortion", [0.0, 1.0])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_shows_both_colours_and_only_them(tmp_path, pattern, distortion):
    picture = seen_from_above(procedural(pattern, distortion=distortion), tmp_path)
    red, blue = picture[..., 0], picture[..., 2]
    assert red.max() > 0.6 and blue.max() > 0.6
    assert (red + blue).mean() == pytest.approx(1.0, abs=0.06)


def test_no_two_patterns_look_alike(tmp_path):
    shares = {name: seen_from_above(procedural(name), tmp_path)[..., 0] for name in PATTERNS}
    for (a, one), (b, other) in itertools.combinations(shares.items(), 2):
        assert np.abs(one - other).mean() > 0.1, (a, b)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_shows_on_every_face_of_a_cube(tmp_path, pattern):
    if pattern in ("stripes", "gradient"):
        pytest.skip("layers: the faces along them are of one colour")
    for direction in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        scene = empty_scene()
        add_cube(scene, add_material(procedural(pattern, offset=(0.0, 0.0, 0.0)), "m", ImageCache(), places(tmp_path)))
        light_everything(scene, tmp_path)
        add_camera(scene, np.multiply(direction, 2.0), (0.0, 0.0, 0.0), width_m=0.9)
        assert render(scene, tmp_path, (24, 24), 4)[..., 0].std() > 0.05


@pytest.mark.parametrize("scale", [(1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (2.0, 0.5, 1.0)])
def test_a_repeat_is_in_metres_of_the_world_whatever_the_objects_scale(tmp_path, scale):
    plan = procedural("stripes", scale_m=0.1, offset=(0.05, 0.0, 0.0))
    row = seen_from_above(plan, tmp_path, width_m=0.8, scale=scale, size=(160, 4))[2, :, 0] > 0.5
    assert np.count_nonzero(row[1:] != row[:-1]) == 16


def test_rotation_turns_a_pattern_about_z(tmp_path):
    lying = seen_from_above(procedural("stripes", offset=(0.0, 0.0, 0.0)), tmp_path, spp=16)
    standing = seen_from_above(procedural("stripes", offset=(0.0, 0.0, 0.0), rotation_deg=90.0), tmp_path, spp=16)
    assert np.abs(np.rot90(lying) - standing).mean() < 0.05


def test_the_first_colour_is_the_brick_and_the_second_the_mortar(tmp_path):
    picture = seen_from_above(procedural("brick"), tmp_path)
    assert np.median(picture[..., 0]) > 2 * np.median(picture[..., 2])


def test_a_bump_changes_the_shading(tmp_path):
    flat, bumpy = (
        seen_from_above(procedural("noise", color_a=RED, color_b=RED, bump=bump), tmp_path, spp=32)[..., 0].std()
        for bump in (0.0, 1.0)
    )
    assert bumpy > 2 * flat


def test_colours_are_linear(tmp_path):
    picture = seen_from_above(procedural("noise", color_a=(0.2, 0.2, 0.2), color_b=(0.2, 0.2, 0.2)), tmp_path, spp=32)
    assert picture.mean() == pytest.approx(0.2, abs=0.03)  # and a little gloss
