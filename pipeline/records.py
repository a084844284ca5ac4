"""The frozen records that travel between the stages, each with a JSON form through `pipeline.structure`.

`Catalogue` is what the assets are, `FramePlan` what to make (every number drawn), `Realised` what came out of Blender,
`RenderedFrame` the pixels, `Labels` what they mean. Colours are linear RGB, lengths metres, rotations wxyz.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Matrix = tuple[tuple[float, ...], ...]
Role = Literal["target", "distractor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRecipe:
    """How to get one asset out of its source: all that decides its shape at scale 1.

    `source` is an address (see `pipeline.addresses`): a path relative to the scene file, "shipped:..." or "shape:...".
    `object_name` / `collection_name` select within a .blend; both "" take everything.
    """

    source: str
    object_name: str = ""
    collection_name: str = ""
    up_axis: str = ""
    origin: Literal["keep", "center", "bottom"] = "center"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingPose:
    """One stable way to lie: the rotation, the height of the origin above the support, and how likely it is (0..1)."""

    rotation: Quaternion
    height_m: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One catalogued asset at scale 1. `asset_id` is stable text: the source, with "#name" for a part of a .blend.

    `low_m`/`high_m` bound the mesh in the asset's own axes; `radius_m` is the farthest vertex from the origin.
    """

    asset_id: str
    recipe: AssetRecipe
    sha256: str
    low_m: Vector
    high_m: Vector
    radius_m: float
    triangles: int
    has_alpha: bool
    """Some material lets the background through, so ids need the exact pass."""
    resting: tuple[RestingPose, ...]
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdri:
    """One environment image. `mean_radiance` is its solid-angle-weighted mean luminance (Rec. 709)."""

    source: str
    sha256: str
    mean_radiance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextureSet:
    """One material of images: `base_color` and any maps found beside it ("" where there is none)."""

    texture_id: str
    base_color: str
    roughness: str = ""
    metallic: str = ""
    normal: str = ""
    sha256: str = ""
    """Of all the files together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One background picture."""

    source: str
    sha256: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything the scene file's files, folders and globs hold, in a fixed order.

    `targets[i]` / `distractors[i]` list the assets of the scene file's i-th group. `textures` maps the key path of a
    `textures:` option ("materials.floor[1].textures") to its sets.
    """

    targets: tuple[tuple[Asset, ...], ...]
    distractors: tuple[tuple[Asset, ...], ...]
    hdris: tuple[Hdri, ...] = ()
    textures: dict[str, tuple[TextureSet, ...]]
    photos: tuple[Photo, ...] = ()
    template_sha256: str = ""


# --- the plan -------------------------------------------------------------------------------------------------------


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
class MaterialPlan:
    """Exactly one of the three."""

    pbr: PbrPlan | None = None
    procedural: ProceduralPlan | None = None
    textures: TexturePlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JitterPlan:
    """Change of a kept material. Neutral: 0, 1, 1, 0."""

    hue_shift: float
    saturation_scale: float
    value_scale: float
    roughness_shift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    location_m: Vector
    rotation: Quaternion


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
    placement: Literal["drop", "flying", "resting"]
    poses: tuple[Pose, ...]
    material: MaterialPlan | None
    jitter: JitterPlan | None


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
class FloorPlan:
    size_m: float
    material: MaterialPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class WallPlan:
    """An upright rectangle `distance_m` from the origin, seen along `azimuth_deg` from +x."""

    azimuth_deg: float
    distance_m: float
    width_m: float
    height_m: float
    material: MaterialPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayPlan:
    width_m: float
    depth_m: float
    rim_height_m: float
    rim_thickness_m: float
    material: MaterialPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SurroundingsPlan:
    floor: FloorPlan | None
    walls: tuple[WallPlan, ...]
    tray: TrayPlan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundPlan:
    """Exactly one: a linear colour, or a photo that fills the picture."""

    color: Vector | None = None
    photo: Photo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPlan:
    """`strength` multiplies the HDRI's own pixels: the mean radiance asked for, divided by the image's."""

    hdri: Hdri
    strength: float
    yaw_deg: float
    tilt_deg: float
    tilt_azimuth_deg: float
    tint: Vector
    background: BackgroundPlan | None


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
    f_stop: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPlan:
    """Tries in order; the first that keeps its clearance and sees enough targets is taken."""

    resolution: tuple[int, int]
    clip_start_m: float
    clip_end_m: float
    clearance_m: float
    min_targets_in_view: int
    candidates: tuple[CameraCandidate, ...]


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
    template: str
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


# --- what came out --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedInstance:
    """One placed object as the evaluated scene has it. `world_from_object` (4, 4) is rigid; `dimensions_m` are the
    sides of its box in its own axes, scale included; `center_m` is that box's centre in the world."""

    instance_id: int
    role: Role
    asset_id: str
    category_id: int
    world_from_object: Matrix
    scale: Vector
    dimensions_m: Vector
    center_m: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedCamera:
    """`k` (3, 3) pixels; `world_from_camera` (4, 4), OpenCV axes. `attempt` is the number of candidates refused."""

    k: Matrix
    world_from_camera: Matrix
    resolution: tuple[int, int]
    clip_end_m: float
    f_stop: float | None
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """What the built scene really is, read back after physics and update."""

    instances: tuple[RealisedInstance, ...]
    camera: RealisedCamera
    drop_attempts: int
    """Rounds of physics beyond the first."""
    settle_time_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RenderedFrame:
    """Pixels of one frame. `instance` (H, W) uint16, 0 background; `depth_m` (H, W) float32 along the optical axis,
    inf background; `linear` (H, W, 3) float32 scene-referred, or None unless asked for; `rgb_file` the encoded picture.
    `id_source` tells whether ids came with the picture ("render") or from the exact pass ("exact")."""

    realised: Realised
    instance: NDArray[np.uint16]
    depth_m: NDArray[np.float32]
    linear: NDArray[np.float32] | None
    rgb_file: Path | None
    id_source: Literal["render", "exact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceLabel:
    """One instance of a frame. The mask is where instance.png equals `instance_id`.

    `bbox_xywh_px` half-open pixel edges, None when nothing is visible; `distance_m` from the camera to the centre of
    the object's box; `camera_from_object` and `world_from_object` rigid (4, 4); `visible_px` 0 when hidden.
    """

    instance_id: int
    asset_id: str
    role: Role
    category_id: int
    category: str
    bbox_xywh_px: tuple[int, int, int, int] | None
    visible_px: int
    distance_m: float
    world_from_object: Matrix
    camera_from_object: Matrix
    scale: Vector
    dimensions_m: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLabel:
    k: Matrix
    world_from_camera: Matrix
    resolution: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """labels.json: what a frame shows. `status` "rejected" carries its `reason` and no instances."""

    format_version: int
    frame: int
    scene: int
    view: int
    status: Literal["accepted", "rejected"]
    reason: str
    id_source: Literal["render", "exact", ""]
    camera: CameraLabel | None
    instances: tuple[InstanceLabel, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotation:
    """Labels and the arrays derived with them. `category` (H, W) uint16, 0 none."""

    labels: Labels
    category: NDArray[np.uint16] | None
