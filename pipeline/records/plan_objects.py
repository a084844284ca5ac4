"""What a frame places or finds in its template, to be labelled or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.records.catalogue import AssetRecipe
from pipeline.records.plan_materials import JitterPlan, MaterialPlan
from pipeline.records.rendered import Keypoint
from pipeline.records.shapes import Quaternion, Role, Vector


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
