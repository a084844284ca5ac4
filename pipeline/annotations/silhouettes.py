"""Full silhouettes (amodal masks): the pixels whose centres an instance would cover with nothing before it.

A scanline rasteriser in numpy, one instance at a time, both sides of every face, so the result is a union of
triangles. It samples the same ray as the renderer's ids (the centre of the pixel, edges inclusive), and differs from
them only where that ray passes an edge nearer than float32 can tell. A panorama or fisheye is rasterised by the sign
of each ray's triple products instead (Moeller and Trumbore 1997), which holds for any lens with one centre.

Beyond the border only size and box are wanted: there a remapped lens takes the edges between projected vertices as
straight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.lenses import Lens, project_camera_points, remap_of, sampled_rays, source_lens
from pipeline.records import RealisedCamera, Surface

Box = tuple[int, int, int, int]
Mask = NDArray[np.bool_]

WIDEST_EDGE_RAD = 0.05  # longer edges are halved before the triple products: a curved edge stays near its chord
BEND_PX = 1.5  # how far such an edge bends away from the box of its ends, at most
PAIRS = 1 << 20  # triangle-pixel pairs looked at in one go


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
        return _pinhole_mask(points, surface.triangles, lens, camera.clip_start_m, solo)
    inside = _any_lens_mask(points, surface.triangles, lens, camera.clip_start_m) if solo is None else solo
    if lens.model == "equirectangular":  # the whole sphere has no border
        return FullMask(mask=inside, px_beyond=int(inside.sum()), bbox_xywh_px=_box_of(inside, 0, 0))
    return _with_beyond(inside, _beyond(points, surface.triangles, lens))


def holding(full: FullMask, visible: Mask) -> FullMask:
    """Return the silhouette with every `visible` pixel (H, W) of the instance in it: where a ray passes an edge nearer
    than float32 can tell, the renderer's word counts, so that a mask never leaves its silhouette."""
    added = int(np.count_nonzero(visible & ~full.mask))
    if not added:
        return full
    boxes = [box for box in (full.bbox_xywh_px, _box_of(visible, 0, 0)) if box is not None]
    x, y = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return FullMask(
        mask=full.mask | visible, px_beyond=full.px_beyond + added, bbox_xywh_px=(x, y, right - x, bottom - y)
    )


def _with_beyond(inside: Mask, beyond: Mask) -> FullMask:
    """Join the exact part in the picture with a canvas (3 H, 3 W) that is only good beyond it."""
    height, width = inside.shape
    beyond[height : 2 * height, width : 2 * width] = inside
    return FullMask(mask=inside, px_beyond=int(beyond.sum()), bbox_xywh_px=_box_of(beyond, -width, -height))


