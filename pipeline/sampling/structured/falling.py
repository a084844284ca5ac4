"""Things that are let fall: where they are released, for each attempt of the physics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.geometry import compose, quaternion_from_uniforms
from pipeline.records import DropPlan, Pose, Vector
from pipeline.sampling.draw import Rng
from pipeline.sampling.objects import Chosen
from pipeline.sampling.placement import above_the_others, radius_m
from pipeline.sampling.structured.site import NO_ROOM, PLACE_TRIES, Box, Placed, Site
from pipeline.sampling.structured.standing import HAIR_M, UPRIGHT

RELEASE_M = 0.01  # above the place of a thing that has no height of its own to fall from


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Where a thing's origin is let go, and the height below it down to which nothing of the template is in its way."""

    point_m: Vector
    bottom_m: float


def let_fall(
    site: Site,
    chosen: Chosen,
    stream: str,
    zone: DropPlan,
    release_at: Callable[[Rng], Release | str],
    skip: frozenset[int] = frozenset(),
    upon: str = "",
) -> Placed | str:
    """Return a thing with a release pose for each attempt of the physics, or why there is none.

    `release_at` proposes a place or says why it has none. The first is raised above what was let go before, the later
    ones by twice the largest of these, which lie below by then. Boxes numbered in `skip` are not in the way.
    `upon` is as in `Placed`.
    """
    poses: list[Pose] = []
    number, reason = None, NO_ROOM
    for attempt in range(site.config.physics.retries + 1):
        found = _release(site, chosen, f"{stream}/release/{attempt}", attempt, release_at, skip)
        if isinstance(found, str):
            reason = found
            break
        pose, box = found
        if number is None:
            number = site.take(box)
            site.released[number] = (pose.location_m, radius_m(chosen))
        poses.append(pose)
    if number is None:
        return reason
    return Placed(chosen=chosen, poses=tuple(poses), placed_as="drop", zone=zone, box=number, upon=upon)


def _release(
    site: Site,
    chosen: Chosen,
    stream: str,
    attempt: int,
    release_at: Callable[[Rng], Release | str],
    skip: frozenset[int],
) -> tuple[Pose, Box] | str:
    """Return a release pose and the box about it in which the thing may turn any way."""
    radius = radius_m(chosen)
    before, free_fall = list(site.released.values()), frozenset(site.released)
    placed = frozenset(range(len(site.occupied))) - site.occupied.solids
    reasons = []
    for number in range(PLACE_TRIES):
        rng = site.rng(f"{stream}/{number}")
        rotation = quaternion_from_uniforms(rng.random(), rng.random(), rng.random())
        release = release_at(rng)
        if isinstance(release, str):
            reasons.append(release)
            continue
        x, y, z = release.point_m
        if attempt == 0:
            z = above_the_others((x, y, z), radius, before)
        else:
            z += 2 * max((other for _, other in before), default=0.0)
        box, way = _box((x, y), z - radius, z + radius, radius), _box((x, y), release.bottom_m, z + radius, radius)
        if site.is_free(box, 0.0, skip | free_fall) and site.is_free(way, 0.0, skip | placed):
            return Pose(location_m=(x, y, z), rotation=rotation), box
        reasons.append(NO_ROOM)
    return NO_ROOM if NO_ROOM in reasons else reasons[0]


def _box(middle: tuple[float, float], low: float, high: float, radius: float) -> Box:
    """Return the upright box about a vertical line, the hair smaller that lets boxes touch."""
    pose = compose((*middle, (low + high) / 2), UPRIGHT)
    return pose, np.maximum(np.array([radius, radius, (high - low) / 2]) - HAIR_M, 0.0)
