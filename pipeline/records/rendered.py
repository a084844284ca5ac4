"""What came out of Blender: the poses it really has, and the pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.lenses import Lens, LensModel
from pipeline.records.labels import EnvironmentLabel, LightLabel
from pipeline.records.shapes import Matrix, Role, Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Keypoint:
    """A named point of an asset: in the catalogue and in plans in the asset's own axes at scale 1, realised in the
    world. Metres. `radius_m` is how far below the surface it may lie and still count as visible."""

    name: str
    point_m: Vector
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedInstance:
    """One placed object as the evaluated scene has it. `world_from_object` (4, 4) is rigid; `dimensions_m` are the
    sides of its box in its own axes, scale included; `center_m` is that box's centre in the world, as are the points
    of `keypoints`."""

    instance_id: int
    role: Role
    asset_id: str
    category_id: int
    world_from_object: Matrix
    scale: Vector
    dimensions_m: Vector
    center_m: Vector
    keypoints: tuple[Keypoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedPart:
    """One part of an instance, for part.png: `part_id` 1..P in the frame."""

    part_id: int
    instance_id: int
    name: str
    class_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedCamera:
    """`k` (3, 3) pixels; `world_from_camera` (4, 4), OpenCV axes. `attempt` is the number of candidates refused."""

    model: LensModel
    k: Matrix
    distortion: tuple[float, ...]
    world_from_camera: Matrix
    resolution: tuple[int, int]
    clip_start_m: float
    clip_end_m: float
    f_stop: float | None
    attempt: int

    @property
    def lens(self) -> Lens:
        """The camera without its pose."""
        return Lens(model=self.model, k=self.k, distortion=self.distortion, resolution=self.resolution)


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """What the built scene really is, read back after physics and update."""

    instances: tuple[RealisedInstance, ...]
    camera: RealisedCamera
    drop_attempts: int
    """Rounds of physics beyond the first."""
    settle_time_s: float
    lights: tuple[LightLabel, ...] = ()
    environment: EnvironmentLabel | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """The mesh of one instance as rendered: `vertices_m` (V, 3) float64 in the world, `triangles` (T, 3) int32."""

    vertices_m: NDArray[np.float64]
    triangles: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NextView:
    """The view that optical flow leads to, seen by one ray through the centre of each pixel.

    `instance` (H, W) uint16 ids as that view's own frame has them, 0 background. `distance_m` (H', W') float32 along
    the ray, inf background, of what Blender rendered for it: the picture of `lens_remap.source_lens(camera.lens)`,
    whose pixels are all sampled in their middles. `moved_on` is the `world_from_object` (4, 4) there of what moves.
    """

    frame: int
    camera: RealisedCamera
    instance: NDArray[np.uint16]
    distance_m: NDArray[np.float32]
    moved_on: Mapping[int, Matrix] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RenderedFrame:
    """Pixels of one frame. `instance` (H, W) uint16, 0 background; `depth_m` (H, W) float32 along the optical axis
    (of an equirectangular camera, which has none: along the ray) and `distance_m` along the ray, inf background;
    `rgb_file` the encoded picture. `id_source` tells whether ids came with the picture ("render") or from the exact
    pass ("exact"), `id_reason` why.

    None unless asked for, (H, W, 3) float32: `linear` scene-referred; `albedo` Cycles' diffuse colour, linear RGB;
    `normal_world` unit shading normals, 0 background. `part` (H, W) uint16 part ids with their `parts`.
    `surfaces` are the meshes of the instances, when silhouettes are asked for, and `solo` (H, W) bool the silhouettes
    of those that can be seen through, where geometry alone does not tell.
    """

    realised: Realised
    instance: NDArray[np.uint16]
    depth_m: NDArray[np.float32]
    distance_m: NDArray[np.float32]
    linear: NDArray[np.float32] | None
    rgb_file: Path | None
    id_source: Literal["render", "exact"]
    id_reason: str = ""
    albedo: NDArray[np.float32] | None = None
    normal_world: NDArray[np.float32] | None = None
    part: NDArray[np.uint16] | None = None
    parts: tuple[RealisedPart, ...] = ()
    surfaces: Mapping[int, Surface] = field(default_factory=dict)
    solo: Mapping[int, NDArray[np.bool_]] = field(default_factory=dict)
    next_view: NextView | None = None
