"""The things of a frame: all that are chosen, each with its place, and as the instances of the plan."""

from __future__ import annotations

from pipeline.config.limits import too_many_instances
from pipeline.config.schema import Config
from pipeline.conventions import MAX_INSTANCES
from pipeline.errors import RejectedFrame
from pipeline.records import CameraPlan, ContextReport, DropPlan, InstancePlan, PartsPlan
from pipeline.sampling.frustum import View, first_view
from pipeline.sampling.objects import Chosen, sample_objects
from pipeline.sampling.placement import Taken, place
from pipeline.sampling.structured.contexts import fill_contexts
from pipeline.sampling.structured.site import Placed, Site, moved_pose


def place_all(site: Site, camera: CameraPlan) -> tuple[tuple[Placed, ...], tuple[ContextReport, ...], str]:
    """Return all things with their places, those of contexts last, and what the contexts did; or none and the reason
    there are none."""
    config, catalogue = site.config, site.catalogue
    try:
        in_contexts, reports = fill_contexts(site)
    except RejectedFrame as error:
        return (), (), str(error)
    chosen = sample_objects(config, catalogue, site.scene, site.looks)
    things = [*chosen, *(one.chosen for one in in_contexts)]
    if reason := too_many_instances(len(things), sum(one.instances for one in catalogue.template_objects)):
        return (), reports, reason
    parts = sum(len(one.asset.parts) for one in things)
    if parts > MAX_INSTANCES:
        return (), reports, f"{parts} parts; part.png holds at most {MAX_INSTANCES}"
    taken = Taken(spheres=list(site.released.values()), boxes=site.occupied.boxes())
    try:
        view = first_view(camera) if any(one.placement.frustum is not None for one in chosen) else None
        placed = [_place_one(site, one, taken, view) for one in chosen]
    except RejectedFrame as error:
        return (), reports, str(error)
    return (*placed, *in_contexts), reports, ""


def _place_one(site: Site, chosen: Chosen, taken: Taken, view: View | None) -> Placed:
    config, drop = site.config, chosen.placement.drop
    poses = place(chosen, taken, config.seed, site.scene, config.physics.retries + 1, view)
    zone = None if drop is None else DropPlan(center_m=drop.center_m, area_m=drop.area_m, fence=drop.fence)
    return Placed(chosen=chosen, poses=poses, placed_as=chosen.placement.law, zone=zone)


def instances_of(config: Config, placed: tuple[Placed, ...], classes: dict[str, int]) -> tuple[InstancePlan, ...]:
    """Return the instances, ids 1..N in order."""
    ids = {category.name: category.id for category in config.categories}
    return tuple(_instance(number, one, ids, classes) for number, one in enumerate(placed, start=1))


def _instance(number: int, placed: Placed, ids: dict[str, int], classes: dict[str, int]) -> InstancePlan:
    chosen, group = placed.chosen, placed.chosen.group
    return InstancePlan(
        instance_id=number,
        role=chosen.role,
        asset_id=chosen.asset.asset_id,
        recipe=chosen.asset.recipe,
        scale=chosen.scale,
        category_id=ids[group.category] if group.category is not None else 0,
        category_by_up_axis={axis: ids[name] for axis, name in (group.category_by_up_axis or {}).items()},
        collision=group.collision,
        density_kg_m3=group.density_kg_m3,
        placement=placed.placed_as,
        poses=placed.poses if placed.moved is None else (moved_pose(placed.poses[0], placed.moved.now),),
        start=None if placed.moved is None else placed.poses[0],
        material=chosen.material,
        jitter=chosen.jitter,
        keypoints=chosen.asset.keypoints,
        parts=_parts(chosen, classes),
        context=placed.context,
    )


def _parts(chosen: Chosen, classes: dict[str, int]) -> PartsPlan | None:
    names = chosen.asset.parts
    if not names:
        return None
    return PartsPlan(by=chosen.group.parts or "materials", class_ids={name: classes[name] for name in names})
