"""What space is taken: oriented boxes of what is placed, and of the template's own things."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pipeline.geometry import Array, boxes_overlap, compose, length
from pipeline.records import Solids

GROWTH = 256  # boxes that room is made for at a time


class Occupied:
    """Boxes in the order they came. A test looks at those alone whose bounding spheres are near enough."""

    def __init__(self, solids: Solids) -> None:
        self._centers = np.empty((0, 3))
        self._radii = np.empty(0)
        self._boxes: list[tuple[Array, Array]] = []
        for center, rotation, half in zip(solids.centers_m, solids.rotations, solids.halves_m, strict=True):
            self.add(compose(center, rotation), np.asarray(half))

    def __len__(self) -> int:
        return len(self._boxes)

    def boxes(self) -> list[tuple[Array, Array]]:
        """Return all boxes, in a list of its own."""
        return list(self._boxes)

    def add(self, pose: Array, half_m: ArrayLike) -> None:
        """Take the room of a box: `pose` (4, 4) of its middle, half sides (3,)."""
        count = len(self._boxes)
        if count == len(self._radii):
            self._centers = np.concatenate([self._centers, np.empty((GROWTH, 3))])
            self._radii = np.concatenate([self._radii, np.empty(GROWTH)])
        half = np.asarray(half_m, dtype=np.float64)
        self._centers[count], self._radii[count] = pose[:3, 3], length(half)
        self._boxes.append((pose, half))

    def is_free(
        self, pose: Array, half_m: ArrayLike, clearance_m: float = 0.0, skip: frozenset[int] = frozenset()
    ) -> bool:
        """Return whether a box comes no nearer than `clearance_m` to any other but those numbered in `skip`."""
        half, count = np.asarray(half_m, dtype=np.float64), len(self._boxes)
        offset = self._centers[:count] - pose[:3, 3]
        far = self._radii[:count] + (length(half) + clearance_m)
        near = np.flatnonzero((offset * offset).sum(axis=1) < far * far)
        return not any(self._meets(number, pose, half, clearance_m) for number in near.tolist() if number not in skip)

    def _meets(self, number: int, pose: Array, half_m: Array, clearance_m: float) -> bool:
        other, other_half_m = self._boxes[number]
        return boxes_overlap(pose, half_m, other, other_half_m, clearance_m)
