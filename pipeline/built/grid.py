"""Anchors in rows, columns and layers."""

from __future__ import annotations

import math

from pipeline.built.shapes import Built
from pipeline.geometry import quaternion_about
from pipeline.records import GridPlan, MarkedAnchor


def build_grid(plan: GridPlan) -> Built:
    """Return the anchors of a grid, `grid.ROW.COLUMN.LAYER`; there is nothing to see of it."""
    turn = math.radians(plan.yaw_deg)
    c, s = math.cos(turn), math.sin(turn)
    rotation = quaternion_about((0.0, 0.0, 1.0), turn)
    rows, columns, layers = plan.counts
    anchors = []
    for row in range(rows):
        for column in range(columns):
            x = (row - (rows - 1) / 2) * plan.spacing_m[0]
            y = (column - (columns - 1) / 2) * plan.spacing_m[1]
            for layer in range(layers):
                location = (c * x - s * y, s * x + c * y, layer * plan.spacing_m[2])
                a, b, z = (one + other for one, other in zip(location, plan.center_m, strict=True))
                name = f"grid.{row}.{column}.{layer}"
                anchors.append(MarkedAnchor(name="grid", object_name=name, location_m=(a, b, z), rotation=rotation))
    return Built(anchors=tuple(anchors))
