"""All built places of a scene together."""

from __future__ import annotations

from pipeline.built.bin import build_bin
from pipeline.built.grid import build_grid
from pipeline.built.road import build_road
from pipeline.built.shapes import Built
from pipeline.built.shelf import build_shelf
from pipeline.records import SurroundingsPlan


def build_places(plan: SurroundingsPlan) -> Built:
    """Return the road, the shelf, the bin and the grid of the surroundings, as far as there are any."""
    built = []
    if plan.road is not None:
        built.append(build_road(plan.road))
    if plan.shelf is not None:
        built.append(build_shelf(plan.shelf))
    if plan.bin is not None:
        built.append(build_bin(plan.bin))
    if plan.grid is not None:
        built.append(build_grid(plan.grid))
    return Built(
        parts=tuple(part for one in built for part in one.parts),
        blocks=tuple(block for one in built for block in one.blocks),
        surfaces=tuple(mark for one in built for mark in one.surfaces),
        splines=tuple(mark for one in built for mark in one.splines),
        volumes=tuple(mark for one in built for mark in one.volumes),
        anchors=tuple(mark for one in built for mark in one.anchors),
    )
