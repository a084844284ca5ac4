"""Lenses into Blender: what the camera's data must be for one, and what picture must be rendered for it.

The only file that knows Blender's lens shift, pixel aspect and panoramas. A picture is the attributes of `scene.render`
that give its size, so that another camera's can be put in its place for a while.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import bpy

from pipeline.lens_remap import source_lens
from pipeline.lenses import Lens, make_lens
from pipeline.records import CameraCandidate, CameraPlan

Picture = dict[str, Any]
Window = tuple[float, float, float, float]

LEAST_MM = 1.0  # Blender's shortest focal length and narrowest sensor
LEAST_FOV_RAD = 0.1746  # Blender's narrowest fisheye, 10 degrees, and a little


def lens_of(plan: CameraPlan, candidate: CameraCandidate) -> Lens:
    """Return the lens that a candidate asks for."""
    return make_lens(
        candidate.model,
        plan.resolution,
        candidate.focal_length_mm,
        candidate.sensor_width_mm,
        candidate.shift,
        candidate.pixel_aspect,
        candidate.distortion,
    )


def set_lens(data: bpy.types.Camera, plan: CameraPlan, candidate: CameraCandidate) -> Picture:
    """Set up Blender's camera for a candidate, or for the wider picture that its own is remapped from, and return the
    picture to render."""
    data.sensor_fit = "HORIZONTAL"
    _set_focal(data, candidate.focal_length_mm, candidate)
    if candidate.model == "pinhole":
        data.shift_x, data.shift_y = candidate.shift
        return _picture(plan.resolution, candidate.pixel_aspect)
    source = source_lens(lens_of(plan, candidate))
    width, height = source.resolution
    (fx, _, cx), (_, fy, cy), _ = source.k
    if source.model == "pinhole":
        aspect = fy / fx
        _set_focal(data, fx * candidate.sensor_width_mm / width, candidate)
        data.shift_x, data.shift_y = (width / 2 - cx) / width, (cy - height / 2) / (width * aspect)
        return _picture(source.resolution, aspect)
    if source.model == "equirectangular":
        data.type, data.panorama_type = "PANO", "EQUIRECTANGULAR"
        data.latitude_min, data.latitude_max = -math.pi / 2, math.pi / 2
        data.longitude_min, data.longitude_max = -math.pi, math.pi
        return _picture(source.resolution)
    return _set_equidistant(data, source)


def window_of(picture: Mapping[str, Any]) -> tuple[tuple[int, int], Window]:
    """Return the size (width, height) in pixels of what a picture renders, and its left, lower, width and height as
    shares of the camera's whole frame, which Blender's window coordinates span."""
    whole = (picture["resolution_x"], picture["resolution_y"])
    if not picture["use_border"]:
        return whole, (0.0, 0.0, 1.0, 1.0)
    low, high = (
        [int(picture[f"border_{end}_{axis}"] * size) for axis, size in zip("xy", whole, strict=True)]
        for end in ("min", "max")
    )
    width, height = high[0] - low[0], high[1] - low[1]
    return (width, height), (low[0] / whole[0], low[1] / whole[1], width / whole[0], height / whole[1])


def _picture(size: tuple[int, int], aspect: float = 1.0) -> Picture:
    """Return the picture of a size (width, height) whose pixels are `aspect` times as dense upwards as across."""
    return {
        "resolution_percentage": 100,
        "resolution_x": size[0],
        "resolution_y": size[1],
        # Blender's pixel aspects start at 1, so the larger of the two carries the ratio.
        "pixel_aspect_x": max(1.0, aspect),
        "pixel_aspect_y": max(1.0, 1.0 / aspect),
        "use_border": False,
        "use_crop_to_border": False,
    }


def _set_focal(data: bpy.types.Camera, focal_length_mm: float, candidate: CameraCandidate) -> None:
    """Set focal length and sensor, both enlarged where Blender would cut one off, and the f-number for which the
    aperture (Blender's: focal length / f-number, of a panorama too) is the candidate's own."""
    enlarged = max(1.0, LEAST_MM / focal_length_mm, LEAST_MM / candidate.sensor_width_mm)
    data.lens, data.sensor_width = focal_length_mm * enlarged, candidate.sensor_width_mm * enlarged
    if candidate.f_stop is not None:
        data.dof.aperture_fstop = candidate.f_stop * (focal_length_mm * enlarged / candidate.focal_length_mm)


def _set_equidistant(data: bpy.types.Camera, source: Lens) -> Picture:
    """Blender's equidistant picture is a disc in a square about the optical axis; the border cuts our rectangle out of
    it. The disc reaches our farthest corner, or all the way round, and is as wide as Blender's narrowest."""
    width, height = source.resolution
    (focal, _, cx), (_, _, cy), _ = source.k
    corner = math.hypot(max(cx, width - cx), max(cy, height - cy))
    widest = max(cx, width - cx, cy, height - cy, min(corner, math.pi * focal), LEAST_FOV_RAD / 2 * focal)
    half = math.ceil(widest)
    side = 2 * half
    left, top = half - round(cx), half - round(cy)
    data.type, data.panorama_type = "PANO", "FISHEYE_EQUIDISTANT"
    data.fisheye_fov = side / focal
    # Borders are cut off to whole pixels; a quarter keeps the float32 fraction on the right side.
    return _picture((side, side)) | {
        "use_border": True,
        "use_crop_to_border": True,
        "border_min_x": (left + 0.25) / side,
        "border_max_x": (left + width + 0.25) / side,
        "border_min_y": (side - top - height + 0.25) / side,
        "border_max_y": (side - top + 0.25) / side,
    }
