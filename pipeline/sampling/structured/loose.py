"""What `structure` leaves out: the same things anywhere, in any pose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pipeline.config.contexts_section import Context
from pipeline.geometry import Array, box_corners, compose, quaternion_from_uniforms, transform_points
from pipeline.records import Pose
from pipeline.sampling.draw import Rng, draw
from pipeline.sampling.objects import Chosen
from pipeline.sampling.rng import rng_for
from pipeline.sampling.structured.places import Places, chosen_marks
from pipeline.sampling.structured.site import NO_ROOM, PLACE_TRIES, Placed, Site
from pipeline.sampling.structured.standing import bounds_of
from pipeline.sampling.structured.surfaces import surfaces_of
from pipeline.sampling.structured.volumes import volumes_of


def let_loose(site: Site) -> None:
    """Put each thing of the contexts that `structure` leaves out, and what was placed by it, anywhere.

    Contexts are filled first in any case, so that how many things there are, which, how large and in what material is
    the same for every `structure`; only the room may differ. The drawn order of contexts is kept.
    """
    config = site.config
    structure = draw(config.structure, rng_for(config.seed, site.scene, "structure"))
    if structure >= 1.0:
        return
    loose: set[str] = set()
    for filled in site.done.values():
        for one in filled.placed:
            if one.upon in loose or site.rng(f"{one.address}/structured").random() >= structure:
                loose.add(one.address)
    if not loose:
        return
    for filled in site.done.values():
        for one in filled.placed:
            if one.address in loose and one.box is not None:
                site.occupied.give_back(one.box)
                site.released.pop(one.box, None)
    low, high = _volume(site)
    for name, filled in site.done.items():
        kept = replace(filled, placed=[])
        for one in filled.placed:
            kept.add(_fly(site, one, low, high) if one.address in loose else one)
        site.done[name] = kept


def _fly(site: Site, placed: Placed, low: Array, high: Array) -> Placed | str:
    """Return a thing turned any way, the middle of its box anywhere in a volume."""
    for attempt in range(PLACE_TRIES):
        pose = _pose(placed.chosen, low, high, site.rng(f"{placed.address}/unstructured/{attempt}"))
        number = site.put(placed.chosen, pose, 0.0)
        if number is not None:
            return Placed(chosen=placed.chosen, poses=(pose,), placed_as="flying", box=number)
    return NO_ROOM


def _pose(chosen: Chosen, low: Array, high: Array, rng: Rng) -> Pose:
    turned = quaternion_from_uniforms(rng.random(), rng.random(), rng.random())
    point = low + (high - low) * rng.random(3)
    own_low, own_high = bounds_of(chosen)
    middle = transform_points(compose((0.0, 0.0, 0.0), turned), [(own_low + own_high) / 2])[0]
    x, y, z = (float(v) for v in point - middle)
    return Pose(location_m=(x, y, z), rotation=turned)


def _volume(site: Site) -> tuple[Array, Array]:
    """Return the corners (3,) of the volume in which things are loose."""
    box = site.config.unstructured
    if box is not None:
        middle, half = np.asarray(box.center_m), np.asarray(box.size_m) / 2
        return middle - half, middle + half
    points = [np.zeros((0, 3))]
    for context in site.config.contexts.values():
        points += [np.asarray(some, dtype=np.float64).reshape(-1, 3) for some in _points_of(context, site.places)]
    corners = np.concatenate(points)
    heights = [high[2] - low[2] for low, high in _bounds_of_things(site)]
    return corners.min(axis=0), corners.max(axis=0) + np.array([0.0, 0.0, max(heights, default=0.0)])


def _bounds_of_things(site: Site) -> Iterator[tuple[Array, Array]]:
    for filled in site.done.values():
        for one in filled.placed:
            yield bounds_of(one.chosen)


def _points_of(context: Context, places: Places) -> Iterator[object]:
    """Yield points (N, 3) about the places of a context."""
    if context.surface is not None:
        yield from (mark.vertices_m for mark in surfaces_of(places, context.surface))
    if context.volume is not None:
        yield from (mark.vertices_m for mark in volumes_of(places, context.volume))
    if context.spline is not None:
        yield context.spline.points_m
        yield from (mark.points_m for mark in chosen_marks(places.splines, context.spline.marks))
    if context.anchor is not None:
        yield from (mark.location_m for mark in chosen_marks(places.anchors, context.anchor.marks))
    if context.slot is not None:
        for slot in chosen_marks(places.slots, context.slot.marks):
            yield transform_points(compose(slot.location_m, slot.rotation), box_corners(slot.low_m, slot.high_m))
