"""Where contexts may place things: what the template marks and what the surroundings build, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from pipeline.built.shapes import Block, Built
from pipeline.config.distributions import Constant, Number, Uniform
from pipeline.records import (
    MarkedAnchor,
    MarkedCamera,
    MarkedSlot,
    MarkedSpline,
    MarkedSurface,
    MarkedVolume,
    Marks,
    Settings,
    Solids,
    Vector,
)
from pipeline.sampling.draw import Rng


class Mark(Protocol):
    """What every mark has."""

    @property
    def name(self) -> str: ...

    @property
    def object_name(self) -> str: ...

    @property
    def settings(self) -> Settings: ...


Kind = TypeVar("Kind", bound=Mark)

NOTHING = Built()
TOUCH_M = 0.001  # solid boxes are so much smaller, so that what stands on them does not overlap them


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """All marks of one scene that things may be placed by, or the camera, and the rooms where nothing is put."""

    surfaces: tuple[MarkedSurface, ...] = ()
    splines: tuple[MarkedSpline, ...] = ()
    volumes: tuple[MarkedVolume, ...] = ()
    anchors: tuple[MarkedAnchor, ...] = ()
    slots: tuple[MarkedSlot, ...] = ()
    cameras: tuple[MarkedCamera, ...] = ()
    keep_out: tuple[MarkedVolume, ...] = ()


def places_of(marks: Marks, built: Built = NOTHING) -> Places:
    """Return the places of a template's marks and of what the surroundings build."""
    return Places(
        surfaces=(*marks.surfaces, *built.surfaces),
        splines=(*marks.splines, *built.splines),
        volumes=(*marks.volumes, *built.volumes),
        anchors=(*marks.anchors, *built.anchors),
        slots=marks.slots,
        cameras=marks.cameras,
        keep_out=marks.keep_out,
    )


def chosen_marks(marks: Iterable[Kind], patterns: Sequence[str]) -> tuple[Kind, ...]:
    """Return the marks that names or patterns name, by the mark's name or its object's, each once, in their order."""
    return tuple(
        mark
        for mark in marks
        if any(fnmatchcase(mark.name, pattern) or fnmatchcase(mark.object_name, pattern) for pattern in patterns)
    )


def setting(mark: Mark, name: str, default: float, rng: Rng) -> float:
    """Return a number drawn evenly from the range that the artist gave a mark, `default` where none was given. One
    number is taken from `rng` in any case, so that a range more changes nothing else."""
    share = rng.random()
    low, high = mark.settings.ranges.get(name, (default, default))
    return low + (high - low) * share


def number(given: Number | None, settings: Settings, name: str, default: float) -> Number:
    """Return what the scene file gives, else the range of the artist's mark, else `default`."""
    if given is not None:
        return given
    low, high = settings.ranges.get(name, (default, default))
    return Constant(value=low) if low == high else Uniform(low=low, high=high)


def solids_with(solids: Solids, blocks: Sequence[Block]) -> Solids:
    """Return what is solid in the template and what is built besides."""
    return Solids(
        names=(*solids.names, *(("surroundings",) if blocks else ())),
        owners=(*solids.owners, *(len(solids.names) for _ in blocks)),
        centers_m=(*solids.centers_m, *(block.center_m for block in blocks)),
        rotations=(*solids.rotations, *(block.rotation for block in blocks)),
        halves_m=(*solids.halves_m, *(_shrunk(block.half_m) for block in blocks)),
    )


def _shrunk(half_m: Vector) -> Vector:
    x, y, z = (max(0.0, side - TOUCH_M) for side in half_m)
    return (x, y, z)
