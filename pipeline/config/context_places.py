"""Where a context puts things and how they stand there: on surfaces, along splines, in volumes, at anchors, in slots,
or by what another context has placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.config.camera_section import Box
from pipeline.config.distributions import Constant, Number, Uniform, bounds, require
from pipeline.config.limits import exactly_one, positive
from pipeline.config.words import Vector
from pipeline.lines import has_length

ZERO = Constant(value=0.0)
ANY_HEADING = Uniform(low=0, high=360)

Pose = Literal["upright", "resting", "drop"]
"""`upright` keeps the asset's own up; `resting` lays it on any stable face of its hull; `drop` lets it fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A level rectangle of the world where there is no template: `yaw_deg` turns it about its middle."""

    center_m: Vector = (0.0, 0.0, 0.0)
    size_m: tuple[float, float]
    yaw_deg: float = 0.0

    def __post_init__(self) -> None:
        positive("size_m", *self.size_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSurface:
    """Anywhere on marked surfaces, as densely as they are painted: by area times weight."""

    SHORT: ClassVar[tuple[str, ...]] = ("marks",)
    SHORT_IS_LIST: ClassVar[bool] = True
    marks: tuple[str, ...] = ()
    """Names or patterns of surfaces marked in the template, or of the surroundings that are built."""
    rectangle: Rectangle | None = None
    pose: Pose = "upright"
    align: Literal["up", "normal"] | None = None
    """Whether things stand along the world's z or along the surface's normal (default: what the mark says, or up)."""
    heading_deg: Number = ANY_HEADING
    """The way the asset's +x points, about its up, from the world's +x."""
    height_m: Number = Uniform(low=0.05, high=0.3)
    """For `drop`: how far above the surface things are let go."""
    clearance_m: float | None = None
    """The least gap to other things sideways (default: what the mark says, or 0)."""
    overhang: bool = False
    """Whether a part of a thing's footprint may lie beyond the surface's edge."""

    def __post_init__(self) -> None:
        _one_place(self, "rectangle")
        require("height_m", self.height_m, low=0)
        _no_overlap(self.clearance_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlongSpline:
    """Along marked curves: lanes, shelf edges, kerbs, conveyors. By default in the direction of the curve.

    With `gap_m` or `headway_m` one thing follows the other from the beginning to the end; otherwise as many as `count`
    or `density` says, anywhere. What is None is what the mark says, or the value named here.
    """

    SHORT: ClassVar[tuple[str, ...]] = ("marks",)
    SHORT_IS_LIST: ClassVar[bool] = True
    marks: tuple[str, ...] = ()
    points_m: tuple[Vector, ...] = ()
    """A curve of its own where there is no template: straight from point to point."""
    gap_m: Number | None = None
    """Clear space from the end of one thing to the beginning of the next."""
    headway_m: Number | None = None
    """From middle to middle; a thing that would overlap the one before moves on until it does not."""
    start_m: Number | None = None
    """Where the first one begins; by default one gap or headway, times an even share, after the curve does."""
    part: tuple[float, float] = (0.0, 1.0)
    """The part of the curve that is used, in shares of its length."""
    offset_m: Number | None = None
    """Shift of the line sideways, left positive (0)."""
    lateral_m: Number | None = None
    """Spread of each thing sideways about the line, left positive (0)."""
    width_m: float | None = None
    """Things stay within half of this to either side of the line (no limit)."""
    heading_deg: Number | None = None
    """The way the asset's +x points, about its up, from the curve's direction, left positive (0)."""
    reverse: Number = ZERO
    """The probability that a thing is turned the other way round."""
    copies: Number | None = None
    """Parallel lines (1), `copy_offset_m` apart to the left."""
    copy_offset_m: Number | None = None
    alike: Number | None = None
    """How many in a row are alike, as on a shelf: the same asset, size and look, on all copies of the line (by default
    each thing is drawn by itself)."""
    pose: Pose = "upright"
    align: Literal["up", "normal"] | None = None
    """Whether things stand along the world's z or pitch with the curve's slope (up)."""
    onto: tuple[str, ...] = ()
    """Surfaces, by name or pattern, onto which things are set straight down (by default the curve's own height)."""
    speed_m_s: Number = ZERO
    """How fast things move along the curve from view to view of one scene (`view_interval_s`)."""
    clearance_m: float | None = None

    def __post_init__(self) -> None:
        _one_place(self, "points_m")
        if self.points_m and not has_length(self.points_m):
            raise ValueError("points_m has no two points apart", "a curve needs two or more")
        if self.gap_m is not None and self.headway_m is not None:
            raise ValueError("give gap_m or headway_m, not both")
        for name in ("gap_m", "headway_m", "start_m"):
            if getattr(self, name) is not None:
                require(name, getattr(self, name), low=0)
        if not 0 <= self.part[0] < self.part[1] <= 1:
            raise ValueError(f"part {list(self.part)} is no part of 0..1", "for instance [0.1, 0.9]")
        require("reverse", self.reverse, 0, 1)
        if self.copies is not None:
            require("copies", self.copies, 1, 1000)
        if self.alike is not None:
            require("alike", self.alike, low=1)
        if self.width_m is not None:
            positive("width_m", self.width_m)
        if self.pose == "drop" and bounds(self.speed_m_s) != (0, 0):
            raise ValueError("speed_m_s moves no things that fall", "leave it out, or use another pose")
        _no_overlap(self.clearance_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class InVolume:
    """Anywhere within marked closed meshes, or a box of the world."""

    SHORT: ClassVar[tuple[str, ...]] = ("marks",)
    SHORT_IS_LIST: ClassVar[bool] = True
    marks: tuple[str, ...] = ()
    box: Box | None = None
    pose: Literal["free", "upright", "drop"] | None = None
    """Any rotation; the asset's own up and any heading; or let go there to fall (by default what the mark says, or
    free)."""
    clearance_m: float | None = None

    def __post_init__(self) -> None:
        _one_place(self, "box")
        if self.box is not None:
            positive("box.size_m", *self.box.size_m)
        _no_overlap(self.clearance_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtAnchor:
    """At marked empties: each holds one thing, standing at its origin with its axes."""

    SHORT: ClassVar[tuple[str, ...]] = ("marks",)
    SHORT_IS_LIST: ClassVar[bool] = True
    marks: tuple[str, ...]
    move_m: Number | None = None
    """Each coordinate is moved by this much, either way, in the anchor's axes (0)."""
    turn_deg: Number | None = None
    """Turn about the anchor's z (0)."""
    pose: Pose = "upright"
    onto: tuple[str, ...] = ()
    clearance_m: float | None = None

    def __post_init__(self) -> None:
        _no_overlap(self.clearance_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class InSlot:
    """In the place of marked objects, which are hidden: same position, same heading, and the same size."""

    SHORT: ClassVar[tuple[str, ...]] = ("marks",)
    SHORT_IS_LIST: ClassVar[bool] = True
    marks: tuple[str, ...]
    fit: Literal["size", "height", "width", "none"] | None = None
    """What is made equal to the object's: the longest side, the height, the longer level side, or nothing."""
    turn_deg: Number = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """By what another context has placed: exactly one of the five names it. The count is for each thing there."""

    on: str | None = None
    """On top of it, within its outline."""
    inside: str | None = None
    """Within it (a bowl, a crate): let fall into it from `distance_m` above its rim."""
    next_to: str | None = None
    """Beside it, `distance_m` from side to side: on the surface where the other stands on one, else at its height."""
    facing: str | None = None
    """Before it, `distance_m` from side to side, its +x turned to it, as a chair is to a table."""
    stacked: str | None = None
    """One on the other upon it."""
    distance_m: Number = Uniform(low=0.02, high=0.1)
    angle_deg: Number = ANY_HEADING
    """For next_to and facing: on which side, about the other's up from its +x."""
    heading_deg: Number = ZERO
    """The way +x points, from the other's +x (for facing: from towards it)."""
    offset_m: Number | None = None
    """For on and stacked: each of x and y is moved from the middle by up to this much, either way, as far as the other
    reaches (default: on anywhere within its outline, stacked in the middle)."""

    def __post_init__(self) -> None:
        exactly_one(self, RELATIONS)
        require("distance_m", self.distance_m, low=0)

    @property
    def relation(self) -> str:
        """Which of the five it is."""
        return next(name for name in RELATIONS if getattr(self, name) is not None)

    @property
    def other(self) -> str:
        """The name of the other context."""
        return str(getattr(self, self.relation))


RELATIONS = ("on", "inside", "next_to", "facing", "stacked")


def _one_place(law: object, other: str) -> None:
    marks, given = getattr(law, "marks"), getattr(law, other)  # noqa: B009 (fields of several records)
    if bool(marks) == bool(given):
        raise ValueError(f"give marks or {other}, one of the two", "marks are names in the template or surroundings")


def _no_overlap(clearance_m: float | None) -> None:
    if clearance_m is not None and clearance_m < 0:
        raise ValueError(f"clearance_m {clearance_m:g} is below 0", "things may touch, but do not overlap")
