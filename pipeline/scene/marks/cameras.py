"""Cameras and lamps of the template, as they stand."""

from __future__ import annotations

import bpy

from pipeline.conventions import BLENDER_CAMERA_FROM_CAMERA
from pipeline.geometry import product, rigid_and_scale
from pipeline.records import MarkedCamera, MarkedLamp, Settings
from pipeline.scene.marks.anchors import rotation_of
from pipeline.scene.marks.arrays import round_, vector_of
from pipeline.scene.marks.find import Found, Report


def camera_of(
    one: Found, settings: Settings, shown: bpy.types.Object, scene: bpy.types.Scene, report: Report
) -> MarkedCamera | None:
    """Return the record of a camera as evaluated (`shown`), or None after reporting that it has no focal length."""
    data = shown.data
    if data.type != "PERSP":
        report(f"{one} is no perspective camera", "set its lens type to perspective")
        return None
    rigid, _ = rigid_and_scale([list(row) for row in shown.matrix_world])
    return MarkedCamera(
        name=one.name,
        object_name=one.object_name,
        location_m=vector_of(rigid[:3, 3]),
        rotation=rotation_of(product(rigid, BLENDER_CAMERA_FROM_CAMERA)),
        focal_length_mm=round_(data.lens),
        sensor_width_mm=round_(_sensor_width_mm(data, scene.render)),
        settings=settings,
    )


def _sensor_width_mm(camera: bpy.types.Camera, render: bpy.types.RenderSettings) -> float:
    """Return how much of the sensor spans the picture's width, in the file's own picture."""
    width = render.resolution_x * render.pixel_aspect_x
    height = render.resolution_y * render.pixel_aspect_y
    if camera.sensor_fit == "VERTICAL":
        return camera.sensor_height * width / height
    if camera.sensor_fit == "AUTO" and height > width:
        return camera.sensor_width * width / height
    return camera.sensor_width


def lamp_of(one: Found, settings: Settings, shown: bpy.types.Object) -> MarkedLamp:
    """Return the record of a lamp as evaluated (`shown`)."""
    light = shown.data
    color = light.color
    if light.use_temperature:
        color = [a * b for a, b in zip(color, light.temperature_color, strict=True)]
    return MarkedLamp(
        name=one.name,
        object_name=one.object_name,
        kind=light.type.lower(),
        energy=round_(light.energy),
        color=vector_of(color),
        settings=settings,
    )
