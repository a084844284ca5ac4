"""Masks to polygons and rectangles, judged by pycocotools' rasteriser, by hand, and by brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw
from pycocotools import mask as codec

from pipeline.exporters.polygons import joined_polygon, outlines, polygons_without_holes, signed_area
from pipeline.exporters.yolo.rectangles import hull_of_mask, smallest_rectangle

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)).filter(lambda mask: mask.any())


def rasterised(polygons, shape):
    """The mask that pycocotools makes of polygons."""
    rows = codec.frPyObjects([polygon.astype(float).ravel().tolist() for polygon in polygons], *map(int, shape))
    return codec.decode(codec.merge(rows)).astype(bool)


def mask_of(*rows):
    return np.array([[pixel == "#" for pixel in row] for row in rows])


@given(masks)
def test_polygons_without_holes_rasterise_to_the_mask(mask):
    polygons = polygons_without_holes(mask)
    assert np.array_equal(rasterised(polygons, mask.shape), mask)


@given(masks)
def test_polygons_without_holes_are_disjoint_and_have_none(mask):
    polygons = polygons_without_holes(mask)
    areas = [signed_area(polygon) for polygon in polygons]
    assert min(areas) > 0 and sum(areas) == mask.sum()
    assert sum(rasterised([polygon], mask.shape).sum() for polygon in polygons) == mask.sum()


@given(masks)
def test_one_joined_polygon_rasterises_to_the_mask_with_its_pieces_and_holes(mask):
    polygon = joined_polygon(mask)
    assert np.array_equal(rasterised([polygon], mask.shape), mask) and signed_area(polygon) == mask.sum()


@given(masks)
def test_a_joined_polygon_is_the_mask_by_winding_number_too(mask):
    polygon = joined_polygon(mask).astype(float)
    a, b = polygon, np.roll(polygon, -1, axis=0)
    for y, x in np.ndindex(mask.shape):
        px, py = x + 0.50123, y + 0.49871  # on no bridge
        crosses = (a[:, 1] <= py) != (b[:, 1] <= py)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = a[:, 0] + (py - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        turns = np.where(b[:, 1] > a[:, 1], 1, -1)[crosses & (at > px)].sum()
        assert (turns != 0) == mask[y, x]


def test_the_outline_of_one_pixel_runs_clockwise_along_its_edges():
    (loop,) = outlines(mask_of("..", ".#"))
    assert loop.tolist() == [[1, 1], [2, 1], [2, 2], [1, 2]] and signed_area(loop) == 1


def test_a_hole_is_an_outline_that_runs_the_other_way():
    around, hole = outlines(mask_of("###", "#.#", "###"))
    assert (signed_area(around), signed_area(hole)) == (9, -1)


def test_a_ring_is_cut_through_its_hole():
    polygons = polygons_without_holes(mask_of("###", "#.#", "###"))
    assert [polygon.tolist() for polygon in polygons] == [
        [[0, 0], [1, 0], [1, 3], [0, 3]],
        [[1, 0], [3, 0], [3, 3], [1, 3], [1, 2], [2, 2], [2, 1], [1, 1]],
    ]


def test_pixels_that_meet_in_a_corner_are_two_pieces():
    assert len(outlines(mask_of("#.", ".#"))) == len(polygons_without_holes(mask_of("#.", ".#"))) == 2


def test_an_empty_mask_has_no_polygon():
    empty = np.zeros((3, 4), dtype=bool)
    assert outlines(empty) == [] and polygons_without_holes(empty) == []
    with pytest.raises(ValueError, match="an empty mask has no outline"):
        joined_polygon(empty)


def test_the_hull_of_a_cross_leaves_its_inner_corners_out():
    hull = hull_of_mask(mask_of(".#.", "###", ".#."))
    assert sorted(hull) == sorted([(1, 0), (2, 0), (3, 1), (3, 2), (2, 3), (1, 3), (0, 2), (0, 1)])


def test_the_rectangle_of_an_upright_bar_is_its_box():
    assert smallest_rectangle(hull_of_mask(mask_of("...", "###")), 3, 2) == ((0, 1), (3, 1), (3, 2), (0, 2))


def turned_bar(angle_rad, size=96, length=60, thickness=16):
    picture = Image.new("1", (size, size))
    along = np.array([math.cos(angle_rad), math.sin(angle_rad)])
    across = np.array([-along[1], along[0]])
    corners = [
        size / 2 + a * length / 2 * along + b * thickness / 2 * across for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    ImageDraw.Draw(picture).polygon([tuple(corner) for corner in corners], fill=1)
    return np.array(picture)


@pytest.mark.parametrize("angle_deg", [10, 30, 45, 75, 100, 160])
def test_a_turned_bar_has_a_rectangle_of_its_size_and_angle(angle_deg):
    corners = np.array(smallest_rectangle(hull_of_mask(turned_bar(math.radians(angle_deg))), 96, 96))
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(sides, axis=1)
    longest = sides[lengths.argmax()]
    assert sorted(lengths[:2]) == pytest.approx([16, 60], abs=2.5)
    off = (math.degrees(math.atan2(longest[1], longest[0])) - angle_deg + 90) % 180 - 90
    assert abs(off) < 2.5


@given(masks)
def test_the_rectangle_holds_every_pixel_lies_in_the_picture_and_runs_clockwise(mask):
    height, width = mask.shape
    corners = np.array(smallest_rectangle(hull_of_mask(mask), width, height))
    assert corners.min() >= 0 and (corners <= (width, height)).all()
    sides = np.roll(corners, -1, axis=0) - corners
    assert np.allclose((sides * np.roll(sides, -1, axis=0)).sum(axis=1), 0)
    rows, columns = np.nonzero(mask)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        points = np.stack([columns + dx, rows + dy], axis=1)
        for corner, (sx, sy) in zip(corners, sides, strict=True):
            to = points - corner
            assert (sx * to[:, 1] - sy * to[:, 0]).min() >= -1e-9  # at the right hand of a clockwise side
    assert tuple(corners[0])[::-1] == min(tuple(corner)[::-1] for corner in corners)


@given(masks, st.integers(0, 359))
def test_no_rectangle_of_another_angle_is_smaller(mask, angle_deg):
    hull = np.array(hull_of_mask(mask), dtype=float)
    far = 1_000  # a picture so large that no corner leaves it
    corners = np.array(smallest_rectangle([(int(x) + far, int(y) + far) for x, y in hull], 4 * far, 4 * far))
    area = abs(np.linalg.norm(corners[1] - corners[0]) * np.linalg.norm(corners[2] - corners[1]))
    along = hull @ (math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg)))
    across = hull @ (-math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg)))
    assert area <= np.ptp(along) * np.ptp(across) + 1e-9
