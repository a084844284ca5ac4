"""The box of an instance in its own axes, from the assets alone, and rays that meet it."""

from __future__ import annotations

import numpy as np

from pipeline.conventions import TEMPLATE_ASSET
from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.records import InstanceLabel
from pipeline.verify.opened import Opened

# How far a point that the renderer hit may lie outside its object's box: float32 coordinates of the scene, the last
# bits of a ray's length, and the ninth decimal of labels. Of the distance, and of the box's diagonal.
SLACK_OF_DISTANCE = 4e-5
SLACK_OF_SIZE = 4e-5


def local_box(opened: Opened, item: InstanceLabel) -> tuple[Array, Array] | None:
    """Return the low and high corners (3,) of an instance in its own axes, metres; None for an unknown asset.

    The box of what a template holds is what its own labels say, None without `box_3d`: nothing else measured it.
    """
    asset = opened.assets.get(item.asset_id)
    if asset is None and is_of_template(item) and item.box_3d is not None:
        center = transform_points(inverse_rigid(item.world_from_object), [item.box_3d.center_world_m])[0]
        half = np.asarray(item.dimensions_m) / 2
        return center - half, center + half
    if asset is None:
        return None
    scale = np.asarray(item.scale)
    return np.asarray(asset.low_m) * scale, np.asarray(asset.high_m) * scale


def is_of_template(item: InstanceLabel) -> bool:
    """Return whether an instance is one that the template itself holds."""
    return item.asset_id.startswith(TEMPLATE_ASSET)


def center_world_m(opened: Opened, item: InstanceLabel) -> Array | None:
    """Return the centre (3,) of an instance's box in the world; None for an unknown asset."""
    box = local_box(opened, item)
    if box is None:
        return None
    center: Array = transform_points(item.world_from_object, [(box[0] + box[1]) / 2])[0]
    return center


def slack_m(item: InstanceLabel) -> float:
    """Return how far a seen point of an instance may lie outside its box, metres."""
    size = float(np.sqrt((np.asarray(item.dimensions_m) ** 2).sum()))
    return SLACK_OF_DISTANCE * (item.distance_m + size) + SLACK_OF_SIZE * size


def outside_m(points_m: Array, low: Array, high: Array) -> Array:
    """Return how far points (N, 3) lie outside a box, 0 inside, metres (the largest of the three axes)."""
    beyond: Array = np.maximum(low - points_m, points_m - high).max(axis=1)
    return np.maximum(beyond, 0.0)


def meet(rays: Array, camera_from_object: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Return where unit rays (N, 3) from the camera enter and leave a box (slab method), metres (N,) each.

    A ray that misses leaves before it enters.
    """
    object_from_camera = inverse_rigid(camera_from_object)
    origin = object_from_camera[:3, 3]
    turned = rays @ object_from_camera[:3, :3].T
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (low - origin) / turned, (high - origin) / turned
    near, far = np.fmin(a, b).max(axis=1), np.fmax(a, b).min(axis=1)
    return near, far
