"""`render` in a scene file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.config.distributions import Constant, Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """How pictures are made. `quality` sets what is not given here; see QUALITIES in config/quality.py."""

    quality: Literal["draft", "standard", "final"] = "standard"
    engine: Literal["cycles", "eevee"] = "cycles"
    samples_per_pixel: int | None = None
    adaptive_threshold: float | None = None
    max_bounces: int | None = None
    diffuse_bounces: int | None = None
    glossy_bounces: int | None = None
    transmission_bounces: int | None = None
    transparent_bounces: int | None = None
    clamp_indirect: float | None = None
    caustics: bool = False
    denoiser: Literal["auto", "none", "openimagedenoise", "optix"] = "auto"
    view_transform: Literal["Standard", "AgX", "Filmic", "Khronos PBR Neutral", "Raw"] | None = None
    """Colour management; by default Standard, or what the template says."""
    exposure_ev: Number = Constant(value=0.0)
    jpeg_quality: int = 92

    def __post_init__(self) -> None:
        for name in ("samples_per_pixel",):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 1_000_000:
                raise ValueError(f"{name} {value} is outside 1..1000000")
        for name in ("max_bounces", "diffuse_bounces", "glossy_bounces", "transmission_bounces", "transparent_bounces"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1024:
                raise ValueError(f"{name} {value} is outside 0..1024")
        for name in ("adaptive_threshold", "clamp_indirect"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} {value:g} is below 0")
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality {self.jpeg_quality} is outside 1..100")
