"""Which assets, how large, in which material: everything about an instance but its place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.config.contexts_section import own_count
from pipeline.config.distributions import Uniform
from pipeline.config.schema import AssetGroup, Config, Placement
from pipeline.records import Asset, Catalogue, JitterPlan, MaterialPlan, Role, Vector
from pipeline.sampling.draw import Rng, draw, draw_count, draw_index
from pipeline.sampling.materials import sample_jitter, sample_material
from pipeline.sampling.rng import Scope, rng_for

SHAPE_PROPORTIONS = Uniform(low=0.5, high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An instance before it has a place. `stream` is its address, e.g. "targets/0/2"; `scale` multiplies each axis."""

    stream: str
    role: Role
    group: AssetGroup
    placement: Placement
    asset: Asset
    scale: Vector
    material: MaterialPlan | None
    jitter: JitterPlan | None

    def scaled(self, factor: float) -> Chosen:
        """Return the same thing, `factor` times as large."""
        x, y, z = (axis * factor for axis in self.scale)
        return replace(self, scale=(x, y, z))


def sample_objects(config: Config, catalogue: Catalogue, scene: Scope, looks: Scope) -> tuple[Chosen, ...]:
    """Return the instances of a scene, targets first. `looks` is the scope of materials: the view's when re-rolled."""
    chosen: list[Chosen] = []
    for role, groups, found in listings(config, catalogue):
        for number, (group, assets) in enumerate(zip(groups, found, strict=True)):
            stream = f"{role}s/{number}"
            count = draw_count(
                own_count(group, config.contexts.values()), rng_for(config.seed, scene, f"{stream}/count")
            )
            left = assets
            for i in range(count):
                chosen.append(sample_one(config, catalogue, role, group, left, f"{stream}/{i}", scene, looks))
                if group.unique:
                    left = tuple(one for one in left if one is not chosen[-1].asset)
    return tuple(chosen)


Listing = tuple[Role, tuple[AssetGroup, ...], tuple[tuple[Asset, ...], ...]]


def listings(config: Config, catalogue: Catalogue) -> tuple[Listing, Listing]:
    """Return the groups of each role with the assets found for each."""
    return ("target", config.targets, catalogue.targets), ("distractor", config.distractors, catalogue.distractors)


def sample_one(
    config: Config,
    catalogue: Catalogue,
    role: Role,
    group: AssetGroup,
    assets: tuple[Asset, ...],
    stream: str,
    scene: Scope,
    looks: Scope,
) -> Chosen:
    """Return the thing at the address `stream`: which asset of a group, how large, in which material."""
    asset = assets[draw_index(len(assets), rng_for(config.seed, scene, f"{stream}/asset"))]
    material, jitter = _sample_look(config, catalogue, role, group, rng_for(config.seed, looks, f"{stream}/material"))
    return Chosen(
        stream=stream,
        role=role,
        group=group,
        placement=group.placement or config.placement,
        asset=asset,
        scale=_sample_scale(group, asset, rng_for(config.seed, scene, f"{stream}/size")),
        material=material,
        jitter=jitter,
    )


def _sample_scale(group: AssetGroup, asset: Asset, rng: Rng) -> Vector:
    sides = [high - low for low, high in zip(asset.low_m, asset.high_m, strict=True)]
    axes = [1.0, 1.0, 1.0]
    if group.shapes:
        axes = [draw(group.proportions or SHAPE_PROPORTIONS, rng) for _ in axes]
    factor = draw(group.scale, rng)
    if group.size_m is not None:
        factor *= draw(group.size_m, rng) / max(side * axis for side, axis in zip(sides, axes, strict=True))
    x, y, z = (axis * factor for axis in axes)
    return (x, y, z)


def _sample_look(
    config: Config, catalogue: Catalogue, role: Role, group: AssetGroup, rng: Rng
) -> tuple[MaterialPlan | None, JitterPlan | None]:
    treatment = group.materials or ("replace" if group.shapes else "keep")
    if treatment == "replace":
        options = config.materials.targets if role == "target" else config.materials.distractors
        return sample_material(options, f"materials.{role}s", catalogue.textures, rng), None
    return None, sample_jitter(config.materials.jitter, rng) if treatment == "jitter" else None
