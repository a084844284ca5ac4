from __future__ import annotations

import bpy
import numpy as np
import pytest
from looks_samples import (
    add_camera,
    add_cube,
    add_plane,
    empty_scene,
    light_everything,
    places,
    render,
    textures,
    world_plan,
    write_picture,
)

from pipeline.errors import AssetError
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.materials import add_material
from pipeline.scene.looks.world import add_world
from pipeline.scene.session import clean, open_session

CORNERS = {"top left": (1, 0, 0), "top right": (0, 1, 0), "bottom left": (0, 0, 1), "bottom right": (1, 1, 0)}


def quarters(folder) -> str:
    """A picture whose four quarters have the colours of CORNERS."""
    pixels = np.zeros((64, 64, 3), dtype=np.float32)
    pixels[:32, :32], pixels[:32, 32:], pixels[32:, :32], pixels[32:, 32:] = CORNERS.values()
    return write_picture(folder / "quarters.png", pixels)


def uneven_sky(folder) -> str:
    """Brighter towards one side and above, so that a bent normal shows."""
    v, u = np.mgrid[0:16, 0:32] / 16.0
    sky = np.stack([1 - v, np.abs(u - 1), 0.2 + 0 * u], axis=-1).astype(np.float32)
    return write_picture(folder / "sky.exr", sky)


def slanted(folder) -> str:
    """A normal map of slopes that differ in x and y over the picture."""
    v, u = np.mgrid[0:64, 0:64] / 64.0
    x, y = 0.6 * np.sin(2 * np.pi * u), 0.4 * np.cos(2 * np.pi * v)
    vectors = np.stack([x, y, np.sqrt(1 - x * x - y * y)], axis=-1)
    return write_picture(folder / "normal.png", (vectors * 0.5 + 0.5).astype(np.float32))


VIEWS = {
    "+x": ((1.0, 0.0, 0.0)),
    "-x": ((-1.0, 0.0, 0.0)),
    "+y": ((0.0, 1.0, 0.0)),
    "-y": ((0.0, -1.0, 0.0)),
    "+z": ((0.0, 0.0, 1.0)),
    "-z": ((0.0, 0.0, -1.0)),
}


@pytest.mark.parametrize("side", VIEWS)
def test_box_projection_shows_the_picture_upright_and_unmirrored_on_every_side(tmp_path, side):
    scene = empty_scene()
    plan = textures(quarters(tmp_path), scale_m=1.0, offset=(0.5, 0.5, 0.0))
    add_cube(scene, add_material(plan, "m", ImageCache(), places(tmp_path)), 1.0)
    light_everything(scene, tmp_path)
    add_camera(scene, np.multiply(VIEWS[side], 2.0), (0.0, 0.0, 0.0), width_m=0.9)
    picture = render(scene, tmp_path, (16, 16), 8)
    seen = dict(zip(CORNERS, (picture[4, 4], picture[4, 12], picture[12, 4], picture[12, 12]), strict=True))
    for corner, color in CORNERS.items():
        assert seen[corner] == pytest.approx(color, abs=0.15), corner


@pytest.mark.parametrize("rotation_deg", [0.0, 30.0, 90.0])
@pytest.mark.parametrize("side", VIEWS)
def test_a_turned_picture_is_not_smeared_on_any_side(tmp_path, side, rotation_deg):
    scene = empty_scene()
    plan = textures(quarters(tmp_path), scale_m=0.5, rotation_deg=rotation_deg)
    add_cube(scene, add_material(plan, "m", ImageCache(), places(tmp_path)), 1.0)
    light_everything(scene, tmp_path)
    add_camera(scene, np.multiply(VIEWS[side], 2.0), (0.0, 0.0, 0.0), width_m=0.9)
    picture = render(scene, tmp_path, (32, 32), 4)
    steps_down, steps_right = np.abs(np.diff(picture, axis=0)).mean(), np.abs(np.diff(picture, axis=1)).mean()
    assert 0.5 < steps_down / steps_right < 2.0


@pytest.mark.parametrize("rotation_deg", [0.0, 40.0])
def test_box_and_uv_agree_on_a_floor_whose_uv_are_metres_normal_map_included(tmp_path, rotation_deg):
    pictures = []
    for projection in ("box", "uv"):
        scene = empty_scene()
        images = ImageCache()
        plan = textures(
            quarters(tmp_path),
            normal=slanted(tmp_path),
            projection=projection,
            scale_m=0.4,
            rotation_deg=rotation_deg,
            offset=(0.2, 0.1, 0.0),
        )
        add_plane(scene, add_material(plan, "m", images, places(tmp_path)), 1.0)
        add_world(scene, world_plan(uneven_sky(tmp_path)), images, places(tmp_path), (32, 32))
        add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=1.0)
        pictures.append(render(scene, tmp_path, (32, 32), 64))
    flat = np.abs(pictures[0] - pictures[1])
    assert flat.mean() < 0.01
    assert np.ptp(pictures[0][..., 0]) > 0.3


