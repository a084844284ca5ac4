"""Where the template's own things stand in a scene: what is hidden takes no room, what moves takes it elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.geometry import (
    Array,
    compose,
    inverse_rigid,
    matrix_from_quaternion,
    multiply_quaternions,
    product,
    quaternion_about,
    quaternion_from_matrix,
    transform_points,
)
from pipeline.records import MarkedVaried, ObjectChange, PartMotion, Quaternion, Solids, TemplateState, Vector

AXES: tuple[Vector, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def varied_solids(solids: Solids, varied: Sequence[MarkedVaried], state: TemplateState) -> Solids:
    """Return the template's boxes as they are in the state of a scene. An object takes its children along."""
    changes = {one.object_name: one for one in state.objects if one.motion != PartMotion() or one.scale != 1.0}
    gone = {name for mark in varied if mark.object_name in state.hidden for name in mark.family}
    movers = [mark for mark in varied if mark.object_name in changes]
    if not gone and not movers:
        return solids
    kept = [i for i, owner in enumerate(solids.owners) if solids.names[owner] not in gone]
    boxes = [(solids.centers_m[i], solids.rotations[i], solids.halves_m[i]) for i in kept]
    for mark in sorted(movers, key=lambda one: len(one.family)):  # children before what takes them along
        family, change = frozenset(mark.family), changes[mark.object_name]
        for n, i in enumerate(kept):
            if solids.names[solids.owners[i]] in family:
                boxes[n] = _moved(boxes[n], mark, change)
    return Solids(
        names=solids.names,
        owners=tuple(solids.owners[i] for i in kept),
        centers_m=tuple(center for center, _, _ in boxes),
        rotations=tuple(rotation for _, rotation, _ in boxes),
        halves_m=tuple(half for _, _, half in boxes),
    )


def _moved(
    box: tuple[Vector, Quaternion, Vector], mark: MarkedVaried, change: ObjectChange
) -> tuple[Vector, Quaternion, Vector]:
    """Return a box that goes with an object: scaled about its origin, moved and turned in its axes."""
    center, rotation, half = box
    before, after = compose(mark.location_m, mark.rotation), _pose_after(mark, change.motion)
    own = transform_points(inverse_rigid(before), [center])[0] * change.scale
    x, y, z = (float(value) for value in transform_points(after, [own])[0])
    turned = product(product(after[:3, :3], before[:3, :3].T), matrix_from_quaternion(rotation))
    a, b, c = (side * change.scale for side in half)
    return (x, y, z), quaternion_from_matrix(turned), (a, b, c)


def _pose_after(mark: MarkedVaried, motion: PartMotion) -> Array:
    rotation = mark.rotation
    for axis, degrees in zip(AXES, motion.turn_deg, strict=True):
        rotation = multiply_quaternions(rotation, quaternion_about(axis, math.radians(degrees)))
    offset = product(matrix_from_quaternion(mark.rotation), motion.move_m)
    x, y, z = (float(a + b) for a, b in zip(mark.location_m, offset, strict=True))
    return compose((x, y, z), rotation)
