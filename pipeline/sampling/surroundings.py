"""The stage: floor, walls and tray."""

from __future__ import annotations

from pipeline.config.schema import Config, Surroundings, Walls
from pipeline.records import (
    Catalogue,
    FloorPlan,
    MaterialPlan,
    SurroundingsPlan,
    TrayPlan,
    WallPlan,
)
from pipeline.sampling.draw import draw, draw_count
from pipeline.sampling.materials import sample_material
from pipeline.sampling.rng import Scope, rng_for


def sample_surroundings(config: Config, catalogue: Catalogue, scene: Scope, looks: Scope) -> SurroundingsPlan:
    """Return the stage of a scene; sizes come from the scene, materials from `looks`."""
    stage = config.surroundings
    if stage is None:
        stage = Surroundings() if config.template is None else Surroundings(floor=None)
    return SurroundingsPlan(
        floor=_sample_floor(stage, config, catalogue, scene, looks),
        walls=() if stage.walls is None else _sample_walls(stage.walls, config, catalogue, scene, looks),
        tray=_sample_tray(stage, config, catalogue, scene, looks),
    )


def _material(config: Config, catalogue: Catalogue, looks: Scope, part: str, stream: str) -> MaterialPlan:
    options = config.materials.floor if part == "floor" else config.materials.surroundings
    rng = rng_for(config.seed, looks, f"surroundings/{stream}/material")
    return sample_material(options, f"materials.{part}", catalogue.textures, rng)


def _sample_floor(
    stage: Surroundings, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope
) -> FloorPlan | None:
    if stage.floor is None:
        return None
    size = draw(stage.floor.size_m, rng_for(config.seed, scene, "surroundings/floor"))
    return FloorPlan(size_m=size, material=_material(config, catalogue, looks, "floor", "floor"))


def _sample_walls(
    walls: Walls, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope
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
            material=_material(config, catalogue, looks, "surroundings", f"walls/{i}"),
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
        material=_material(config, catalogue, looks, "surroundings", "tray"),
    )
