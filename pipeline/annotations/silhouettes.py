"""Full silhouettes (amodal masks): the pixels whose centres an instance would cover with nothing before it.

A scanline rasteriser in numpy, one instance at a time, both sides of every face, so the result is a union of
triangles. It samples the same ray as the renderer's ids (the centre of the pixel, edges inclusive), and differs from
them only where that ray passes an edge nearer than float32 can tell. A panorama or fisheye is asked ray by ray instead
(`ray_masks`).

Beyond the border only size and box are wanted: there a remapped lens takes the edges of small pieces as straight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.boxes import Box, mask_box
from pipeline.annotations.ray_masks import ray_mask, subdivided
from pipeline.geometry import Array, angle_rad, inverse_rigid, transform_points
from pipeline.lens_remap import remap_of, source_lens
from pipeline.lenses import Lens, project_camera_points
from pipeline.records import RealisedCamera, Surface

Mask = NDArray[np.bool_]

BAND_PX = 1 << 22
BEHIND_RAD = 0.2  # about the point straight behind a fisheye, which its picture draws out into a ring


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FullMask:
    """One instance's silhouette. `mask` (H, W) bool in the picture; `px_beyond` and `bbox_xywh_px` take in what lies up
    to one picture's size beyond each border."""

    mask: Mask
    px_beyond: int
    bbox_xywh_px: Box | None


def full_mask(surface: Surface, camera: RealisedCamera, solo: Mask | None = None) -> FullMask:
    """Return the silhouette of a surface. `solo` (H, W) stands in for the part in the picture of what can be seen
    through, where geometry does not tell."""
    points = transform_points(inverse_rigid(camera.world_from_camera), surface.vertices_m)
    lens = camera.lens
    if lens.model == "pinhole":
        canvas = _wide_canvas(_projected(points, surface.triangles, lens, camera.clip_start_m), lens)
        return _with_beyond(_part_of(*canvas, lens.resolution) if solo is None else solo, *canvas)
    inside = _any_lens_mask(points, surface.triangles, lens, camera.clip_start_m) if solo is None else solo
    if lens.model == "equirectangular":  # the whole sphere has no border
        return FullMask(mask=inside, px_beyond=int(inside.sum()), bbox_xywh_px=mask_box(inside))
    return _with_beyond(inside, *_wide_canvas(_bent_pixels(points, surface.triangles, lens), lens))


def holding(full: FullMask, visible: Mask) -> FullMask:
    """Return the silhouette with every `visible` pixel (H, W) of the instance in it: where a ray passes an edge nearer
    than float32 can tell, the renderer's word counts, so that a mask never leaves its silhouette."""
    added = int(np.count_nonzero(visible & ~full.mask))
    if not added:
        return full
    box = _around(full.bbox_xywh_px, mask_box(visible))
    return FullMask(mask=full.mask | visible, px_beyond=full.px_beyond + added, bbox_xywh_px=box)


def _with_beyond(inside: Mask, canvas: Mask, left: int, top: int) -> FullMask:
    """Join the exact part in the picture with a canvas, whose corner is at (left, top), that is only good beyond it."""
    height, width = inside.shape
    canvas[max(-top, 0) : max(height - top, 0), max(-left, 0) : max(width - left, 0)] = False
    return FullMask(
        mask=inside,
        px_beyond=int(np.count_nonzero(inside)) + int(np.count_nonzero(canvas)),
        bbox_xywh_px=_around(mask_box(inside), mask_box(canvas, left, top)),
    )


def _around(*boxes: Box | None) -> Box | None:
    """Return the smallest box that holds all that are given."""
    some = [box for box in boxes if box is not None]
    if not some:
        return None
    x, y = min(box[0] for box in some), min(box[1] for box in some)
    return (x, y, max(box[0] + box[2] for box in some) - x, max(box[1] + box[3] for box in some) - y)


# --- pinhole: scanlines ---------------------------------------------------------------------------------------------


def _wide_canvas(corners: Array, lens: Lens) -> tuple[Mask, int, int]:
    """Return what triangles (T, 3, 2) cover of the picture and of one picture's size around it; see `_canvas`."""
    width, height = lens.resolution
    return _canvas(corners, (-width, -height), (2 * width, 2 * height))


def _canvas(corners: Array, low_px: tuple[int, int], high_px: tuple[int, int]) -> tuple[Mask, int, int]:
    """Return the mask of what triangles (T, 3, 2) cover of the pixels from `low_px` to `high_px`, as large as they need
    it, with the left and top edge of its first pixel."""
    if not len(corners):
        return np.zeros((0, 0), dtype=bool), 0, 0
    ends = [corners[..., axis].ravel() for axis in (0, 1)]
    left, top = (int(v) for v in np.clip(np.floor([v.min() for v in ends]), low_px, high_px))
    right, bottom = (int(v) for v in np.clip(np.ceil([v.max() for v in ends]), low_px, high_px))
    return fill(corners - (left, top), right - left, bottom - top), left, top


def _part_of(canvas: Mask, left: int, top: int, resolution: tuple[int, int]) -> Mask:
    """Return the picture (H, W) that a canvas holds a part of."""
    width, height = resolution
    mask = np.zeros((height, width), dtype=bool)
    x, y = max(left, 0), max(top, 0)
    part = canvas[y - top : max(height - top, 0), x - left : max(width - left, 0)]
    mask[y : y + part.shape[0], x : x + part.shape[1]] = part
    return mask


