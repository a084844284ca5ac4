"""The encoded picture of a render: what people look at and networks are trained on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.codecs import jpeg, png
from pipeline.codecs.exr import encode_exr
from pipeline.errors import ScratchError
from pipeline.lens_remap import remap_of
from pipeline.lenses import Lens
from pipeline.records import FramePlan
from pipeline.render.changes import change
from pipeline.render.decode import linear_rgb
from pipeline.render.passes import save_result
from pipeline.render.remap import filtered
from pipeline.render.tone import is_neutral, toned
from pipeline.scene.compat import set_picture
from pipeline.scene.session import label_layer

SIXTEEN_BITS = np.float32(65_535)
HALF_MAX = 65_504.0  # the largest number of a half float

# Blender writes dates and render times into pictures; without them equal pictures are equal files.
_PICTURES = {"png": ("rgb.png", "PNG", png.strip_metadata), "jpeg": ("rgb.jpg", "JPEG", jpeg.strip_metadata)}


def write_rgb(
    scene: bpy.types.Scene, plan: FramePlan, channels: Mapping[str, NDArray[Any]], lens: Lens, scratch: Path
) -> Path:
    """Write the last render as the plan's rgb file in `scratch`, as `lens` shows it, and return the path.

    `channels` are the passes of the render, needed for an EXR. Saturation and contrast come last, after compositor,
    exposure, view transform and lens; an EXR holds the light before all of these but the lens. Raises ScratchError when
    it cannot be written.
    """
    if plan.rgb_format == "exr":
        path = scratch / "rgb.exr"
        linear = filtered(linear_rgb(channels, label_layer(scene).name), lens)
        picture = np.clip(linear, -HALF_MAX, HALF_MAX).astype(np.float16)
        path.write_bytes(encode_exr({name: picture[..., i] for i, name in enumerate("RGB")}))
        return path
    name, file_format, strip = _PICTURES[plan.rgb_format]
    path = scratch / name
    with ExitStack() as until:  # colours are managed in the writing; a template has an exposure of its own
        change(until, scene.view_settings, exposure=scene.view_settings.exposure + plan.render.exposure_ev)
        if remap_of(lens) is None and is_neutral(plan.image):
            set_picture(scene.render.image_settings, file_format, plan.render.jpeg_quality)
            data = save_result(scene, path)
        else:
            set_picture(scene.render.image_settings, "PNG", color_depth="16")
            wide = png.decode_png(save_result(scene, scratch / "wide.png"))
            shown = filtered(wide, lens)
            if not is_neutral(plan.image):
                shown = SIXTEEN_BITS * toned(shown / SIXTEEN_BITS, plan.image)
            data = _encode(_eight_bits(shown), file_format, plan.render.jpeg_quality, path)
    try:
        path.write_bytes(strip(data))
    except ValueError as error:
        raise ScratchError(f"{path}: {error}; is the disk full?") from error
    return path


def _eight_bits(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(np.clip(picture, 0, SIXTEEN_BITS) / 257).astype(np.uint8)


def _encode(picture: NDArray[np.uint8], file_format: str, quality: int, path: Path) -> bytes:
    """Return an 8-bit sRGB picture (H, W, 3) as a file; Blender itself writes the JPEG, so that both sorts of picture
    come from one encoder."""
    if file_format == "PNG":
        return png.encode_png(picture)
    height, width = picture.shape[:2]
    image = bpy.data.images.new("variegate picture", width, height)
    try:
        pixels = np.ones((height, width, 4), dtype=np.float32)
        pixels[..., :3] = picture[::-1] / np.float32(255)  # Blender's rows go up
        image.pixels.foreach_set(pixels.ravel())
        image.file_format = file_format
        image.save(filepath=str(path), quality=quality)
        return path.read_bytes()
    except (RuntimeError, OSError) as error:
        raise ScratchError(f"{path} cannot be written ({str(error).strip()}); is the disk full?") from error
    finally:
        bpy.data.images.remove(image)
