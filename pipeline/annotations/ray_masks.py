"""Which pixels of a panorama or an equidistant fisheye see a surface: by the signs of each ray's triple products
(Moeller and Trumbore 1997), which holds for any lens with one centre.

Only the pixels near a triangle are asked. How near follows from how much a great circle bends in the picture: along an
arc of length d a coordinate leaves the range of the arc's two ends by d^2 / 8 times its largest second derivative.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.lenses import Lens, project_camera_points, unproject

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]

WIDEST_EDGE_RAD = 0.05  # longer edges are halved first
LEAST_EDGE_M = 1e-9  # what is still wide and no longer than this lies before any near plane
REACH = 0.6  # of its longest edge: how far from a corner a triangle may reach, with a little to spare (1/sqrt(3))
PAIRS = 1 << 20  # triangle-pixel pairs looked at in one go
SLACK_PX = 1e-6


def subdivided(corners: Array) -> tuple[Array, Array]:
    """Return triangles (T, 3, 3) whose edges, seen from the camera, are all short, and the longest of each (T,) in
    radians. What touches the camera is left out."""
    done, longest = [], []
    while len(corners):
        unit = corners / np.maximum(np.sqrt((corners * corners).sum(axis=2)), 1e-12)[..., None]
        sides = unit - unit[:, (1, 2, 0)]
        edges = np.sqrt((sides * sides).sum(axis=2))
        widest = edges.max(axis=1)
        wide = widest > WIDEST_EDGE_RAD
        done.append(corners[~wide])
        longest.append(widest[~wide] * (1 + WIDEST_EDGE_RAD**2))  # an arc is that much longer than its chord, at most
        corners = _halved(corners[wide], edges[wide].argmax(axis=1))
    if not done:
        return corners, np.zeros(0)
    return np.concatenate(done), np.concatenate(longest)


def _halved(corners: Array, edge: Integers) -> Array:
    pick = np.arange(len(corners))
    a, b, c = (corners[pick, (edge + i) % 3] for i in range(3))
    middle = (a + b) / 2
    large = ((b - a) ** 2).sum(axis=1) > LEAST_EDGE_M**2
    return np.concatenate([np.stack([a, middle, c], axis=1)[large], np.stack([middle, b, c], axis=1)[large]])


def ray_mask(corners: Array, lens: Lens, near_m: float) -> Mask:
    """Return the mask (H, W) of the pixels whose rays meet any of the triangles (T, 3, 3), camera points, at `near_m`
    or beyond; `lens` is a panorama or a fisheye without coefficients."""
    width, height = lens.resolution
    mask = np.zeros((height, width), dtype=bool)
    corners, longest = subdivided(corners)
    boxes = _panorama_boxes if lens.model == "equirectangular" else _fisheye_boxes
    low, high = boxes(corners, longest, lens)
    first = np.ceil(low - 0.5 - SLACK_PX).astype(np.int64)
    size = np.floor(high + 0.5 + SLACK_PX).astype(np.int64) - first
    some = np.flatnonzero((size > 0).all(axis=1))
    if not some.size:
        return mask
    corners, first, size = corners[some], first[some], np.minimum(size[some], (width, height))
    top, bottom = int(first[:, 1].min()), int((first[:, 1] + size[:, 1]).max())
    rays = _rays(lens, top, bottom)
    rows = mask[top:bottom].reshape(-1)  # a view: what is set in it is set in the mask
    ends = np.cumsum(size[:, 0] * size[:, 1])
    at = 0
    while at < len(ends):
        base = int(ends[at - 1]) if at else 0
        stop = max(at + 1, int(np.searchsorted(ends, base + PAIRS, side="right")))
        part = slice(at, stop)
        which, pixel = _pairs(first[part] - (0, top), size[part], width)
        rows[_seen(corners[part], rays, which, pixel, near_m)] = True
        at = stop
    return mask


def _rays(lens: Lens, top: int, bottom: int) -> Array:
    """Return the rays (3, N) through the centres of the pixels of rows `top` to `bottom`."""
    v, u = np.mgrid[top:bottom, 0 : lens.resolution[0]]
    return np.ascontiguousarray(unproject(lens, np.stack([u.ravel() + 0.5, v.ravel() + 0.5], axis=1)).T)


def _pairs(first: Integers, size: Integers, width: int) -> tuple[Integers, Integers]:
    """Return triangle and pixel (both (N,)) of every pixel of every box; a box may go on across a panorama's seam."""
    pairs = size[:, 0] * size[:, 1]
    which = np.repeat(np.arange(len(pairs)), pairs)
    number = np.arange(which.size) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    row, column = np.divmod(number, size[which, 0])
    column += first[which, 0]
    column[column < 0] += width
    column[column >= width] -= width
    return which, (first[which, 1] + row) * width + column


