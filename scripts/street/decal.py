"""Thin plates laid on a body: lamps, grilles, number plates, door gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from street.shape import Array, Shape, closed, triangles_of

FAR_M = 50.0


def laid_on(
    body: Shape, corners: Sequence[Sequence[float]], toward: Sequence[float], material: str,
    raised: float = 0.006, steps: tuple[int, int] = (2, 2), depth: float = 0.03,
) -> Shape:  # fmt: skip
    """A plate with four corners, moved along `toward` (a unit axis) until it lies on the body.

    `steps` are its cells along the first and the second side; `raised` is how far it stands out, `depth` how far it
    reaches in. Raises ValueError where the body is not met.
    """
    direction = np.asarray(toward, dtype=np.float64)
    a, b, c, d = (np.asarray(corner, dtype=np.float64) for corner in corners)
    (nu, nv) = steps
    u, v = np.meshgrid(np.linspace(0, 1, nu + 1), np.linspace(0, 1, nv + 1), indexing="ij")
    u, v = u[..., None], v[..., None]
    grid = ((1 - u) * (1 - v) * a + u * (1 - v) * b + u * v * c + (1 - u) * v * d).reshape(-1, 3)
    met = grid + direction * _distance(body, grid, direction)[:, None]
    return _slab(met - direction * raised, met + direction * depth, nu, nv, material)


def _distance(body: Shape, points: Array, direction: Array) -> Array:
    """How far each point (N, 3) moves along a direction to the first face it meets, starting far behind."""
    starts = points - direction * FAR_M
    a, b, c = np.moveaxis(body.points[triangles_of(body)], 1, 0)
    ab, ac = b - a, c - a
    across = np.cross(direction, ac)
    scale = (ab * across).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = starts[:, None] - a[None]
        u = (away * across).sum(axis=2) / scale
        around = np.cross(away, ab)
        v = (around @ direction) / scale
        far = (around * ac).sum(axis=2) / scale
        hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (np.abs(scale) > 1e-12)
    nearest = np.where(hit, far, np.inf).min(axis=1)
    if not np.isfinite(nearest).all():
        missed = points[~np.isfinite(nearest)][0]
        raise ValueError(f"a plate at {missed.round(3)} along {direction} does not meet the body")
    return np.asarray(nearest - FAR_M)


def _slab(front: Array, back: Array, nu: int, nv: int, material: str) -> Shape:
    """Between two grids of points; the back is one hidden face around its rim."""

    def at(i: int, j: int) -> int:
        return i * (nv + 1) + j

    faces: list[tuple[int, ...]] = [
        (at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)) for i in range(nu) for j in range(nv)
    ]
    rim = [at(i, 0) for i in range(nu)] + [at(nu, j) for j in range(nv)]
    rim += [at(i, nv) for i in range(nu, 0, -1)] + [at(0, j) for j in range(nv, 0, -1)]
    count, around = len(front), len(rim)
    for k, here in enumerate(rim):
        after = (k + 1) % around
        faces.append((rim[after], here, count + k, count + after))
    faces.append(tuple(count + k for k in reversed(range(around))))
    return closed(np.concatenate((front, back[rim])), faces, [material] * len(faces))
