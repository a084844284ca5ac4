"""Lamps from their plans."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import bpy
import numpy as np
from mathutils import Matrix

from pipeline.conventions import SUN_DEG_PER_M, SUN_W_PER_M2_PER_W
from pipeline.geometry import quaternion_between, unit
from pipeline.records import LightLabel, LightPlan, Vector

SPOT_BLEND = 0.2  # the outer fifth of a spot's cone fades out
DOWN = (0.0, 0.0, -1.0)


def add_light(collection: bpy.types.Collection, plan: LightPlan, name: str, anchor_m: Vector) -> bpy.types.Object:
    """Add a lamp at `anchor_m` + the plan's offset, shining at `anchor_m` (down where the offset is 0); return it.

    The camera does not see the lamp itself, so no picture holds a glowing disc without a label; reflections do.
    """
    light = MAKERS[plan.kind](plan, name)
    light.color = plan.color
    lamp = bpy.data.objects.new(name, light)
    lamp.location = np.add(anchor_m, plan.offset_m)
    if any(plan.offset_m):
        lamp.rotation_mode = "QUATERNION"
        lamp.rotation_quaternion = quaternion_between((0.0, 0.0, 1.0), plan.offset_m)  # a lamp shines along its -z
    lamp.visible_camera = False
    collection.objects.link(lamp)
    return lamp


def read_lights(
    added: Sequence[bpy.types.Object], others: Iterable[tuple[bpy.types.Object, Matrix]] = ()
) -> tuple[LightLabel, ...]:
    """Return every lamp that the render shows by name: those just `added`, and a template's own (`rendered_lamps`) with
    their world matrices as evaluated."""
    lamps = [*others, *((lamp, lamp.matrix_basis) for lamp in added)]
    return tuple(_label(lamp, matrix) for lamp, matrix in sorted(lamps, key=lambda one: one[0].name))


def rendered_lamps(scene: bpy.types.Scene) -> Iterator[bpy.types.Object]:
    """Yield the lamps that a render of the scene shows."""
    in_layers = {item.session_uid for layer in scene.view_layers if layer.use for item in layer.objects}
    for item in {one.session_uid: one for one in _rendered(scene.collection)}.values():
        if item.type == "LIGHT" and not item.hide_render and item.session_uid in in_layers:
            yield item


def _rendered(collection: bpy.types.Collection) -> Iterator[bpy.types.Object]:
    """Yield the objects of a collection and of those in it, but for collections that are not rendered."""
    if not collection.hide_render:
        yield from collection.objects
        for child in collection.children:
            yield from _rendered(child)


def _label(lamp: bpy.types.Object, matrix: Matrix) -> LightLabel:
    x, y, z = (float(v) for v in matrix.translation)
    way = -np.array(matrix.col[2])[:3] if any(matrix.col[2][:3]) else DOWN  # an artist may have scaled it to nothing
    a, b, c = (float(v) for v in unit(way))
    red, green, blue = (float(v) for v in lamp.data.color)
    return LightLabel(
        kind=lamp.data.type.lower(),
        location_m=(x, y, z),
        direction=(a, b, c),
        energy=float(lamp.data.energy),
        color=(red, green, blue),
    )


def _point(plan: LightPlan, name: str) -> bpy.types.PointLight:
    light = bpy.data.lights.new(name, "POINT")
    light.energy = plan.energy_w
    light.shadow_soft_size = plan.size_m / 2
    return light


def _spot(plan: LightPlan, name: str) -> bpy.types.SpotLight:
    light = bpy.data.lights.new(name, "SPOT")
    light.energy = plan.energy_w
    light.shadow_soft_size = plan.size_m / 2
    light.spot_size = math.radians(plan.spot_angle_deg)
    light.spot_blend = SPOT_BLEND
    return light


def _area(plan: LightPlan, name: str) -> bpy.types.AreaLight:
    light = bpy.data.lights.new(name, "AREA")
    light.energy = plan.energy_w
    light.shape = "SQUARE"
    light.size = plan.size_m
    return light


def _sun(plan: LightPlan, name: str) -> bpy.types.SunLight:
    light = bpy.data.lights.new(name, "SUN")
    light.energy = plan.energy_w * SUN_W_PER_M2_PER_W
    light.angle = math.radians(min(180.0, SUN_DEG_PER_M * plan.size_m))
    return light


MAKERS = {"point": _point, "area": _area, "spot": _spot, "sun": _sun}
