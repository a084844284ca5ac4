"""What a frame shows: labels.json, and the arrays derived with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.records.shapes import Matrix, Role, Vector


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
