"""Camera models against OpenCV's formulas worked out by hand, and their inverses against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geometry import inverse_rigid, look_at
from pipeline.lens_distortion import fold_radius
from pipeline.lens_remap import remap_of, sampled_rays, source_lens
from pipeline.lenses import (
    Lens,
    fisheye_limit_rad,
    make_lens,
    pinhole,
    pixel_centers,
    project,
    project_camera_points,
    unproject,
)

K = ((300.0, 0.0, 160.0), (0.0, 310.0, 125.0), (0.0, 0.0, 1.0))
SIZE = (320, 240)
FISHEYE_K = ((100.0, 0.0, 160.0), (0.0, 100.0, 120.0), (0.0, 0.0, 1.0))
LENSES = {
    "pinhole": pinhole(K, SIZE),
    "barrel": Lens(model="opencv", k=K, distortion=(-0.3, 0.1, 0.001, -0.002, 0.0, 0.0, 0.0, 0.0), resolution=SIZE),
    "pincushion": Lens(model="opencv", k=K, distortion=(0.2, 0.05, -0.003, 0.001, 0.0, 0.0, 0.0, 0.0), resolution=SIZE),
    "rational": Lens(model="opencv", k=K, distortion=(0.4, -0.2, 0.0, 0.0, 0.1, 0.5, -0.1, 0.05), resolution=SIZE),
    "fisheye": Lens(model="fisheye", k=FISHEYE_K, distortion=(-0.02, 0.004, -0.001, 0.0002), resolution=SIZE),
    "equirectangular": make_lens("equirectangular", SIZE, 50.0, 36.0, (0.0, 0.0), 1.0, ()),
}


@pytest.mark.parametrize("name", LENSES)
@given(st.lists(st.tuples(st.floats(0, 320), st.floats(0, 240), st.floats(0.1, 100)), min_size=1, max_size=8))
def test_project_undoes_unproject(name, places):
    lens, uv = LENSES[name], np.array(places)[:, :2]
    rays = unproject(lens, uv)
    shown = ~np.isnan(rays).any(axis=1)
    assert name == "fisheye" or shown.all()
    assert np.allclose((rays[shown] ** 2).sum(axis=1), 1)
    back = project_camera_points(lens, rays[shown] * np.array(places)[shown, 2:])
    difference = back - uv[shown]
    if name == "equirectangular":  # the two edges are one meridian, and a pole is one point
        difference[:, 0] = (difference[:, 0] + 160) % 320 - 160
        difference[np.abs(uv[shown, 1] - 120) > 119.9, 0] = 0
    assert np.abs(difference).max(initial=0) < 1e-6


@pytest.mark.parametrize("name", LENSES)
def test_a_projection_does_not_depend_on_where_its_points_lie_in_memory(name):
    points = np.random.default_rng(1).normal(size=(3000, 3))
    once = project_camera_points(LENSES[name], points).tobytes()
    held: list[bytearray] = []  # what lies about in the heap: some results then come to lie right behind the points
    for size in range(0, 30_000, 500):
        held = [*held[-4:], bytearray(size)]
        assert project_camera_points(LENSES[name], points.copy()).tobytes() == once


def test_opencv_distortion_is_that_of_its_manual():
    k1, k2, p1, p2, k3 = -0.2, 0.05, 0.01, -0.02, 0.003
    lens = Lens(model="opencv", k=K, distortion=(k1, k2, p1, p2, k3, 0.0, 0.0, 0.0), resolution=SIZE)
    x, y = 0.3, -0.2
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    expected = (
        300 * (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)) + 160,
        310 * (y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y) + 125,
    )
    assert np.allclose(project_camera_points(lens, [(2 * x, 2 * y, 2)]), [expected])


def test_a_fisheye_shows_what_is_beside_and_behind_the_camera():
    lens = Lens(model="fisheye", k=FISHEYE_K, distortion=(0.0, 0.0, 0.0, 0.0), resolution=SIZE)
    pixels = project_camera_points(lens, [(1, 0, 0), (0, 1, -1), (0, 0, 5)])
    quarter = math.pi / 2 * 100
    assert np.allclose(pixels, [(160 + quarter, 120), (160, 120 + 1.5 * quarter), (160, 120)])


def test_an_equirectangular_picture_has_straight_ahead_in_its_middle_and_right_a_quarter_on():
    pixels = project_camera_points(LENSES["equirectangular"], [(0, 0, 1), (1, 0, 0), (0, -1, 1e-9), (-1e-9, 0, -1)])
    assert np.allclose(pixels, [(160, 120), (240, 120), (160, 0), (0, 120)], atol=1e-5)


def test_points_behind_a_pinhole_have_no_pixel():
    pixels, depth = project(LENSES["pinhole"], np.eye(4), [(0, 0, -1), (0, 0, 0), (0, 0, 1)])
    assert np.isnan(pixels[:2]).all() and np.allclose(pixels[2], (160, 125)) and np.allclose(depth, (-1, 0, 1))


def test_world_points_go_through_the_pose():
    pose = look_at((0, -5, 0), (0, 0, 0))
    pixels, depth = project(LENSES["pinhole"], inverse_rigid(pose), [(0.5, 0, 0.25)])
    assert np.allclose(pixels, [(160 + 30, 125 - 15.5)]) and np.allclose(depth, 5)


def test_what_lies_beyond_the_turning_point_of_a_distortion_is_not_shown_twice():
    lens = Lens(model="opencv", k=K, distortion=(-0.3, *[0.0] * 7), resolution=SIZE)
    fold = fold_radius(lens.distortion)
    assert abs(fold - math.sqrt(1 / 0.9)) < 2e-3
    pixels = project_camera_points(lens, [(fold + 0.1, 0, 1), (fold - 0.1, 0, 1)])
    assert np.isnan(pixels[0]).all() and np.isfinite(pixels[1]).all()


def test_a_distortion_that_never_turns_has_no_fold():
    assert fold_radius((0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)) == math.inf
    assert fisheye_limit_rad((0.0, 0.0, 0.0, 0.0)) == math.pi


@pytest.mark.parametrize("name", ["barrel", "pincushion", "rational", "fisheye"])
def test_the_rendered_picture_holds_every_pixel_and_is_as_dense(name):
    lens = LENSES[name]
    remap = remap_of(lens)
    assert remap is not None and source_lens(lens) == remap.source
    width, height = remap.source.resolution
    xy = remap.xy_px[remap.is_shown]
    assert (xy > 2).all() and (xy < (width - 2, height - 2)).all()
    middle = remap.xy_px[119:122, 159:162]
    assert np.diff(middle[:, :, 0], axis=1).min() > 0.98 and np.diff(middle[:, :, 1], axis=0).min() > 0.98


@pytest.mark.parametrize("name", LENSES)
def test_labels_are_sampled_within_half_a_pixel_of_the_centre(name):
    lens = LENSES[name]
    rays = sampled_rays(lens).reshape(-1, 3)
    shown = ~np.isnan(rays).any(axis=1)
    off = project_camera_points(lens, rays[shown]) - pixel_centers(SIZE)[shown]
    assert np.abs(off).max() <= 0.5 + 0.01  # the density is measured from pixel to pixel
    assert name in ("barrel", "pincushion", "rational", "fisheye") or np.abs(off).max() < 1e-9


def test_a_distortion_that_turns_back_within_the_picture_is_refused():
    lens = Lens(model="opencv", k=K, distortion=(-2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), resolution=SIZE)
    with pytest.raises(ValueError, match="turns back within the picture"):
        remap_of(lens)


POINTS = np.array([[0.1, -0.2, 1.0], [-0.4, 0.3, 1.5], [0.0, 0.0, 2.0], [0.35, 0.25, 0.9]])


@pytest.mark.parametrize("name", ["pinhole", "barrel", "pincushion", "rational", "fisheye"])
def test_opencv_itself_projects_the_same(name):
    cv2 = pytest.importorskip("cv2", reason="OpenCV judges the lenses where it is installed")
    lens = LENSES[name]
    k, nothing = np.array(lens.k), np.zeros(3)
    if lens.model == "fisheye":
        theirs, _ = cv2.fisheye.projectPoints(POINTS[:, None], nothing, nothing, k, np.array(lens.distortion))
    else:
        theirs, _ = cv2.projectPoints(POINTS, nothing, nothing, k, np.array(lens.distortion or (0.0,) * 4))
    assert np.allclose(project_camera_points(lens, POINTS), theirs[:, 0], atol=1e-9)


@pytest.mark.parametrize("size", [(320, 240), (7, 5), (333, 111)])
def test_nothing_is_beside_the_picture_of_a_whole_sphere(size):
    lens = make_lens("equirectangular", size, 50.0, 36.0, (0.0, 0.0), 1.0, ())
    pixels = project_camera_points(lens, [(0, 0, -1), (-0.0, 0, -1), (1e-300, 0, -1), (0, 1, 0), (0, -1, 0)])
    assert (pixels >= 0).all() and (pixels < size).all()


@pytest.mark.parametrize("k3", [-1e-9, -1e-12])
def test_a_weak_distortion_shows_nothing_from_far_beside_a_second_time(k3):
    lens = Lens(model="opencv", k=K, distortion=(0.0, 0.0, 0.0, 0.0, k3, 0.0, 0.0, 0.0), resolution=SIZE)
    zero = (-1 / k3) ** (1 / 6)  # where the model brings a point back to the middle
    pixels = project_camera_points(lens, [(zero, 0, 1), (zero / 2, 0, 1)])
    assert np.isnan(pixels[0]).all() and np.isfinite(pixels[1]).all()
