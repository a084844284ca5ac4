"""When bodies are at rest: every one has hardly moved, in every frame, for a while.

A body at the top of its flight is slow for a moment only: within REST_FRAMES it falls ten times the threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array

REST_FRAMES = 8
REST_STEP = 0.006  # of the size, a frame
SMALLEST = 0.25  # bodies smaller than this are measured as if they were this large


class RestWatch:
    """Follows the poses of bodies of `sizes` (B,) frame by frame. `moving` (B,) tells which have not come to rest."""

    def __init__(self, sizes: Array) -> None:
        self._sizes = np.maximum(sizes, SMALLEST)
        self._last: Array | None = None
        self._quiet = np.zeros(len(sizes), dtype=np.int64)

    @property
    def moving(self) -> NDArray[np.bool_]:
        return self._quiet < REST_FRAMES

    def see(self, poses: Array) -> None:
        """Take in the poses (B, 4, 4) of the next frame."""
        if self._last is not None:
            change = np.abs(poses - self._last)
            # A turn by a small angle moves the far end of a body by about angle x size.
            step = change[:, :3, 3].max(axis=1) + self._sizes * change[:, :3, :3].max(axis=(1, 2))
            self._quiet = np.where(step < REST_STEP * self._sizes, self._quiet + 1, 0)
        self._last = poses
