"""From the wider picture that Blender renders to what a lens with distortion shows: colours with a filter, labels by
the nearest pixel. Plain numpy; nothing is done for a lens that Blender renders as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.lens_remap import remap_of, sampled_rays, source_lens
from pipeline.lenses import Lens, pixel_centers, unproject

Image = NDArray[Any]


def nearest(image: Image, lens: Lens) -> Image:
    """Return a rendered array (H, W) or (H, W, C) as `lens` shows it, each pixel that of the nearest rendered one; 0
    where the lens shows nothing. Raises ValueError when the render has another size than the lens asks for."""
    remap = remap_of(lens)
    width, height = lens.resolution if remap is None else remap.source.resolution
    if image.shape[:2] != (height, width):
        raise ValueError(f"the render is {image.shape[1]} x {image.shape[0]}, the camera {width} x {height}")
    if remap is None:
        return image
    result = image.reshape(height * width, *image.shape[2:])[remap.index]
    result[~remap.is_shown] = 0
    return result


def filtered(image: Image, lens: Lens) -> NDArray[np.float32]:
    """Return a rendered picture (H, W, C) as `lens` shows it, by Catmull and Rom's cubic (1974), not below 0; black
    where the lens shows nothing."""
    remap = remap_of(lens)
    if remap is None:
        return image.astype(np.float32)
    height, width = image.shape[:2]
    flat = image.reshape(height * width, -1).astype(np.float32)
    x, y = (np.where(remap.is_shown, remap.xy_px[..., axis], 0.5) - 0.5 for axis in (0, 1))
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    across, down = _weights((x - left).astype(np.float32)), _weights((y - top).astype(np.float32))
    total = np.zeros((*x.shape, flat.shape[1]), dtype=np.float32)
    for j in range(4):
        row = np.clip(top + j - 1, 0, height - 1) * width
        for i in range(4):
            column = np.clip(left + i - 1, 0, width - 1)
            total += (across[i] * down[j])[..., None] * flat[row + column]
    total[~remap.is_shown] = 0.0
    return np.maximum(total, 0.0)


def _weights(t: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Return the weights of the four samples around a place `t` (0..1) between the middle two."""
    t2, t3 = t * t, t * t * t
    return ((-t3 + 2 * t2 - t) / 2, (3 * t3 - 5 * t2 + 2) / 2, (-3 * t3 + 4 * t2 + t) / 2, (t3 - t2) / 2)


def depth_and_distance(z: NDArray[np.float32], lens: Lens) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return depth and distance in metres (H, W) float32, inf background, of a rendered depth pass.

    Cycles writes the depth along the optical axis, but for panoramas the distance along the ray. A panorama of the
    whole sphere has no optical axis, so there the depth is the distance.
    """
    shown = nearest(z, lens)
    remap = remap_of(lens)
    if remap is not None:
        shown = np.where(remap.is_shown, shown, np.float32(np.inf))
    if lens.model == "equirectangular":
        return shown, shown
    seen = np.isfinite(shown)
    along = sampled_rays(lens)[..., 2]
    other = np.full(shown.shape, np.inf, dtype=np.float32)
    if lens.model == "fisheye":
        other[seen] = shown[seen] * along[seen]
        return other, shown
    other[seen] = shown[seen] / along[seen]
    return shown, other


def rendered_distance(z: NDArray[np.float32], lens: Lens) -> NDArray[np.float32]:
    """Return the distance along the ray (H', W') float32, inf background, of a depth pass as it was rendered for
    `lens`: every pixel of it, before any remapping."""
    source = source_lens(lens)
    if source.model != "pinhole":
        return z
    along = unproject(source, pixel_centers(source.resolution))[:, 2].reshape(z.shape)
    return (z / along).astype(np.float32)
