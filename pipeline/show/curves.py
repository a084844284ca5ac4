"""Straight lines of the world as a lens pictures them: curves, cut where nothing is shown."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.lenses import Lens, project
from pipeline.records import CameraLabel, InstanceLabel

STEPS = 48  # pieces of a line: under the widest fisheye a chord strays less than a pixel from its arc
FAR = 50.0  # pictures away from the middle, beyond which nothing is drawn
# Pairs of corners, in the order of geometry.box_corners, that differ in one axis; that axis is the edge's direction.
EDGES = tuple((a, b, {4: 0, 2: 1, 1: 2}[a ^ b]) for a, b in combinations(range(8), 2) if (a ^ b) in (1, 2, 4))


def curves_of(camera: CameraLabel, starts_m: Array, ends_m: Array) -> list[list[Array]]:
    """Return the pictures of the world lines from `starts_m` (N, 3) to `ends_m` (N, 3): for each its pieces (P, 2) in
    pixels, none where the lens does not show it."""
    along = np.linspace(0.0, 1.0, STEPS + 1)[:, None]
    points = starts_m[:, None] + along * (ends_m - starts_m)[:, None]
    pixels, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), points.reshape(-1, 3))
    return [_pieces(line, camera.lens) for line in pixels.reshape(len(starts_m), STEPS + 1, 2)]


def _pieces(line: Array, lens: Lens) -> list[Array]:
    if lens.model == "equirectangular":
        return _wrapped(line, lens.resolution[0])
    with np.errstate(invalid="ignore"):
        is_shown = (np.abs(line) < FAR * max(lens.resolution)).all(axis=1)
    runs = np.split(np.arange(len(line)), np.flatnonzero(np.diff(is_shown)) + 1)
    return [line[run] for run in runs if is_shown[run[0]] and len(run) > 1]


def _wrapped(line: Array, width: int) -> list[Array]:
    """Return the pieces of a line on a panorama, which leaves over one border and comes back over the other."""
    jumps = np.flatnonzero(np.abs(np.diff(line[:, 0])) > width / 2) + 1
    pieces = []
    for part in np.split(np.arange(len(line)), jumps):
        piece = line[part]
        if part[0] > 0:
            piece = np.vstack([_around(line[part[0] - 1], piece[0], width), piece])
        if part[-1] < len(line) - 1:
            piece = np.vstack([piece, _around(line[part[-1] + 1], piece[-1], width)])
        pieces.append(piece)
    return pieces


def _around(point: Array, near: Array, width: int) -> Array:
    """Return a point of a panorama on the side of the border where `near` is."""
    return point + (np.sign(near[0] - point[0]) * width, 0.0)


def box_curves(camera: CameraLabel, corners_m: Array) -> list[tuple[int, bool, bool, list[Array]]]:
    """Return the 12 edges of a box, corners (8, 3) in the world: axis, whether it meets the low corner, whether the
    box itself hides it, and its pieces."""
    hidden = _faces_away(camera, corners_m)
    ends = np.array([(a, b) for a, b, _ in EDGES])
    curves = curves_of(camera, corners_m[ends[:, 0]], corners_m[ends[:, 1]])
    return [
        (axis, a == 0, all(hidden[face] for face in _faces_of(a, b)), curve)
        for (a, b, axis), curve in zip(EDGES, curves, strict=True)
    ]


def _faces_of(a: int, b: int) -> list[tuple[int, int]]:
    """Return the two faces (axis, side) that an edge between corners `a` and `b` belongs to."""
    return [(axis, a >> (2 - axis) & 1) for axis in range(3) if a >> (2 - axis) & 1 == b >> (2 - axis) & 1]


def _faces_away(camera: CameraLabel, corners_m: Array) -> dict[tuple[int, int], bool]:
    eye = np.asarray(camera.world_from_camera)[:3, 3]
    center = corners_m.mean(axis=0)
    away = {}
    for axis in range(3):
        for side in (0, 1):
            middle = corners_m[[i for i in range(8) if i >> (2 - axis) & 1 == side]].mean(axis=0)
            away[(axis, side)] = bool((middle - center) @ (eye - middle) <= 0)
    return away


def axes_curves(camera: CameraLabel, item: InstanceLabel) -> list[list[Array]]:
    """Return the x, y and z axis of an object from its origin, three quarters of its mean size long."""
    length_m = 0.75 * float(np.prod(np.maximum(item.dimensions_m, 1e-6)) ** (1 / 3))
    pose = np.asarray(item.world_from_object)
    ends = transform_points(pose, np.eye(3) * length_m)
    return curves_of(camera, np.repeat(pose[None, :3, 3], 3, axis=0), ends)


def corners_of(item: InstanceLabel) -> Array:
    """Return the corners (8, 3) of an instance's box in the world."""
    assert item.box_3d is not None
    return np.asarray(item.box_3d.corners_world_m, dtype=np.float64)
