"""Things along lines: one after the other with drawn gaps or headways, or anywhere on them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.config.context_places import AlongSpline
from pipeline.config.contexts_section import Context
from pipeline.config.distributions import Number
from pipeline.conventions import MAX_INSTANCES
from pipeline.geometry import Array, compose, inverse_rigid, product
from pipeline.records import DropPlan, Pose, Quaternion
from pipeline.sampling.draw import Rng, draw, draw_count
from pipeline.sampling.objects import Chosen
from pipeline.sampling.placement import lie, radius_m
from pipeline.sampling.structured.falling import RELEASE_M, Release, let_fall
from pipeline.sampling.structured.onto import NOTHING_BELOW, Ground
from pipeline.sampling.structured.places import chosen_marks, number
from pipeline.sampling.structured.site import NO_PLACE, NO_ROOM, PLACE_TRIES, Filled, Moved, Placed, Site
from pipeline.sampling.structured.standing import UPRIGHT, bounds_of, box_at, standing_pose
from pipeline.sampling.structured.tracks import Track, spot_at, spread, tracks_of

NO_LINE = "the bend is too narrow for a parallel"
TOO_LONG = "longer than the line"
TOO_WIDE = "wider than the line"
LINE_FULL = "the line is full"
HAIR_M = 1e-6  # between things that touch, so that rounding makes no overlap of it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thing:
    """One thing of a line before it has a place: how it lies (see `standing_pose`), how it is turned from the line, how
    long and wide it is along and across."""

    stream: str
    chosen: Chosen
    lying: Quaternion
    height_m: float | None
    turn_rad: float
    length_m: float
    width_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """A line and everything that placing on it needs."""

    site: Site
    context: Context
    law: AlongSpline
    track: Track
    ground: Ground | None
    filled: Filled


def along_splines(site: Site, name: str, context: Context, law: AlongSpline) -> Filled:
    """Return the things along the lines of a context."""
    filled = Filled()
    ground = Ground(chosen_marks(site.places.surfaces, law.onto)) if law.onto else None
    tracks = list(tracks_of(site, name, law))
    if not tracks:
        filled.dropped[NO_PLACE] += 1 if context.count is None else site.count(context, name, 0.0)
    for track in tracks:
        if track is None:
            filled.add(NO_LINE)
            continue
        row = Row(site=site, context=context, law=law, track=track, ground=ground, filled=filled)
        apart, from_middles = _apart(law, track)
        if apart is None:
            _scatter(row)
        else:
            _follow(row, apart, from_middles)
    return filled


def _apart(law: AlongSpline, track: Track) -> tuple[Number | None, bool]:
    """Return the law of what lies between things, and whether it goes from middle to middle; None without one."""
    if law.gap_m is not None or law.headway_m is not None:
        return law.gap_m or law.headway_m, law.headway_m is not None
    for name in ("spacing_m", "headway_m"):
        if name in track.settings.ranges:
            return number(None, track.settings, name, 0.0), name == "headway_m"
    return None, False


# --- one after the other --------------------------------------------------------------------------------------------


def _follow(row: Row, apart: Number, from_middles: bool) -> None:
    """Place things from the beginning of a line to its end. One that finds no room leaves its place empty."""
    site, track, context = row.site, row.track, row.context
    limited = context.count is not None or context.density is not None
    most = site.count(context, track.stream, track.length_m) if limited else MAX_INSTANCES
    middle = end = first = math.nan
    for i, choice in zip(range(most), _choices(row), strict=False):
        thing = _thing(row, i, choice)
        distance = max(0.0, draw(apart, site.rng(f"{thing.stream}/apart")))
        half = thing.length_m / 2
        if i == 0:
            first = track.begin_m + _start_m(row, distance)
            middle = first + half
        else:
            ahead = middle + distance if from_middles else end + distance + half
            middle = max(ahead, end + (row.law.clearance_m or 0.0) + HAIR_M + half)
        end = middle + half
        last = end + distance - (half if from_middles else 0.0) if track.is_ring else end
        if last > (first + track.length_m if track.is_ring else track.end_m):
            if limited:
                row.filled.dropped[LINE_FULL] += most - i
            return
        _place(row, thing, middle)


def _start_m(row: Row, distance_m: float) -> float:
    rng = row.site.rng(f"{row.track.stream}/start")
    if row.law.start_m is not None:
        return draw(row.law.start_m, rng)
    return (row.track.length_m if row.track.is_ring else distance_m) * rng.random()


# --- anywhere -------------------------------------------------------------------------------------------------------


def _scatter(row: Row) -> None:
    count = row.site.count(row.context, row.track.stream, row.track.length_m)
    for i, choice in zip(range(count), _choices(row), strict=False):
        if row.filled.is_full(row.track.stream):
            row.filled.add(NO_ROOM, row.track.stream)
        else:
            _place(row, _thing(row, i, choice), None)


# --- one thing ------------------------------------------------------------------------------------------------------


def _choices(row: Row) -> Iterator[str]:
    """Yield the stream at which each thing of a line in turn is chosen; things that are alike share one, and so do the
    copies of the line."""
    for run in itertools.count():
        if row.law.alike is None:
            yield f"{row.track.stream}/{run}"
        else:
            stream = f"{row.track.stream.rpartition('/')[0]}/alike/{run}"
            yield from [stream] * max(1, draw_count(row.law.alike, row.site.rng(f"{stream}/count")))


def _thing(row: Row, i: int, choice: str) -> Thing:
    site, law, stream = row.site, row.law, f"{row.track.stream}/{i}"
    chosen = replace(site.choose(row.context, choice), stream=f"contexts/{stream}")
    lying, height = lie(chosen, site.rng(f"{stream}/lying")) if law.pose == "resting" else (UPRIGHT, None)
    rng = site.rng(f"{stream}/heading")
    heading = draw(number(law.heading_deg, row.track.settings, "heading_deg", 0.0), rng)
    turn = math.radians(heading + (180.0 if rng.random() < draw(law.reverse, rng) else 0.0))
    low, high = bounds_of(chosen, lying)
    c, s = abs(math.cos(turn)), abs(math.sin(turn))
    x, y = float(high[0] - low[0]), float(high[1] - low[1])
    return Thing(
        stream=stream,
        chosen=chosen,
        lying=lying,
        height_m=height,
        turn_rad=turn,
        length_m=c * x + s * y,
        width_m=s * x + c * y,
    )


def _place(row: Row, thing: Thing, middle_m: float | None) -> None:
    """Place a thing, its middle at a place along the line or anywhere, or count why not."""
    room = (_width_m(row) - thing.width_m) / 2
    if room < 0:
        row.filled.add(TOO_WIDE)
    elif middle_m is None and thing.length_m > row.track.length_m:
        row.filled.add(TOO_LONG)
    else:
        result = (_let_fall if row.law.pose == "drop" else _stand)(row, thing, middle_m, room)
        row.filled.add(result, row.track.stream)


def _stand(row: Row, thing: Thing, middle_m: float | None, room_m: float) -> Placed | str:
    site, reason = row.site, NO_ROOM
    for attempt in range(PLACE_TRIES):
        along, lateral = _drawn(row, thing, middle_m, site.rng(f"{thing.stream}/attempt/{attempt}"))
        pose = _pose(row, thing, along, lateral)
        if pose is None:
            reason = NOTHING_BELOW
        elif abs(lateral) <= room_m:
            box = site.put_standing(box_at(thing.chosen, pose), row.law.clearance_m or 0.0)
            if box is not None:
                moved = _moved(row, thing, along, lateral, pose)
                return Placed(chosen=thing.chosen, poses=(pose,), placed_as="resting", box=box, moved=moved)
            reason = NO_ROOM
    return reason


def _let_fall(row: Row, thing: Thing, middle_m: float | None, room_m: float) -> Placed | str:
    """Return a thing that is let go just above its place; it may come to rest anywhere about the line."""
    radius = radius_m(thing.chosen)

    def release_at(rng: Rng) -> Release | str:
        along, lateral = _drawn(row, thing, middle_m, rng)
        spot = spot_at(row.track, along, lateral, False, row.ground)
        if spot is None:
            return NOTHING_BELOW
        x, y, z = spot.point_m
        within = abs(lateral) <= room_m
        return Release(point_m=(x, y, z + radius + RELEASE_M), bottom_m=z) if within else NO_ROOM

    low, high = row.track.line.points_m.min(axis=0), row.track.line.points_m.max(axis=0)
    x, y, _ = (float(v) for v in (low + high) / 2)
    width, depth, _ = (float(v) + 2 * radius for v in high - low)
    zone = DropPlan(center_m=(x, y, float(low[2])), area_m=(width, depth), fence=False)
    return let_fall(row.site, thing.chosen, thing.stream, zone, release_at)


def _drawn(row: Row, thing: Thing, middle_m: float | None, rng: Rng) -> tuple[float, float]:
    """Return a place along the line, the given one or any, and beside it."""
    lateral, share = draw(spread(row.law.lateral_m, row.track.settings, "lateral_m"), rng), rng.random()
    return (_anywhere(row.track, thing, share) if middle_m is None else middle_m), lateral


def _width_m(row: Row) -> float:
    if row.law.width_m is not None:
        return row.law.width_m
    return row.track.settings.ranges.get("width_m", (math.inf, math.inf))[0]


def _anywhere(track: Track, thing: Thing, share: float) -> float:
    """Return a place along the line, evenly, at which the thing is whole on it."""
    if track.is_ring:
        return track.begin_m + share * track.length_m
    return track.begin_m + thing.length_m / 2 + share * (track.length_m - thing.length_m)


def _pose(row: Row, thing: Thing, along_m: float, lateral_m: float) -> Pose | None:
    spot = spot_at(row.track, along_m, lateral_m, row.law.align == "normal", row.ground)
    if spot is None:
        return None
    heading = spot.heading_rad + thing.turn_rad
    return standing_pose(thing.chosen, spot.point_m, heading, spot.up, thing.lying, thing.height_m)


# --- from view to view ----------------------------------------------------------------------------------------------


def _moved(row: Row, thing: Thing, along_m: float, lateral_m: float, start: Pose) -> Moved | None:
    """Return how far a thing of a moving line has come. Where there is no surface below, it keeps the line's height."""
    speed = row.track.speed_m_s
    if speed == 0.0:
        return None
    from_start = inverse_rigid(compose(start.location_m, start.rotation))

    def after(time_s: float) -> Array:
        place = along_m + speed * time_s
        pose = _pose(row, thing, place, lateral_m) or _pose(replace(row, ground=None), thing, place, lateral_m)
        assert pose is not None
        return product(compose(pose.location_m, pose.rotation), from_start)

    now_s, following_s = row.site.times_s
    return Moved(now=after(now_s), following=after(following_s))
