"""The use of a scene's global where a number stands: "$wetness", changed on the way or not."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Global:
    """A global of the scene by its name, "$wetness": drawn once a scene and the same wherever it stands.

    `scale` and `offset` change it; or `at` and `gives` say what it stands for, straight between the points and constant
    beyond them: {global: {name: $time_h, at: [6, 12, 18], gives: [0.1, 1, 0.1]}}.
    """

    TAG: ClassVar[str] = "global"
    SHORT: ClassVar[tuple[str, ...]] = ("name", "scale", "offset")
    BARE: ClassVar[tuple[type, ...]] = (str,)
    BARE_NAME: ClassVar[str] = "$name of a global"
    BARE_PATTERN: ClassVar[str] = r"\$[A-Za-z_]\w*"
    name: str
    scale: float = 1.0
    offset: float = 0.0
    at: tuple[float, ...] = ()
    gives: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not GLOBAL_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a number", "the name of a global begins with $, as in $wetness")
        if len(self.at) != len(self.gives):
            raise ValueError(f"at has {len(self.at)} points, gives {len(self.gives)}", "give one value a point")
        if list(self.at) != sorted(set(self.at)):
            raise ValueError("the points of at do not rise")
        if self.at and (self.scale, self.offset) != (1.0, 0.0):
            raise ValueError("give at and gives, or scale and offset, not both")

    def of(self, value: float) -> float:
        """Return what stands here when the global is `value`."""
        if not self.at:
            return self.scale * value + self.offset
        if value <= self.at[0] or value >= self.at[-1]:
            return self.gives[0] if value <= self.at[0] else self.gives[-1]
        i = bisect.bisect_right(self.at, value)
        share = (value - self.at[i - 1]) / (self.at[i] - self.at[i - 1])
        return self.gives[i - 1] + share * (self.gives[i] - self.gives[i - 1])

    def range_of(self, low: float, high: float) -> tuple[float, float]:
        """Return the least and greatest value that can stand here when the global lies in [low, high]."""
        inner = [gives for at, gives in zip(self.at, self.gives, strict=True) if low < at < high]
        values = [self.of(low), self.of(high), *inner]
        return min(values), max(values)


GLOBAL_NAME = re.compile(Global.BARE_PATTERN)
