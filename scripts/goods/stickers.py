"""Labels on things: a sleeve around a bottle, a paper on its front, a sticker on a flat side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from goods.materials import Material
from goods.outlines import rectangle
from goods.shapes import lathe, plate
from goods.solids import Solid, front_map, map_uvs, solid, wrap

PROUD_M = 0.0003


def sleeve(radius: float, low: float, high: float, label: Material) -> Solid:
    """A label once around a cylinder about z, between two heights."""
    r, inside = radius + PROUD_M, radius - PROUD_M
    return wrap(lathe([(inside, low), (r, low), (r, high), (inside, high)], label, 40), label, low, high)


def front_paper(radius: float, low: float, high: float, width: float, label: Material) -> Solid:
    """A paper of a width on the +x side of a cylinder about z."""
    r, half, steps = radius + PROUD_M, width / 2 / radius, 24
    points = [(r * np.cos(a), r * np.sin(a), z) for z in (low, high) for a in np.linspace(-half, half, steps + 1)]
    paper = solid(np.array(points), [(i, i + 1, steps + 2 + i, steps + 1 + i) for i in range(steps)], label)

    def uv_of(corners: np.ndarray, _: np.ndarray) -> np.ndarray:
        u = np.arctan2(corners[:, 1], corners[:, 0]) / (2 * half) + 0.5
        return np.column_stack((u, (corners[:, 2] - low) / (high - low)))

    return map_uvs(paper, label, uv_of)


def sticker(x: float, y: float, z: float, size: tuple[float, float], radius: float, label: Material) -> Solid:
    """A sticker of (width, height) facing +x, its middle at a point."""
    width, height = size
    one = facing_front(plate(rectangle(height, width, radius), 2 * PROUD_M, label), x, y, z)
    return front_map(one, label, (y - width / 2, z - height / 2), (y + width / 2, z + height / 2))


def facing_front(flat: Solid, x: float, y: float, z: float) -> Solid:
    """A plate lying on z = 0, set up so that its top faces +x and its own -x is up, moved to a point."""
    points = np.column_stack((flat.points[:, 2] + x, flat.points[:, 1] + y, z - flat.points[:, 0]))
    return replace(flat, points=points)
