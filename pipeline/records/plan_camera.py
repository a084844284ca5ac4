"""A frame's camera: the tries at placing it, its lens and how it moves while the shutter is open."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.lenses import LensModel
from pipeline.records.shapes import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCandidate:
    """One try at a camera. The eye is `anchor` + `offset_m`; the aim is `look_at` + `look_at_offset_m`.

    Anchors are "origin", "targets" (mean of their centres), "target" (the one at `anchor_index`, modulo their number)
    or "point", where the offset alone is the world position.
    """

    anchor: str
    look_at: str
    focus: str
    anchor_index: int
    offset_m: Vector
    look_at_offset_m: Vector
    focus_offset_m: Vector
    roll_deg: float
    focal_length_mm: float
    sensor_width_mm: float
    shift: tuple[float, float]
    pixel_aspect: float
    """fy / fx."""
    model: LensModel
    distortion: tuple[float, ...]
    """See `pipeline.lenses`."""
    f_stop: float | None
    yaw_deg: float = 0.0
    """Turn to the left from where it looks, before `roll_deg`."""
    pitch_deg: float = 0.0
    """Turn upwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionPlan:
    """How the camera moves while the shutter is open, in its own axes (x right, y down, z forward); the pose it is
    placed at is the one in the middle. `axis` (3,) unit: it turns about it by the right hand."""

    exposure_s: float
    velocity_m_s: Vector
    axis: Vector
    turn_deg_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPlan:
    """Tries in order; the first that keeps its clearance and sees enough targets is taken. `motion` None: it stands
    still, and nothing is blurred."""

    resolution: tuple[int, int]
    clip_start_m: float
    clip_end_m: float
    clearance_m: float
    object_clearance_m: float
    min_targets_in_view: int
    candidates: tuple[CameraCandidate, ...]
    motion: MotionPlan | None = None
