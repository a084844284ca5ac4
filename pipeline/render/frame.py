"""`render_frame`: one render call gives the picture, and in plain scenes exact ids and depth with it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.codecs import jpeg, png
from pipeline.codecs.exr import encode_exr
from pipeline.errors import DeviceError, StoreError
from pipeline.records import FramePlan, Realised, RenderedFrame
from pipeline.render.changes import change
from pipeline.render.decode import decode_depth, decode_ids, linear_rgb
from pipeline.render.device import Device
from pipeline.render.exact import Objects, exact_settings, needs_exact
from pipeline.render.passes import (
    DEPTH,
    OBJECT_INDEX,
    enable_passes,
    find_channel,
    label_layer,
    read_passes,
    save_result,
)
from pipeline.render.settings import configure
from pipeline.scene.compat import set_picture

HALF_MAX = 65_504.0  # the largest number of a half float

Channels = dict[str, NDArray[Any]]

# Blender writes dates and render times into pictures; without them equal pictures are equal files.
_PICTURES = {"png": ("rgb.png", "PNG", png.strip_metadata), "jpeg": ("rgb.jpg", "JPEG", jpeg.strip_metadata)}


def render_frame(
    scene: bpy.types.Scene, objects: Objects, realised: Realised, plan: FramePlan, device: Device, scratch: Path
) -> RenderedFrame:
    """Render the built scene and return its arrays and the encoded picture, which lies in `scratch`.

    `objects` maps instance ids to their objects, whose `pass_index` they are. Ids and depth come with the picture
    where they are exact there (sample 0 of Cycles goes through the pixel's centre), else from one extra sample on the
    CPU, which is all there is when no picture is asked for. Raises DeviceError for an engine, denoiser or device that
    fails, StoreError when `scratch` cannot be written.
    """
    configure(scene, plan.render, device)
    layer = label_layer(scene)
    enable_passes(layer)
    channels: Channels = {}
    rgb_file = linear = None
    with_picture = bool({"rgb", "linear"} & set(plan.outputs))
    exact = not with_picture or needs_exact(scene, objects, plan, device)
    if with_picture:
        render_once(scene, device)
        if not exact or _wants_linear(plan):
            channels = read_passes(scene, scratch)
        rgb_file = _write_rgb(scene, plan, channels, layer.name, scratch)
        linear = linear_rgb(channels, layer.name) if "linear" in plan.outputs else None
    if exact:
        with exact_settings(scene, objects):
            render_once(scene, device)
            channels = read_passes(scene, scratch)
    return RenderedFrame(
        realised=realised,
        instance=_sized(decode_ids(find_channel(channels, layer.name, OBJECT_INDEX)), realised),
        depth_m=decode_depth(find_channel(channels, layer.name, DEPTH)),
        linear=linear,
        rgb_file=rgb_file,
        id_source="exact" if exact else "render",
    )


def render_once(scene: bpy.types.Scene, device: Device) -> None:
    """Render the scene as it is set up. Raises DeviceError when Blender fails or stops."""
    try:
        ended = bpy.ops.render.render(scene=scene.name)
    except RuntimeError as error:
        raise DeviceError(
            f"Blender could not render on {', '.join(device.models)}: {str(error).strip()}; "
            "try a smaller camera.resolution or --device cpu"
        ) from error
    if ended != {"FINISHED"}:
        raise DeviceError(f"Blender did not finish a render on {', '.join(device.models)}; try --device cpu")


def _wants_linear(plan: FramePlan) -> bool:
    return "linear" in plan.outputs or ("rgb" in plan.outputs and plan.rgb_format == "exr")


def _write_rgb(scene: bpy.types.Scene, plan: FramePlan, channels: Channels, layer: str, scratch: Path) -> Path | None:
    if "rgb" not in plan.outputs:
        return None
    if plan.rgb_format == "exr":
        path = scratch / "rgb.exr"
        picture = np.clip(linear_rgb(channels, layer), -HALF_MAX, HALF_MAX).astype(np.float16)
        path.write_bytes(encode_exr({name: picture[..., i] for i, name in enumerate("RGB")}))
        return path
    name, file_format, strip = _PICTURES[plan.rgb_format]
    path = scratch / name
    set_picture(scene.render.image_settings, file_format, plan.render.jpeg_quality)
    with ExitStack() as until:  # colours are managed in the writing; a template has an exposure of its own
        change(until, scene.view_settings, exposure=scene.view_settings.exposure + plan.render.exposure_ev)
        data = save_result(scene, path)
    try:
        path.write_bytes(strip(data))
    except ValueError as error:
        raise StoreError(f"{path}: {error}; is the disk full?") from error
    return path


def _sized(ids: NDArray[np.uint16], realised: Realised) -> NDArray[np.uint16]:
    """A render border or percentage left on would shift every label."""
    width, height = realised.camera.resolution
    if ids.shape != (height, width):
        raise ValueError(f"the render is {ids.shape[1]} x {ids.shape[0]}, the camera {width} x {height}")
    return ids
