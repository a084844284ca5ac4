"""What camera and lens ask of each other, of the renderer and of the pictures' formats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pipeline.config.camera_section import DEFAULT_FOCAL_LENGTH_MM
from pipeline.config.distributions import Constant, bounds
from pipeline.config.schema import Camera
from pipeline.lens_remap import turns_back
from pipeline.lenses import COEFFICIENTS, Lens, make_lens
from pipeline.structure import FAILED, Reader


def check_camera(camera: Camera, reader: Reader) -> None:
    """Report what a camera, FAILED where it could not be read, can never use or show."""
    if camera is FAILED:
        return
    if camera.shell is None and camera.center != "origin":
        reader.report(("camera", "center"), "center belongs to shell, which is not given", "leave center out")
    shell = camera.shell or camera.around
    if shell is not None and bounds(shell.distance_m)[0] > camera.clip_end_m:
        remedy = "raise it above the camera's distance"
        reader.report(("camera", "clip_end_m"), f"nothing beyond {camera.clip_end_m:g} m is rendered", remedy)


def check_lens(part: Mapping[str, Any], reader: Reader) -> None:
    """Report lenses that the renderer, a format or the picture's corners do not allow. `part` holds the sections that
    were read, FAILED for one that was not."""
    camera, render, formats, outputs = (part[name] for name in ("camera", "render", "formats", "outputs"))
    if FAILED in (camera, render) or camera.lens is None:
        return
    if render.engine == "eevee" and camera.lens.model != "opencv":
        message = f"EEVEE cannot render {camera.lens.model} pictures"
        reader.report(("camera", "lens"), message, "use render.engine: cycles, or another lens")
    is_wide = camera.lens.model == "fisheye" and camera.fov_deg is not None and bounds(camera.fov_deg)[1] > 180
    if is_wide and FAILED not in (formats, outputs) and "depth" in outputs and formats.depth == "png":
        message = "millimetres of depth are lost behind the camera, where a fisheye wider than 180 degrees sees"
        reader.report(("formats", "depth"), message, "use exr, or the output distance instead of depth")
    lens = _longest_lens(camera)
    if lens is not None and turns_back(lens):
        message = "the distortion turns back within the picture, whose corners would have no ray"
        reader.report(("camera", "lens"), message, "use smaller coefficients, or a longer focal length")


def _longest_lens(camera: Camera) -> Lens | None:
    """Return the opencv lens of the longest focal length a frame can have, which shows least of the distortion; None
    where anything else of it varies."""
    if camera.lens is None or camera.lens.opencv is None:
        return None
    given = camera.lens.opencv
    shift = camera.shift or (Constant(value=0.0), Constant(value=0.0))
    coefficients = tuple(getattr(given, name) for name in COEFFICIENTS["opencv"])
    if any(low != high for low, high in map(bounds, (*coefficients, *shift, camera.sensor_width_mm))):
        return None
    distortion = tuple(bounds(number)[0] for number in coefficients)
    if camera.k is not None:
        k = ((camera.k.fx, 0.0, camera.k.cx), (0.0, camera.k.fy, camera.k.cy), (0.0, 0.0, 1.0))
        return Lens(model="opencv", k=k, distortion=distortion, resolution=camera.resolution)
    sensor_mm = bounds(camera.sensor_width_mm)[0]
    if camera.fov_deg is not None:
        focal_mm = sensor_mm / (2 * math.tan(math.radians(bounds(camera.fov_deg)[0]) / 2))
    else:
        focal_mm = DEFAULT_FOCAL_LENGTH_MM if camera.focal_length_mm is None else bounds(camera.focal_length_mm)[1]
    moved = (bounds(shift[0])[0], bounds(shift[1])[0])
    return make_lens("opencv", camera.resolution, focal_mm, sensor_mm, moved, 1.0, distortion)


def check_motion_blur(part: Mapping[str, Any], reader: Reader) -> None:
    """Report motion blur that the renderer cannot make; `part` as in `check_lens`."""
    camera, render = part["camera"], part["render"]
    if FAILED in (camera, render) or camera.motion_blur is None or render.engine != "eevee":
        return
    message = "EEVEE's motion blur is not supported"
    reader.report(("camera", "motion_blur"), message, "use render.engine: cycles, or leave it out")
