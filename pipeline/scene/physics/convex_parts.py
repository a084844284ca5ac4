"""Hollow things as a few convex parts, so that they stay hollow in the physics.

Bottom-up approximate convex decomposition after Mamou and Ghorbel, "A simple and efficient approach for 3D mesh
approximate convex decomposition" (ICIP 2009), on voxels: the solid is cut into many small patches, and the two
neighbours whose common hull encloses the least empty space are merged, again and again. Cutting top-down instead needs
look-ahead, because the first cuts of a bowl gain nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.geometry import Array
from pipeline.scene.physics.hulls import Hull, collision_points, convex_hull, extremes, face_planes, projections
from pipeline.scene.physics.voxels import Voxels, voxelise

RESOLUTION = 40
PATCHES = 64
LLOYD_ROUNDS = 4
PLANES = 24  # of a hull that are tested at once
PATCH_VERTICES = 40  # of a hull while merging
PART_VERTICES = 48  # of a finished part
EVERY = 4  # empty cells of which one is counted
LITTLE = 2e-3  # merging goes on while it encloses less air than this share of the whole hull


@dataclass(slots=True, kw_only=True, eq=False)
class _Patch:
    """One growing part. `points` (V, 3) are a few vertices of its hull, `air` what that encloses, `members` the whole
    hulls it was merged from, `neighbours` the keys of the patches beside it."""

    points: Array
    air: int
    members: tuple[Array, ...]
    neighbours: set[int] = field(default_factory=set)


def _patch(points: Array, empty: Array, members: tuple[Array, ...] = ()) -> _Patch:
    hull = convex_hull(points)
    few = len(hull.vertices) <= PATCH_VERTICES
    return _Patch(
        points=hull.vertices if few else hull.vertices[extremes(hull, PATCH_VERTICES)],
        air=_count_inside(hull, empty),
        members=members or (hull.vertices,),
    )


def _count_inside(hull: Hull, points: Array) -> int:
    low, high = hull.vertices.min(axis=0), hull.vertices.max(axis=0)
    near = points[((points > low) & (points < high)).all(axis=1)]
    if len(near) == 0:
        return 0
    normals, offsets = face_planes(hull)
    for start in range(0, len(normals), PLANES):
        some = slice(start, start + PLANES)
        near = near[(projections(near, normals[some]) < offsets[some]).all(axis=1)]
    return len(near)


def convex_parts(vertices: ArrayLike, triangles: ArrayLike, max_parts: int = 24) -> tuple[Array, ...]:
    """Return at most `max_parts` point sets (V, 3) whose hulls together stand for the surface; a convex one gives one.

    `vertices` (N, 3) metres, `triangles` (T, 3) indices. Costs a second: cache it. Raises ValueError for a surface
    without triangles.
    """
    points, faces = np.asarray(vertices, dtype=np.float64), np.asarray(triangles, dtype=np.int32).reshape(-1, 3)
    if len(faces) == 0:
        raise ValueError("convex parts need at least one triangle")
    voxels = voxelise(points, faces, RESOLUTION)
    empty = _air(voxels)
    patches = _patches(voxels, empty)
    outline = convex_hull(collision_points(points[np.unique(faces)], PART_VERTICES))
    whole = _count_inside(outline, empty) + len(voxels.cells) / EVERY
    _merge(patches, empty, max_parts, LITTLE * whole)
    return tuple(collision_points(np.concatenate(patch.members), PART_VERTICES) for patch in patches.values())


def _air(voxels: Voxels) -> Array:
    """Return the centres (K, 3) of one in EVERY empty cells, spread evenly: air is measured by counting these."""
    cells = np.argwhere(voxels.label < 0)
    some = cells[(cells[:, 0] + 2 * cells[:, 1] + 3 * cells[:, 2]) % EVERY == 0]
    return voxels.low_m + (some + 0.5) * voxels.edge_m


# --- patches --------------------------------------------------------------------------------------------------------


def _patches(voxels: Voxels, empty: Array) -> dict[int, _Patch]:
    """Cut the solid into about PATCHES compact patches, each with its share of the surface and of the inside."""
    cluster = _clusters(voxels.cells.astype(np.float64))
    pairs = _neighbours(voxels, cluster)
    points = np.concatenate([voxels.points, *_inner_corners(voxels, cluster)])
    owner = np.concatenate([cluster[voxels.owner], np.tile(cluster[_inner(voxels, cluster)], 8)])
    found: dict[int, _Patch] = {}
    for key in (int(k) for k in np.unique(owner)):
        found[key] = _patch(points[owner == key], empty)
        found[key].neighbours = {int(b) for a, b in pairs if a == key} | {int(a) for a, b in pairs if b == key}
    return found


def _inner(voxels: Voxels, cluster: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the cells within the solid that lie at the border of their cluster."""
    inside = np.ones(len(voxels.cells), dtype=bool)
    inside[voxels.owner] = False
    border = np.zeros(len(voxels.cells), dtype=bool)
    for step in np.concatenate([np.eye(3, dtype=np.int64), -np.eye(3, dtype=np.int64)]):
        border |= cluster[voxels.label[tuple((voxels.cells + step).T)]] != cluster
    return np.flatnonzero(inside & border)


