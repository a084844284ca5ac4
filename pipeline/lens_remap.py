"""From what Blender renders to what a lens shows: distorting lenses are rendered wider, then remapped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, angle_rad
from pipeline.lenses import Lens, pixel_centers, project_camera_points, unproject

DENSEST = 2.0  # a source picture is at most so many times as dense as K says: a stretched rim stays a little soft
MARGIN_PX = 3  # around the source picture, for the filter


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
        theta = angle_rad(np.hypot(rays[:, 0], rays[:, 1]), rays[:, 2])
        around = angle_rad(rays[:, 1], rays[:, 0])
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
