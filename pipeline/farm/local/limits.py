"""What a worker may take: time for a frame, memory, frames until it is renewed."""

from __future__ import annotations

from dataclasses import dataclass

START_S = 600.0  # for Blender to open, a large template to load
UNKNOWN_FRAME_S = 3600.0  # for a frame while nobody knows how long they take
LEAST_FRAME_S = 300.0
TIMES_LONGEST = 20.0
KNOWN = 3  # frames made, after which it is known how long they take


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`frame_s` 0: by the frames made so far. `memory_mib` is of a worker with all its child processes, 0 for none.
    `recycle` is how many frames a worker makes before it is renewed, 0 for no end of them. `attempts` is how often a
    frame may fail before it is given up; `grace_s` is for frames in progress when the run is stopped."""

    frame_s: float = 0.0
    memory_mib: float = 0.0
    recycle: int = 0
    attempts: int = 3
    grace_s: float = 30.0

    def time_s(self, made: int, longest_s: float) -> float:
        """Return the seconds a frame may take, when `made` frames took `longest_s` at most."""
        if self.frame_s:
            return self.frame_s
        return max(LEAST_FRAME_S if made >= KNOWN else UNKNOWN_FRAME_S, TIMES_LONGEST * longest_s)

    def is_too_large(self, memory_mib: float) -> bool:
        return 0 < self.memory_mib < memory_mib

    def is_worn(self, frames_made: int, memory_mib: float) -> bool:
        """Return whether a worker should be renewed between two frames.

        That happens a little before the ceiling, where only leaks lead: one past it in mid-frame costs that frame. The
        first frame of a worker is no leak.
        """
        if self.recycle and frames_made >= self.recycle:
            return True
        return frames_made > 1 and self.is_too_large(memory_mib / 0.9)
