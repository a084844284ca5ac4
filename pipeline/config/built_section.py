"""Places that are built where there is no template: a road, a shelf, a bin, and a grid of anchors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pipeline.config.distributions import Constant, Integer, Number, Uniform, bounds, require
from pipeline.config.words import Vector
from pipeline.conventions import MAX_INSTANCES

ZERO = Constant(value=0.0)
ONE = Constant(value=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A road through the origin, along +x there. Widths of 0 leave a part out.

    Splines, each in the direction of its traffic: `road.lane.0`, `road.lane.1`... and `road.oncoming.0`... from the
    middle outward; `road.kerb.SIDE` at the edge of the asphalt, `road.sidewalk.SIDE`, `road.verge.SIDE` (left and
    right as seen along +x) and `road.median` in their middles. Surfaces: `road.asphalt`, and those of the same names.
    """

    length_m: Number = Constant(value=80.0)
    curvature_per_m: Number = Uniform(low=-0.006, high=0.006)
    """One over the radius of its bend, to the left positive."""
    lanes: Number = ONE
    """Lanes in the direction of +x."""
    oncoming: Number = ONE
    lane_m: Number = Uniform(low=3.0, high=3.6)
    shoulder_m: Number = Constant(value=0.3)
    """Asphalt beside the outermost lanes; from 2.2 m on cars can park there."""
    median_m: Number = ZERO
    kerb_m: Number = Uniform(low=0.08, high=0.15)
    """How high it is."""
    sidewalk_m: Number = Uniform(low=1.5, high=3.0)
    verge_m: Number = Constant(value=12.0)
    """The grass beyond, on each side."""
    marking_m: Number = Constant(value=0.12)
    """How wide the painted lines are."""
    traffic: Literal["right", "left"] = "right"

    def __post_init__(self) -> None:
        require("length_m", self.length_m, 1, 2000)
        require("lanes", self.lanes, 1, 12)
        require("oncoming", self.oncoming, 0, 12)
        require("lane_m", self.lane_m, 0.1, 20)
        for name in ("shoulder_m", "median_m", "sidewalk_m", "verge_m"):
            require(name, getattr(self, name), 0, 200)
        require("kerb_m", self.kerb_m, 0, 1)
        require("marking_m", self.marking_m, 0, bounds(self.lane_m)[0] / 4)
        tightest = max(map(abs, bounds(self.curvature_per_m)))
        if tightest * bounds(self.length_m)[1] > 1.9 * math.pi:
            raise ValueError(f"a road of curvature_per_m {tightest:g} meets itself", "make it shorter or straighter")
        if tightest * self._half_m() > 0.95:
            message = f"curvature_per_m {tightest:g} is too tight for a road {2 * self._half_m():g} m wide"
            raise ValueError(message, "make it straighter or narrower (verge_m)")

    def _half_m(self) -> float:
        """Return half of its width, at most."""
        most = {name: bounds(getattr(self, name))[1] for name in ("lanes", "oncoming", "lane_m", "shoulder_m")}
        beside = sum(bounds(getattr(self, name))[1] for name in ("sidewalk_m", "verge_m"))
        lanes = (most["lanes"] + most["oncoming"]) * most["lane_m"] + bounds(self.median_m)[1]
        return lanes / 2 + most["shoulder_m"] + beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A rack at the origin, its front towards -y. Splines `shelf.board.0`... run along the front edges of the boards
    from left to right, in each bay one, from the lowest up; surfaces of the same names are the boards."""

    boards: Number = Integer(low=4, high=5)
    bays: Number = ONE
    width_m: Number = Uniform(low=0.8, high=1.2)
    """Of a bay, between its uprights."""
    depth_m: Number = Uniform(low=0.3, high=0.45)
    base_m: Number = Uniform(low=0.12, high=0.2)
    """The top of the lowest board."""
    gap_m: Number = Uniform(low=0.28, high=0.4)
    """From the top of a board to the top of the next."""
    board_m: Number = Constant(value=0.025)
    """How thick the boards are."""
    back: bool = True

    def __post_init__(self) -> None:
        require("boards", self.boards, 1, 50)
        require("bays", self.bays, 1, 50)
        for name in ("width_m", "depth_m"):
            require(name, getattr(self, name), low=0.02)
        require("board_m", self.board_m, low=0.001)
        thickest = bounds(self.board_m)[1]
        require("base_m", self.base_m, low=thickest)
        require("gap_m", self.gap_m, low=2 * thickest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """An open box at the origin into which things fall: sizes are inner sizes, its bottom inside is at z = 0. The
    surface `bin.floor` and the volume `bin` are its bottom and its inside."""

    width_m: Number = Constant(value=0.56)
    depth_m: Number = Constant(value=0.36)
    height_m: Number = Uniform(low=0.12, high=0.3)
    wall_m: Number = Uniform(low=0.004, high=0.012)
    corner_m: Number = Uniform(low=0.0, high=0.05)
    """The radius of its upright corners; 0 for sharp ones."""
    rim_m: Number = Uniform(low=0.0, high=0.02)
    """How far its rim reaches beyond the walls."""

    def __post_init__(self) -> None:
        for name in ("width_m", "depth_m", "height_m"):
            require(name, getattr(self, name), low=0.01)
        require("wall_m", self.wall_m, low=0.0005)
        require("rim_m", self.rim_m, low=0)
        require("corner_m", self.corner_m, 0, 0.45 * min(bounds(self.width_m)[0], bounds(self.depth_m)[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Anchors `grid` in rows along x, columns along y and layers along z; `grid.2.0.1` is that of one of each."""

    rows: Number = Constant(value=3.0)
    columns: Number = Constant(value=3.0)
    layers: Number = ONE
    spacing_m: tuple[Number, Number, Number]
    center_m: Vector = (0.0, 0.0, 0.0)
    """The middle of the lowest layer."""
    yaw_deg: Number = ZERO

    def __post_init__(self) -> None:
        for name in ("rows", "columns", "layers"):
            require(name, getattr(self, name), 1, 1000)
        counts = [number for number in (self.rows, self.columns, self.layers) if _is_known(number)]
        most = math.prod(round(bounds(number)[1]) for number in counts)
        if most > MAX_INSTANCES:
            raise ValueError(f"a grid of up to {most} anchors", f"a frame holds at most {MAX_INSTANCES} things")
        for number in self.spacing_m:
            require("spacing_m", number, low=0)


def _is_known(number: Number) -> bool:
    """Return whether the bounds of a number are known: those of a global are not yet."""
    return not math.isnan(bounds(number)[1])
