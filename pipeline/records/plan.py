"""What to make: every number drawn, as values. Enough to render a frame again next to the same assets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.lenses import LensModel
from pipeline.records.catalogue import AssetRecipe, Hdri, Photo
from pipeline.records.plan_materials import JitterPlan, MaterialPlan
from pipeline.records.rendered import Keypoint
from pipeline.records.shapes import Quaternion, Role, Vector
from pipeline.records.sky import SkyPlan
from pipeline.records.stage import SurroundingsPlan
from pipeline.records.template_state import TemplateState


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    location_m: Vector
    rotation: Quaternion


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsPlan:
    """What part.png tells apart in an instance: class ids by the name that a material or an object has in the file."""

    by: Literal["materials", "objects"]
    class_ids: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlan:
    """One object to place. `poses` holds the pose, or for a dropped one the release pose of each attempt in turn."""

    instance_id: int
    role: Role
    asset_id: str
    recipe: AssetRecipe
    scale: Vector
    category_id: int
    """0 for none; the category of `category_by_up_axis` comes out of the settled pose."""
    category_by_up_axis: dict[str, int]
    collision: str
    density_kg_m3: float
    placement: Literal["drop", "flying", "resting", "frustum"]
    poses: tuple[Pose, ...]
    material: MaterialPlan | None
    jitter: JitterPlan | None
    keypoints: tuple[Keypoint, ...] = ()
    parts: PartsPlan | None = None
    context: str = ""
    """The context that placed it; "" for none."""
    start: Pose | None = None
    """Where one that moves from view to view is at the first, which is where things that fall find it; None for one
    that stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTargetPlan:
    """What of the template is labelled, by names or patterns: its instances are realised from the evaluated scene."""

    objects: tuple[str, ...]
    collections: tuple[str, ...]
    category_id: int


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
