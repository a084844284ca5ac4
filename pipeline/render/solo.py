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
from pipeline.lens_remap import source_lens
from pipeline.lenses import project_camera_points
from pipeline.records import RealisedCamera, Surface
from pipeline.render.changes import change
from pipeline.render.exact import Objects
from pipeline.render.transparency import is_certain, is_displaced
from pipeline.scene.build import BuiltScene

MARGIN_PX = 2.0
Rectangle = tuple[float, float, float, float]
EVERYWHERE: Rectangle = (-np.inf, -np.inf, np.inf, np.inf)


def need_solo(built: BuiltScene, objects: Objects) -> dict[int, bool]:
    """Return the ids whose silhouette geometry does not tell, in order, and whether their mesh at least bounds them.

    They wear a material with any way through, or one that moves the surface, or are no meshes.
    """
    found: dict[int, bool] = dict.fromkeys(built.not_meshes, False)
    for key, parts in objects.items():
        worn = {slot.material for part in parts for slot in part.material_slots} | {*built.materials.get(key, ())}
        if any(is_displaced(one) for one in worn if one) or any(_is_diced(part) for part in parts):
            found[key] = False
        elif not all(is_certain(one) for one in worn if one):
            found.setdefault(key, True)
    return {key: found[key] for key in sorted(found) if key in built.surfaces}


def _is_diced(part: bpy.types.Object) -> bool:
    """Return whether Cycles subdivides the object itself, as finely as the camera needs."""
    cycles = getattr(part, "cycles", None)  # until Blender 5.0 a setting of the object, later of the modifier
    of_object = getattr(cycles, "use_adaptive_subdivision", False)
    return any(
        modifier.type == "SUBSURF" and (of_object or getattr(modifier, "use_adaptive_subdivision", False))
        for modifier in part.modifiers
    )


def groups(ids: Mapping[int, bool], surfaces: Mapping[int, Surface], camera: RealisedCamera) -> list[list[int]]:
    """Return the ids in groups whose boxes in the picture do not meet; each group can share a render."""
    result: list[list[int]] = []
    boxes: list[list[Rectangle]] = []
    for key, is_bounded in ids.items():
        box = _box(surfaces[key], camera) if is_bounded else EVERYWHERE
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
    if camera.model == "equirectangular" or np.isnan(pixels).any() or (points[:, 2] < camera.clip_start_m).any():
        return EVERYWHERE
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
