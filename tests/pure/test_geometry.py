"""Geometry against answers known by hand, and its inverses against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import geometry as g
from pipeline.lenses import pinhole, project

unit_floats = st.floats(0, 1, exclude_max=True)
rotations = st.tuples(unit_floats, unit_floats, unit_floats).map(lambda u: g.quaternion_from_uniforms(*u))


@given(rotations)
def test_a_quaternion_survives_the_matrix_and_back(q):
    assert np.allclose(g.quaternion_from_matrix(g.matrix_from_quaternion(q)), q, atol=1e-9) or np.isclose(
        q[0], 0, atol=1e-7
    )


@given(rotations, rotations)
def test_multiplying_quaternions_multiplies_matrices(a, b):
    product = g.matrix_from_quaternion(g.multiply_quaternions(a, b))
    assert np.allclose(product, g.matrix_from_quaternion(a) @ g.matrix_from_quaternion(b), atol=1e-12)


@pytest.mark.parametrize(
    ("left", "right"), [((3,), (3,)), ((3,), (3, 4)), ((5, 4), (4,)), ((5, 4), (4, 4)), ((2, 5, 3), (3, 3))]
)
def test_a_product_is_summed_from_the_first_term_to_the_last_wherever_they_lie(left, right):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=left), rng.normal(size=right)
    expected = np.zeros(np.matmul(a, b).shape)
    for index in np.ndindex(expected.shape):
        row, column = a[index[: a.ndim - 1]], b[:, index[-1]] if b.ndim == 2 else b
        for x, y in zip(row, column, strict=True):
            expected[index] += x * y
    for order_a in "CF":
        for order_b in "CF":
            got = g.product(np.array(a, order=order_a), np.array(b, order=order_b))
            assert np.asarray(got).tobytes() == expected.tobytes()


@pytest.mark.parametrize("target", [(1, 0, 0), (0, 0, -1), (0, 0, 1), (1, 2, -3)])
def test_the_rotation_between_two_directions_turns_one_into_the_other(target):
    turned = g.matrix_from_quaternion(g.quaternion_between((0, 0, 1), target)) @ (0, 0, 1)
    assert np.allclose(turned, g.unit(target), atol=1e-12)


def test_a_point_right_of_and_above_the_aim_lands_right_of_and_above_the_centre():
    lens = pinhole(g.intrinsics((640, 480), focal_length_mm=36, sensor_width_mm=36), (640, 480))
    pose = g.look_at((0, -5, 0), (0, 0, 0))
    pixels, depth = project(lens, g.inverse_rigid(pose), [(0, 0, 0), (0.5, 0, 0.25)])
    assert np.allclose(pixels, [(320, 240), (320 + 64, 240 - 32)])
    assert np.allclose(depth, 5)


def test_lens_shift_moves_the_principal_point_in_image_widths():
    k = g.intrinsics((200, 100), 50, 50, shift=(0.1, 0.05))
    assert (k[0, 2], k[1, 2]) == (100 - 20, 50 + 10)


def test_pixel_aspect_stretches_the_vertical_focal_length():
    k = g.intrinsics((200, 100), 50, 50, shift=(0.0, 0.1), pixel_aspect=1.5)
    assert (k[0, 0], k[1, 1], k[1, 2]) == (200, 300, 50 + 30)


def test_a_positive_roll_turns_the_picture_anticlockwise():
    lens = pinhole(g.intrinsics((100, 100), 36, 36), (100, 100))
    pose = g.look_at((0, -5, 0), (0, 0, 0), roll_rad=math.radians(90))
    (up_pixel,), _ = project(lens, g.inverse_rigid(pose), [(0, 0, 1)])
    assert up_pixel[0] < 50 - 10 and abs(up_pixel[1] - 50) < 1e-9


def test_looking_straight_down_is_defined():
    pose = g.look_at((0, 0, 2), (0, 0, 0))
    assert np.allclose(pose[:3, 2], (0, 0, -1)) and np.isclose(np.linalg.det(pose[:3, :3]), 1)


@given(rotations, st.floats(0.01, 3))
def test_boxes_side_by_side_overlap_only_within_the_clearance(q, gap):
    rotation = g.compose((0, 0, 0), q)
    a = rotation @ g.compose((0, 0, 0), (1, 0, 0, 0))
    b = rotation @ g.compose((2 + gap, 0, 0), (1, 0, 0, 0))
    assert not g.boxes_overlap(a, (1, 1, 1), b, (1, 1, 1), clearance_m=gap * 0.9)
    assert g.boxes_overlap(a, (1, 1, 1), b, (1, 1, 1), clearance_m=gap * 1.1)


def test_crossed_boxes_that_only_an_edge_axis_parts_do_not_overlap():
    a = g.compose((0, 0, 0), g.quaternion_about((1, 0, 0), math.radians(45)))
    b = g.compose((0, 0, 2 * math.sqrt(2) + 0.01), g.quaternion_about((0, 1, 0), math.radians(45)))
    assert not g.boxes_overlap(a, (5, 1, 1), b, (1, 5, 1))
    b[2, 3] -= 0.02
    assert g.boxes_overlap(a, (5, 1, 1), b, (1, 5, 1))


@pytest.mark.parametrize(
    ("axis", "angle", "up"),
    [
        ((1, 0, 0), 0, "+z"),
        ((1, 0, 0), 180, "-z"),
        ((1, 0, 0), 90, "+y"),
        ((1, 0, 0), -90, "-y"),
        ((0, 1, 0), -90, "+x"),
    ],
)
def test_the_upward_axis_is_the_one_that_points_up(axis, angle, up):
    assert g.upward_axis(g.matrix_from_quaternion(g.quaternion_about(axis, math.radians(angle)))) == up


def test_uniform_rotations_leave_no_direction_preferred():
    rng = np.random.default_rng(0)
    ups = np.array([g.matrix_from_quaternion(g.quaternion_from_uniforms(*rng.random(3)))[:, 2] for _ in range(4000)])
    assert np.all(np.abs(ups.mean(axis=0)) < 0.05)
    assert abs(np.mean(np.abs(ups[:, 2]) > 0.9) - 0.1) < 0.02
