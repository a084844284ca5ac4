"""Contexts: where things belong, how many of which go there, and how they are arranged.

A context is a place (marks of the template, or what `surroundings` builds), a law of placing, and the groups of assets
it may hold. Each is drawn at an address of its own, so adding one changes no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.config.context_places import ZERO, AlongSpline, AtAnchor, InSlot, InVolume, OnSurface, Related
from pipeline.config.distributions import Constant, Number, bounds, require
from pipeline.config.limits import exactly_one
from pipeline.config.objects_section import AssetGroup

PLACES = ("surface", "spline", "volume", "anchor", "slot", "related")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Exactly one place, what may stand there, and how many."""

    surface: OnSurface | None = None
    spline: AlongSpline | None = None
    volume: InVolume | None = None
    anchor: AtAnchor | None = None
    slot: InSlot | None = None
    related: Related | None = None
    allowed: dict[str, Number]
    """Groups of `targets` and `distractors`, by `name` or `category`, and how likely each is: {car: 8, truck: 1}."""
    count: Number | None = None
    """How many in all (on splines: on each line; anchors and slots: of them, by default each; related: for each)."""
    density: Number | None = None
    """How many on average, by a Poisson law, for each metre, square metre (times the painted weight) or cubic metre."""
    absent: Number = ZERO
    """The probability that a thing is left out after all, its place kept empty."""
    scale: Number = Constant(value=1.0)
    order: int = 0
    """Contexts of lower order are placed first and keep their places; of equal ones slots come first, then anchors,
    then the others, by name."""

    def __post_init__(self) -> None:
        exactly_one(self, PLACES)
        if not self.allowed:
            raise ValueError("allowed is empty", "name groups of targets or distractors: {mug: 1}")
        for name, weight in self.allowed.items():
            require(f"allowed.{name}", weight, low=0)
        if all(bounds(weight)[0] <= 0 for weight in self.allowed.values()):
            raise ValueError("every weight of allowed can be 0 at once", "let at least one always be above 0")
        if self.count is not None and self.density is not None:
            raise ValueError("give count or density, not both")
        for name in ("count", "density"):
            if getattr(self, name) is not None:
                require(name, getattr(self, name), low=0)
        if self.density is not None and not (self.surface or self.spline or self.volume):
            raise ValueError("density belongs to surfaces, splines and volumes", "give count")
        follows = self.spline is not None and (self.spline.gap_m is not None or self.spline.headway_m is not None)
        if self.count is None and self.density is None and not follows and (self.surface or self.volume):
            raise ValueError("say how many: count, or density")
        require("absent", self.absent, 0, 1)
        require("scale", self.scale, low=1e-9)

    @property
    def place(self) -> str:
        """Which of the places it has."""
        return next(name for name in PLACES if getattr(self, name) is not None)


def names_of(group: AssetGroup) -> set[str]:
    """Return what contexts may call a group."""
    return {name for name in (group.name, group.category, *(group.category_by_up_axis or {}).values()) if name}


def own_count(group: AssetGroup, contexts: Iterable[Context]) -> Number:
    """Return how many of a group `placement` places, besides those of contexts."""
    if group.count is not None:
        return group.count
    names = names_of(group)
    return Constant(value=0 if any(names.intersection(one.allowed) for one in contexts) else 1)
