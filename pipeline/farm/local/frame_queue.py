"""Which frame a worker gets next: whole scenes first, any frame of any scene at the end, failed frames last."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import groupby

AGAIN_S = 2.0  # until a frame that another supervisor's worker makes is asked for again


class FrameQueue:
    """The frames of a run that nobody makes yet. Views of a scene go to one worker, which keeps the settled scene."""

    def __init__(self, frames: Iterable[int], views_per_scene: int = 1) -> None:
        scenes = groupby(frames, key=lambda frame: frame // views_per_scene)
        self._untouched = deque(deque(views) for _, views in scenes)
        self._untried = sum(map(len, self._untouched))
        self._begun: dict[int, deque[int]] = {}  # what is left of the scene that each worker is at
        self._again: deque[int] = deque()
        self._elsewhere: deque[tuple[float, int]] = deque()

    def next_frame(self, worker: int, now_s: float) -> int | None:
        """Return the frame that `worker` makes next, None when there is none for it at present."""
        if self._untried:
            self._untried -= 1
            return self._untried_frame(worker)
        if self._again:
            return self._again.popleft()
        if self._elsewhere and self._elsewhere[0][0] <= now_s:
            return self._elsewhere.popleft()[1]
        return None

    def try_again(self, frame: int) -> None:
        """Put back a frame that failed: it comes after all that were not tried yet."""
        self._again.append(frame)

    def made_elsewhere(self, frame: int, now_s: float) -> None:
        """Put back a frame that another process makes: it is asked for again a little later."""
        self._elsewhere.append((now_s + AGAIN_S, frame))

    def __len__(self) -> int:
        return self._untried + len(self._again) + len(self._elsewhere)

    @property
    def is_elsewhere(self) -> bool:
        """Whether other processes make all that is left."""
        return bool(self._elsewhere) and not self._untried and not self._again

    def _untried_frame(self, worker: int) -> int:
        if not self._begun.get(worker):
            if not self._untouched:
                return max(self._begun.values(), key=len).pop()  # the last: its own worker goes on in order
            self._begun[worker] = self._untouched.popleft()
        return self._begun[worker].popleft()
