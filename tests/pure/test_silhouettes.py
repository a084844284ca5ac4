"""Full silhouettes against rays traced through boxes, and against answers known by hand."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lenses import LENSES
from traced_scenes import box, camera_at, surface_of, trace

from pipeline.annotations.silhouettes import FullMask, fill, full_mask
from pipeline.annotations.visibility import silhouette_of
from pipeline.geometry import quaternion_from_uniforms
from pipeline.lenses import Lens, make_lens, pinhole
from pipeline.records import Surface

unit = st.floats(0, 1, exclude_max=True)
SMALL = {
    name: Lens(
        model=lens.model,
        k=tuple(tuple(v / 4 if row < 2 else v for v in values) for row, values in enumerate(lens.k)),
        distortion=lens.distortion,
        resolution=(80, 60),
    )
    for name, lens in LENSES.items()
}


@pytest.mark.parametrize("name", SMALL)
@settings(max_examples=25, deadline=None)
@given(
    st.tuples(unit, unit, unit),
    st.tuples(st.floats(-0.4, 0.4), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
    st.tuples(st.floats(0.02, 0.3), st.floats(0.02, 0.3), st.floats(0.02, 0.3)),
)
def test_an_object_alone_has_its_visible_mask_as_silhouette(name, turn, center, size):
    camera = camera_at((0.013, -0.87, 0.41), lens=SMALL[name])
    item = box(1, center, size, quaternion_from_uniforms(*turn))
    visible = trace(camera, [item]).instance == 1
    full = full_mask(surface_of(item), camera)
    # A ray may pass an edge nearer than float64 can tell, once in a blue moon.
    assert np.count_nonzero(full.mask != visible) <= 1
    assert full.px_beyond >= np.count_nonzero(full.mask)


boxes = st.lists(
    st.tuples(st.floats(-0.4, 0.4), st.floats(-0.2, 0.6), st.floats(-0.3, 0.3), st.floats(0.05, 0.3)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=30, deadline=None)
@given(boxes)
def test_every_silhouette_holds_its_visible_mask_and_its_numbers_are_shares(places):
    items = [box(i, place[:3], (place[3],) * 3) for i, place in enumerate(places, start=1)]
    camera = camera_at((0.013, -0.87, 0.41))
    ids = trace(camera, items).instance
    for item in items:
        visible = ids == item.instance_id
        full = full_mask(surface_of(item), camera)
        assert np.count_nonzero(visible & ~full.mask) <= 1
        label = silhouette_of(full, int(np.count_nonzero(visible & full.mask)), True)
        for share in (label.visibility, label.occlusion, label.truncation):
            assert 0.0 <= share <= 1.0
        assert abs(label.visibility - (1 - label.occlusion) * (1 - label.truncation)) < 1e-12
        if label.bbox_xywh_px is not None and full.mask.any():
            x, y, w, h = label.bbox_xywh_px
            rows, columns = np.nonzero(full.mask)
            assert x <= columns.min() and y <= rows.min() and x + w > columns.max() and y + h > rows.max()


def rectangle(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """Two triangles (2, 3, 2), in pixels."""
    a, b, c, d = (left, top), (right, top), (right, bottom), (left, bottom)
    return np.array([(a, b, c), (a, c, d)])


def test_a_pixel_counts_when_its_centre_is_inside():
    mask = fill(rectangle(1.4, 0.6, 3.6, 2.4), 6, 4)
    assert np.argwhere(mask).tolist() == [[1, 1], [1, 2], [1, 3]]


def test_what_covers_no_centre_covers_nothing():
    assert not fill(rectangle(1.6, 1.6, 2.4, 2.4), 6, 4).any()


def test_triangles_that_share_an_edge_leave_no_gap():
    rng = np.random.default_rng(0)
    for _ in range(50):
        corners = np.array([(0, 0), (40, 0), (40, 30), (0, 30)], dtype=float)
        middle = rng.uniform((5, 5), (35, 25))
        fan = np.array([(corners[i], corners[(i + 1) % 4], middle) for i in range(4)])
        assert fill(fan, 40, 30).all()


# A camera at the origin looks along +y; at depth 1 m a pixel is 1/60 m wide, the picture 64 x 48.
AHEAD = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), pinhole(((60.0, 0, 32.0), (0, 60.0, 24.0), (0, 0, 1.0)), (64, 48)))


def plate(left_px: float, top_px: float, right_px: float, bottom_px: float, depth_m: float = 1.0) -> Surface:
    """A rectangle at `depth_m` that projects to these pixels."""
    x0, x1 = ((value - 32) / 60 * depth_m for value in (left_px, right_px))
    z0, z1 = ((24 - value) / 60 * depth_m for value in (top_px, bottom_px))
    corners = [(x0, depth_m, z0), (x1, depth_m, z0), (x1, depth_m, z1), (x0, depth_m, z1)]
    return Surface(vertices_m=np.array(corners), triangles=np.array([(0, 1, 2), (0, 2, 3)], dtype=np.int32))


def test_half_of_an_object_beyond_the_border_is_truncation_a_half():
    full = full_mask(plate(-10.1, 10.1, 9.9, 20.1), AHEAD)
    assert (int(full.mask.sum()), full.px_beyond, full.bbox_xywh_px) == (100, 200, (-10, 10, 20, 10))
    label = silhouette_of(full, 100, True)
    assert (label.truncation, label.occlusion, label.visibility) == (0.5, 0.0, 0.5)


def test_half_of_an_object_behind_another_is_occlusion_a_half():
    label = silhouette_of(full_mask(plate(10.1, 10.1, 30.1, 20.1), AHEAD), 100, True)
    assert (label.px, label.truncation, label.occlusion, label.visibility) == (200, 0.0, 0.5, 0.5)


@pytest.mark.parametrize(
    ("edges", "box_px", "px"),
    [
        ((-5.1, 5.1, 200.1, 9.1), (-5, 5, 133, 4), 64 * 4),  # to one picture's width beyond
        ((60.1, 40.1, 70.1, 60.1), (60, 40, 10, 20), 4 * 8),
        ((-200, -200, 200, 200), (-64, -48, 192, 144), 64 * 48),
    ],
)
def test_what_lies_beyond_the_border_counts_up_to_one_picture(edges, box_px, px):
    full = full_mask(plate(*edges), AHEAD)
    assert (full.bbox_xywh_px, int(full.mask.sum())) == (box_px, px)


def test_an_object_wholly_beyond_the_border_is_all_truncation():
    full = full_mask(plate(70.1, 10.1, 80.1, 20.1), AHEAD)
    label = silhouette_of(full, 0, False)
    assert (label.px, label.px_beyond, label.truncation, label.visibility) == (0, 100, 1.0, 0.0)


def test_an_object_behind_the_camera_has_no_silhouette():
    full = full_mask(plate(10, 10, 20, 20, depth_m=-1.0), AHEAD)
    assert not full.mask.any() and full.px_beyond == 0 and full.bbox_xywh_px is None
    assert silhouette_of(full, 0, False).truncation == 1.0


def test_an_object_across_the_near_plane_is_cut_there():
    """A floor 0.1 m below the eye, up to 10 m ahead: from y = 24 + 60 * 0.1 / 10 = 24.6 down to the last row."""
    corners = [(-9.0, -1.0, -0.1), (9.0, -1.0, -0.1), (9.0, 10.0, -0.1), (-9.0, 10.0, -0.1)]
    floor = Surface(vertices_m=np.array(corners), triangles=np.array([(0, 1, 2), (0, 2, 3)], dtype=np.int32))
    near = replace(AHEAD, clip_start_m=0.5)  # seen from 0.5 m on: y = 24 + 60 * 0.1 / 0.5 = 36
    assert np.flatnonzero(full_mask(floor, AHEAD).mask.any(axis=1)).tolist() == list(range(25, 48))
    rows = np.flatnonzero(full_mask(floor, near).mask.any(axis=1))
    assert rows.tolist() == list(range(25, 36))


def test_what_can_be_seen_through_takes_its_rendered_mask():
    solo = np.zeros((48, 64), dtype=bool)
    solo[12:15, 12:30] = True
    full = full_mask(plate(10.1, 10.1, 70.1, 20.1), AHEAD, solo)
    assert np.array_equal(full.mask, solo) and full.px_beyond == solo.sum() + 6 * 10
    assert full.bbox_xywh_px == (12, 10, 58, 10)


def test_a_sphere_around_the_camera_fills_a_panorama():
    item = box(1, (0.0, -0.87, 0.41), (3.0, 3.0, 3.0))
    camera = camera_at((0.0, -0.87, 0.41), lens=SMALL["equirectangular"])
    assert full_mask(surface_of(item), camera).mask.all()


def test_a_box_across_the_seam_of_a_panorama_is_on_both_edges():
    camera = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), SMALL["equirectangular"])
    item = box(1, (0.0, -1.0, 0.0), (0.4, 0.4, 0.4))
    mask = full_mask(surface_of(item), camera).mask
    assert mask[:, 0].any() and mask[:, -1].any() and not mask[:, 20:60].any()
    assert np.array_equal(mask, trace(camera, [item]).instance == 1)


def test_an_empty_silhouette_has_numbers_too():
    nothing = FullMask(mask=np.zeros((4, 4), dtype=bool), px_beyond=0, bbox_xywh_px=None)
    label = silhouette_of(nothing, 0, True)
    assert (label.visibility, label.occlusion, label.truncation) == (0.0, 0.0, 0.0)


# --- large and wide pictures ----------------------------------------------------------------------------------------


def equidistant(fov_deg: float, width: int, height: int) -> Lens:
    """A fisheye that shows `fov_deg` across."""
    focal = width / math.radians(fov_deg)
    k = ((focal, 0.0, width / 2), (0.0, focal, height / 2), (0.0, 0.0, 1.0))
    return Lens(model="fisheye", k=k, distortion=(0.0, 0.0, 0.0, 0.0), resolution=(width, height))


def panorama(width: int, height: int) -> Lens:
    return make_lens("equirectangular", (width, height), 50.0, 36.0, (0.0, 0.0), 1.0, ())


@pytest.mark.parametrize(
    ("lens", "center", "size"),
    [
        (panorama(2048, 1024), (0.01, 0.02, 1.0), (0.3, 0.2, 0.1)),
        (panorama(2048, 1024), (0.2, 0.3, -1.0), (3.0, 3.0, 0.1)),
        (panorama(640, 320), (0.02, -1.0, 0.9), (0.9, 0.8, 0.7)),
        (equidistant(270, 640, 640), (0.02, -1.0, 0.03), (0.3, 0.2, 0.25)),
        (equidistant(360, 640, 640), (0.02, -1.0, 0.03), (0.3, 0.2, 0.25)),
        (equidistant(300, 640, 480), (-0.31, -0.5, 0.2), (0.3, 0.8, 0.5)),
    ],
)
def test_large_faces_about_a_pole_or_behind_a_wide_fisheye_lose_no_pixel(lens, center, size):
    camera = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), lens)
    item = box(1, center, size)
    visible = trace(camera, [item]).instance == 1
    assert visible.any() and np.count_nonzero(full_mask(surface_of(item), camera).mask != visible) <= 1


def test_what_is_straight_behind_a_fisheye_does_not_surround_its_picture():
    """At 100 degrees the disc is 1.8 pictures wide on each side; chords across it would cover all that is beyond."""
    camera = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), equidistant(100, 160, 120))
    full = full_mask(surface_of(box(1, (0.02, -1.0, 0.03), (0.3, 0.2, 0.25))), camera)
    assert not full.mask.any() and full.px_beyond < 0.05 * 160 * 120


@pytest.mark.parametrize("name", ["pinhole", "barrel", "pincushion"])
def test_what_lies_beside_the_camera_counts_as_truncated_with_distortion_too(name):
    """A beam from before the camera to behind it: of a pinhole it is cut at the near plane, to one picture beyond."""
    camera = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), SMALL[name])
    full = full_mask(surface_of(box(1, (0.5, 0.0, 0.0), (0.1, 3.0, 0.1))), camera)
    assert full.mask.any() and full.px_beyond > 1.5 * np.count_nonzero(full.mask)


def test_the_canvas_of_a_large_picture_takes_little_memory():
    corners = rectangle(10.2, 20.2, 4990.3, 3990.3)
    tracemalloc.start()
    mask = fill(corners, 5000, 4000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.count_nonzero(mask) == 4980 * 3970 and peak < 5 * mask.nbytes
