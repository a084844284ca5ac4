"""OpenCV's radial-tangential distortion in the plane z = 1, forth and back: calib3d's formulas, rational terms too."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from pipeline.geometry import Array

# Where a radial model is looked at for its turning point, in units of x/z: closely to 87 degrees from the axis, then on
# until nothing is left of a picture.
FOLD_RADII = np.concatenate([np.arange(0.0, 20.0, 1e-3), np.geomspace(20.0, 1e4, 4096)])
CLOSE = 1e-12
NEWTON_STEPS = 50


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


def undistort(coefficients: tuple[float, ...], plane: Array) -> Array:
    """Return the points (N, 2) of the plane z = 1 that `distort` moves to `plane`, by Newton's method.

    Where it does not arrive there is no ray, and NaN.
    """
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
