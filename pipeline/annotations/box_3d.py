"""The oriented box of an instance in the world, before the camera and in the picture."""

from __future__ import annotations

import numpy as np

from pipeline.annotations.pose import rounded_px
from pipeline.geometry import Array, box_corners, inverse_rigid, transform_points
from pipeline.lenses import project
from pipeline.records import Box3d, RealisedCamera, RealisedInstance, Vector


def box_3d(item: RealisedInstance, camera: RealisedCamera) -> Box3d:
    """Return the box whose sides are `dimensions_m` along the object's axes about `center_m`."""
    half = np.asarray(item.dimensions_m) / 2
    world_from_box = np.asarray(item.world_from_object, dtype=np.float64).copy()
    world_from_box[:3, 3] = item.center_m
    world = transform_points(world_from_box, box_corners(-half, half))
    camera_from_world = inverse_rigid(camera.world_from_camera)
    pixels, _ = project(camera.lens, camera_from_world, world)
    return Box3d(
        center_world_m=item.center_m,
        corners_world_m=tuple(map(_vector, world)),
        corners_camera_m=tuple(map(_vector, transform_points(camera_from_world, world))),
        corners_px=tuple(map(rounded_px, pixels)),
    )


def _vector(values: Array) -> Vector:
    x, y, z = (float(v) for v in values)
    return (x, y, z)
