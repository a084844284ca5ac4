"""What a template marks, drawn onto a picture: where it is, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.geometry import look_at
from pipeline.lenses import make_lens
from pipeline.records import CameraLabel, MarkedAnchor, MarkedSlot, MarkedSpline, MarkedSurface, MarkedVolume
from pipeline.sampling.structured.places import Places
from pipeline.show.colors import viridis
from pipeline.show.pen import brush_for
from pipeline.show.places import PAINT_ALPHA, SPLINE_COLOR, draw_places

SIZE = (200, 200)
ORIGIN = (1.0, 0.0, 0.0, 0.0)


def camera():
    """Straight down from 2 m: the square of 2 m about the origin fills the picture, +x right, +y up."""
    pose = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0))
    lens = make_lens("pinhole", SIZE, 36.0, 36.0, (0.0, 0.0), 1.0, ())
    rows = tuple(tuple(float(v) for v in row) for row in pose)
    return CameraLabel(model="pinhole", k=lens.k, distortion=(), world_from_camera=rows, resolution=SIZE)


def drawn(**places):
    black = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    return draw_places(black, Places(**places), camera(), brush_for(SIZE[0], 1)).astype(int)


def test_a_surface_is_painted_by_its_weights_where_it_is():
    corners = ((0.0, 0.0, 0.0), (0.8, 0.0, 0.0), (0.8, 0.8, 0.0), (0.0, 0.8, 0.0))
    square = {"name": "", "object_name": "S", "vertices_m": corners, "triangles": ((0, 1, 2), (0, 2, 3))}
    for weight in (0.0, 1.0):
        picture = drawn(surfaces=(MarkedSurface(**square, weights=(weight,) * 4),))
        lit = picture.sum(axis=2) > 0
        columns, rows = np.flatnonzero(lit.any(axis=0)), np.flatnonzero(lit.any(axis=1))
        assert len(columns) == pytest.approx(0.8 * 100, abs=2) and len(rows) == pytest.approx(0.8 * 100, abs=2)
        color = viridis(np.array([weight]))[0].astype(float) * PAINT_ALPHA / 255
        inside = picture[rows[0] + 20, columns[0] + 30]
        assert np.abs(inside - color).max() <= 2


def test_a_curve_is_drawn_along_its_points():
    spline = MarkedSpline(name="", object_name="L", points_m=((-0.9, 0.5, 0.0), (0.9, 0.5, 0.0)))
    picture = drawn(splines=(spline,))
    rows = np.flatnonzero((np.abs(picture - SPLINE_COLOR).max(axis=2) < 60).sum(axis=1) > 150)
    mirrored = drawn(splines=(MarkedSpline(name="", object_name="L", points_m=((-0.9, -0.5, 0.0), (0.9, -0.5, 0.0))),))
    below = np.flatnonzero((np.abs(mirrored - SPLINE_COLOR).max(axis=2) < 60).sum(axis=1) > 150)
    assert abs(abs(rows.mean() - below.mean()) - 100) < 3


def test_every_kind_of_place_shows_and_is_named():
    corners = tuple((x, y, z) for x in (0.0, 0.4) for y in (0.0, 0.4) for z in (0.0, 0.4))
    sides = (
        (0, 1, 3),
        (0, 3, 2),
        (4, 6, 7),
        (4, 7, 5),
        (0, 4, 5),
        (0, 5, 1),
        (2, 3, 7),
        (2, 7, 6),
        (0, 2, 6),
        (0, 6, 4),
    )
    kinds = {
        "volumes": MarkedVolume(name="", object_name="V", vertices_m=corners, triangles=sides),
        "keep_out": MarkedVolume(name="", object_name="K", vertices_m=corners, triangles=sides),
        "anchors": MarkedAnchor(name="", object_name="A", location_m=(0.0, 0.0, 0.0), rotation=ORIGIN),
        "slots": MarkedSlot(
            name="",
            object_name="T",
            location_m=(0.1, 0.1, 0.0),
            rotation=ORIGIN,
            low_m=(0, 0, 0),
            high_m=(0.2, 0.2, 0.2),
        ),
    }
    for kind, mark in kinds.items():
        lit = drawn(**{kind: (mark,)}).sum(axis=2) > 100
        assert 20 < lit.sum() < 3000, kind
    room, kept_out = (drawn(**{kind: (kinds[kind],)}) for kind in ("volumes", "keep_out"))
    assert ((room.sum(axis=2) > 0) == (kept_out.sum(axis=2) > 0)).all()
    assert (kept_out[..., 0] >= kept_out[..., 2]).all() and (room[..., 0] <= room[..., 2]).all()
    named = drawn(anchors=(replace(kinds["anchors"], name="Here"),))
    assert (named > 180).all(axis=2).sum() > (drawn(anchors=(kinds["anchors"],)) > 180).all(axis=2).sum() + 20


def test_what_is_behind_the_camera_is_not_drawn():
    behind = MarkedSpline(name="B", object_name="B", points_m=((-1.0, 0.0, 5.0), (1.0, 0.0, 5.0)))
    assert drawn(splines=(behind,)).sum() == 0
