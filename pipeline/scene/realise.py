"""What was placed, read back as it is: poses, boxes, keypoints and surfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np

from pipeline.geometry import transform_points, upward_axis
from pipeline.records import AssetRecipe, FramePlan, InstancePlan, Keypoint, Matrix, RealisedInstance, Surface
from pipeline.scene.assets.library import Library
from pipeline.scene.camera import Target, as_rows, targets_of
from pipeline.scene.poses import read_pose

Objects = Mapping[int, Sequence[bpy.types.Object]]


def realise_placed(plan: FramePlan, objects: Objects, library: Library) -> tuple[RealisedInstance, ...]:
    """Return the placed instances as they are now."""
    return tuple(_realise(one, objects[one.instance_id], library) for one in plan.instances)


def _realise(plan: InstancePlan, objects: Sequence[bpy.types.Object], library: Library) -> RealisedInstance:
    asset = library.load(plan.recipe)
    matrix = read_pose(objects[0], plan.scale)
    low, high = np.asarray(asset.low_m) * plan.scale, np.asarray(asset.high_m) * plan.scale
    center = transform_points(matrix, [(low + high) / 2])[0]
    x, y, z = (float(v) for v in high - low)
    category = plan.category_id
    if plan.category_by_up_axis:
        category = plan.category_by_up_axis[upward_axis(matrix[:3, :3])]
    return RealisedInstance(
        instance_id=plan.instance_id,
        role=plan.role,
        asset_id=plan.asset_id,
        category_id=category,
        world_from_object=as_rows(matrix),
        scale=plan.scale,
        dimensions_m=(x, y, z),
        center_m=(float(center[0]), float(center[1]), float(center[2])),
        keypoints=tuple(_realise_keypoint(keypoint, plan, matrix) for keypoint in plan.keypoints),
    )


def _realise_keypoint(keypoint: Keypoint, plan: InstancePlan, matrix: np.ndarray) -> Keypoint:
    """Return a keypoint of the asset where the instance has it, in the world."""
    x, y, z = (float(v) for v in transform_points(matrix, [np.multiply(keypoint.point_m, plan.scale)])[0])
    return Keypoint(name=keypoint.name, point_m=(x, y, z), radius_m=keypoint.radius_m * max(plan.scale))


def surfaces_of(plan: FramePlan, placed: Sequence[RealisedInstance], library: Library) -> dict[int, Surface]:
    """Return the meshes of placed instances in the world, by instance id."""
    recipes = {one.instance_id: one.recipe for one in plan.instances}
    return {one.instance_id: _surface(one, recipes[one.instance_id], library) for one in placed}


def _surface(item: RealisedInstance, recipe: AssetRecipe, library: Library) -> Surface:
    asset = library.load(recipe)
    scaled = asset.vertices * np.asarray(item.scale)
    return Surface(vertices_m=transform_points(item.world_from_object, scaled), triangles=asset.triangles)


def targets_among(instances: Sequence[RealisedInstance], objects: Objects) -> tuple[Target, ...]:
    """Return those of the instances that a camera may look at, in the order of their ids."""
    centers = {one.instance_id: one.center_m for one in instances if one.role == "target"}
    return targets_of({key: objects[key] for key in centers}, centers)


def poses_of(placed: Sequence[RealisedInstance], ids: set[int]) -> dict[int, Matrix]:
    """Return the `world_from_object` of those instances that `ids` names."""
    return {one.instance_id: one.world_from_object for one in placed if one.instance_id in ids}