def test_a_normal_map_bends_the_light_the_same_way_on_a_turned_and_stretched_object(tmp_path):
    """The world normal of a box-projected map follows the object's rotation and ignores its scale."""
    pictures = []
    for scale in ((1.0, 1.0, 1.0), (2.0, 0.5, 1.0)):
        scene = empty_scene()
        images = ImageCache()
        plan = textures(grey(tmp_path), normal=slanted(tmp_path), scale_m=0.4)
        material = add_material(plan, "m", images, places(tmp_path), object_scale=scale)
        thing = add_plane(scene, material, 4.0)
        thing.scale, thing.rotation_euler = scale, (0.5, 0.3, 0.7)
        add_world(scene, world_plan(uneven_sky(tmp_path)), images, places(tmp_path), (32, 32))
        add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=0.5)
        pictures.append(render(scene, tmp_path, (32, 32), 64))
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.01


def grey(folder) -> str:
    return write_picture(folder / "grey.png", np.full((8, 8, 3), 0.5, dtype=np.float32))


def of_one_color(folder, color, **changes):
    source = write_picture(folder / "color.png", np.tile(np.array(color, dtype=np.float32), (8, 8, 1)))
    scene = empty_scene()
    add_plane(scene, add_material(textures(source, **changes), "m", ImageCache(), places(folder)), 2.0)
    light_everything(scene, folder)
    add_camera(scene, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), width_m=1.0)
    return render(scene, folder, (8, 8), 64).mean(axis=(0, 1))


def test_a_picture_is_read_as_srgb(tmp_path):
    assert of_one_color(tmp_path, (0.5, 0.5, 0.5)) == pytest.approx((0.214,) * 3, abs=0.03)  # and a little gloss


def test_a_third_of_a_turn_of_hue_makes_red_green(tmp_path):
    assert of_one_color(tmp_path, (1.0, 0.0, 0.0), hue_shift=1 / 3) == pytest.approx((0.0, 1.0, 0.0), abs=0.05)


def test_a_scaled_value_never_reflects_more_than_it_gets(tmp_path):
    assert of_one_color(tmp_path, (0.95, 0.5, 0.5), value_scale=5.0).max() <= 1.02


def test_maps_are_used_and_roughness_of_the_plan_only_without_a_map(tmp_path):
    source = grey(tmp_path)

    def inputs(**changes):
        material = add_material(textures(source, roughness=0.7, **changes), "m", ImageCache(), places(tmp_path))
        return next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED").inputs

    bare, full = inputs(), inputs(roughness_map=source, metallic_map=source, normal=source)
    assert bare["Roughness"].default_value == pytest.approx(0.7)
    assert [bare[name].is_linked for name in ("Roughness", "Metallic", "Normal")] == [False, False, False]
    assert [full[name].is_linked for name in ("Roughness", "Metallic", "Normal")] == [True, True, True]


def test_materials_share_images_and_groups(tmp_path):
    images = ImageCache()
    for number in range(3):
        add_material(textures(quarters(tmp_path)), f"m{number}", images, places(tmp_path))
    assert (len(images.images), len(images.groups)) == (1, 2)


def test_a_texture_that_is_no_image_is_an_asset_error(tmp_path):
    (tmp_path / "broken.jpg").write_text("no picture")
    with pytest.raises(AssetError, match="broken.jpg"):
        add_material(textures("broken.jpg"), "m", ImageCache(), places(tmp_path))


def test_frame_after_frame_no_more_is_kept_than_the_cache_holds(tmp_path):
    session = open_session(None)
    images = ImageCache(capacity=3)
    kept = []
    for frame in range(6):
        for number in range(4):
            pixels = np.full((4, 4, 3), (frame * 4 + number) / 24, dtype=np.float32)
            plan = textures(write_picture(tmp_path / f"{frame} {number}.png", pixels), normal=slanted(tmp_path))
            add_material(plan, f"material {number}", images, places(tmp_path))
        clean(session, images.pinned())
        kept.append((len(bpy.data.materials), len(bpy.data.node_groups), len(bpy.data.images)))
    assert kept[0] == kept[-1] == (0, 3, 5)
