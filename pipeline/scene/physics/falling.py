"""What of a plan falls, onto what, and where it comes to rest; the views of a scene share the result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.canonical import digest
from pipeline.geometry import Array, box_corners
from pipeline.records import FramePlan, InstancePlan
from pipeline.scene.assets.catalogue_cache import FactsCache
from pipeline.scene.assets.library import LoadedAsset
from pipeline.scene.physics.hulls import collision_points
from pipeline.scene.physics.kept_parts import recall_convex_parts
from pipeline.scene.physics.obstacles import placed_obstacles, template_obstacles
from pipeline.scene.physics.settle import Body, Settled, settle
from pipeline.scene.surroundings import obstacles_of
from pipeline.scene.template.memory import shape_state
from pipeline.scene.workshop import Workshop
from pipeline.structure import unstructure


def know_obstacles(plan: FramePlan, workshop: Workshop) -> None:
    """Measure what of the template is in the way of what falls, in the scene's first view."""
    is_known = workshop.settled is not None and workshop.settled[0] == _settle_key(plan)
    if not is_known and any(one.placement == "drop" for one in plan.instances):
        template_obstacles(workshop.session, workshop.memory, _settling_shape(plan))


def settle_plan(plan: FramePlan, workshop: Workshop) -> Settled:
    """Settle what is dropped; the views of one scene share the result."""
    falling = [one for one in plan.instances if one.placement == "drop"]
    if not falling:
        return Settled(poses={}, attempts=0, time_s=0.0)
    key = _settle_key(plan)
    if workshop.settled is None or workshop.settled[0] != key:
        bodies = tuple(_body(one, workshop) for one in falling)
        obstacles = (
            *obstacles_of(plan.surroundings),
            *placed_obstacles(plan, workshop.library),
            *template_obstacles(workshop.session, workshop.memory, _settling_shape(plan)),
        )
        workshop.settled = (key, settle(bodies, obstacles, plan.physics))
    return workshop.settled[1]


def _settle_key(plan: FramePlan) -> str:
    """All that physics depends on: no looks, no ids of the frame."""
    bodies = [
        [
            one.instance_id,
            one.asset_id,
            one.scale,
            one.collision,
            one.density_kg_m3,
            one.placement,
            unstructure(one.poses if one.start is None else one.start),
        ]
        for one in plan.instances
    ]
    stage = _without_materials(unstructure(plan.surroundings))
    return digest([plan.job_digest, bodies, stage, _settling_shape(plan), unstructure(plan.physics)])


def _without_materials(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_materials(item) for key, item in data.items() if key not in ("material", "materials")}
    return [_without_materials(item) for item in data] if isinstance(data, list | tuple) else data


def _settling_shape(plan: FramePlan) -> str:
    """Things settle in the template of the scene's first view."""
    return shape_state(replace(plan.template_state, later_s=0.0))


def _body(plan: InstancePlan, workshop: Workshop) -> Body:
    asset = workshop.library.load(plan.recipe)
    return Body(
        instance_id=plan.instance_id,
        parts=_collision_parts(plan, asset, workshop),
        collision=plan.collision,
        scale=plan.scale,
        density_kg_m3=plan.density_kg_m3,
        poses=plan.poses,
    )


def _collision_parts(plan: InstancePlan, asset: LoadedAsset, workshop: Workshop) -> tuple[Array, ...]:
    """Return the point sets whose hulls make the body; found once an asset."""
    key = (plan.recipe, plan.collision)
    if key not in workshop.parts:
        workshop.parts[key] = _find_parts(plan.collision, asset, workshop.facts)
    return workshop.parts[key]


def _find_parts(collision: str, asset: LoadedAsset, facts: FactsCache) -> tuple[Array, ...]:
    if collision == "convex_parts":
        return recall_convex_parts(asset.vertices, asset.triangles, facts)
    if collision == "convex_hull":
        return (collision_points(asset.vertices),)
    return (box_corners(asset.low_m, asset.high_m),)
