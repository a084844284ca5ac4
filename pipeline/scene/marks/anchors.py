"""Anchors: where an object has its origin, and its axes."""

from __future__ import annotations

from pipeline.geometry import Array, quaternion_from_matrix, rigid_and_scale
from pipeline.records import MarkedAnchor, Quaternion, Settings
from pipeline.scene.marks.arrays import round_, vector_of
from pipeline.scene.marks.find import Found, Report

SMALLEST = 1e-9


def anchor_of(one: Found, settings: Settings, matrix: Array, report: Report) -> MarkedAnchor | None:
    """Return the record of an anchor at `matrix` (4, 4), or None after reporting that it has no axes."""
    rigid, scale = rigid_and_scale(matrix)
    if min(abs(value) for value in scale) < SMALLEST:
        report(f"{one} is an anchor whose scale is zero: it points nowhere", "set its scale to 1")
        return None
    return MarkedAnchor(
        name=one.name,
        object_name=one.object_name,
        location_m=vector_of(rigid[:3, 3]),
        rotation=rotation_of(rigid),
        settings=settings,
    )


def rotation_of(rigid: Array) -> Quaternion:
    """Return the rotation of a rigid matrix as JSON keeps it."""
    w, x, y, z = (round_(value) for value in quaternion_from_matrix(rigid[:3, :3]))
    return (w, x, y, z)
