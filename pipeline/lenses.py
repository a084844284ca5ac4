"""Camera models: `project` is the one function that every label, every check and every test uses.

Camera points are OpenCV's (x right, y down, z forward), metres. Pixels have integer edges, so OpenCV's `cx` + 0.5.

| model | picture of a point | `distortion` |
|---|---|---|
| pinhole | K (x/z, y/z) | none |
| opencv | K applied to x/z, y/z moved by the rational radial-tangential model | k1 k2 p1 p2 k3 k4 k5 k6 |
| fisheye | K applied to the direction (x, y)/r at radius theta(1 + k1 theta^2 + ... + k4 theta^8) | k1 k2 k3 k4 |
| equirectangular | longitude and latitude, the whole sphere: `cx` straight ahead, `fx` pixels a radian | none |

The formulas are those of OpenCV's calib3d ("Camera Calibration and 3D Reconstruction", and its fisheye namespace).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pipeline.geometry import Array, angle_rad, intrinsics, transform_points
from pipeline.lens_distortion import distort, fold_radius, undistort

LensModel = Literal["pinhole", "opencv", "fisheye", "equirectangular"]
COEFFICIENTS: dict[str, tuple[str, ...]] = {
    "pinhole": (),
    "opencv": ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"),
    "fisheye": ("k1", "k2", "k3", "k4"),
    "equirectangular": (),
}
PART = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """How a camera maps directions to pixels. `k` (3, 3) pixels without skew, `distortion` as in COEFFICIENTS,
    `resolution` (width, height)."""

    model: LensModel
    k: tuple[tuple[float, ...], ...]
    distortion: tuple[float, ...]
    resolution: tuple[int, int]


def pinhole(k: ArrayLike, resolution: tuple[int, int]) -> Lens:
    """Return the lens without distortion of a matrix `k` (3, 3)."""
    rows = tuple(tuple(float(v) for v in row) for row in np.asarray(k, dtype=np.float64))
    return Lens(model="pinhole", k=rows, distortion=(), resolution=resolution)


def make_lens(
    model: LensModel,
    resolution: tuple[int, int],
    focal_length_mm: float,
    sensor_width_mm: float,
    shift: tuple[float, float],
    pixel_aspect: float,
    distortion: tuple[float, ...],
) -> Lens:
    """Return the lens of photographic terms (see `geometry.intrinsics`); an equirectangular one has none of them."""
    if model == "equirectangular":
        width, height = resolution
        k = ((width / math.tau, 0.0, width / 2), (0.0, height / math.pi, height / 2), (0.0, 0.0, 1.0))
        return Lens(model=model, k=k, distortion=(), resolution=resolution)
    plain = pinhole(intrinsics(resolution, focal_length_mm, sensor_width_mm, shift, pixel_aspect), resolution)
    return Lens(model=model, k=plain.k, distortion=distortion, resolution=resolution)


def project(lens: Lens, camera_from_world: ArrayLike, points_m: ArrayLike) -> tuple[Array, Array]:
    """Return pixel positions (N, 2) and depths along the optical axis in metres (N,) of world points (N, 3).

    Points that the lens does not show (behind a pinhole, beyond the turning point of a distortion) give NaN pixels;
    points beside the picture do not.
    """
    points = transform_points(camera_from_world, points_m)
    return project_camera_points(lens, points), points[:, 2]


def project_camera_points(lens: Lens, points_m: ArrayLike) -> Array:
    """Return pixel positions (N, 2) of camera points (N, 3); NaN where the lens does not show them."""
    points = np.asarray(points_m, dtype=np.float64).reshape(-1, 3)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        plane = _PROJECT[lens.model](lens, points)
    pixels = _pixels(lens, plane)
    if lens.model == "equirectangular":  # straight behind and straight down lie on the edge: of a sphere nothing is out
        pixels = np.clip(pixels, 0.0, np.nextafter(lens.resolution, 0.0))
    return pixels


def unproject(lens: Lens, pixels_px: ArrayLike) -> Array:
    """Return the unit rays (N, 3), camera axes, through pixel positions (N, 2); NaN where no ray leads there."""
    uv = np.asarray(pixels_px, dtype=np.float64).reshape(-1, 2)
    (fx, _, cx), (_, fy, cy), _ = lens.k
    plane = np.stack([(uv[:, 0] - cx) / fx, (uv[:, 1] - cy) / fy], axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        rays = _UNPROJECT[lens.model](lens, plane)
        unit: Array = rays / np.sqrt((rays * rays).sum(axis=1))[:, None]
        return unit


def pixel_centers(resolution: tuple[int, int]) -> Array:
    """Return the centres (H * W, 2) of all pixels, row by row."""
    width, height = resolution
    v, u = np.mgrid[0:height, 0:width]
    centers: Array = np.stack([u.ravel() + 0.5, v.ravel() + 0.5], axis=1)
    return centers


def _pixels(lens: Lens, plane: Array) -> Array:
    (fx, _, cx), (_, fy, cy), _ = lens.k
    return np.stack([plane[:, 0] * fx + cx, plane[:, 1] * fy + cy], axis=1)


# --- pinhole and OpenCV's radial-tangential model -------------------------------------------------------------------


def _project_pinhole(lens: Lens, points: Array) -> Array:
    plane = points[:, :2] / points[:, 2:3]
    plane[points[:, 2] <= 0] = np.nan
    return plane


def _unproject_pinhole(lens: Lens, plane: Array) -> Array:
    return np.column_stack([plane, np.ones(len(plane))])


def _project_opencv(lens: Lens, points: Array) -> Array:
    plane = _project_pinhole(lens, points)
    beyond = (plane * plane).sum(axis=1) > fold_radius(lens.distortion) ** 2
    plane[beyond] = np.nan
    return distort(lens.distortion, plane)


def _unproject_opencv(lens: Lens, plane: Array) -> Array:
    """A part of the picture at a time: arrays that stay in the processor's cache are several times as fast."""
    parts = [undistort(lens.distortion, plane[at : at + PART]) for at in range(0, len(plane), PART)]
    return _unproject_pinhole(lens, np.concatenate(parts) if parts else plane)