def _projected(points: Array, triangles: NDArray[np.int32], lens: Lens, near_m: float) -> Array:
    """Return the pixel positions (T, 3, 2) of what of the triangles lies beyond the near plane."""
    depth = points[:, 2]
    before = (depth < near_m).astype(np.int8)[triangles]
    count = before[:, 0] + before[:, 1] + before[:, 2]
    pixels = project_camera_points(lens, points)
    whole: Array = pixels[triangles[count == 0]]
    cut = _clipped(points[triangles[(count > 0) & (count < 3)]], near_m)
    if not len(cut):
        return whole
    return np.concatenate([whole, project_camera_points(lens, cut.reshape(-1, 3)).reshape(-1, 3, 2)])


def _clipped(corners: Array, near_m: float) -> Array:
    """Return the triangles (T, 3, 3) that the near plane leaves of triangles (N, 3, 3) it cuts."""
    pieces = []
    for triangle in corners:
        kept: list[Array] = []
        for a, b in ((0, 1), (1, 2), (2, 0)):
            first, second = triangle[a], triangle[b]
            if first[2] >= near_m:
                kept.append(first)
            if (first[2] >= near_m) != (second[2] >= near_m):
                kept.append(first + (second - first) * ((near_m - first[2]) / (second[2] - first[2])))
        pieces += [np.array([kept[0], kept[i], kept[i + 1]]) for i in range(1, len(kept) - 1)]
    return np.array(pieces).reshape(-1, 3, 3)


def fill(corners: Array, width: int, height: int) -> Mask:
    """Return the mask (height, width) of the pixels whose centres lie in any of the triangles (T, 3, 2), pixels."""
    if height > 1 and height * width > BAND_PX:  # sums of eight bytes a pixel: a large canvas in bands of rows
        half = height // 2
        return np.concatenate([fill(corners, width, half), fill(corners - (0, half), width, height - half)])
    x, y = corners[..., 0], corners[..., 1]
    first = np.clip(np.ceil(_least(y) - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.floor(-_least(-y) - 0.5), -1, height - 1).astype(np.int64)
    rows = np.maximum(last - first + 1, 0)
    beside = np.floor(-_least(-x) - 0.5) < np.ceil(_least(x) - 0.5)  # between two columns of centres
    some = np.flatnonzero((rows > 0) & ~beside)
    rows, x, y = rows[some], x[some], y[some]
    which = np.repeat(np.arange(some.size), rows)
    row = np.arange(which.size) - np.repeat(np.cumsum(rows) - rows, rows) + np.repeat(first[some], rows)
    left, right = _spans(x[which], y[which], row + 0.5)
    start = np.clip(np.ceil(left - 0.5), 0, width)
    end = np.clip(np.floor(right - 0.5) + 1, 0, width)
    good = end > start
    line = row[good] * (width + 1)
    size = height * (width + 1)
    steps = np.bincount(line + start[good].astype(np.int64), minlength=size)
    steps -= np.bincount(line + end[good].astype(np.int64), minlength=size)
    mask: Mask = np.cumsum(steps.reshape(height, width + 1), axis=1)[:, :width] > 0
    return mask


def _least(values: Array) -> Array:
    """Return the least of each row of (N, 3); numpy's own `min` is several times slower along so short an axis."""
    return np.asarray(np.minimum(np.minimum(values[:, 0], values[:, 1]), values[:, 2]))


def _spans(x: Array, y: Array, at: Array) -> tuple[Array, Array]:
    """Return where the lines y = `at` (N,) enter and leave triangles with corners `x`, `y` (N, 3)."""
    left, right = np.full(at.shape, np.inf), np.full(at.shape, -np.inf)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        ya, yb = y[:, a], y[:, b]
        meets = (np.minimum(ya, yb) <= at) & (at <= np.maximum(ya, yb)) & (ya != yb)
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = x[:, a] + (at - ya) / (yb - ya) * (x[:, b] - x[:, a])
        np.minimum(left, crossing, out=left, where=meets)
        np.maximum(right, crossing, out=right, where=meets)
    return left, right


# --- any lens -------------------------------------------------------------------------------------------------------


def _any_lens_mask(points: Array, triangles: NDArray[np.int32], lens: Lens, near_m: float) -> Mask:
    """Return the silhouette in the picture, along the rays that the labels were sampled along."""
    source, remap = source_lens(lens), remap_of(lens)
    if source.model == "pinhole":
        corners = _projected(points, triangles, source, near_m)
        mask = _part_of(*_canvas(corners, (0, 0), source.resolution), source.resolution)
    else:
        mask = ray_mask(points[triangles], source, near_m)
    if remap is None or not mask.any():
        return mask if remap is None else np.zeros(remap.is_shown.shape, dtype=bool)
    return np.asarray(mask.ravel()[remap.index] & remap.is_shown)


def _bent_pixels(points: Array, triangles: NDArray[np.int32], lens: Lens) -> Array:
    """Return the pixel positions (T, 3, 2) of what of the triangles the lens shows, in pieces small enough that their
    edges are as good as straight; without what is nearly straight behind a fisheye, which lies all around."""
    pieces, _ = subdivided(points[triangles])
    pixels = project_camera_points(lens, pieces.reshape(-1, 3)).reshape(-1, 3, 2)
    shown = ~np.isnan(pixels).any(axis=(1, 2))
    if lens.model == "fisheye":
        behind = angle_rad(np.hypot(pieces[..., 0], pieces[..., 1]), -pieces[..., 2])
        shown &= behind.min(axis=1) > BEHIND_RAD
    kept: Array = pixels[shown]
    return kept
