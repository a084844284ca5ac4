"""How fast a run goes, in words for people."""

from __future__ import annotations

import time


class Pace:
    """Counts the frames of a run: `done` of `total` are there at its start."""

    def __init__(self, total: int = 0, done: int = 0) -> None:
        self.total, self.done = total, done
        self._made = 0
        self._start_s = time.monotonic()

    def add(self, *, made: bool = True) -> None:
        """One frame more is there; one that was not `made` here took no time."""
        self.done += 1
        self._made += made

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return time.monotonic() - self._start_s

    def __str__(self) -> str:
        counted = f"{self.done} of {self.total}"
        if not self._made:
            return counted
        each_s = self.seconds / self._made
        pace = f"{counted} · {each_s:.1f} s a frame"
        left = self.total - self.done
        return f"{pace} · {show_duration(each_s * left)} left" if left else pace


def show_duration(seconds: float) -> str:
    """Return a time as people read it: "45 s", "12 min", "3 h 05 min", "2 d 4 h"."""
    minutes = round(seconds / 60)
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    return f"{hours // 24} d {hours % 24} h"
