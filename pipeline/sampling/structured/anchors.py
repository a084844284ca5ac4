"""Things at marked empties."""

from __future__ import annotations

import math

from pipeline.config.context_places import AtAnchor
from pipeline.config.contexts_section import Context
from pipeline.config.distributions import bounds
from pipeline.geometry import matrix_from_quaternion, product
from pipeline.records import DropPlan, MarkedAnchor, Vector
from pipeline.sampling.draw import Rng, draw
from pipeline.sampling.objects import Chosen
from pipeline.sampling.placement import lie, radius_m
from pipeline.sampling.structured.falling import RELEASE_M, Release, let_fall
from pipeline.sampling.structured.onto import NOTHING_BELOW, Ground
from pipeline.sampling.structured.places import chosen_marks, setting
from pipeline.sampling.structured.shares import some_of
from pipeline.sampling.structured.site import NO_PLACE, NO_ROOM, PLACE_TRIES, Filled, Placed, Site
from pipeline.sampling.structured.standing import UPRIGHT, box_at, heading_of, standing_pose


def at_anchors(site: Site, name: str, context: Context, law: AtAnchor) -> Filled:
    """Return the things at the anchors of a context; with a `count`, at so many of them, evenly chosen."""
    filled = Filled()
    anchors = chosen_marks(site.places.anchors, law.marks)
    if not anchors:
        filled.dropped[NO_PLACE] += 1
    ground = Ground(chosen_marks(site.places.surfaces, law.onto)) if law.onto else None
    for anchor in some_of(site, name, context, anchors, filled):
        stream = f"{name}/{anchor.object_name}"
        put = _let_fall if law.pose == "drop" else _place
        filled.add(put(site, law, anchor, ground, site.choose(context, stream), stream))
    return filled


def _place(
    site: Site, law: AtAnchor, anchor: MarkedAnchor, ground: Ground | None, chosen: Chosen, stream: str
) -> Placed | str:
    lying, height = lie(chosen, site.rng(f"{stream}/lying")) if law.pose == "resting" else (UPRIGHT, None)
    reason = NO_ROOM
    for attempt in range(PLACE_TRIES):
        stand = _stand(law, anchor, ground, site.rng(f"{stream}/attempt/{attempt}"))
        if stand is None:
            reason = NOTHING_BELOW
            continue
        reason, (point, heading, up) = NO_ROOM, stand
        pose = standing_pose(chosen, point, heading, up, lying, height)
        box = site.put_standing(box_at(chosen, pose), law.clearance_m or 0.0)
        if box is not None:
            return Placed(chosen=chosen, poses=(pose,), placed_as="resting", box=box)
    return reason


def _let_fall(
    site: Site, law: AtAnchor, anchor: MarkedAnchor, ground: Ground | None, chosen: Chosen, stream: str
) -> Placed | str:
    """Return a thing that is let go just above its place."""
    radius = radius_m(chosen)

    def release_at(rng: Rng) -> Release | str:
        stand = _stand(law, anchor, ground, rng)
        if stand is None:
            return NOTHING_BELOW
        x, y, z = stand[0]
        return Release(point_m=(x, y, z + radius + RELEASE_M), bottom_m=z)

    x, y, z = anchor.location_m
    below = ground.below(anchor.location_m) if ground is not None else None
    side = 2 * (radius + _reach_m(law, anchor))
    zone = DropPlan(center_m=(x, y, z if below is None else below[0]), area_m=(side, side), fence=False)
    return let_fall(site, chosen, stream, zone, release_at)


def _reach_m(law: AtAnchor, anchor: MarkedAnchor) -> float:
    """Return how far from its anchor a thing may be put along an axis."""
    own = bounds(law.move_m) if law.move_m is not None else anchor.settings.ranges.get("move_m", (0.0, 0.0))
    return math.sqrt(2) * max(abs(value) for value in own)


def _stand(law: AtAnchor, anchor: MarkedAnchor, ground: Ground | None, rng: Rng) -> tuple[Vector, float, Vector] | None:
    """Return where a thing stands, its heading in radians and its up; None where it is to stand on ground and none is
    below."""
    axes = matrix_from_quaternion(anchor.rotation)
    reach = setting(anchor, "move_m", 0.0, rng) if law.move_m is None else draw(law.move_m, rng)
    moved = product(axes, [reach * (2 * rng.random() - 1), reach * (2 * rng.random() - 1), 0.0])
    turn = setting(anchor, "turn_deg", 0.0, rng) if law.turn_deg is None else draw(law.turn_deg, rng)
    x, y, z = (float(a + b) for a, b in zip(anchor.location_m, moved, strict=True))
    if ground is not None:
        below = ground.below((x, y, z))
        if below is None:
            return None
        z = below[0]
    up: Vector = (float(axes[0, 2]), float(axes[1, 2]), float(axes[2, 2]))
    forward: Vector = (float(axes[0, 0]), float(axes[1, 0]), float(axes[2, 0]))
    return (x, y, z), heading_of(forward) + math.radians(turn), up
