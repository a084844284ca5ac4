"""What the next view of a scene has that this one has not: things that moved on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import bpy

from pipeline.geometry import compose, quaternion_from_matrix
from pipeline.records import NextViewPlan


@contextmanager
def moved_on(plan: NextViewPlan, objects: Mapping[int, tuple[bpy.types.Object, ...]]) -> Iterator[None]:
    """Have what moves where it is in the next view, for a while; whoever looks at it updates the view layer first."""
    parts = [(part, one.pose) for one in plan.moved for part in objects[one.instance_id]]
    before = [(part, tuple(part.location), tuple(part.rotation_quaternion)) for part, _ in parts]
    try:
        for part, pose in parts:
            matrix = compose(pose.location_m, pose.rotation)
            part.location, part.rotation_quaternion = matrix[:3, 3], quaternion_from_matrix(matrix[:3, :3])
        yield
    finally:
        for part, location, rotation in before:
            part.location, part.rotation_quaternion = location, rotation
