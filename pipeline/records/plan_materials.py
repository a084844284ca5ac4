"""What surfaces look like: the materials of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.records.catalogue import TextureSet
from pipeline.records.shapes import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class PbrPlan:
    base_color: Vector
    roughness: float
    metallic: float
    specular: float
    coat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProceduralPlan:
    pattern: str
    color_a: Vector
    color_b: Vector
    scale_m: float
    rotation_deg: float
    offset: Vector
    distortion: float
    roughness: float
    metallic: float
    bump: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TexturePlan:
    textures: TextureSet
    projection: Literal["box", "uv"]
    scale_m: float
    rotation_deg: float
    offset: Vector
    hue_shift: float
    value_scale: float
    roughness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PalettePlan:
    """The hue (turns of the colour circle) that colours lean to, and how far, 0..1."""

    hue: float
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialPlan:
    """Exactly one of the three; then what the whole scene does to it: `wetness` 0..1, and the palette."""

    pbr: PbrPlan | None = None
    procedural: ProceduralPlan | None = None
    textures: TexturePlan | None = None
    wetness: float = 0.0
    palette: PalettePlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JitterPlan:
    """Change of a kept material. Neutral: shifts 0, scales 1, None for what keeps the material's own value."""

    hue_shift: float
    saturation_scale: float
    value_scale: float
    roughness_shift: float
    saturation_shift: float = 0.0
    value_shift: float = 0.0
    roughness: float | None = None
    metallic: float | None = None
    specular: float | None = None
