"""What the places are called that surroundings may build."""

from __future__ import annotations

from itertools import product

from pipeline.config.built_section import Grid, Road, Shelf
from pipeline.config.distributions import Number, bounds
from pipeline.config.stage_section import Surroundings

SIDES = ("left", "right")


def built_names(surroundings: Surroundings | None) -> dict[str, set[str]]:
    """Return the names of surfaces, splines, volumes and anchors that some scene may have."""
    names: dict[str, set[str]] = {"surface": set(), "spline": set(), "volume": set(), "anchor": set()}
    if surroundings is None:
        return names
    if surroundings.road is not None:
        _road(surroundings.road, names)
    if surroundings.shelf is not None:
        boards = _shelf(surroundings.shelf)
        names["surface"] |= boards
        names["spline"] |= boards
    if surroundings.bin is not None:
        names["surface"].add("bin.floor")
        names["volume"].add("bin")
    if surroundings.grid is not None:
        names["anchor"] |= _grid(surroundings.grid)
    return names


def _road(road: Road, names: dict[str, set[str]]) -> None:
    beside = [kind for kind, width in (("sidewalk", road.sidewalk_m), ("verge", road.verge_m)) if _most(width)]
    strips = {f"road.{kind}.{side}" for kind in beside for side in SIDES}
    strips |= {"road.median"} if _most(road.median_m) else set()
    lanes = {f"road.lane.{i}" for i in range(round(_most(road.lanes)))}
    lanes |= {f"road.oncoming.{i}" for i in range(round(_most(road.oncoming)))}
    names["surface"] |= {"road.asphalt", *strips}
    names["spline"] |= {*lanes, *strips, *(f"road.kerb.{side}" for side in SIDES)}


def _shelf(shelf: Shelf) -> set[str]:
    boards, bays = round(_most(shelf.boards)), round(_most(shelf.bays))
    names = {f"shelf.board.{i}" for i in range(boards)}
    return names | {f"shelf.board.{i}.{bay}" for i in range(boards) for bay in range(bays)}


def _grid(grid: Grid) -> set[str]:
    counts = [range(round(_most(number))) for number in (grid.rows, grid.columns, grid.layers)]
    return {"grid", *(f"grid.{row}.{column}.{layer}" for row, column, layer in product(*counts))}


def _most(number: Number) -> float:
    return bounds(number)[1]
