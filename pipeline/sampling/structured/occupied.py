"""What space is taken: oriented boxes of what is placed, and of the template's own things."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pipeline.geometry import Array, boxes_overlap, compose
from pipeline.records import Solids

GROWTH = 256  # boxes that room is made for at a time


class Occupied:
    """Boxes in the order they came. A test looks at those alone whose bounds along the world's axes are near enough."""

    def __init__(self, solids: Solids) -> None:
        self._low, self._high = np.empty((0, 3)), np.empty((0, 3))
        self._boxes: list[tuple[Array, Array] | None] = []
        self._owners: dict[str, set[int]] = {}
        for number, owner in enumerate(solids.owners):
            self._owners.setdefault(solids.names[owner], set()).add(number)
        for center, rotation, half in zip(solids.centers_m, solids.rotations, solids.halves_m, strict=True):
            self.add(compose(center, rotation), np.asarray(half))
        self.solids = frozenset(range(len(self)))
        """The numbers of the template's own boxes."""

    def __len__(self) -> int:
        return len(self._boxes)

    def __getitem__(self, number: int) -> tuple[Array, Array]:
        """Return the box of a number that was not given back: the pose (4, 4) of its middle, half sides (3,)."""
        box = self._boxes[number]
        assert box is not None
        return box

    def boxes(self) -> list[tuple[Array, Array]]:
        """Return all boxes, in a list of its own."""
        return [box for box in self._boxes if box is not None]

    def solids_of(self, object_name: str) -> frozenset[int]:
        """Return the numbers of the boxes of an object of the template."""
        return frozenset(self._owners.get(object_name, ()))

    def tops_below(self, low: Array, high: Array) -> list[float]:
        """Return how high those of the template's boxes reach that are, seen from above, between two corners (3,), and
        end below the higher one."""
        count = len(self.solids)
        seen = (self._low[:count, :2] < high[:2]).all(axis=1) & (self._high[:count, :2] > low[:2]).all(axis=1)
        tops = self._high[:count, 2]
        heights: list[float] = tops[seen & (tops < high[2])].tolist()
        return heights

    def add(self, pose: Array, half_m: ArrayLike) -> int:
        """Take the room of a box, `pose` (4, 4) of its middle, half sides (3,), and return its number."""
        count = len(self._boxes)
        if count == len(self._low):
            self._low = np.concatenate([self._low, np.empty((GROWTH, 3))])
            self._high = np.concatenate([self._high, np.empty((GROWTH, 3))])
        half = np.asarray(half_m, dtype=np.float64)
        reach = _reach(pose, half)
        self._low[count], self._high[count] = pose[:3, 3] - reach, pose[:3, 3] + reach
        self._boxes.append((pose, half))
        return count

    def give_back(self, number: int) -> None:
        """Free the room of a box; the numbers of the others stay."""
        self._boxes[number] = None
        self._low[number], self._high[number] = np.inf, -np.inf

    def is_free(
        self, pose: Array, half_m: ArrayLike, clearance_m: float = 0.0, skip: frozenset[int] = frozenset()
    ) -> bool:
        """Return whether a box comes no nearer than `clearance_m` to any other but those numbered in `skip`."""
        return not self.meets(pose, half_m, clearance_m, skip)

    def meets(
        self, pose: Array, half_m: ArrayLike, clearance_m: float = 0.0, skip: frozenset[int] = frozenset()
    ) -> bool:
        """Return whether a box comes nearer than `clearance_m` to another but those numbered in `skip`."""
        half, count = np.asarray(half_m, dtype=np.float64), len(self._boxes)
        # Two boxes that are each grown by half the clearance overlap: corners reach out by a factor of sqrt(3) at most.
        reach = _reach(pose, half) + clearance_m * 1.75
        low, high = pose[:3, 3] - reach, pose[:3, 3] + reach
        apart = (self._low[:count] > high).any(axis=1) | (self._high[:count] < low).any(axis=1)
        near = [number for number in np.flatnonzero(~apart).tolist() if number not in skip]
        return any(boxes_overlap(pose, half, *self[number], clearance_m) for number in near)


def _reach(pose: Array, half_m: Array) -> Array:
    """Return how far (3,) along the world's axes a box reaches from its middle."""
    reach: Array = (np.abs(pose[:3, :3]) * half_m).sum(axis=1)
    return reach
