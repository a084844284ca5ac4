"""The stage: floor, walls and tray."""

from __future__ import annotations

from pipeline.config.schema import Ceiling, Config, Surroundings, Walls
from pipeline.records import (
    Catalogue,
    CeilingPlan,
    FloorPlan,
    MaterialPlan,
    SurroundingsPlan,
    TrayPlan,
    WallPlan,
)
from pipeline.sampling.built import sample_bin, sample_grid, sample_road, sample_shelf
from pipeline.sampling.draw import draw, draw_color, draw_count
from pipeline.sampling.materials import sample_material
from pipeline.sampling.rng import Scope, rng_for


def sample_surroundings(config: Config, catalogue: Catalogue, scene: Scope, looks: Scope) -> SurroundingsPlan:
    """Return the stage of a scene; sizes come from the scene, materials from `looks`."""
    stage = config.surroundings
    if stage is None:
        stage = Surroundings() if config.template is None else Surroundings(floor=None)
    return SurroundingsPlan(
        floor=_sample_floor(stage, config, catalogue, scene, looks),
        walls=() if stage.walls is None else _sample_walls(stage.walls, stage, config, catalogue, scene, looks),
        ceiling=None if stage.ceiling is None else _sample_ceiling(stage.ceiling, config.seed, scene),
        tray=_sample_tray(stage, config, catalogue, scene, looks),
        road=None if stage.road is None else sample_road(stage.road, config, catalogue, scene, looks),
        shelf=None if stage.shelf is None else sample_shelf(stage.shelf, config, catalogue, scene, looks),
        bin=None if stage.bin is None else sample_bin(stage.bin, config, catalogue, scene, looks),
        grid=None if stage.grid is None else sample_grid(stage.grid, config, scene),
    )


def _floor_material(config: Config, catalogue: Catalogue, looks: Scope) -> MaterialPlan:
    rng = rng_for(config.seed, looks, "surroundings/floor/material")
    return sample_material(config.materials.floor, "materials.floor", catalogue.textures, rng)


def _material(stage: Surroundings, config: Config, catalogue: Catalogue, looks: Scope, part: str) -> MaterialPlan:
    """Return the material of a part of the stage beside the floor, e.g. "walls/0"."""
    if stage.one_material:
        return _floor_material(config, catalogue, looks)
    rng = rng_for(config.seed, looks, f"surroundings/{part}/material")
    return sample_material(config.materials.surroundings, "materials.surroundings", catalogue.textures, rng)


def _sample_floor(
    stage: Surroundings, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope
) -> FloorPlan | None:
    if stage.floor is None:
        return None
    if rng_for(config.seed, scene, "surroundings/floor/there").random() >= stage.floor.probability:
        return None
    size = draw(stage.floor.size_m, rng_for(config.seed, scene, "surroundings/floor"))
    return FloorPlan(size_m=size, material=_floor_material(config, catalogue, looks))


def _sample_ceiling(ceiling: Ceiling, seed: int, scene: Scope) -> CeilingPlan:
    rng = rng_for(seed, scene, "surroundings/ceiling")
    return CeilingPlan(
        size_m=draw(ceiling.size_m, rng),
        height_m=draw(ceiling.height_m, rng),
        radiance=draw(ceiling.radiance, rng),
        color=draw_color(ceiling.color, rng),
    )


def _sample_walls(
    walls: Walls, stage: Surroundings, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope
) -> tuple[WallPlan, ...]:
    """Walls stand at right angles, the first at a random side; together they close a square."""
    rng = rng_for(config.seed, scene, "surroundings/walls")
    count, distance, height = draw_count(walls.count, rng), draw(walls.distance_m, rng), draw(walls.height_m, rng)
    first = 90.0 * int(4 * rng.random())
    return tuple(
        WallPlan(
            azimuth_deg=(first + 90.0 * i) % 360.0,
            distance_m=distance,
            width_m=2 * distance,
            height_m=height,
            material=_material(stage, config, catalogue, looks, f"walls/{i}"),
        )
        for i in range(count)
    )


def _sample_tray(
    stage: Surroundings, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope
) -> TrayPlan | None:
    if stage.tray is None:
        return None
    rng = rng_for(config.seed, scene, "surroundings/tray")
    return TrayPlan(
        width_m=draw(stage.tray.width_m, rng),
        depth_m=draw(stage.tray.depth_m, rng),
        rim_height_m=draw(stage.tray.rim_height_m, rng),
        rim_thickness_m=draw(stage.tray.rim_thickness_m, rng),
        material=_material(stage, config, catalogue, looks, "tray"),
    )
