"""Where in its own object each pixel is: object coordinates in metres, and NOCS.

The point is the ray that ids were sampled along, at its distance, so it lies on the surface the id names.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.masks import mask_of
from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.lens_remap import sampled_rays
from pipeline.records import RenderedFrame


def object_coordinates(rendered: RenderedFrame) -> NDArray[np.float32]:
    """Return (H, W, 3) float32 metres in the axes and about the origin of each pixel's own object, scale included as
    rendered; 0 where there is no instance."""
    result = np.zeros((*rendered.instance.shape, 3), dtype=np.float32)
    for item, where, points in _points(rendered):
        result[where] = transform_points(inverse_rigid(item.world_from_object), points)
    return result


def nocs(rendered: RenderedFrame) -> NDArray[np.float32]:
    """Return (H, W, 3) float32 normalised object coordinates (Wang 2019): the object's box about (0.5, 0.5, 0.5), its
    diagonal 1, in the object's own axes; 0 where there is no instance."""
    result = np.zeros((*rendered.instance.shape, 3), dtype=np.float32)
    for item, where, points in _points(rendered):
        local = transform_points(inverse_rigid(item.world_from_object), points)
        center = transform_points(inverse_rigid(item.world_from_object), [item.center_m])
        diagonal = float(np.sqrt((np.asarray(item.dimensions_m) ** 2).sum()))
        result[where] = (local - center) / diagonal + 0.5
    return result


def world_points(rendered: RenderedFrame, where: NDArray[np.bool_]) -> Array:
    """Return the world points (N, 3) that the pixels `where` (H, W) show."""
    camera = rendered.realised.camera
    rays = sampled_rays(camera.lens)[where]
    return transform_points(camera.world_from_camera, rays * rendered.distance_m[where].astype(np.float64)[:, None])


def _points(rendered: RenderedFrame):  # type: ignore[no-untyped-def]
    seen = (rendered.instance > 0) & np.isfinite(rendered.distance_m)
    points = np.zeros((*rendered.instance.shape, 3))
    points[seen] = world_points(rendered, seen)
    for item in rendered.realised.instances:
        where = seen & mask_of(rendered.instance, item.instance_id)
        if where.any():
            yield item, where, points[where]
