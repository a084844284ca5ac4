"""Quality presets: what `render.quality` stands for, and how a scene file's own settings replace parts of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.config.schema import Render
from pipeline.records import RenderPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """One preset. Bounces leave light enough to pass glass (8) and to mirror mirrors (4)."""

    samples_per_pixel: int
    denoiser_prefilter: Literal["fast", "accurate"]
    denoiser_quality: Literal["fast", "balanced", "high"]
    adaptive_threshold: float = 0.01
    max_bounces: int = 8
    diffuse_bounces: int = 4
    glossy_bounces: int = 4
    transmission_bounces: int = 8
    transparent_bounces: int = 16
    clamp_indirect: float = 10.0


# Measured at 480x360, 30 objects, HDRI, denoised, two CPU cores, PSNR to 1024 samples: 4 spp 41.4 dB in 2.8 s,
# 16 spp 46.5 dB in 8.6 s, 32 spp 48.1 dB in 15.0 s; a camera's own noise is around 35 to 40 dB.
QUALITIES: dict[str, Quality] = {
    "draft": Quality(samples_per_pixel=4, denoiser_prefilter="fast", denoiser_quality="fast", max_bounces=4),
    "standard": Quality(samples_per_pixel=16, denoiser_prefilter="accurate", denoiser_quality="high"),
    "final": Quality(samples_per_pixel=64, denoiser_prefilter="accurate", denoiser_quality="high", max_bounces=12),
}


def resolve_render(render: Render, exposure_ev: float, cycles_seed: int, has_template: bool) -> RenderPlan:
    """Return every setting of the renderer: the preset, replaced by what the scene file gives.

    Without a template colours are managed by "Standard" (sRGB); with one, "" leaves its colour management alone.
    """
    quality = QUALITIES[render.quality]

    def pick(name: str) -> float:
        own: float | None = getattr(render, name)
        preset: float = getattr(quality, name)
        return preset if own is None else own

    return RenderPlan(
        engine=render.engine,
        samples_per_pixel=int(pick("samples_per_pixel")),
        adaptive_threshold=pick("adaptive_threshold"),
        max_bounces=int(pick("max_bounces")),
        diffuse_bounces=int(pick("diffuse_bounces")),
        glossy_bounces=int(pick("glossy_bounces")),
        transmission_bounces=int(pick("transmission_bounces")),
        transparent_bounces=int(pick("transparent_bounces")),
        clamp_indirect=pick("clamp_indirect"),
        caustics=render.caustics,
        denoiser=render.denoiser,
        denoiser_prefilter=quality.denoiser_prefilter,
        denoiser_quality=quality.denoiser_quality,
        view_transform=render.view_transform or ("" if has_template else "Standard"),
        exposure_ev=exposure_ev,
        jpeg_quality=render.jpeg_quality,
        cycles_seed=cycles_seed,
    )
