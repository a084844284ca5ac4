"""What lights a frame: the world around it, and lamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.records.catalogue import Hdri, Photo
from pipeline.records.shapes import Vector
from pipeline.records.sky import SkyPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundPlan:
    """Exactly one: a linear colour, or a photo that fills the picture."""

    color: Vector | None = None
    photo: Photo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPlan:
    """Exactly one of `hdri` and `sky`. `strength` multiplies the HDRI's own pixels: the mean radiance asked for,
    divided by the image's; that of a sky is as the scene file has it, and its sun is among the lamps."""

    hdri: Hdri | None
    strength: float
    yaw_deg: float
    tilt_deg: float
    tilt_azimuth_deg: float
    tint: Vector
    background: BackgroundPlan | None
    sky: SkyPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LightPlan:
    """A lamp at `offset_m` from `anchor`, shining at it. `anchor_index` picks the target for anchor "target"."""

    kind: Literal["point", "area", "spot", "sun"]
    anchor: str
    anchor_index: int
    offset_m: Vector
    energy_w: float
    size_m: float
    spot_angle_deg: float
    color: Vector
