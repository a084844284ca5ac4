"""Texture sets by their usual names."""

from __future__ import annotations

import pytest

from pipeline.records import TextureSet
from pipeline.texture_sets import find_texture_sets


def one_set(*files: str) -> TextureSet:
    (found,) = find_texture_sets(files).sets
    return found


def test_ambientcg():
    names = ["Color", "Roughness", "Metalness", "NormalGL", "NormalDX", "Displacement", "AmbientOcclusion"]
    listing = find_texture_sets([f"t/Metal007_1K-JPG_{name}.jpg" for name in names] + ["t/Metal007.png"])
    assert listing.sets == (
        TextureSet(
            texture_id="t/Metal007_1K-JPG_Color.jpg",
            base_color="t/Metal007_1K-JPG_Color.jpg",
            roughness="t/Metal007_1K-JPG_Roughness.jpg",
            metallic="t/Metal007_1K-JPG_Metalness.jpg",
            normal="t/Metal007_1K-JPG_NormalGL.jpg",
        ),
    )
    assert "t/Metal007.png" in listing.unused
    assert "t/Metal007_1K-JPG_NormalDX.jpg" in listing.unused


def test_poly_haven():
    found = one_set("w_table_diff_1k.jpg", "w_table_rough_1k.exr", "w_table_nor_gl_1k.png", "w_table_arm_1k.png")
    assert found.base_color == "w_table_diff_1k.jpg"
    assert found.roughness == "w_table_rough_1k.exr"
    assert found.normal == "w_table_nor_gl_1k.png"
    assert found.metallic == ""


@pytest.mark.parametrize("word", ["BaseColor", "basecolor", "Base_Color", "albedo", "Diffuse", "COL", "diff", "color"])
def test_words_for_the_base_colour(word):
    found = one_set(f"Oak_{word}.png", "Oak_Roughness.png", "Oak_Metallic.png", "Oak_Normal.png")
    assert found.base_color == f"Oak_{word}.png"
    assert (found.roughness, found.metallic, found.normal) == (
        "Oak_Roughness.png",
        "Oak_Metallic.png",
        "Oak_Normal.png",
    )


def test_camel_case_is_read():
    assert one_set("OakBaseColor.png", "OakRoughness.png").roughness == "OakRoughness.png"


def test_gl_normals_are_preferred_and_dx_normals_never_used():
    assert one_set("a_Color.png", "a_Normal.png", "a_NormalGL.png").normal == "a_NormalGL.png"
    assert one_set("a_Color.png", "a_NormalDX.png").normal == ""
    assert one_set("a_color.png", "a_nor_dx.png").normal == ""


def test_sets_of_one_folder_stay_apart():
    listing = find_texture_sets(["b_color.png", "a_color.png", "a_rough.png", "b_rough.png"])
    assert [(one.base_color, one.roughness) for one in listing.sets] == [
        ("a_color.png", "a_rough.png"),
        ("b_color.png", "b_rough.png"),
    ]


def test_equal_names_in_two_folders_stay_apart():
    listing = find_texture_sets(["x/color.png", "x/roughness.png", "y/color.png"])
    assert [(one.base_color, one.roughness) for one in listing.sets] == [
        ("x/color.png", "x/roughness.png"),
        ("y/color.png", ""),
    ]


def test_names_that_say_nothing_are_single_images():
    files = ["Metal_000.jpg", "Metal_001.jpg", "photo of oak.png", "rusty_metal.jpg", "sky_blue_2.png"]
    listing = find_texture_sets(files)
    assert sorted(one.base_color for one in listing.sets) == sorted(files)
    assert listing.unused == ()


def test_maps_without_a_base_colour_are_left_over():
    listing = find_texture_sets(["oak_roughness.png", "oak_normal.png", "elm.png"])
    assert [one.base_color for one in listing.sets] == ["elm.png"]
    assert listing.unused == ("oak_normal.png", "oak_roughness.png")


def test_sizes_of_one_set_may_differ():
    found = one_set("oak_diff_4k.jpg", "oak_rough_1k.jpg")
    assert (found.base_color, found.roughness) == ("oak_diff_4k.jpg", "oak_rough_1k.jpg")


def test_the_order_of_the_files_does_not_matter():
    files = ["a_color.png", "a_rough.png", "b.png", "c_diff_1k.jpg", "c_diff_2k.jpg"]
    assert find_texture_sets(files) == find_texture_sets(list(reversed(files)))


def test_schemes_of_addresses_pass():
    assert one_set("shipped:textures/oak_color.png").texture_id == "shipped:textures/oak_color.png"
