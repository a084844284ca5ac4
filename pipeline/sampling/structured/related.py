"""Things placed by what another context has placed: on it, in it, beside it, before it, or piled on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.config.context_places import Related
from pipeline.config.contexts_section import Context
from pipeline.geometry import Array
from pipeline.records import DropPlan
from pipeline.sampling.draw import Rng, draw
from pipeline.sampling.objects import Chosen
from pipeline.sampling.placement import radius_m
from pipeline.sampling.structured.beside import offset_for_gap
from pipeline.sampling.structured.falling import Release, let_fall
from pipeline.sampling.structured.site import NO_ROOM, PLACE_TRIES, Filled, Placed, Site
from pipeline.sampling.structured.standing import (
    HAIR_M,
    Footing,
    bounds_of,
    footed_box,
    footed_pose,
    footing_of,
    moved_frame,
)
from pipeline.sampling.structured.surfaces import NO_GROUND, settled
from pipeline.sampling.structured.terrain import height_at

NOT_KNOWN = "it falls, and its place is not known before"
TOO_LARGE = "too large to go inside"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Other:
    """What a thing is placed by: axes (4, 4) in the middle of its box, z its side that is up and x the way it points,
    and half sides (3,) along them."""

    placed: Placed
    frame: Array
    half_m: Array


Propose = Callable[[Site, str, Related, Other, Footing, Rng], Array | str]


def related(site: Site, name: str, context: Context, law: Related) -> Filled:
    """Return what stands by each thing of another context. Where that moves from view to view, they move with it."""
    filled = Filled()
    site.terrains[name] = site.terrains.get(law.other, ())
    for placed in site.done[law.other].placed if law.other in site.done else ():
        address = f"{name}/{placed.address}"
        count = site.count(context, address, 0.0)
        if placed.placed_as == "drop" or placed.box is None:
            filled.dropped[NOT_KNOWN] += count
            continue
        under = placed
        for i in range(count):
            stream = f"{address}/{i}"
            result = _place(site, name, law, _other(site, under), site.choose(context, stream), stream)
            filled.add(result)
            if law.relation == "stacked":
                if isinstance(result, str):
                    filled.dropped[result] += count - i - 1
                    break
                under = result
    return filled


def _other(site: Site, placed: Placed) -> Other:
    assert placed.box is not None
    pose, half = site.occupied[placed.box]
    up = int(np.argmax(np.abs(pose[2, :3])))
    ahead = 1 if up == 0 else 0
    aside = 3 - up - ahead
    frame = pose.copy()
    frame[:3, 2] = pose[:3, up] * (1.0 if pose[2, up] >= 0 else -1.0)
    frame[:3, 0] = pose[:3, ahead]
    frame[:3, 1] = np.cross(frame[:3, 2], frame[:3, 0])
    return Other(placed=placed, frame=frame, half_m=half[[ahead, aside, up]] + HAIR_M)


def _place(site: Site, name: str, law: Related, other: Other, chosen: Chosen, stream: str) -> Placed | str:
    assert other.placed.box is not None
    touched = frozenset({other.placed.box})
    if law.relation == "inside":
        return _inside(site, law, other, chosen, stream)
    footing, reasons = footing_of(chosen), []
    for attempt in range(PLACE_TRIES):
        frame = PROPOSALS[law.relation](site, name, law, other, footing, site.rng(f"{stream}/attempt/{attempt}"))
        if isinstance(frame, str):
            reasons.append(frame)
            continue
        number = site.put_box(footed_box(footing, frame), skip=touched)
        if number is not None:
            pose = footed_pose(footing, frame)
            return Placed(
                chosen=chosen,
                poses=(pose,),
                placed_as="resting",
                box=number,
                moved=other.placed.moved,
                upon=other.placed.address,
            )
        reasons.append(NO_ROOM)
    return NO_ROOM if NO_ROOM in reasons else reasons[0]


def _on(site: Site, name: str, law: Related, other: Other, footing: Footing, rng: Rng) -> Array | str:
    """Propose a place on top: whole within the outline, what is wider in the middle; or as far from the middle as is
    drawn, its own middle over the other still."""
    turn = math.radians(draw(law.heading_deg, rng))
    room = np.maximum(other.half_m[:2] - _level_reach(footing, turn), 0.0)
    shares = (2 * rng.random() - 1, 2 * rng.random() - 1)
    if law.offset_m is None and law.relation == "on":
        reach = room
    else:
        reach = np.minimum(other.half_m[:2], 0.0 if law.offset_m is None else abs(draw(law.offset_m, rng)))
    x, y = (float(share * far) for share, far in zip(shares, reach, strict=True))
    return moved_frame(other.frame, (x, y, float(other.half_m[2])), turn)


def _level_reach(footing: Footing, turn_rad: float) -> Array:
    """Return how far (2,) a footing that is turned reaches along the axes of what it stands on."""
    c, s = abs(math.cos(turn_rad)), abs(math.sin(turn_rad))
    x, y, _ = footing.half_m
    return np.array([c * x + s * y, s * x + c * y])


def _beside(site: Site, name: str, law: Related, other: Other, footing: Footing, rng: Rng) -> Array | str:
    """Propose a place beside or before the other: as far from side to side as is drawn, on the same ground."""
    side = math.radians(draw(law.angle_deg, rng))
    gap = draw(law.distance_m, rng)
    turn = math.radians(draw(law.heading_deg, rng)) + (side + math.pi if law.relation == "facing" else 0.0)
    away = offset_for_gap(other.half_m[:2], footing.half_m[:2], turn, side, gap)
    offset = (away * math.cos(side), away * math.sin(side), -float(other.half_m[2]))
    frame = moved_frame(other.frame, offset, turn)
    terrains = site.terrains[name]
    return _on_ground(site, name, footing, frame, away) if terrains else frame


def _on_ground(site: Site, name: str, footing: Footing, frame: Array, away_m: float) -> Array | str:
    """Return a frame moved along its z onto the surface that is nearest there, or why it cannot stand on it."""
    heights = [(height_at(terrain, frame, away_m), terrain) for terrain in site.terrains[name]]
    found = [(height, terrain) for height, terrain in heights if height is not None]
    if not found:
        return NO_GROUND
    height, terrain = min(found, key=lambda one: abs(one[0]))
    is_leaning = bool(frame[2, 2] < 1 - 1e-9)
    result = settled(terrain, footing, moved_frame(frame, (0.0, 0.0, height)), False, is_leaning)
    return NO_GROUND if result is None else result


PROPOSALS: Mapping[str, Propose] = {"on": _on, "stacked": _on, "next_to": _beside, "facing": _beside}


def _inside(site: Site, law: Related, other: Other, chosen: Chosen, stream: str) -> Placed | str:
    """Return a thing that is let fall into the other from above its rim, within the ellipse of its outline. The other
    stands still, so that its own mesh catches what falls: hollow things are hollow whatever their `collision` is. What
    bounces out lies beside it."""
    radius = radius_m(chosen)
    low, high = bounds_of(chosen)
    sides = sorted(float(v) for v in high - low)
    if sides[1] > 2 * float(other.half_m[:2].min()):
        return TOO_LARGE
    room = np.maximum(other.half_m[:2] - radius, 0.0)

    def release_at(rng: Rng) -> Release | str:
        far, way = math.sqrt(rng.random()), 2 * math.pi * rng.random()
        offset = (float(room[0]) * far * math.cos(way), float(room[1]) * far * math.sin(way), float(other.half_m[2]))
        x, y, rim = (float(v) for v in moved_frame(other.frame, offset)[:3, 3])
        return Release(point_m=(x, y, rim + radius + draw(law.distance_m, rng)), bottom_m=rim)

    reach = (np.abs(other.frame[:3, :3]) * other.half_m).sum(axis=1)
    x, y, z = (float(v) for v in other.frame[:3, 3])
    area = (2 * float(reach[0]), 2 * float(reach[1]))
    zone = DropPlan(center_m=(x, y, z - float(reach[2])), area_m=area, fence=False)
    assert other.placed.box is not None
    return let_fall(site, chosen, stream, zone, release_at, frozenset({other.placed.box}), upon=other.placed.address)