def _seen(corners: Array, rays: Array, which: Integers, pixel: Integers, near_m: float) -> Integers:
    """Return the pixels of those pairs whose ray meets its triangle."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    offset = (normal * a).sum(axis=1)
    facing = np.sign(offset)[:, None]  # 0 for what is seen edge on
    which, pixel = which[facing[which, 0] != 0], pixel[facing[which, 0] != 0]
    for p, q in ((a, b), (b, c), (c, a)):
        inside = _dot(facing * np.cross(p, q), which, rays, pixel) >= 0
        which, pixel = which[inside], pixel[inside]
    away = np.sqrt((corners * corners).sum(axis=2)).min(axis=1)
    if (away * (1 - 2 * WIDEST_EDGE_RAD) > near_m).all():
        return pixel
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = offset[which] / _dot(normal, which, rays, pixel)
    seen: Integers = pixel[distance >= near_m]
    return seen


def _dot(vectors: Array, which: Integers, rays: Array, pixel: Integers) -> Array:
    x, y, z = (vectors[which, axis] * rays[axis][pixel] for axis in range(3))
    total: Array = x + y + z
    return total


# --- where in the picture a triangle may be -------------------------------------------------------------------------


def _panorama_boxes(corners: Array, longest: Array, lens: Lens) -> tuple[Array, Array]:
    """Return low and high edges (T, 2) in pixels of boxes that hold the triangles; across the seam they go on beyond
    the left or right border. A triangle about a pole takes the whole width, up to the pole."""
    width, height = lens.resolution
    pixels = project_camera_points(lens, corners.reshape(-1, 3)).reshape(-1, 3, 2)
    x, y = pixels[..., 0], pixels[..., 1]
    step = x[:, (1, 2, 0)] - x
    step -= width * np.round(step / width)  # an edge goes the shorter way round
    polar = (np.abs(step.sum(axis=1)) > width / 2) | (np.abs(step).max(axis=1) > width * (0.5 - 1e-9))
    x = np.stack([x[:, 0], x[:, 0] + step[:, 0], x[:, 0] + step[:, 0] + step[:, 1]], axis=1)
    rad_px = math.pi / height
    latitude = np.abs(y - height / 2).max(axis=1) * rad_px + longest / 2
    with np.errstate(over="ignore"):
        bend = np.where(latitude < math.pi / 2, longest**2 / 8 * np.tan(latitude), np.inf)
    bend = np.minimum(bend, longest / 2) / rad_px
    low = np.stack([x.min(axis=1), np.maximum(y.min(axis=1) - bend, 0.0)], axis=1)
    high = np.stack([x.max(axis=1), np.minimum(y.max(axis=1) + bend, height)], axis=1)
    is_up = y.mean(axis=1) < height / 2
    low[polar, 0], high[polar, 0] = 0.0, width
    low[polar & is_up, 1], high[polar & ~is_up, 1] = 0.0, height
    return low, high


def _fisheye_boxes(corners: Array, longest: Array, lens: Lens) -> tuple[Array, Array]:
    """Return low and high edges (T, 2) in pixels, within the picture, of boxes that hold the triangles; those behind
    all that the picture shows have none. A triangle about the point straight behind takes the whole picture."""
    (focal, _, cx), (_, _, cy), _ = lens.k
    size = np.array(lens.resolution, dtype=np.float64)
    pixels = project_camera_points(lens, corners.reshape(-1, 3)).reshape(-1, 3, 2)
    theta = np.hypot(pixels[..., 0] - cx, pixels[..., 1] - cy) / focal
    farthest = math.hypot(max(cx, size[0] - cx), max(cy, size[1] - cy)) / focal
    around = theta.max(axis=1) + REACH * longest >= math.pi
    bend = (focal * longest**2 / 8 * _bending(np.clip(theta.max(axis=1) + longest / 2, 1e-3, 3.14)))[:, None]
    low = np.clip(pixels.min(axis=1) - bend, 0.0, size)
    high = np.clip(pixels.max(axis=1) + bend, 0.0, size)
    low[around], high[around] = 0.0, size
    gone = theta.min(axis=1) - REACH * longest > farthest
    low[gone], high[gone] = size, 0.0
    return low, high


def _bending(theta_rad: Array) -> Array:
    """Return the largest second derivative of a place in an equidistant picture (focal length 1) along a great circle
    at `theta_rad` from the axis: the geodesic equation in polar coordinates. It grows with the angle."""
    sine, cosine = np.sin(theta_rad), np.cos(theta_rad)
    along = (theta_rad - sine * cosine) / sine**2
    across = (1 - theta_rad * cosine / sine) / sine
    return np.asarray(np.hypot(along, across))
