"""What to make: every number drawn, as values. Enough to render a frame again next to the same assets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.records.plan_camera import CameraPlan
from pipeline.records.plan_light import LightPlan, WorldPlan
from pipeline.records.plan_objects import InstancePlan, Pose, TemplateTargetPlan
from pipeline.records.shapes import Vector
from pipeline.records.stage import SurroundingsPlan
from pipeline.records.template_state import TemplateState


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPlan:
    """One drop zone: where its bodies may end. `fence` adds invisible walls at its edge."""

    center_m: Vector
    area_m: tuple[float, float]
    fence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicsPlan:
    friction: float
    restitution: float
    max_time_s: float
    zones: tuple[DropPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPose:
    """Where an instance that moves is in the next view."""

    instance_id: int
    pose: Pose


@dataclass(frozen=True, slots=True, kw_only=True)
class NextViewPlan:
    """The next view of the same scene, which optical flow leads to: its frame, that frame's own camera, and where what
    moves is then."""

    frame: int
    camera: CameraPlan
    moved: tuple[NextPose, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderPlan:
    """Every setting of the renderer, presets filled in. `cycles_seed` 0..2^31-1."""

    engine: Literal["cycles", "eevee"]
    samples_per_pixel: int
    adaptive_threshold: float
    max_bounces: int
    diffuse_bounces: int
    glossy_bounces: int
    transmission_bounces: int
    transparent_bounces: int
    clamp_indirect: float
    caustics: bool
    denoiser: Literal["auto", "none", "openimagedenoise", "optix"]
    denoiser_prefilter: Literal["fast", "accurate"]
    denoiser_quality: Literal["fast", "balanced", "high"]
    view_transform: str
    """"" leaves the template's colour management alone."""
    exposure_ev: float
    jpeg_quality: int
    cycles_seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextReport:
    """What a context did in a scene: things placed, left out by chance, and dropped, by the reason."""

    name: str
    placed: int
    absent: int
    dropped: dict[str, int]
    replaced: tuple[str, ...] = ()
    """Objects of the template whose slots it filled, by name: they are hidden in this frame, and so is their part of
    the physics. A slot without room keeps its object; an absent thing's is hidden all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """What is done to the encoded picture alone: see `pipeline.render.tone`. 1 and 1 change nothing."""

    saturation: float = 1.0
    contrast: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlan:
    """All that was drawn for one frame, and enough to render it again next to the same assets."""

    format_version: int
    job_digest: str
    seed: int
    frame: int
    scene: int
    view: int
    outputs: tuple[str, ...]
    rgb_format: Literal["png", "jpeg", "exr"]
    depth_format: Literal["exr", "png"]
    categories: dict[str, int]
    scenario: str = ""
    """The kind of scene; "" without scenarios."""
    globals: dict[str, float] = field(default_factory=dict)
    """The scene's globals by name, without the $."""
    contexts: tuple[ContextReport, ...] = ()
    template: str
    template_targets: tuple[TemplateTargetPlan, ...] = ()
    template_state: TemplateState = TemplateState()
    surroundings: SurroundingsPlan
    instances: tuple[InstancePlan, ...]
    physics: PhysicsPlan
    world: WorldPlan | None
    lights: tuple[LightPlan, ...]
    camera: CameraPlan
    render: RenderPlan
    min_targets: int
    min_pixels: int
    rejected: str = ""
    """Why no scene can be made of this plan (no room for an object, say); "" when it can."""
    next_view: NextViewPlan | None = None
    """None without flow among the outputs, and for the last view of a scene."""
    image: ImagePlan = ImagePlan()
