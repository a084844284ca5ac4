from __future__ import annotations

import bpy
import numpy as np
import pytest
from looks_samples import write_picture

from pipeline.errors import AssetError
from pipeline.scene.looks.images import ImageCache, load_image


@pytest.fixture
def pictures(tmp_path):
    grey = np.full((4, 4, 3), 0.5, dtype=np.float32)
    return [tmp_path / write_picture(tmp_path / f"{number}.png", grey) for number in range(5)]


def test_a_file_is_loaded_once(pictures):
    cache = ImageCache()
    assert load_image(pictures[0], "sRGB", cache) == load_image(pictures[0], "sRGB", cache)


def test_one_file_may_be_read_in_two_colour_spaces(pictures):
    cache = ImageCache()
    spaces = [load_image(pictures[0], name, cache).colorspace_settings.name for name in ("sRGB", "Non-Color")]
    assert spaces == ["sRGB", "Non-Color"]


def test_the_least_recently_used_image_goes_when_the_cache_is_full(pictures):
    cache = ImageCache(capacity=2)
    for number in (0, 1, 0, 2):
        load_image(pictures[number], "sRGB", cache)
    assert sorted(image.name for image in cache.pinned()) == ["0.png", "2.png"]
    assert "1.png" not in bpy.data.images


def test_images_in_use_stay_however_many(pictures):
    cache = ImageCache(capacity=2)
    tree = bpy.data.node_groups.new("users", "ShaderNodeTree")
    for path in pictures:
        tree.nodes.new("ShaderNodeTexImage").image = load_image(path, "sRGB", cache)
    assert len(cache.pinned()) == 5


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AssetError, match="missing.png.*not a file"):
        load_image(tmp_path / "missing.png", "sRGB", ImageCache())


@pytest.mark.parametrize("name", ["text.png", "text.hdr", "text.exr", "text.jpg"])
def test_a_file_that_is_no_image_is_an_asset_error_and_leaves_nothing(tmp_path, name):
    (tmp_path / name).write_text("no picture")
    cache = ImageCache()
    with pytest.raises(AssetError, match=name):
        load_image(tmp_path / name, "sRGB", cache)
    assert not cache.pinned() and not bpy.data.images
