"""Lines measured along their length, and their parallels, against geometry known by hand."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from pipeline import lines
from pipeline.lines import left_of, line_of, parallel

CORNER = ((0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (3.0, 4.0, 0.0))


def circle(radius: float, sides: int = 180):
    a = np.linspace(0, 2 * np.pi, sides + 1)
    return line_of(np.stack([radius * np.cos(a), radius * np.sin(a), 0 * a], axis=1), closed=True)


def distances(line, other) -> np.ndarray:
    """How far the points of a line, and the middles between them, are from another, seen from above."""
    points = np.vstack([line.points_m, (line.points_m[1:] + line.points_m[:-1]) / 2])[:, :2]
    start, step = other.points_m[:-1, :2], np.diff(other.points_m[:, :2], axis=0)
    share = np.clip(((points[:, None] - start) * step).sum(-1) / (step * step).sum(-1), 0, 1)
    return np.linalg.norm(points[:, None] - (start + share[..., None] * step), axis=-1).min(axis=1)


def test_lengths_are_those_of_the_pieces_and_repeated_points_count_once():
    line = line_of([(0, 0, 0), (0, 0, 0), (3, 0, 0), (3, 0, 0), (3, 4, 0), (3, 4, 12)])
    assert line.length_m == 19.0 and line.along_m == (0.0, 3.0, 7.0, 19.0)


@pytest.mark.parametrize("points", [[(1, 2, 3)], [(1, 2, 3), (1, 2, 3)]])
def test_a_point_is_no_line(points):
    with pytest.raises(ValueError, match="no length"):
        line_of(points)


@pytest.mark.parametrize(
    ("along", "point", "direction"),
    [
        (0.0, (0, 0, 0), (1, 0, 0)),
        (1.5, (1.5, 0, 0), (1, 0, 0)),
        (3.0, (3, 0, 0), (0, 1, 0)),
        (5.0, (3, 2, 0), (0, 1, 0)),
        (7.0, (3, 4, 0), (0, 1, 0)),
        (8.0, (3, 5, 0), (0, 1, 0)),
        (-1.0, (-1, 0, 0), (1, 0, 0)),
    ],
)
def test_a_place_along_a_line_with_a_sharp_corner(along, point, direction):
    found, way = line_of(CORNER).at(along)
    assert found == pytest.approx(point) and way == pytest.approx(direction)


def test_closed_lines_go_round():
    square = line_of([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], closed=True)
    assert square.length_m == 4.0
    for along in (0.25, 4.25, -3.75):
        assert square.at(along)[0] == pytest.approx((0.25, 0, 0))


def test_points_come_evenly_along_a_curve():
    line = circle(5.0)
    points = np.array([line.at(s)[0] for s in np.linspace(0, line.length_m, 500)])
    assert np.linalg.norm(np.diff(points, axis=0), axis=1) == pytest.approx(line.length_m / 499, rel=1e-3)


def test_left_is_left():
    assert left_of((1.0, 0.0, 0.0)) == pytest.approx((0, 1, 0))
    assert left_of((0.0, 2.0, 5.0)) == pytest.approx((-1, 0, 0))
    assert left_of((0.0, 0.0, 1.0)) == pytest.approx((0, 1, 0))


@pytest.mark.parametrize("offset", [1.0, -1.0, 4.0, -7.0])
def test_a_parallel_of_a_circle_is_a_circle(offset):
    line = parallel(circle(5.0), offset)
    assert line.closed and line.length_m == pytest.approx(2 * math.pi * (5.0 - offset), rel=2e-3)
    assert distances(line, circle(5.0, 720)) == pytest.approx(abs(offset), rel=2e-3)


def test_inside_a_bend_there_is_no_parallel_beyond_its_middle():
    assert parallel(circle(5.0), 5.1) is None
    assert parallel(line_of([(0, 0, 0), (9, 0, 0), (9, 2, 0), (0, 2, 0)]), 1.5) is None


def test_outside_a_corner_a_parallel_keeps_its_distance_inside_it_cuts_it():
    outside, inside = parallel(line_of(CORNER), -1.0), parallel(line_of(CORNER), 1.0)
    assert inside.points_m == pytest.approx(np.array([(0, 1, 0), (2, 1, 0), (2, 4, 0)]))
    assert outside.length_m == pytest.approx(7 + math.pi / 2, rel=1e-3)
    assert distances(outside, line_of(CORNER)) == pytest.approx(1.0, rel=2e-3)


@pytest.mark.parametrize("offset", [0.1, -0.5, -1.0, 1.0, 3.0])
def test_loops_of_narrow_bends_are_cut_away(offset):
    x = np.linspace(-5, 5, 101)
    hump = line_of(np.stack([x, 2 * np.exp(-4 * x**2), 0 * x], axis=1))
    line = parallel(hump, offset)
    assert distances(line, hump) == pytest.approx(abs(offset), rel=3e-3)
    ends = line.points_m[[0, -1]]
    assert ends == pytest.approx(np.array([(-5, offset, 0), (5, offset, 0)]), abs=1e-3)


def test_parallels_keep_the_heights():
    ramp = line_of([(0, 0, 0), (10, 0, 2), (10, 0, 5), (20, 0, 5)])
    assert parallel(ramp, 2.0).points_m[[0, 1, -1]] == pytest.approx(np.array([(0, 2, 0), (10, 2, 2), (20, 2, 5)]))


@pytest.mark.parametrize("at_once", [7, 1 << 20])
def test_a_track_meets_itself_where_two_of_its_pieces_do(at_once, monkeypatch):
    monkeypatch.setattr(lines, "PAIRS_AT_ONCE", at_once)
    track = np.random.default_rng(5).random((40, 2))
    wanted = [place for i in range(39) for j in range(i + 2, 39) for place in meeting(track, i, j)]
    assert sorted(lines._crossings(track)) == pytest.approx(sorted(wanted), abs=1e-9) and wanted


def meeting(track, i, j):
    """Where pieces i and j meet, as places along the track, by Cramer's rule."""
    (a, b), (c, d) = track[i : i + 2], track[j : j + 2]
    t, u = np.linalg.solve(np.column_stack([b - a, c - d]), c - a)
    return (i + t, j + u) if 0 <= t <= 1 and 0 <= u <= 1 else ()


def test_a_parallel_of_a_long_winding_line_does_not_fill_the_memory():
    turns = np.linspace(0, 40 * math.pi, 10_000)
    radius = 50 * (1 + turns / 30)
    points = np.column_stack([radius * np.cos(turns) + 0.3 * np.sin(40 * turns), radius * np.sin(turns), 0 * turns])
    line = line_of(points)
    tracemalloc.start()
    beside = parallel(line, 9.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert beside is not None and peak < 200e6