def _inner_corners(voxels: Voxels, cluster: NDArray[np.int64]) -> list[Array]:
    """Return the eight corners of those cells, each (K, 3), in metres: so that patches of a solid fill it."""
    low = voxels.low_m + voxels.cells[_inner(voxels, cluster)] * voxels.edge_m
    return [low + np.array(corner) * voxels.edge_m for corner in np.ndindex(2, 2, 2)]


def _clusters(cells: Array) -> NDArray[np.int64]:
    """Return a cluster index for each cell (M, 3): farthest points as seeds, then Lloyd's iteration."""
    seeds = [int(np.argmin(cells[:, 0] + 1e-3 * cells[:, 1] + 1e-6 * cells[:, 2]))]
    distance = _squares(cells, cells[seeds[0]])
    while len(seeds) < min(PATCHES, len(cells)):
        seeds.append(int(np.argmax(distance)))
        distance = np.minimum(distance, _squares(cells, cells[seeds[-1]]))
    centers = cells[seeds]
    for _ in range(LLOYD_ROUNDS):
        nearest = np.argmin(np.stack([_squares(cells, center) for center in centers]), axis=0)
        counts = np.bincount(nearest, minlength=len(centers))
        sums = np.stack([np.bincount(nearest, weights=cells[:, k], minlength=len(centers)) for k in range(3)], axis=1)
        centers = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centers)
    return nearest


def _squares(points: Array, center: Array) -> Array:
    offsets = points - center
    return offsets[:, 0] ** 2 + offsets[:, 1] ** 2 + offsets[:, 2] ** 2


def _neighbours(voxels: Voxels, of_cell: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pairs (P, 2) of clusters that have cells side by side, edge and corner included."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for dx, dy, dz in ((x, y, z) for x in (0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)):
        other = voxels.label[tuple((voxels.cells + (dx, dy, dz)).T)]
        both = (other >= 0) & (of_cell >= 0)
        a, b = of_cell[both], of_cell[other[both]]
        apart = (a != b) & (b >= 0)
        found.append(np.sort(np.stack([a[apart], b[apart]], axis=1), axis=1))
    return np.unique(np.concatenate(found), axis=0)


# --- merging --------------------------------------------------------------------------------------------------------


def _merge(patches: dict[int, _Patch], empty: Array, max_parts: int, little: float) -> None:
    """Merge neighbours in place, the cheapest first, down to `max_parts` and on while it costs less than `little`."""
    costs: dict[tuple[int, int], tuple[int, _Patch]] = {}
    for a in sorted(patches):
        for b in sorted(patches[a].neighbours):
            if a < b:
                costs[(a, b)] = _joined(patches, empty, a, b)
    while costs:
        a, b = min(costs, key=lambda pair: (costs[pair][0], pair))
        cost, joined = costs[(a, b)]
        if cost > little and len(patches) <= max_parts:
            return
        # The hull was made when the cost was; neighbours have been renamed since.
        joined.neighbours = (patches[a].neighbours | patches[b].neighbours) - {a, b}
        patches[a] = joined
        del patches[b]
        for pair in [pair for pair in costs if a in pair or b in pair]:
            del costs[pair]
        for other in sorted(joined.neighbours):
            patches[other].neighbours = (patches[other].neighbours - {b}) | {a}
            pair = (min(a, other), max(a, other))
            costs[pair] = _joined(patches, empty, *pair)


def _joined(patches: dict[int, _Patch], empty: Array, a: int, b: int) -> tuple[int, _Patch]:
    """Return how much more air the common hull of two patches encloses, in cells, and the merged patch."""
    one, two = patches[a], patches[b]
    joined = _patch(np.concatenate([one.points, two.points]), empty, one.members + two.members)
    return joined.air - one.air - two.air, joined
