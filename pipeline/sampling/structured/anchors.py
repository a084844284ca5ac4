"""Things at marked empties."""

from __future__ import annotations

import math

import numpy as np

from pipeline.config.contexts_section import AtAnchor, Context
from pipeline.geometry import matrix_from_quaternion
from pipeline.records import MarkedAnchor, Pose, Vector
from pipeline.sampling.draw import Rng, draw
from pipeline.sampling.objects import Chosen
from pipeline.sampling.structured.places import chosen_marks, setting
from pipeline.sampling.structured.site import NO_ROOM, PLACE_TRIES, Filled, Placed, Site
from pipeline.sampling.structured.standing import heading_of, standing_pose


def at_anchors(site: Site, name: str, context: Context, law: AtAnchor) -> Filled:
    """Return the things at the anchors of a context; with a `count`, at so many of them, evenly chosen."""
    anchors = list(chosen_marks(site.places.anchors, law.marks))
    filled = Filled()
    if context.count is not None:
        keys = {one.object_name: site.rng(f"{name}/{one.object_name}/turn").random() for one in anchors}
        wanted = site.count(context, name, len(anchors))
        anchors = sorted(sorted(anchors, key=lambda one: keys[one.object_name])[:wanted], key=lambda one: one.name)
    for anchor in anchors:
        stream = f"{name}/{anchor.object_name}"
        chosen = site.choose(context, stream)
        placed = _place(site, law, anchor, chosen, stream)
        if placed is None:
            filled.dropped[NO_ROOM] += 1
        else:
            filled.placed.append(placed)
    return filled


def _place(site: Site, law: AtAnchor, anchor: MarkedAnchor, chosen: Chosen, stream: str) -> Placed | None:
    for attempt in range(PLACE_TRIES):
        pose = _pose(law, anchor, chosen, site.rng(f"{stream}/attempt/{attempt}"))
        box = site.put(chosen, pose, law.clearance_m or 0.0)
        if box is not None:
            return Placed(chosen=chosen, poses=(pose,), placed_as="resting", box=box)
    return None


def _pose(law: AtAnchor, anchor: MarkedAnchor, chosen: Chosen, rng: Rng) -> Pose:
    axes = matrix_from_quaternion(anchor.rotation)
    reach = setting(anchor, "move_m", 0.0, rng) if law.move_m is None else draw(law.move_m, rng)
    moved = axes @ np.array([reach * (2 * rng.random() - 1), reach * (2 * rng.random() - 1), 0.0])
    turn = setting(anchor, "turn_deg", 0.0, rng) if law.turn_deg is None else draw(law.turn_deg, rng)
    x, y, z = (float(a + b) for a, b in zip(anchor.location_m, moved, strict=True))
    up: Vector = (float(axes[0, 2]), float(axes[1, 2]), float(axes[2, 2]))
    forward: Vector = (float(axes[0, 0]), float(axes[1, 0]), float(axes[2, 0]))
    return standing_pose(chosen, (x, y, z), heading_of(forward) + math.radians(turn), up)
