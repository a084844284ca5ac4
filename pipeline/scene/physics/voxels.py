"""Surfaces as points and as filled voxels, in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.scene.physics.hulls import dots

SPACING = 0.4  # of a voxel, between surface points: no gap for the flood to leak through
LONGEST_STEPS = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voxels:
    """A filled grid. `cells` (M, 3) int64 are the occupied cells in order; `label` (X, Y, Z) their index, -1 if empty.

    `points` (N, 3) lie on the surface, in metres, and `owner` (N,) is the index of the cell that holds each.
    Cell (i, j, k) spans `low_m` + (i, j, k) * `edge_m` to the next.
    """

    cells: NDArray[np.int64]
    label: NDArray[np.int64]
    points: Array
    owner: NDArray[np.int64]
    low_m: Array
    edge_m: float


def voxelise(vertices: Array, triangles: NDArray[np.int32], resolution: int) -> Voxels:
    """Return the solid of a surface with `resolution` cells along its longest side.

    Closed surfaces are filled; what a flood from outside reaches, such as the inside of a mug, stays empty.
    """
    used = vertices[np.unique(triangles)]
    low, high = used.min(axis=0), used.max(axis=0)
    edge_m = (float((high - low).max()) or 1e-3) / resolution
    points = np.concatenate([used, surface_points(vertices[triangles], SPACING * edge_m)])
    index = np.floor((points - low) / edge_m).astype(np.int64) + 1  # a layer of empty cells all around
    shape = index.max(axis=0) + 2
    shell = np.zeros(shape, dtype=bool)
    shell[tuple(index.T)] = True
    solid = ~_outside(shell)
    cells = np.argwhere(solid)
    label = np.full(shape, -1, dtype=np.int64)
    label[tuple(cells.T)] = np.arange(len(cells))
    owner = label[tuple(index.T)]
    return Voxels(cells=cells, label=label, points=points, owner=owner, low_m=low - edge_m, edge_m=edge_m)


def surface_points(corners: Array, spacing: float) -> Array:
    """Return points (N, 3) on triangles (T, 3, 3), at most about `spacing` apart."""
    sides = corners - np.roll(corners, 1, axis=1)
    longest = np.sqrt(dots(sides, sides).max(axis=1))
    steps = np.clip(np.ceil(longest / spacing), 1, LONGEST_STEPS).astype(np.int64)
    found = [np.zeros((0, 3))]
    for count in np.unique(steps):
        some = corners[steps == count]
        i, j = (grid.ravel() for grid in np.meshgrid(np.arange(count + 1), np.arange(count + 1), indexing="ij"))
        u, v = (axis[i + j <= count] / count for axis in (i, j))
        found.append(
            (
                some[:, None, 0]
                + u[:, None] * (some[:, 1] - some[:, 0])[:, None]
                + v[:, None] * (some[:, 2] - some[:, 0])[:, None]
            ).reshape(-1, 3)
        )
    return np.concatenate(found)


def _outside(shell: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells that a flood from the corner reaches through faces without entering the shell."""
    outside = np.zeros_like(shell)
    outside[0, 0, 0] = True
    count = 0
    while count != (now := int(outside.sum())):
        count = now
        for axis in range(3):
            for backward in (False, True):
                _sweep(outside, shell, axis, backward)
    return outside


def _sweep(outside: NDArray[np.bool_], shell: NDArray[np.bool_], axis: int, backward: bool) -> None:
    """Carry the flood along one axis through the whole grid, in place."""
    flood, wall = np.moveaxis(outside, axis, 0), np.moveaxis(shell, axis, 0)
    order = range(len(flood) - 2, -1, -1) if backward else range(1, len(flood))
    step = 1 if backward else -1
    for layer in order:
        flood[layer] |= flood[layer + step] & ~wall[layer]
