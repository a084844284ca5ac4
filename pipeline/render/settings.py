"""Every setting of the renderer that a plan speaks of, and those of a template that would make frames differ."""

from __future__ import annotations

from typing import Any

import bpy

from pipeline.records import MotionPlan, RenderPlan
from pipeline.render.device import DENOISERS, GPU_KINDS, Device, pick_denoiser
from pipeline.render.eevee import require_eevee
from pipeline.scene.compat import EEVEE, prepare_render
from pipeline.scene.motion import shutter_frames

# Read when rendering starts, and written into files even where nothing is drawn.
STAMPS = (
    *("date", "time", "render_time", "frame", "frame_range", "memory", "hostname"),
    *("camera", "lens", "scene", "marker", "filename", "sequencer_strip", "note"),
)

# A sample must be the same sample in every run, and sample 0 the one through the pixel's centre.
REPRODUCIBLE: dict[str, Any] = {
    "use_animated_seed": False,
    "time_limit": 0.0,
    "sample_offset": 0,
    "use_sample_subset": False,
    "use_layer_samples": "IGNORE",
    "use_guiding": False,
    "adaptive_min_samples": 0,
}


def configure(scene: bpy.types.Scene, plan: RenderPlan, device: Device, motion: MotionPlan | None = None) -> None:
    """Set up the scene's renderer; doing so twice changes nothing. `exposure_ev` is left to `render_frame`.

    Pictures are sharp unless the camera has a `motion`: then all that moves is blurred, a template's animation too.

    Raises DeviceError for an engine or a denoiser that is not there.
    """
    if plan.engine == "eevee":
        require_eevee()
    scene.render.engine = "CYCLES" if plan.engine == "cycles" else EEVEE
    _set_samples(scene, plan, device)
    _set_bounces(scene.cycles, plan)
    _set_denoiser(scene.cycles, plan, device)
    _set_colors(scene, plan)
    _set_output(scene)
    _set_threads(scene, device.threads)
    _set_shutter(scene, motion)
    prepare_render(scene)


def _set_samples(scene: bpy.types.Scene, plan: RenderPlan, device: Device) -> None:
    cycles = scene.cycles
    for name, value in REPRODUCIBLE.items():
        setattr(cycles, name, value)
    cycles.device = "GPU" if device.name in GPU_KINDS else "CPU"
    cycles.seed = plan.cycles_seed
    cycles.samples = plan.samples_per_pixel
    cycles.use_adaptive_sampling = plan.adaptive_threshold > 0
    cycles.adaptive_threshold = plan.adaptive_threshold
    scene.eevee.taa_render_samples = plan.samples_per_pixel


def _set_bounces(cycles: Any, plan: RenderPlan) -> None:
    for name in ("max", "diffuse", "glossy", "transmission"):
        setattr(cycles, f"{name}_bounces", getattr(plan, f"{name}_bounces"))
    cycles.transparent_max_bounces = plan.transparent_bounces
    cycles.sample_clamp_indirect = plan.clamp_indirect
    cycles.caustics_reflective = cycles.caustics_refractive = plan.caustics


def _set_denoiser(cycles: Any, plan: RenderPlan, device: Device) -> None:
    denoiser = pick_denoiser(plan.denoiser, device)
    cycles.use_denoising = bool(denoiser)
    if denoiser:  # a build without any has no name to assign
        cycles.denoiser = DENOISERS[denoiser]
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    if denoiser == "openimagedenoise":
        cycles.denoising_prefilter = plan.denoiser_prefilter.upper()
        cycles.denoising_quality = plan.denoiser_quality.upper()
        cycles.denoising_use_gpu = device.name in GPU_KINDS  # a picture of "cpu" has the same bits beside a GPU


def _set_colors(scene: bpy.types.Scene, plan: RenderPlan) -> None:
    if plan.view_transform:
        scene.display_settings.display_device = "sRGB"
        scene.view_settings.view_transform = plan.view_transform
        scene.view_settings.look = "None"  # a look belongs to its own view transform


def _set_output(scene: bpy.types.Scene) -> None:
    render = scene.render
    render.use_persistent_data = False
    render.use_sequencer = False  # it would put its strips in the place of the scene
    render.use_multiview = False
    render.use_stamp = False
    for name in STAMPS:
        setattr(render, f"use_stamp_{name}", False)


def _set_threads(scene: bpy.types.Scene, threads: int) -> None:
    scene.render.threads_mode = "FIXED" if threads else "AUTO"
    if threads:
        scene.render.threads = threads


def _set_shutter(scene: bpy.types.Scene, motion: MotionPlan | None) -> None:
    scene.render.use_motion_blur = motion is not None
    if motion is not None:
        scene.render.motion_blur_position = "CENTER"
        scene.render.motion_blur_shutter = shutter_frames(scene, motion)
        scene.cycles.rolling_shutter_type = "NONE"
