"""The measures of a passenger car."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """Metres. Places along the car (`cowl`, `roof`, `tail`, `doors`) are parts of the length from the nose.

    `cowl` is the foot of the windscreen, `roof` its front and rear edge, `tail` the foot of the rear window; `doors`
    are the gaps from front to rear; `panes` adds pillars that are no door's; `heights` are those of the nose, the cowl,
    the belt's rear end and the tail.
    """

    length: float
    width: float
    height: float
    wheelbase: float
    front_overhang: float
    wheel_radius: float
    clearance: float
    heights: tuple[float, float, float, float]
    cowl: float
    roof: tuple[float, float]
    tail: float
    doors: tuple[float, ...]
    panes: tuple[float, ...] = ()
    blind: int = 0
    rear_post: tuple[float, float] = (0.2, 0.14)
    roof_width: float = 0.76
    skirt: float = 0.1
    spokes: int = 5
    lamps: Literal["slim", "tall", "square"] = "slim"
    extras: tuple[str, ...] = ()

    def x(self, part: float) -> float:
        return self.length * (0.5 - part)

    @property
    def axles(self) -> tuple[float, float]:
        front = self.length / 2 - self.front_overhang
        return (front - self.wheelbase, front)
