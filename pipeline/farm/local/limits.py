"""What a worker may take: time for a frame, memory, frames until it is renewed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

START_S = 600.0  # for Blender to open, a large template to load
UNKNOWN_FRAME_S = 3600.0  # for a frame while nobody knows how long they take
LEAST_FRAME_S = 300.0
TIMES_LONGEST = 20.0
MEMORY_SHARE = 0.9  # of the memory, for all workers together
KNOWN = 3  # frames made, after which it is known how long they take

_OVER_MEMORY = re.compile(r"^\d+ MiB of memory, more than (?P<limit>\d+) \(--memory-limit\)")


def over_memory(seen_mib: float, limit_mib: float) -> str:
    """Return why a worker is ended that fills more than its limit."""
    return f"{seen_mib:.0f} MiB of memory, more than {limit_mib:.0f} (--memory-limit)"


def memory_limit_in(reason: str) -> float | None:
    """Return the limit in what `over_memory` said, MiB; None for any other reason."""
    match = _OVER_MEMORY.match(reason)
    return float(match["limit"]) if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`frame_s` 0: by the frames made so far. `memory_mib` is of a worker with all its children, 0 for none; where
    it `is_share` of what all may fill, one may fill more in mid-frame while all together keep to it. `recycle` is how
    many frames a worker makes before it is renewed, 0 for no end of them. `attempts` is how often a frame may fail
    before it is given up; `grace_s` is for frames in progress when the run is stopped."""

    frame_s: float = 0.0
    memory_mib: float = 0.0
    is_share: bool = False
    recycle: int = 0
    attempts: int = 3
    grace_s: float = 30.0

    @property
    def start_s(self) -> float:
        """The seconds in which Blender is to open the dataset."""
        return max(START_S, self.frame_s)

    def time_s(self, made: int, longest_s: float) -> float:
        """Return the seconds a frame may take, when `made` frames took `longest_s` at most."""
        if self.frame_s:
            return self.frame_s
        return max(LEAST_FRAME_S if made >= KNOWN else UNKNOWN_FRAME_S, TIMES_LONGEST * longest_s)

    def is_too_large(self, memory_mib: float) -> bool:
        return 0 < self.memory_mib < memory_mib

    def must_end(self, memory_mib: float, all_mib: Sequence[float], workers: int) -> bool:
        """Return whether a worker is to be ended in mid-frame; `all_mib` are the sizes of all, of at most `workers`."""
        if not self.is_share:
            return self.is_too_large(memory_mib)
        return self.is_too_large(sum(all_mib) / workers) and memory_mib == max(all_mib)

    def for_fewer(self, workers: int) -> Limits | None:
        """Return the limits when one of `workers` is left out and the others get its share; None if that is no way."""
        if not self.is_share or workers < 2:
            return None
        return replace(self, memory_mib=self.memory_mib * workers / (workers - 1))

    def is_worn(self, frames_made: int, memory_mib: float) -> bool:
        """Return whether a worker should be renewed between two frames.

        That happens a little before the ceiling, where only leaks lead: one past it in mid-frame costs that frame. The
        first frame of a worker is no leak.
        """
        if self.recycle and frames_made >= self.recycle:
            return True
        return frames_made > 1 and self.is_too_large(memory_mib / 0.9)
