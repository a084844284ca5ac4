"""What tells a settled body from a moving, sunken or overlapping one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.geometry import Array, box_corners, matrix_from_quaternion, quaternion_about
from pipeline.scene.physics.hulls import convex_hull, even_directions
from pipeline.scene.physics.penetration import Convex, convex_of, depth, mesh_depth, placed
from pipeline.scene.physics.rest import REST_FRAMES, RestWatch

CUBE = convex_of(convex_hull(box_corners((-0.5,) * 3, (0.5,) * 3)))
ZERO = np.zeros(3)


def moved(x: float, y: float, z: float, axis: tuple[float, float, float] = (0, 0, 1), angle_deg: float = 0.0) -> Convex:
    rotation = matrix_from_quaternion(quaternion_about(axis, math.radians(angle_deg)))
    return placed(CUBE, rotation, np.array((x, y, z), dtype=np.float64))


@pytest.mark.parametrize(("gap", "expected"), [(-0.1, 0.1), (0.0, 0.0), (0.2, -0.2)])
def test_the_depth_of_two_cubes_face_to_face_is_their_overlap(gap: float, expected: float) -> None:
    assert depth(CUBE, moved(1 + gap, 0.2, 0.1)) == pytest.approx(expected)


def test_the_depth_of_crossed_edges_comes_from_the_edges() -> None:
    """Two cubes standing on edges that cross: only the cross product of these edges separates them."""
    lower = placed(CUBE, matrix_from_quaternion(quaternion_about((1, 0, 0), math.radians(45))), ZERO)
    upper = moved(0, 0, 2 * math.sqrt(0.5) - 0.01, (0, 1, 0), 45)
    assert depth(lower, upper) == pytest.approx(0.01)


def test_a_body_inside_another_is_deep() -> None:
    small = convex_of(convex_hull(box_corners((-0.05,) * 3, (0.05,) * 3)))
    assert depth(CUBE, small) == pytest.approx(0.55)


def test_round_bodies_overlap_by_their_radii() -> None:
    ball = convex_of(convex_hull(even_directions(128)))
    other = placed(ball, np.eye(3), np.array([1.2, 0.9, 1.2]))  # 1.92 apart
    assert depth(ball, other) == pytest.approx(2 - 1.921, abs=0.03)


def grid(z: float, count: int = 8, half: float = 2.0) -> Array:
    """Return the triangles of a level square made of many."""
    edges = np.linspace(-half, half, count + 1)
    found = []
    for a, b in zip(edges, edges[1:], strict=False):
        for c, d in zip(edges, edges[1:], strict=False):
            found += [[(a, c, z), (b, c, z), (b, d, z)], [(a, c, z), (b, d, z), (a, d, z)]]
    return np.array(found)


@pytest.mark.parametrize("count", [1, 8, 40])
def test_how_deep_a_cube_stands_in_a_table_does_not_depend_on_its_triangles(count: int) -> None:
    assert mesh_depth(CUBE, grid(-0.42, count), 0.5) == pytest.approx(0.08)


def test_a_cube_on_a_table_does_not_reach_into_it() -> None:
    assert mesh_depth(CUBE, grid(-0.5), 0.01) == pytest.approx(0.0)
    assert mesh_depth(CUBE, grid(-0.6), 0.01) == 0.0


def fly(times: Array) -> Array:
    """Return the poses (T, 1, 4, 4) of a body thrown straight up, at the top at time 0."""
    poses = np.tile(np.eye(4), (len(times), 1, 1, 1))
    poses[:, 0, 2, 3] = -9.81 / 2 * times**2
    return poses


def test_a_body_at_the_top_of_its_flight_is_not_at_rest() -> None:
    watch = RestWatch(np.array([1.0]))
    for pose in fly(np.arange(-30, 31) / 24):
        watch.see(pose)
        assert watch.moving.all()


def test_a_still_body_is_at_rest_after_some_frames_and_not_before() -> None:
    watch = RestWatch(np.array([1.0]))
    for _ in range(REST_FRAMES):
        watch.see(fly(np.zeros(1))[0])
        assert watch.moving.all()
    watch.see(fly(np.zeros(1))[0])
    assert not watch.moving.any()


def test_a_slowly_turning_body_is_not_at_rest() -> None:
    watch = RestWatch(np.array([1.0]))
    for step in range(30):
        pose = np.eye(4)[None].copy()
        pose[0, :3, :3] = matrix_from_quaternion(quaternion_about((0, 0, 1), 0.01 * step))
        watch.see(pose)
        assert watch.moving.all()
