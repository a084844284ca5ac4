"""What can go wrong with a settled body: it left its zone, still moves, sank into something, or overlaps another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.scene.physics.fall import Fall, box_around, convexes_at, escaped
from pipeline.scene.physics.penetration import Convex, depth, mesh_depth

TOLERANCE = 0.03  # how far bodies may reach into anything, in sizes of the smaller one
OF_THICKNESS = 0.3  # flat ones less, in thicknesses
LEAST = 0.01  # but Bullet is no better than this, in sizes


def _way_out(fall: Fall, index: int, pose: Array) -> str:
    zone = fall.stage.zones[fall.homes[index]]
    below = pose[2, 3] < zone.center[2] - fall.shapes[index].size
    return "fell below center_m, where nothing held it," if below else "left its drop zone"


def find_faults(fall: Fall, poses: Array, moving: NDArray[np.bool_]) -> dict[int, str]:
    """Return what is wrong with the bodies that must be released anew, by index."""
    faults = {i: _way_out(fall, i, poses[i]) for i in range(len(poses)) if escaped(fall, i, poses[i])}
    inside = {i: convexes_at(fall, i, poses[i]) for i in range(len(poses)) if i not in faults}
    for i, parts in inside.items():
        if _sunken(fall, parts, _tolerance(fall, i)):
            faults[i] = "sank into an obstacle"
        elif moving[i]:
            faults[i] = "did not come to rest"
    for i, j in _overlaps(fall, {i: parts for i, parts in inside.items() if i not in faults}):
        upper, lower = (i, j) if poses[i, 2, 3] > poses[j, 2, 3] else (j, i)
        if i not in faults and j not in faults:
            faults[upper] = f"came to lie inside instance {fall.bodies[lower].instance_id}"
    return faults


def _tolerance(fall: Fall, index: int) -> float:
    shape = fall.shapes[index]
    return max(min(TOLERANCE * shape.size, OF_THICKNESS * shape.thickness), LEAST * shape.size)


def _sunken(fall: Fall, parts: tuple[Convex, ...], tolerance: float) -> bool:
    return any(
        any(depth(part, solid, tolerance) > tolerance for solid in fall.stage.convexes)
        or mesh_depth(part, fall.stage.triangles, tolerance) > tolerance
        for part in parts
    )


def _overlaps(fall: Fall, settled: dict[int, tuple[Convex, ...]]) -> list[tuple[int, int]]:
    """Return the pairs of bodies that reach too far into each other."""
    boxes = {i: box_around(parts) for i, parts in settled.items()}
    pairs = []
    for i in settled:
        for j in settled:
            if i < j and (boxes[i][0] < boxes[j][1]).all() and (boxes[j][0] < boxes[i][1]).all():
                tolerance = min(_tolerance(fall, i), _tolerance(fall, j))
                if any(depth(a, b, tolerance) > tolerance for a in settled[i] for b in settled[j]):
                    pairs.append((i, j))
    return pairs
