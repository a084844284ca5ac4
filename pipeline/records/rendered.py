"""What came out of Blender: the poses it really has, and the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.records.shapes import Matrix, Role, Vector


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
