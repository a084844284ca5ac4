"""Hulls of points, hulls with fewer vertices, and resting poses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.geometry import box_corners, matrix_from_quaternion
from pipeline.scene.physics.hulls import (
    Hull,
    collision_points,
    convex_hull,
    crosses,
    dots,
    even_directions,
    simplified,
    volume_and_centroid,
)
from pipeline.scene.physics.resting_poses import resting_poses

CUBE = box_corners((-0.5, -0.5, -0.5), (0.5, 0.5, 0.5))
FLAT_SETS = {
    "point": [(1.0, 2.0, 3.0)],
    "same points": [(1.0, 2.0, 3.0)] * 5,
    "line": [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)],
    "square": [(0.0, 0.0, 4.0), (1.0, 0.0, 4.0), (0.0, 1.0, 4.0), (1.0, 1.0, 4.0)],
    "tilted triangle": [(0.0, 0.0, 0.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0)],
}


def outward(hull: Hull) -> bool:
    corners = hull.vertices[hull.triangles]
    normals = crosses(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return bool((dots(normals, corners[:, 0] - hull.vertices.mean(axis=0)) > 0).all())


def test_the_hull_of_a_cube_with_points_inside_is_the_cube() -> None:
    hull = convex_hull(np.concatenate([CUBE * 0.5, CUBE, CUBE * 0.1]))
    assert np.array_equal(hull.vertices, CUBE)
    assert hull.triangles.shape == (12, 3)
    assert volume_and_centroid(hull)[0] == pytest.approx(1.0)


def test_triangles_face_outward_wherever_the_points_lie() -> None:
    points = np.random.default_rng(3).normal(size=(200, 3)) + (50.0, -70.0, 20.0)
    assert outward(convex_hull(points))


def test_points_far_from_the_origin_keep_their_exact_place() -> None:
    points = CUBE * 0.016 + (1000.0, 0.0, 0.0)
    assert np.array_equal(convex_hull(points).vertices, points)


@pytest.mark.parametrize("points", FLAT_SETS.values(), ids=FLAT_SETS.keys())
def test_sets_without_thickness_get_a_little(points: list[tuple[float, float, float]]) -> None:
    hull = convex_hull(points)
    size = max(float(np.ptp(np.array(points), axis=0).max()), 1e-3)
    assert volume_and_centroid(hull)[0] > 0
    assert np.abs(hull.vertices[:, None] - np.array(points)).max(axis=2).min(axis=1).max() <= 1e-3 * max(size, 1.0)
    assert resting_poses(points)


@pytest.mark.parametrize("points", [np.zeros((0, 3)), [(0.0, 0.0, math.nan)]])
def test_no_points_and_points_that_are_not_finite_are_refused(points: object) -> None:
    with pytest.raises(ValueError, match="at least one point, all of them finite"):
        convex_hull(points)  # type: ignore[arg-type]


def test_the_centre_of_mass_of_a_tetrahedron_is_the_mean_of_its_corners() -> None:
    corners = np.array([(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 1.0)])
    volume, center = volume_and_centroid(convex_hull(corners))
    assert volume == pytest.approx(1.0)
    assert center == pytest.approx(corners.mean(axis=0))


def test_a_simplified_hull_keeps_the_extremes_of_the_axes_and_the_limit() -> None:
    points = np.random.default_rng(0).normal(size=(3000, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    hull = convex_hull(points)
    few = simplified(hull, 60)
    assert len(few.vertices) <= 60
    assert np.array_equal(few.vertices.max(axis=0), hull.vertices.max(axis=0))
    assert np.array_equal(few.vertices.min(axis=0), hull.vertices.min(axis=0))


def test_a_simplified_box_of_many_points_has_the_corners_of_the_box() -> None:
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 12)] * 3), axis=-1).reshape(-1, 3)
    few = simplified(convex_hull(grid), 20)
    assert volume_and_centroid(few)[0] == pytest.approx(8.0)


@pytest.mark.parametrize("axes", [(1.0, 1.0, 1.0), (1.0, 0.8, 0.6)])
def test_collision_points_of_a_round_thing_are_right_to_one_percent_both_ways(axes: tuple[float, float, float]) -> None:
    directions = np.asarray(even_directions(2000))
    few = collision_points(directions * axes)
    wanted = np.sqrt(((directions * axes) ** 2).sum(axis=1))  # an ellipsoid's support function
    found = (few @ directions.T).max(axis=0)
    assert np.abs(found - wanted).max() < 0.01 * 2


def test_a_cube_lies_on_each_of_its_six_faces_equally_likely() -> None:
    poses = resting_poses(CUBE * 0.016)
    assert len(poses) == 6
    assert {pose.probability for pose in poses} == {0.166666667}
    assert {pose.height_m for pose in poses} == {0.008}
    downs = {tuple(np.round(matrix_from_quaternion(pose.rotation).T @ (0, 0, -1)).astype(int)) for pose in poses}
    assert downs == {(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)}


def test_a_resting_pose_puts_the_lowest_point_on_the_support() -> None:
    points = np.random.default_rng(5).normal(size=(40, 3)) * (0.1, 0.2, 0.05) + (0.3, 0.0, -0.1)
    for pose in resting_poses(points):
        lowest = float((points @ matrix_from_quaternion(pose.rotation).T)[:, 2].min()) + pose.height_m
        assert lowest == pytest.approx(0.0, abs=1e-6)


def test_a_face_that_does_not_carry_the_centre_of_mass_is_no_resting_pose() -> None:
    leaning = CUBE + np.outer(CUBE[:, 2], (1.5, 0.0, 0.0))  # the top hangs over the edge of the bottom by far
    downs = [matrix_from_quaternion(pose.rotation).T @ (0, 0, -1) for pose in resting_poses(leaning)]
    assert downs
    assert not any(abs(down[2]) > 0.9 for down in downs)


def test_a_flat_box_mostly_lies_flat() -> None:
    poses = resting_poses(CUBE * (1.0, 1.0, 0.1))
    assert poses[0].height_m == poses[1].height_m == pytest.approx(0.05)
    assert poses[0].probability + poses[1].probability > 0.85


def test_a_ball_gets_a_reasonable_set() -> None:
    poses = resting_poses(even_directions(500))
    assert len(poses) == 24
    assert sum(pose.probability for pose in poses) == pytest.approx(1.0, abs=1e-6)


def test_resting_poses_are_the_same_every_time() -> None:
    points = np.random.default_rng(8).normal(size=(500, 3))
    assert resting_poses(points) == resting_poses(points)
