"""What Blender's passes mean, on arrays typed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render.decode import decode_depth, decode_ids, linear_rgb


def test_ids_are_whole_numbers():
    ids = decode_ids(np.array([[0, 1], [2, 32_767]], np.float32))
    assert ids.dtype == np.uint16 and ids.tolist() == [[0, 1], [2, 32_767]]


@pytest.mark.parametrize("value", [0.5, -1.0, 32_768.0, np.nan, np.inf])
def test_what_is_no_id_is_an_error(value):
    with pytest.raises(ValueError, match="no index"):
        decode_ids(np.array([[1.0, value]], np.float32))


def test_cycles_huge_depth_is_infinite():
    depth = decode_depth(np.array([[0.25, 1e8, 1e10]], np.float32))
    assert depth.dtype == np.float32 and depth.tolist() == [[0.25, 1e8, np.inf]]


def channels(prefix: str, first: float) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": np.full((2, 3), first + i, np.float32) for i, name in enumerate("RGBA")}


def test_the_picture_is_red_green_blue():
    picture = linear_rgb(channels("a layer.Combined", 1.0), "a layer")
    assert picture.shape == (2, 3, 3) and picture[0, 0].tolist() == [1.0, 2.0, 3.0]


def test_the_compositors_picture_goes_before_the_layers():
    both = {**channels("a.Combined", 1.0), **channels("Composite.Combined", 5.0)}
    assert linear_rgb(both, "a")[0, 0].tolist() == [5.0, 6.0, 7.0]
