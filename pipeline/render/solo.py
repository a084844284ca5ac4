"""Silhouettes of what can be seen through, where geometry does not tell: each alone before the camera.

A leaf card or a net covers only where it is opaque, which its materials decide. So such an instance is rendered by the
exact pass with everything else hidden; instances whose boxes in the picture do not meet share a render.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import bpy
import numpy as np

from pipeline.geometry import inverse_rigid, transform_points
from pipeline.lenses import project_camera_points, source_lens
from pipeline.records import RealisedCamera, Surface
from pipeline.render.changes import change
from pipeline.render.exact import Objects
from pipeline.render.transparency import is_certain

MARGIN_PX = 2.0
Rectangle = tuple[float, float, float, float]


def see_through(objects: Objects) -> list[int]:
    """Return the ids of the instances that wear a material with any way through."""
    return [key for key, parts in sorted(objects.items()) if not all(_is_opaque(part) for part in parts)]


def _is_opaque(part: bpy.types.Object) -> bool:
    return all(slot.material is None or is_certain(slot.material) for slot in part.material_slots)


def groups(ids: list[int], surfaces: Mapping[int, Surface], camera: RealisedCamera) -> list[list[int]]:
    """Return the ids in groups whose boxes in the picture do not meet; each group can share a render."""
    result: list[list[int]] = []
    boxes: list[list[Rectangle]] = []
    for key in ids:
        box = _box(surfaces[key], camera)
        for members, taken in zip(result, boxes, strict=True):
            if not any(_meet(box, other) for other in taken):
                members.append(key)
                taken.append(box)
                break
        else:
            result.append([key])
            boxes.append([box])
    return result


def _box(surface: Surface, camera: RealisedCamera) -> Rectangle:
    points = transform_points(inverse_rigid(camera.world_from_camera), surface.vertices_m)
    pixels = project_camera_points(source_lens(camera.lens), points)
    everywhere = (-np.inf, -np.inf, np.inf, np.inf)
    if camera.model == "equirectangular" or np.isnan(pixels).any() or (points[:, 2] < camera.clip_start_m).any():
        return everywhere
    (left, top), (right, bottom) = pixels.min(axis=0) - MARGIN_PX, pixels.max(axis=0) + MARGIN_PX
    return (float(left), float(top), float(right), float(bottom))


def _meet(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@contextmanager
def alone(scene: bpy.types.Scene, parts: list[bpy.types.Object]) -> Iterator[None]:
    """Hide everything but `parts` from the render until the block ends."""
    shown = {part.session_uid for part in parts}
    with ExitStack() as until:
        for item in scene.objects:
            if item.session_uid not in shown and item != scene.camera:
                change(until, item, hide_render=True)
        yield
