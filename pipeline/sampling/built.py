"""Built places: how large this scene's road, shelf, bin and grid are."""

from __future__ import annotations

from pipeline.config.built_section import Bin, Grid, Road, Shelf
from pipeline.config.materials_lists import ROAD_PARTS
from pipeline.config.schema import Config
from pipeline.records import BinPlan, Catalogue, GridPlan, MaterialPlan, RoadPlan, ShelfPlan
from pipeline.sampling.draw import draw, draw_count
from pipeline.sampling.materials import sample_material
from pipeline.sampling.rng import Scope, rng_for

SHELF_PARTS = ("frame", "boards", "rails")
ROAD_WIDTHS = ("lane_m", "shoulder_m", "median_m", "kerb_m", "sidewalk_m", "verge_m", "marking_m")


def _material(config: Config, catalogue: Catalogue, looks: Scope, listing: str, part: str) -> MaterialPlan:
    rng = rng_for(config.seed, looks, f"surroundings/{part}/material")
    return sample_material(getattr(config.materials, listing), f"materials.{listing}", catalogue.textures, rng)


def sample_road(road: Road, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope) -> RoadPlan:
    """Return the road of a scene; each of its sizes has a stream of its own."""

    def value(name: str) -> float:
        return draw(getattr(road, name), rng_for(config.seed, scene, f"surroundings/road/{name}"))

    return RoadPlan(
        length_m=value("length_m"),
        curvature_per_m=value("curvature_per_m"),
        lanes=draw_count(road.lanes, rng_for(config.seed, scene, "surroundings/road/lanes")),
        oncoming=draw_count(road.oncoming, rng_for(config.seed, scene, "surroundings/road/oncoming")),
        **{name: value(name) for name in ROAD_WIDTHS},
        left_hand=road.traffic == "left",
        materials={part: _material(config, catalogue, looks, part, f"road/{part}") for part in ROAD_PARTS},
    )


def sample_shelf(shelf: Shelf, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope) -> ShelfPlan:
    """Return the rack of a scene."""
    rng = rng_for(config.seed, scene, "surroundings/shelf")
    boards, bays = draw_count(shelf.boards, rng), draw_count(shelf.bays, rng)
    width, depth, thickness = draw(shelf.width_m, rng), draw(shelf.depth_m, rng), draw(shelf.board_m, rng)
    heights = [draw(shelf.base_m, rng)]
    gap = draw(shelf.gap_m, rng)
    for _ in range(boards - 1):
        heights.append(heights[-1] + gap)
    return ShelfPlan(
        bays=bays,
        width_m=width,
        depth_m=depth,
        heights_m=tuple(heights),
        top_m=heights[-1] + gap,
        board_m=thickness,
        has_back=shelf.back,
        materials={part: _material(config, catalogue, looks, "shelf", f"shelf/{part}") for part in SHELF_PARTS},
    )


def sample_bin(given: Bin, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope) -> BinPlan:
    """Return the bin of a scene."""
    rng = rng_for(config.seed, scene, "surroundings/bin")
    return BinPlan(
        width_m=draw(given.width_m, rng),
        depth_m=draw(given.depth_m, rng),
        height_m=draw(given.height_m, rng),
        wall_m=draw(given.wall_m, rng),
        corner_m=draw(given.corner_m, rng),
        rim_m=draw(given.rim_m, rng),
        material=_material(config, catalogue, looks, "bin", "bin"),
    )


def sample_grid(grid: Grid, config: Config, scene: Scope) -> GridPlan:
    """Return the anchors' grid of a scene."""
    rng = rng_for(config.seed, scene, "surroundings/grid")
    rows, columns, layers = (draw_count(number, rng) for number in (grid.rows, grid.columns, grid.layers))
    x, y, z = (draw(number, rng) for number in grid.spacing_m)
    return GridPlan(
        counts=(rows, columns, layers),
        spacing_m=(x, y, z),
        center_m=grid.center_m,
        yaw_deg=draw(grid.yaw_deg, rng),
    )