# --- OpenCV's fisheye model -----------------------------------------------------------------------------------------


def _project_fisheye(lens: Lens, points: Array) -> Array:
    r = np.hypot(points[:, 0], points[:, 1])
    theta = angle_rad(r, points[:, 2])
    radius = fisheye_radius(lens.distortion, theta)
    radius[theta > fisheye_limit_rad(lens.distortion)] = np.nan
    scale = np.divide(radius, r, out=np.ones_like(r), where=r > 0)
    return np.stack([points[:, 0] * scale, points[:, 1] * scale], axis=1)


def fisheye_radius(coefficients: tuple[float, ...], theta_rad: Array) -> Array:
    """Return how far from the principal point a ray at `theta_rad` from the optical axis lands, in focal lengths."""
    k1, k2, k3, k4 = coefficients
    t2 = theta_rad * theta_rad
    return np.asarray(theta_rad * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4)))))


@lru_cache(maxsize=64)
def fisheye_limit_rad(coefficients: tuple[float, ...]) -> float:
    """Return the angle from the axis up to which the model grows, pi at most."""
    theta = np.linspace(0.0, math.pi, 4096)
    bad = np.flatnonzero(np.diff(fisheye_radius(coefficients, theta)) <= 0)
    return float(theta[bad[0]]) if bad.size else math.pi


def _unproject_fisheye(lens: Lens, plane: Array) -> Array:
    radius = np.hypot(plane[:, 0], plane[:, 1])
    limit = fisheye_limit_rad(lens.distortion)
    table = np.linspace(0.0, limit, 4096)
    theta = np.interp(radius, fisheye_radius(lens.distortion, table), table, right=np.nan)
    k1, k2, k3, k4 = lens.distortion
    for _ in range(8):  # from a table's cell away, Newton needs three
        t2 = theta * theta
        slope = 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))
        theta = np.clip(theta - (fisheye_radius(lens.distortion, theta) - radius) / slope, 0.0, limit)
    sine = np.divide(np.sin(theta), radius, out=np.ones_like(theta), where=radius > 0)
    return np.column_stack([plane * sine[:, None], np.cos(theta)])


# --- equirectangular ------------------------------------------------------------------------------------------------


def _project_equirectangular(lens: Lens, points: Array) -> Array:
    longitude = angle_rad(points[:, 0], points[:, 2])
    return np.stack([longitude, angle_rad(points[:, 1], np.hypot(points[:, 0], points[:, 2]))], axis=1)


def _unproject_equirectangular(lens: Lens, plane: Array) -> Array:
    longitude, down = plane[:, 0], plane[:, 1]
    flat = np.cos(down)
    return np.column_stack([np.sin(longitude) * flat, np.sin(down), np.cos(longitude) * flat])


_PROJECT = {
    "pinhole": _project_pinhole,
    "opencv": _project_opencv,
    "fisheye": _project_fisheye,
    "equirectangular": _project_equirectangular,
}
_UNPROJECT = {
    "pinhole": _unproject_pinhole,
    "opencv": _unproject_opencv,
    "fisheye": _unproject_fisheye,
    "equirectangular": _unproject_equirectangular,
}
