"""`render_frame`: one render call gives the picture, and in plain scenes exact ids and depth with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.exr import decode_exr, encode_exr
from pipeline.codecs.png import strip_metadata
from pipeline.records import FramePlan, Realised, RenderedFrame, RenderPlan
from pipeline.render.device import DENOISERS, GPU_KINDS, Device, pick_denoiser
from pipeline.render.eevee import require_eevee
from pipeline.render.exact import needs_exact, render_exact
from pipeline.render.passes import (
    DEPTH,
    OBJECT_INDEX,
    decode_depth,
    decode_ids,
    enable_passes,
    find_channel,
    linear_rgb,
)
from pipeline.scene.compat import EEVEE, prepare_render, set_multilayer, set_picture

STAMPS = (
    "date time render_time frame frame_range memory hostname camera lens scene marker filename sequencer_strip note"
).split()


def render_frame(
    scene: bpy.types.Scene, realised: Realised, plan: FramePlan, device: Device, scratch: Path
) -> RenderedFrame:
    """Render the built scene and return its arrays and the encoded picture, which lies in `scratch`.

    Ids and depth come from the same render where they are exact there (sample 0 of Cycles goes through the pixel's
    centre), else from one extra pass of one sample on the CPU. Raises DeviceError for an engine or denoiser that is
    not there.
    """
    configure(scene, plan.render, device)
    bpy.ops.render.render(scene=scene.name)
    layer = scene.view_layers[0].name
    exact = needs_exact(scene, plan, device)
    channels = {} if exact and not _wants_linear(plan) else read_passes(scene, scratch)
    rgb_file = _write_rgb(scene, plan, channels, layer, scratch) if "rgb" in plan.outputs else None
    linear = linear_rgb(channels, layer) if "linear" in plan.outputs else None
    if exact:
        with render_exact(scene):
            channels = read_passes(scene, scratch)
    return RenderedFrame(
        realised=realised,
        instance=decode_ids(find_channel(channels, layer, OBJECT_INDEX)),
        depth_m=decode_depth(find_channel(channels, layer, DEPTH)),
        linear=linear,
        rgb_file=rgb_file,
        id_source="exact" if exact else "render",
    )


def configure(scene: bpy.types.Scene, plan: RenderPlan, device: Device) -> None:
    """Set every setting of the renderer that the plan speaks of."""
    if plan.engine == "eevee":
        require_eevee()
    scene.render.engine = "CYCLES" if plan.engine == "cycles" else EEVEE
    cycles = scene.cycles
    cycles.device = "GPU" if device.name in GPU_KINDS else "CPU"
    cycles.seed, cycles.use_animated_seed = plan.cycles_seed, False
    cycles.samples = plan.samples_per_pixel
    cycles.use_adaptive_sampling = plan.adaptive_threshold > 0
    cycles.adaptive_threshold = plan.adaptive_threshold
    for name in ("max", "diffuse", "glossy", "transmission"):
        setattr(cycles, f"{name}_bounces", getattr(plan, f"{name}_bounces"))
    cycles.transparent_max_bounces = plan.transparent_bounces
    cycles.sample_clamp_indirect = plan.clamp_indirect
    cycles.caustics_reflective = cycles.caustics_refractive = plan.caustics
    _set_denoiser(scene, plan, device)
    _set_colors(scene, plan)
    prepare_render(scene)
    scene.render.use_persistent_data = False
    scene.render.use_motion_blur = False  # nothing moves; a template's own animation is sampled, not smeared
    for name in STAMPS:  # read when rendering starts, and written into files even when nothing is drawn
        setattr(scene.render, f"use_stamp_{name}", False)
    enable_passes(scene.view_layers[0])


def _set_denoiser(scene: bpy.types.Scene, plan: RenderPlan, device: Device) -> None:
    denoiser = pick_denoiser(plan.denoiser, device)
    scene.cycles.use_denoising = bool(denoiser)
    if denoiser:
        scene.cycles.denoiser = DENOISERS[denoiser]
    if denoiser == "openimagedenoise":
        scene.cycles.denoising_prefilter = plan.denoiser_prefilter.upper()
        scene.cycles.denoising_quality = plan.denoiser_quality.upper()
        scene.cycles.denoising_use_gpu = False  # the same bits with and without a GPU


def _set_colors(scene: bpy.types.Scene, plan: RenderPlan) -> None:
    if not plan.view_transform:
        return
    scene.display_settings.display_device = "sRGB"
    scene.view_settings.view_transform = plan.view_transform
    scene.view_settings.look = "None"
    scene.view_settings.exposure = plan.exposure_ev
    scene.view_settings.gamma = 1.0


def _wants_linear(plan: FramePlan) -> bool:
    return "linear" in plan.outputs or plan.rgb_format == "exr"


def read_passes(scene: bpy.types.Scene, scratch: Path) -> dict[str, NDArray[Any]]:
    """Return the channels of the last render, by way of an uncompressed multilayer EXR in `scratch`."""
    path = scratch / "passes.exr"
    set_multilayer(scene.render.image_settings)
    bpy.data.images["Render Result"].save_render(str(path), scene=scene)
    channels = decode_exr(path.read_bytes())
    path.unlink()
    return channels


def _write_rgb(
    scene: bpy.types.Scene, plan: FramePlan, channels: dict[str, NDArray[Any]], layer: str, scratch: Path
) -> Path:
    if plan.rgb_format == "exr":
        path = scratch / "rgb.exr"
        picture = linear_rgb(channels, layer).astype(np.float16)
        path.write_bytes(encode_exr({name: picture[..., i] for i, name in enumerate("RGB")}))
        return path
    path = scratch / ("rgb.png" if plan.rgb_format == "png" else "rgb.jpg")
    set_picture(scene.render.image_settings, plan.rgb_format.upper(), plan.render.jpeg_quality)
    bpy.data.images["Render Result"].save_render(str(path), scene=scene)
    if plan.rgb_format == "png":
        path.write_bytes(strip_metadata(path.read_bytes()))
    return path
