"""A contact sheet of a few frames in seconds: the frames of the real run, smaller and with few samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipeline.config.schema import Accept, Camera, Config, Formats, PinholeK, Render
from pipeline.show.colors import Picture
from pipeline.show.marks import draw_labels
from pipeline.show.pen import brush_for
from pipeline.show.places import draw_places
from pipeline.show.tiles import add_caption, contact_sheet, enlarge, text_tile

if TYPE_CHECKING:
    from pipeline.records import FramePlan
    from pipeline.run import Made
    from pipeline.sampling.structured.places import Places

SCALE = 2  # tiles are drawn this much larger than rendered, so that labels can be read


def preview_config(config: Config, width_px: int) -> Config:
    """Return the configuration with pictures at most `width_px` wide, draft quality and nothing but rgb.

    Seed and streams stay, so the frames show what the real ones will.
    """
    camera = _smaller(config.camera, width_px)
    shrink = (camera.resolution[0] * camera.resolution[1]) / (config.camera.resolution[0] * config.camera.resolution[1])
    accept: Accept = replace(config.accept, min_pixels=max(1, round(config.accept.min_pixels * shrink)))
    render = Render(
        quality="draft",
        engine=config.render.engine,
        denoiser=config.render.denoiser,
        view_transform=config.render.view_transform,
        exposure_ev=config.render.exposure_ev,
    )
    return replace(config, camera=camera, accept=accept, render=render, outputs=("rgb",), formats=Formats(rgb="png"))


def _smaller(camera: Camera, width_px: int) -> Camera:
    width, height = camera.resolution
    if width <= width_px:
        return camera
    small = (width_px, max(1, round(height * width_px / width)))
    k = camera.k
    if k is not None:
        x, y = small[0] / width, small[1] / height
        k = PinholeK(fx=k.fx * x, fy=k.fy * y, cx=k.cx * x, cy=k.cy * y)
    return replace(camera, resolution=small, k=k)


def draw_sheet(frames: Iterable[Made], places_of: Callable[[FramePlan], Places] | None = None) -> Image.Image:
    """Return the contact sheet of frames as they are made: labelled pictures, or the reason a frame was rejected.

    With `places_of` the places of each frame's scene are drawn instead of its labels.
    """
    return contact_sheet([_tile(made, places_of) for made in frames])


def _tile(made: Made, places_of: Callable[[FramePlan], Places] | None) -> Picture:
    labels = made.annotation.labels
    caption = f"frame {labels.frame}" + (f": {labels.reason}" if labels.reason else "")
    if made.rendered is None or made.rendered.rgb_file is None:
        width, height = made.plan.camera.resolution
        return text_tile(f"{caption} (rejected)", width * SCALE, height * SCALE)
    with Image.open(made.rendered.rgb_file) as image:
        rgb = np.asarray(image.convert("RGB"))
    if places_of is None or labels.camera is None:
        return add_caption(draw_labels(rgb, labels, made.rendered.instance, SCALE), caption)
    brush = brush_for(rgb.shape[1], SCALE)
    return add_caption(draw_places(enlarge(rgb, SCALE), places_of(made.plan), labels.camera, brush), caption)
