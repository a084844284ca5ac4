"""Where the keypoints of an instance are in the picture, and whether they are seen.

A keypoint is in the picture (visibility above 0) where its projection is. Whether it is seen (2) or hidden (1) comes
from the frame's own ids and distances, sampled at pixel centres, so to about a pixel:

* hidden by something else where the pixel under it shows another thing that is nearer;
* hidden where its own object is in none of the 3 x 3 pixels around it;
* else hidden by its own object where the farthest of those own pixels is still nearer than the point.

Nearer means by more than a hundredth of the object's longest side; for the object itself by more than the keypoint's
own `radius_m` where that is larger, so that a joint inside a limb counts as seen while the skin before it is. On a flat
surface, however slanted, the nine pixels reach beyond the point, so it is seen; of a convex object, a point of the far
side is hidden wherever the nine pixels show a front that is that much nearer. Within a pixel of an outline either may
come out: of points on random boxes 40 px wide, 3 in 100 differ from what an exact ray says.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from pipeline.annotations.pose import rounded_px
from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.lenses import project_camera_points
from pipeline.records import Keypoint, KeypointLabel, RealisedInstance, RenderedFrame, Vector

OF_OBJECT = 0.01  # of its longest side


def keypoint_labels(item: RealisedInstance, rendered: RenderedFrame) -> tuple[KeypointLabel, ...]:
    """Return the labels of an instance's keypoints, in their order."""
    camera = rendered.realised.camera
    world = np.array([keypoint.point_m for keypoint in item.keypoints]).reshape(-1, 3)
    points = transform_points(inverse_rigid(camera.world_from_camera), world)
    pixels = project_camera_points(camera.lens, points)
    return tuple(
        KeypointLabel(
            name=keypoint.name,
            visibility=_visibility(item, keypoint, points[i], pixels[i], rendered),
            position_px=rounded_px(pixels[i]),
            camera_m=_vector(points[i]),
            world_m=keypoint.point_m,
        )
        for i, keypoint in enumerate(item.keypoints)
    )


def _visibility(
    item: RealisedInstance, keypoint: Keypoint, point_m: Array, pixel: Array, rendered: RenderedFrame
) -> Literal[0, 1, 2]:
    height, width = rendered.instance.shape
    if not (0 <= pixel[0] < width and 0 <= pixel[1] < height):  # NaN is in no picture
        return 0
    distance = math.sqrt(float((point_m * point_m).sum()))
    x, y = int(pixel[0]), int(pixel[1])
    skin = OF_OBJECT * max(item.dimensions_m)
    if rendered.instance[y, x] != item.instance_id and rendered.distance_m[y, x] < distance - skin:
        return 1
    around = (slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2))
    own = rendered.distance_m[around][rendered.instance[around] == item.instance_id]
    return 2 if own.max(initial=-np.inf) >= distance - max(skin, keypoint.radius_m) else 1


def _vector(values: Array) -> Vector:
    x, y, z = (float(v) for v in values)
    return (x, y, z)
