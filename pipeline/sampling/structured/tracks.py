"""The lines of a context: each marked curve and its parallel copies, and where on one a thing stands."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.config.context_places import AlongSpline
from pipeline.config.distributions import Number, Uniform
from pipeline.geometry import Array, unit
from pipeline.lines import Line, left_of, line_of, parallel
from pipeline.records import MarkedSpline, Settings, Vector
from pipeline.sampling.draw import draw, draw_count
from pipeline.sampling.structured.onto import Ground
from pipeline.sampling.structured.places import chosen_marks, number
from pipeline.sampling.structured.site import Site
from pipeline.sampling.structured.standing import UP

OWN_LINE = "points"  # the object name, in streams, of a curve that the scene file gives itself


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """One line: things stand on it from `begin_m` to `end_m`, round and round where it `is_ring`, and move along it at
    `speed_m_s`. `settings` are those of its mark."""

    stream: str
    line: Line
    begin_m: float
    end_m: float
    is_ring: bool
    speed_m_s: float
    settings: Settings

    @property
    def length_m(self) -> float:
        """The length of the part that is used."""
        return self.end_m - self.begin_m


def tracks_of(site: Site, name: str, law: AlongSpline) -> Iterator[Track | None]:
    """Yield the lines of a context in the order of their marks, copies from right to left; None for a copy that lies
    farther inside a bend than any line can."""
    for mark in _marks(site, law):
        stream = f"{name}/{mark.object_name}/{mark.part}"
        line = line_of(mark.points_m, closed=mark.closed)
        wanted = number(law.copies, mark.settings, "copies", 1.0)
        copies = max(1, draw_count(wanted, site.rng(f"{stream}/copies")))
        offset = draw(number(law.offset_m, mark.settings, "offset_m", 0.0), site.rng(f"{stream}/offset"))
        apart = draw(number(law.copy_offset_m, mark.settings, "copy_offset_m", 0.0), site.rng(f"{stream}/apart"))
        for copy in range(copies):
            beside = parallel(line, offset + copy * apart)
            yield None if beside is None else _track(site, law, mark, beside, f"{stream}/{copy}")


def _marks(site: Site, law: AlongSpline) -> tuple[MarkedSpline, ...]:
    if law.points_m:
        return (MarkedSpline(name=OWN_LINE, object_name=OWN_LINE, points_m=law.points_m),)
    return chosen_marks(site.places.splines, law.marks)


def _track(site: Site, law: AlongSpline, mark: MarkedSpline, line: Line, stream: str) -> Track:
    return Track(
        stream=stream,
        line=line,
        begin_m=law.part[0] * line.length_m,
        end_m=law.part[1] * line.length_m,
        is_ring=line.closed and law.part == (0.0, 1.0),
        speed_m_s=draw(law.speed_m_s, site.rng(f"{stream}/speed")),
        settings=mark.settings,
    )


def spread(given: Number | None, settings: Settings, name: str) -> Number:
    """Return the same for a spread: a single number of a mark is that much either way."""
    low, high = settings.ranges.get(name, (0.0, 0.0))
    if given is None and low == high:
        return Uniform(low=-abs(low), high=abs(low))
    return number(given, settings, name, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a thing stands: on which point, the heading of the line there, from +x, left positive, and its up."""

    point_m: Vector
    heading_rad: float
    up: Vector


def spot_at(track: Track, along_m: float, lateral_m: float, tilts: bool, ground: Ground | None) -> Spot | None:
    """Return the spot at a place along a line and beside it, set down on `ground` if that is given; None where that is
    not. `tilts`: its up is at right angles to the slope."""
    middle, direction = track.line.at(along_m)
    x, y, z = (float(v) for v in middle + lateral_m * left_of(direction))
    up = UP
    if ground is not None:
        found = ground.below((x, y, z))
        if found is None:
            return None
        z, up = found
    elif tilts:
        up = _up_of(direction)
    heading = math.atan2(float(direction[1]), float(direction[0])) if direction[0] or direction[1] else 0.0
    return Spot(point_m=(x, y, z), heading_rad=heading, up=up if tilts else UP)


def _up_of(direction: Array) -> Vector:
    """Return the upward direction at right angles to a line; straight up where the line is plumb."""
    if abs(float(direction[2])) > 1 - 1e-9:
        return UP
    x, y, z = unit(np.array(UP) - direction * float(direction[2]))
    return (float(x), float(y), float(z))
