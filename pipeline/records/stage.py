"""What the surroundings are, as values: floor, walls, ceiling, tray, road, shelf, bin and grid."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records.plan_materials import MaterialPlan
from pipeline.records.shapes import Vector


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
class CeilingPlan:
    """A square above everything that shines evenly: `radiance` times the linear `color`."""

    size_m: float
    height_m: float
    radiance: float
    color: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayPlan:
    width_m: float
    depth_m: float
    rim_height_m: float
    rim_thickness_m: float
    material: MaterialPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadPlan:
    """A road whose middle is the origin, where it goes along +x; it bends to the left by `curvature_per_m`, one over
    the radius. Traffic keeps to the right, or to the left where `left_hand`. Asphalt is at z = 0, what lies beside it
    `kerb_m` higher. Widths of 0 leave a part out. `materials` by the part's name."""

    length_m: float
    curvature_per_m: float
    lanes: int
    oncoming: int
    lane_m: float
    shoulder_m: float
    median_m: float
    kerb_m: float
    sidewalk_m: float
    verge_m: float
    marking_m: float
    left_hand: bool
    materials: dict[str, MaterialPlan]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfPlan:
    """A rack of `bays` side by side about the origin, its front towards -y. `heights_m` are those of the tops of its
    boards, `top_m` of its uprights; `width_m` is a bay's, between them. `materials` by the part's name."""

    bays: int
    width_m: float
    depth_m: float
    heights_m: tuple[float, ...]
    top_m: float
    board_m: float
    has_back: bool
    materials: dict[str, MaterialPlan]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinPlan:
    """An open box about the origin, the inside of its bottom at z = 0. Sizes are inner sizes; `corner_m` is the radius
    of its upright corners, 0 for sharp ones; `rim_m` is how far its rim reaches outward beyond the walls."""

    width_m: float
    depth_m: float
    height_m: float
    wall_m: float
    corner_m: float
    rim_m: float
    material: MaterialPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPlan:
    """Anchors `counts` times along x, y and z, `spacing_m` apart, turned by `yaw_deg` about `center_m`, the middle of
    the lowest layer."""

    counts: tuple[int, int, int]
    spacing_m: Vector
    center_m: Vector
    yaw_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SurroundingsPlan:
    floor: FloorPlan | None
    walls: tuple[WallPlan, ...]
    tray: TrayPlan | None
    ceiling: CeilingPlan | None = None
    road: RoadPlan | None = None
    shelf: ShelfPlan | None = None
    bin: BinPlan | None = None
    grid: GridPlan | None = None
