"""Things on marked surfaces, as densely as these are painted."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from pipeline.config.context_places import OnSurface, Rectangle
from pipeline.config.contexts_section import Context
from pipeline.geometry import Array
from pipeline.records import DropPlan, MarkedSurface, Vector
from pipeline.sampling.draw import Rng, draw
from pipeline.sampling.objects import Chosen
from pipeline.sampling.placement import lie, radius_m
from pipeline.sampling.structured.falling import Release, let_fall
from pipeline.sampling.structured.places import Places, chosen_marks, setting
from pipeline.sampling.structured.shares import fill_shared
from pipeline.sampling.structured.site import NO_ROOM, PLACE_TRIES, Filled, Placed, Site
from pipeline.sampling.structured.standing import (
    UP,
    Footing,
    footed_box,
    footed_pose,
    footing_of,
    frame_at,
    moved_frame,
)
from pipeline.sampling.structured.terrain import Terrain, sample_spot, support, terrain_of

NO_GROUND = "no ground below all of it"


def on_surfaces(site: Site, name: str, context: Context, law: OnSurface) -> Filled:
    """Return the things on the surfaces of a context. With a `density` each surface has a number of its own; a `count`
    is shared out among them by their weighted areas, so that one more surface takes things of the others and moves
    none."""
    terrains = tuple(terrain_of(mark) for mark in surfaces_of(site.places, law))
    site.terrains[name] = terrains
    put = partial(_let_fall if law.pose == "drop" else _stand, site, law)
    return fill_shared(site, name, context, [(one.mark.object_name, one.size_m2, one) for one in terrains], put)


def surfaces_of(places: Places, law: OnSurface) -> tuple[MarkedSurface, ...]:
    """Return the surfaces of a context: marked ones, or the rectangle that it brings."""
    if law.rectangle is None:
        return chosen_marks(places.surfaces, law.marks)
    return (_surface_of(law.rectangle),)


def _surface_of(rectangle: Rectangle) -> MarkedSurface:
    cosine, sine = math.cos(math.radians(rectangle.yaw_deg)), math.sin(math.radians(rectangle.yaw_deg))
    (x, y, z), (width, depth) = rectangle.center_m, rectangle.size_m
    flat = [(sx * width / 2, sy * depth / 2) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    corners: list[Vector] = [(x + cosine * a - sine * b, y + sine * a + cosine * b, z) for a, b in flat]
    return MarkedSurface(
        name="rectangle", object_name="rectangle", vertices_m=tuple(corners), triangles=((0, 1, 2), (0, 2, 3))
    )


def _stand(site: Site, law: OnSurface, terrain: Terrain, chosen: Chosen, stream: str) -> Placed | str:
    """Return a thing that stands on the surface.

    Aligned to the normal, it touches a flat face with all of its underside. Upright on a slope, or on uneven ground, it
    touches the highest point below its footprint, and nothing reaches into it: the lower side stands clear.
    """
    clearance = clearance_of(site, law, terrain, stream)
    reason = NO_GROUND
    for attempt in range(PLACE_TRIES):
        rng = site.rng(f"{stream}/attempt/{attempt}")
        spot = sample_spot(terrain, rng)
        heading = math.radians(draw(law.heading_deg, rng))
        footing = _footing(law, chosen, rng)
        x, y, z = (float(v) for v in spot.normal)
        up = (x, y, z) if leans(law, terrain) else UP
        frame = settled(terrain, footing, frame_at(spot.point_m, heading, up), law.overhang, up != UP)
        if frame is None:
            continue
        reason = NO_ROOM
        own = site.occupied.solids_of(terrain.mark.object_name)
        number = site.put_standing(footed_box(footing, frame), clearance, own)
        if number is not None:
            pose = footed_pose(footing, frame)
            return Placed(chosen=chosen, poses=(pose,), placed_as="resting", box=number)
    return reason


def _footing(law: OnSurface, chosen: Chosen, rng: Rng) -> Footing:
    return footing_of(chosen, *lie(chosen, rng)) if law.pose == "resting" else footing_of(chosen)


def leans(law: OnSurface, terrain: Terrain) -> bool:
    """Return whether things stand along the normal of the surface."""
    align = law.align or ("normal" if terrain.mark.settings.words.get("upright") == "false" else "up")
    return align == "normal"


def clearance_of(site: Site, law: OnSurface, terrain: Terrain, stream: str) -> float:
    """Return the gap that a thing keeps: the law's, or what the mark says."""
    if law.clearance_m is not None:
        return law.clearance_m
    return setting(terrain.mark, "clearance_m", 0.0, site.rng(f"{stream}/clearance"))


def settled(terrain: Terrain, footing: Footing, frame: Array, overhang: bool, leaning: bool) -> Array | None:
    """Return the frame (4, 4) of a footing raised until it stands on the terrain, None where it cannot stand there."""
    half = footing.half_m
    base = support(terrain, frame, half[:2], 2 * float(half[2]), overhang, leaning)
    return None if base is None else moved_frame(frame, (0.0, 0.0, base))


def _let_fall(site: Site, law: OnSurface, terrain: Terrain, chosen: Chosen, stream: str) -> Placed | str:
    """Return a thing that is let go above the surface; it may come to lie anywhere on it, or roll off."""
    radius = radius_m(chosen)
    side = np.array([radius, radius])

    def release_at(rng: Rng) -> Release | str:
        spot = sample_spot(terrain, rng)
        height = draw(law.height_m, rng)
        base = support(terrain, frame_at(spot.point_m, 0.0), side, 2 * radius + height, law.overhang)
        if base is None:
            return NO_GROUND
        x, y, z = (float(v) for v in spot.point_m)
        return Release(point_m=(x, y, z + base + radius + height), bottom_m=z + base)

    own = site.occupied.solids_of(terrain.mark.object_name)
    return let_fall(site, chosen, stream, _zone(terrain), release_at, own)


def _zone(terrain: Terrain) -> DropPlan:
    corners = terrain.corners[terrain.is_used]
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    x, y = (float(v) for v in (low[:2] + high[:2]) / 2)
    width, depth = (float(v) for v in high[:2] - low[:2])
    return DropPlan(center_m=(x, y, float(low[2])), area_m=(width, depth), fence=False)
