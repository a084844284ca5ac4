"""Things in the place of marked objects, which are hidden."""

from __future__ import annotations

import math

import numpy as np

from pipeline.config.context_places import InSlot
from pipeline.config.contexts_section import Context
from pipeline.geometry import Array, compose, transform_points
from pipeline.records import MarkedSlot
from pipeline.sampling.draw import draw
from pipeline.sampling.objects import Chosen
from pipeline.sampling.structured.places import chosen_marks
from pipeline.sampling.structured.shares import some_of
from pipeline.sampling.structured.site import NO_PLACE, NO_ROOM, Filled, Placed, Site
from pipeline.sampling.structured.standing import bounds_of, footed_box, footed_pose, footing_of, moved_frame


def in_slots(site: Site, name: str, context: Context, law: InSlot) -> Filled:
    """Return the things in the slots of a context: their middle over the middle of the object's underside, with its
    axes and its size. A slot whose thing would overlap another keeps its object."""
    filled = Filled()
    slots = chosen_marks(site.places.slots, law.marks)
    if not slots:
        filled.dropped[NO_PLACE] += 1
    for slot in some_of(site, name, context, slots, filled):
        stream = f"{name}/{slot.object_name}"
        chosen = fitted(site.choose(context, stream), slot, law.fit or slot.settings.words.get("fit", "size"))
        turn = math.radians(draw(law.turn_deg, site.rng(f"{stream}/turned")))
        footing, frame = footing_of(chosen), moved_frame(base_of(slot), (0.0, 0.0, 0.0), turn)
        own = site.occupied.solids_of(slot.object_name)
        number = site.put_box(footed_box(footing, frame), skip=own)
        if number is None:
            filled.add(NO_ROOM)
            continue
        for box in own:
            site.occupied.give_back(box)
        filled.replaced.append(slot.object_name)
        filled.add(Placed(chosen=chosen, poses=(footed_pose(footing, frame),), placed_as="resting", box=number))
    return filled


def base_of(slot: MarkedSlot) -> Array:
    """Return the axes (4, 4) of a slot with the middle of its underside as origin."""
    low, high = np.asarray(slot.low_m), np.asarray(slot.high_m)
    frame = compose(slot.location_m, slot.rotation)
    frame[:3, 3] = transform_points(frame, [[*(low[:2] + high[:2]) / 2, low[2]]])[0]
    return frame


def fitted(chosen: Chosen, slot: MarkedSlot, fit: str) -> Chosen:
    """Return a thing scaled so that it is as long, high or wide as the object of a slot."""
    low, high = bounds_of(chosen)
    own, wanted = _length_of(high - low, fit), _length_of(np.subtract(slot.high_m, slot.low_m), fit)
    return chosen.scaled(wanted / own) if own > 0 and wanted > 0 else chosen


def _length_of(sides_m: Array, fit: str) -> float:
    measures = {"size": sides_m.max(), "height": sides_m[2], "width": sides_m[:2].max()}
    return float(measures.get(fit, 1.0))
