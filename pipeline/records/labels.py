"""What a frame shows: labels.json, and the arrays derived with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from pipeline.lenses import Lens, LensModel
from pipeline.records.shapes import Matrix, Role, Vector
from pipeline.records.sky import SkyPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Silhouette:
    """What an instance would cover with nothing before it. The mask is in mask_full.json (COCO run lengths).

    `px` pixels in the picture, `px_beyond` in a canvas of three by three pictures around it (BOP's `px_count_all`);
    `bbox_xywh_px` is that whole silhouette's box, so it may begin below 0 and end beyond the picture; None when there
    is none. Three numbers 0..1: `visibility` visible / px_beyond (BOP's `visib_fract`), `occlusion` the share of the
    silhouette in the picture that something hides, `truncation` the share of the silhouette beyond the border. An
    instance without a pixel has visibility 0, occlusion 0, and truncation 1 unless its centre is in the picture.
    """

    px: int
    px_beyond: int
    bbox_xywh_px: tuple[int, int, int, int] | None
    visibility: float
    occlusion: float
    truncation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Box3d:
    """The oriented box of an instance: its bounds in its own axes, placed. Metres and pixels.

    Eight corners in the order of `geometry.box_corners`: x slowest, z fastest, low before high, in the object's axes.
    `corners_px` may lie beyond the picture; None for a corner that the lens cannot show (behind a pinhole).
    """

    center_world_m: Vector
    corners_world_m: tuple[Vector, ...]
    corners_camera_m: tuple[Vector, ...]
    corners_px: tuple[tuple[float, float] | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypointLabel:
    """One declared keypoint. `visibility` as in COCO: 0 not in the picture, 1 hidden (by others or by its own object),
    2 visible. `position_px` may lie beyond the picture; None where the lens cannot show it."""

    name: str
    visibility: Literal[0, 1, 2]
    position_px: tuple[float, float] | None
    camera_m: Vector
    world_m: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceLabel:
    """One instance of a frame. The mask is where instance.png equals `instance_id`.

    `bbox_xywh_px` half-open pixel edges, None when nothing is visible; `distance_m` from the camera to the centre of
    the object's box; `camera_from_object` and `world_from_object` rigid (4, 4); `visible_px` 0 when hidden.
    `silhouette`, `box_3d` and `keypoints` are there when `outputs` asks for mask_full, box_3d and keypoints.
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
    silhouette: Silhouette | None = None
    box_3d: Box3d | None = None
    keypoints: tuple[KeypointLabel, ...] | None = None
    context: str = ""
    """The context that placed it; "" for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLabel:
    """One part of an instance: where part.png equals `part_id` (1..P in the frame, 0 none). `name` is the material's
    or the named part's in the asset's file, `class_id` its number among all names of the dataset (dataset.json)."""

    part_id: int
    instance_id: int
    name: str
    class_id: int
    visible_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLabel:
    """The camera: see `pipeline.lenses` for `model`, `k` (3, 3) and `distortion`; `world_from_camera` (4, 4)."""

    model: LensModel
    k: Matrix
    distortion: tuple[float, ...]
    world_from_camera: Matrix
    resolution: tuple[int, int]

    @property
    def lens(self) -> Lens:
        """The camera without its pose."""
        return Lens(model=self.model, k=self.k, distortion=self.distortion, resolution=self.resolution)


@dataclass(frozen=True, slots=True, kw_only=True)
class LightLabel:
    """One lamp as it shone. `direction` (3,) unit, the way its light goes; `energy` watts, for a sun W/m2;
    `color` linear RGB."""

    kind: Literal["point", "area", "spot", "sun"]
    location_m: Vector
    direction: Vector
    energy: float
    color: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentLabel:
    """The HDRI that lit the frame: its address, content, factor on its pixels, and how it was turned; or the `sky`,
    with address and content "" and its strength."""

    hdri: str
    sha256: str
    strength: float
    yaw_deg: float
    tilt_deg: float
    tilt_azimuth_deg: float
    tint: Vector
    sky: SkyPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """labels.json: what a frame shows. `status` "rejected" carries its `reason` and no instances.

    `id_source` says whether ids came with the picture ("render") or from the exact pass ("exact"), `id_reason` why the
    exact pass was needed. `flow_to` is the frame that flow.exr leads to; None where there is no flow: none was asked
    for, this is the last view of its scene, or the next view is rejected, for the reason in its own labels.
    """

    format_version: int
    frame: int
    scene: int
    view: int
    status: Literal["accepted", "rejected"]
    reason: str
    id_source: Literal["render", "exact", ""]
    id_reason: str
    camera: CameraLabel | None
    lights: tuple[LightLabel, ...]
    environment: EnvironmentLabel | None
    instances: tuple[InstanceLabel, ...]
    parts: tuple[PartLabel, ...] = ()
    flow_to: int | None = None
    scenario: str = ""
    globals: dict[str, float] = field(default_factory=dict)
    """The scene's globals by name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotation:
    """Labels and the arrays derived with them. `images`: output name -> array (H, W) or (H, W, C), see
    `dataset.outputs`; `masks_full`: instance id -> COCO run lengths (columns first, background first)."""

    labels: Labels
    images: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    masks_full: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