def _box_of(mask: Mask, left: int, top: int) -> Box | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return (x + left, y + top, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


# --- pinhole: scanlines ---------------------------------------------------------------------------------------------


def _pinhole_mask(
    points: Array, triangles: NDArray[np.int32], lens: Lens, near_m: float, solo: Mask | None
) -> FullMask:
    width, height = lens.resolution
    corners = _projected(points, triangles, lens, near_m)
    low, high = np.array([-width, -height]), np.array([2 * width, 2 * height])
    if corners.size:
        with np.errstate(invalid="ignore"):
            low = np.maximum(low, np.floor(corners.min(axis=(0, 1)))).astype(np.int64)
            high = np.minimum(high, np.ceil(corners.max(axis=(0, 1)))).astype(np.int64)
    inside = np.zeros((height, width), dtype=bool)
    if not corners.size or (high <= low).any():
        return FullMask(mask=inside if solo is None else solo, px_beyond=0, bbox_xywh_px=None)
    left, top = int(low[0]), int(low[1])
    canvas = fill(corners - low, int(high[0]) - left, int(high[1]) - top)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(int(high[0]), width), min(int(high[1]), height)
    if x1 > x0 and y1 > y0:
        part = canvas[y0 - top : y1 - top, x0 - left : x1 - left]
        if solo is None:
            inside[y0:y1, x0:x1] = part
        else:
            part[:] = solo[y0:y1, x0:x1]
    return FullMask(
        mask=inside if solo is None else solo,
        px_beyond=int(np.count_nonzero(canvas)),
        bbox_xywh_px=_box_of(canvas, left, top),
    )


def _projected(points: Array, triangles: NDArray[np.int32], lens: Lens, near_m: float) -> Array:
    """Return the pixel positions (T, 3, 2) of what of the triangles lies beyond the near plane."""
    depth = points[:, 2]
    before = depth[triangles] < near_m
    count = before.sum(axis=1)
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
    x, y = corners[..., 0], corners[..., 1]
    first = np.clip(np.ceil(y.min(axis=1) - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.floor(y.max(axis=1) - 0.5), -1, height - 1).astype(np.int64)
    rows = np.maximum(last - first + 1, 0)
    some = np.flatnonzero(rows)
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


# --- any lens: triple products --------------------------------------------------------------------------------------


def _any_lens_mask(points: Array, triangles: NDArray[np.int32], lens: Lens, near_m: float) -> Mask:
    """Return the silhouette in the picture, along the rays that the labels were sampled along."""
    source = source_lens(lens)
    remap = remap_of(lens)
    if source.model == "pinhole":
        width, height = source.resolution
        mask = fill(_projected(points, triangles, source, near_m), width, height)
    else:
        mask = _ray_mask(_subdivided(points[triangles]), source, near_m)
    if remap is None:
        return mask
    return np.asarray(mask.ravel()[remap.index] & remap.is_shown)


def _subdivided(corners: Array) -> Array:
    """Return triangles (T, 3, 3) whose edges, seen from the camera, are all short."""
    done = []
    while len(corners):
        unit = corners / np.maximum(np.linalg.norm(corners, axis=2), 1e-12)[..., None]
        edges = np.linalg.norm(unit - np.roll(unit, -1, axis=1), axis=2)
        wide = edges.max(axis=1) > WIDEST_EDGE_RAD
        done.append(corners[~wide])
        corners, longest = corners[wide], edges[wide].argmax(axis=1)
        if len(corners):
            pick = np.arange(len(corners))
            a, b, c = (corners[pick, (longest + i) % 3] for i in range(3))
            middle = (a + b) / 2
            small = np.linalg.norm(b - a, axis=1) < 1e-9  # a face that touches the camera has no end to it
            done.append(corners[small])
            halves = (np.stack([a, middle, c], axis=1)[~small], np.stack([middle, b, c], axis=1)[~small])
            corners = np.concatenate(halves)
    return np.concatenate(done) if done else corners


def _ray_mask(corners: Array, lens: Lens, near_m: float) -> Mask:
    width, height = lens.resolution
    mask = np.zeros(width * height, dtype=bool)
    rays = sampled_rays(lens).reshape(-1, 3)
    pixels = project_camera_points(lens, corners.reshape(-1, 3)).reshape(-1, 3, 2)
    corners, pixels = _unwrapped(corners, pixels, lens)
    low = np.clip(np.floor(pixels.min(axis=1) - BEND_PX), 0, (width, height)).astype(np.int64)
    high = np.clip(np.ceil(pixels.max(axis=1) + BEND_PX), 0, (width, height)).astype(np.int64)
    size = np.maximum(high - low, 0)
    pairs = size[:, 0] * size[:, 1]
    ends = np.cumsum(pairs)
    at = 0
    while at < len(pairs):
        base = int(ends[at - 1]) if at else 0
        stop = max(at + 1, int(np.searchsorted(ends, base + PAIRS, side="right")))
        _fill_by_rays(mask, corners[at:stop], low[at:stop], size[at:stop], rays, width, near_m)
        at = stop
    return mask.reshape(height, width)


def _unwrapped(corners: Array, pixels: Array, lens: Lens) -> tuple[Array, Array]:
    """Return triangles and their pixels so that boxes of pixels hold them; those across a panorama's seam come twice.

    Where a pole or the back of a fisheye lies within a triangle, its box is the whole width.
    """
    lost = np.isnan(pixels).any(axis=(1, 2))
    corners, pixels = corners[~lost], pixels[~lost]
    if lens.model != "equirectangular":
        return corners, pixels
    width, height = lens.resolution
    x = pixels[..., 0]
    wide = x.max(axis=1) - x.min(axis=1) > width / 2
    near_pole = (pixels[..., 1].min(axis=1) < 0.03 * height) | (pixels[..., 1].max(axis=1) > 0.97 * height)
    across = wide & ~near_pole
    pixels = pixels.copy()
    pixels[near_pole, 0, 0], pixels[near_pole, 1, 0] = 0.0, width
    right = pixels[across].copy()
    right[..., 0] += np.where(right[..., 0] < width / 2, width, 0.0)
    left = right - (width, 0.0)
    return (
        np.concatenate([corners[~across], corners[across], corners[across]]),
        np.concatenate([pixels[~across], left, right]),
    )


def _fill_by_rays(
    mask: Mask, corners: Array, low: NDArray[np.int64], size: NDArray[np.int64], rays: Array, width: int, near_m: float
) -> None:
    pairs = size[:, 0] * size[:, 1]
    which = np.repeat(np.arange(len(pairs)), pairs)
    if not which.size:
        return
    number = np.arange(which.size) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    column = low[which, 0] + number % size[which, 0]
    row = low[which, 1] + number // size[which, 0]
    pixel = row * width + column
    ray = rays[pixel]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    sides = [(np.cross(p, q)[which] * ray).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))]
    inside = ((sides[0] >= 0) & (sides[1] >= 0) & (sides[2] >= 0)) | (
        (sides[0] <= 0) & (sides[1] <= 0) & (sides[2] <= 0)
    )
    normal = np.cross(b - a, c - a)[which]
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (normal * a[which]).sum(axis=1) / (normal * ray).sum(axis=1)
    mask[pixel[inside & (distance >= near_m)]] = True


def _beyond(points: Array, triangles: NDArray[np.int32], lens: Lens) -> Mask:
    """Return the silhouette on a canvas (3 H, 3 W) around the picture, edges straight between projected vertices."""
    width, height = lens.resolution
    pixels = project_camera_points(lens, points)[triangles]
    pixels = pixels[~np.isnan(pixels).any(axis=(1, 2))]
    return fill(pixels + (width, height), 3 * width, 3 * height)
