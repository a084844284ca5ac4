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
from numpy.typing import ArrayLike, NDArray

from pipeline.geometry import Array, intrinsics, transform_points

LensModel = Literal["pinhole", "opencv", "fisheye", "equirectangular"]
COEFFICIENTS: dict[str, tuple[str, ...]] = {
    "pinhole": (),
    "opencv": ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"),
    "fisheye": ("k1", "k2", "k3", "k4"),
    "equirectangular": (),
}
# Where a radial model is looked at for its turning point, in units of x/z: closely to 87 degrees from the axis, then on
# until nothing is left of a picture.
FOLD_RADII = np.concatenate([np.arange(0.0, 20.0, 1e-3), np.geomspace(20.0, 1e4, 4096)])
CLOSE = 1e-12
NEWTON_STEPS = 50
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


def distort(coefficients: tuple[float, ...], plane: Array) -> Array:
    """Return points (N, 2) of the plane z = 1 moved by OpenCV's model, `coefficients` k1 k2 p1 p2 k3 k4 k5 k6."""
    k1, k2, p1, p2, k3, k4, k5, k6 = coefficients
    x, y = plane[:, 0], plane[:, 1]
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    return np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        ],
        axis=1,
    )


@lru_cache(maxsize=64)
def fold_radius(coefficients: tuple[float, ...]) -> float:
    """Return the radius in the plane z = 1 from which on the radial model turns back, inf where it never does.

    What lies beyond would land in the picture a second time, so it counts as not shown.
    """
    k1, k2, _, _, k3, k4, k5, k6 = coefficients
    r = FOLD_RADII
    r2 = r * r
    lower = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    with np.errstate(divide="ignore", invalid="ignore"):
        out = r * (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / lower
    bad = np.flatnonzero((np.diff(out) <= 0) | (lower[1:] <= 0) | ~np.isfinite(out[1:]))
    return float(r[bad[0]]) if bad.size else math.inf


def _unproject_opencv(lens: Lens, plane: Array) -> Array:
    """A part of the picture at a time: arrays that stay in the processor's cache are several times as fast."""
    parts = [_undistorted(lens.distortion, plane[at : at + PART]) for at in range(0, len(plane), PART)]
    return _unproject_pinhole(lens, np.concatenate(parts) if parts else plane)


def _undistorted(coefficients: tuple[float, ...], plane: Array) -> Array:
    """Newton's method from the distorted points (N, 2); where it does not arrive there is no ray."""
    found = plane.copy()
    for _ in range(NEWTON_STEPS):
        error = distort(coefficients, found) - plane
        if not np.nanmax(np.abs(error), initial=0.0) > CLOSE:
            break
        xx, xy, yy = _slopes(coefficients, found)
        determinant = xx * yy - xy * xy
        found[:, 0] -= (yy * error[:, 0] - xy * error[:, 1]) / determinant
        found[:, 1] -= (xx * error[:, 1] - xy * error[:, 0]) / determinant
    error = np.abs(distort(coefficients, found) - plane).max(axis=1)
    beyond = (found * found).sum(axis=1) > fold_radius(coefficients) ** 2
    found[~(error < 1e-9) | beyond] = np.nan
    return found


def _slopes(coefficients: tuple[float, ...], plane: Array) -> tuple[Array, Array, Array]:
    """Return how much `distort` moves x with x, either with the other (it is the same), and y with y."""
    k1, k2, p1, p2, k3, k4, k5, k6 = coefficients
    x, y = plane[:, 0], plane[:, 1]
    r2 = x * x + y * y
    lower = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / lower
    slope = (k1 + r2 * (2 * k2 + 3 * r2 * k3) - radial * (k4 + r2 * (2 * k5 + 3 * r2 * k6))) / lower
    shared = 2 * (x * y * slope + p1 * x + p2 * y)
    return (
        radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x,
        shared,
        radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x,
    )


# --- OpenCV's fisheye model -----------------------------------------------------------------------------------------


def _project_fisheye(lens: Lens, points: Array) -> Array:
    r = np.hypot(points[:, 0], points[:, 1])
    theta = np.arctan2(r, points[:, 2])
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
    longitude = np.arctan2(points[:, 0], points[:, 2])
    return np.stack([longitude, np.arctan2(points[:, 1], np.hypot(points[:, 0], points[:, 2]))], axis=1)


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


# --- from what Blender renders to what the lens shows ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Remap:
    """How the picture of `lens` is made from one that Blender can render.

    `source` is that picture's lens: wider, at least as dense, pinhole or equidistant ("fisheye" without coefficients).
    `xy_px` (H, W, 2) float64 are positions in it, NaN where the lens shows nothing; `index` (H, W) int64 is the pixel
    of it, counted row by row, whose centre is nearest, and 0 where `is_shown` (H, W) bool is false.
    """

    source: Lens
    xy_px: Array
    index: NDArray[np.int64]
    is_shown: NDArray[np.bool_]


DENSEST = 2.0  # a source picture is at most so many times as dense as K says: a stretched rim stays a little soft
MARGIN_PX = 3  # around the source picture, for the filter


@lru_cache(maxsize=2)
def remap_of(lens: Lens) -> Remap | None:
    """Return how `lens` is rendered, None where Blender renders it as it is (pinhole, equirectangular).

    Raises ValueError when the distortion folds the picture, so that some pixel has no ray.
    """
    if lens.model not in ("opencv", "fisheye"):
        return None
    width, height = lens.resolution
    rays = unproject(lens, pixel_centers(lens.resolution))
    if lens.model == "opencv" and np.isnan(rays).any():
        lost = int(np.isnan(rays).any(axis=1).sum())
        raise ValueError(
            f"the distortion turns back within the picture: {lost} of {width * height} pixels have no ray",
            "use smaller coefficients, or a longer focal length",
        )
    source = _source_of(lens, rays)
    xy = project_camera_points(source, rays)
    is_shown = ~np.isnan(xy).any(axis=1)
    cells = np.floor(np.where(is_shown[:, None], xy, 0.0)).astype(np.int64)
    cells = np.clip(cells, 0, np.array(source.resolution) - 1)
    index = cells[:, 1] * source.resolution[0] + cells[:, 0]
    return Remap(
        source=source,
        xy_px=xy.reshape(height, width, 2),
        index=np.where(is_shown, index, 0).reshape(height, width),
        is_shown=is_shown.reshape(height, width),
    )


def turns_back(lens: Lens) -> bool:
    """Return whether a distortion folds the picture: whether some pixel of its border, where it is strongest, has no
    ray."""
    width, height = lens.resolution
    across, down = np.arange(width) + 0.5, np.arange(height) + 0.5
    sides = [np.column_stack([across, np.full(width, y)]) for y in (0.5, height - 0.5)]
    sides += [np.column_stack([np.full(height, x), down]) for x in (0.5, width - 0.5)]
    return bool(np.isnan(unproject(lens, np.concatenate(sides))).any())


def source_lens(lens: Lens) -> Lens:
    """Return the lens that Blender renders for `lens`: itself, or a wider one to be remapped."""
    remap = remap_of(lens)
    return lens if remap is None else remap.source


@lru_cache(maxsize=2)
def sampled_rays(lens: Lens) -> Array:
    """Return the unit rays (H, W, 3), camera axes, along which the labels of each pixel were sampled; read-only.

    They go through the pixels' centres; of a remapped lens through the nearest centres of what was rendered. NaN where
    the lens shows nothing.
    """
    width, height = lens.resolution
    remap = remap_of(lens)
    if remap is None:
        rays = unproject(lens, pixel_centers(lens.resolution)).reshape(height, width, 3)
    else:
        rays = unproject(remap.source, pixel_centers(remap.source.resolution))[remap.index]
        rays[~remap.is_shown] = np.nan
    rays.flags.writeable = False
    return rays


def _source_of(lens: Lens, rays: Array) -> Lens:
    """Return the smallest lens that Blender renders, holds all `rays` and is as dense as `lens`."""
    (fx, _, _), (_, fy, _), _ = lens.k
    if lens.model == "opencv":
        plane = rays[:, :2] / rays[:, 2:3]
    else:
        theta = np.arctan2(np.hypot(rays[:, 0], rays[:, 1]), rays[:, 2])
        around = np.arctan2(rays[:, 1], rays[:, 0])
        plane = np.stack([theta * np.cos(around), theta * np.sin(around)], axis=1)
        fx = fy = max(fx, fy)
    scale = min(DENSEST, max(1.0, _density(lens, plane)))
    fx, fy = fx * scale, fy * scale
    low = np.floor(np.nanmin(plane, axis=0) * (fx, fy)) - MARGIN_PX
    high = np.ceil(np.nanmax(plane, axis=0) * (fx, fy)) + MARGIN_PX
    k = ((fx, 0.0, float(-low[0])), (0.0, fy, float(-low[1])), (0.0, 0.0, 1.0))
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    if lens.model == "opencv":
        return Lens(model="pinhole", k=k, distortion=(), resolution=size)
    return Lens(model="fisheye", k=k, distortion=(0.0, 0.0, 0.0, 0.0), resolution=size)


def _density(lens: Lens, plane: Array) -> float:
    """Return how many times as many pixels as K says the densest place of the picture has in a unit of `plane`.

    That is one over the smallest singular value of the map from pixels to the plane, in source pixels.
    """
    width, height = lens.resolution
    if min(width, height) < 2:
        return 1.0
    (fx, _, _), (_, fy, _), _ = lens.k
    down, across = (np.gradient(plane.reshape(height, width, 2) * (fx, fy), axis=axis) for axis in (0, 1))
    total = (down * down).sum(axis=-1) + (across * across).sum(axis=-1)
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    with np.errstate(invalid="ignore"):
        smallest = np.sqrt((total - np.sqrt(np.maximum(total * total - 4 * area * area, 0.0))) / 2)
    return 1.0 / max(float(np.nanmin(smallest)), 1e-9)
