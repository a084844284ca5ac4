"""Which assets, how many, how large, and where they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.config.distributions import Constant, Number, Uniform, require
from pipeline.config.keypoints_section import NamedPoint, check_keypoints
from pipeline.config.limits import exactly_one, positive
from pipeline.config.words import Vector
from pipeline.conventions import AXES
from pipeline.structure import AssetPath

ShapeName = Literal[
    "cube",
    "sphere",
    "cylinder",
    "cone",
    "torus",
    "capsule",
    "wedge",
    "pyramid",
    "tetrahedron",
    "prism",
    "half_torus",
    "arrow",
    "convex",
]
Law = Literal["drop", "flying", "resting", "frustum"]
Collision = Literal["convex_hull", "convex_parts", "box", "sphere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Released over an area with random rotation and settled by rigid-body physics."""

    area_m: tuple[float, float] = (0.5, 0.5)
    height_m: Number = Uniform(low=0.1, high=0.4)
    center_m: Vector = (0.0, 0.0, 0.0)
    """The middle of the area, at the height of the surface things land on."""
    fence: bool = True
    """Invisible walls at the edge of the area keep things from rolling away."""

    def __post_init__(self) -> None:
        require("height_m", self.height_m, low=0.0)
        positive("area_m", *self.area_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flying:
    """Any pose in a box, without overlap and without physics."""

    volume_m: Vector = (1.0, 1.0, 1.0)
    center_m: Vector = (0.0, 0.0, 0.5)
    clearance_m: float = 0.0

    def __post_init__(self) -> None:
        positive("volume_m", *self.volume_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """On a face at a random place and yaw, without overlap and without physics."""

    area_m: tuple[float, float] = (0.5, 0.5)
    center_m: Vector = (0.0, 0.0, 0.0)
    clearance_m: float = 0.0
    upright: bool = False
    """Keep the asset's own up; otherwise it rests on any stable face of its convex hull."""

    def __post_init__(self) -> None:
        positive("area_m", *self.area_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frustum:
    """Before the camera, in its picture, in any pose and without physics: a layer of background, targets or occluders.

    The camera must stand where the targets do not decide it (no anchor `targets` or `target`), and has one try alone,
    because what lies before it would not move with another.
    """

    depth_m: Number
    """Along the optical axis."""
    margin: float = 0.1
    """How far centres may lie beyond each border, in widths and heights of the picture."""
    even: bool = False
    """Spread over the picture like a Poisson disk: each goes to the emptiest of sixteen places, so that few gaps are
    left."""
    overlap: bool = False
    """Things of this layer may run into others; otherwise they keep `clearance_m` from all that do not overlap."""
    clearance_m: float = 0.0

    def __post_init__(self) -> None:
        require("depth_m", self.depth_m, low=1e-3)
        if not 0 <= self.margin <= 10:
            raise ValueError(f"margin {self.margin:g} is outside 0..10")
        if self.clearance_m < 0:
            raise ValueError(f"clearance_m {self.clearance_m:g} is below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where instances go: exactly one of drop, flying, resting, frustum."""

    drop: Drop | None = None
    flying: Flying | None = None
    resting: Resting | None = None
    frustum: Frustum | None = None

    def __post_init__(self) -> None:
        exactly_one(self, ("drop", "flying", "resting", "frustum"))

    @property
    def law(self) -> Law:
        """The name of the one that is given."""
        if self.drop is not None:
            return "drop"
        return "flying" if self.flying is not None else "resting" if self.resting is not None else "frustum"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetGroup:
    """Targets or distractors that share a treatment: from files, folders, globs, or built-in shapes."""

    files: tuple[AssetPath, ...] = ()
    shapes: tuple[ShapeName, ...] = ()
    objects: tuple[str, ...] = ()
    """Names or patterns of objects in .blend files, each an asset of its own (with its children)."""
    collections: tuple[str, ...] = ()
    """Names or patterns of collections in .blend files, each an asset of its own."""
    name: str | None = None
    """What contexts call the group, besides its category."""
    category: str | None = None
    category_by_up_axis: dict[str, str] | None = None
    """Maps the asset's axis that points most upward once settled ("+x" ... "-z") to a category."""
    count: Number | None = None
    """How many are placed by `placement`: by default 1, or 0 for a group that a context allows."""
    unique: bool = False
    """Each asset of the group at most once among those that `placement` places."""
    size_m: Number | None = None
    """Fit the longest side of the asset to this length. Without it the asset keeps its real size."""
    scale: Number = Constant(value=1.0)
    proportions: Number | None = None
    """Built-in shapes only: each axis is multiplied by a draw of this (default 0.5 to 1)."""
    up_axis: Literal["+x", "+y", "+z", "-x", "-y", "-z"] | None = None
    """The axis of the file that points up; by default what its format says (OBJ: y, STL and PLY: z)."""
    origin: Literal["keep", "center", "bottom"] = "center"
    collision: Collision = "convex_hull"
    """Shape in the physics; `convex_parts` for hollow things such as mugs and bowls."""
    density_kg_m3: float = 700.0
    materials: Literal["keep", "jitter", "replace"] | None = None
    """Keep the asset's materials (default for files), jitter them, or replace them (default for shapes)."""
    placement: Placement | None = None
    keypoints: tuple[NamedPoint, ...] = ()
    """Named points of each asset, for the output `keypoints`; groups of one category have the same ones."""
    skeleton: tuple[tuple[str, str], ...] = ()
    """Pairs of keypoints to join when they are drawn: [[handle, rim]]."""
    parts: Literal["materials", "objects"] | None = None
    """What the output `part` tells apart in an asset: its materials (default for targets from files) or its objects,
    by their names in the file. Distractors have parts only where this is given."""

    def __post_init__(self) -> None:
        check_keypoints(self.keypoints, self.skeleton)
        if bool(self.files) == bool(self.shapes):
            raise ValueError("give files or shapes, one of the two")
        if self.category is not None and self.category_by_up_axis is not None:
            raise ValueError("give category or category_by_up_axis, not both")
        for axis in self.category_by_up_axis or {}:
            if axis not in AXES:
                raise ValueError(f"category_by_up_axis: {axis!r} is not an axis", "axes are " + ", ".join(AXES))
        if self.category_by_up_axis is not None and len(self.category_by_up_axis) != len(AXES):
            missing = ", ".join(axis for axis in AXES if axis not in self.category_by_up_axis)
            raise ValueError(f"category_by_up_axis has no category for {missing}", "name all six axes")
        if self.shapes:
            self._check_shapes()
        elif self.proportions is not None:
            raise ValueError("proportions belong to shapes, not to files", "use scale or size_m")
        if self.count is not None:
            require("count", self.count, low=0)
        require("scale", self.scale, low=1e-9)
        if self.size_m is not None:
            require("size_m", self.size_m, low=1e-6)
        if self.proportions is not None:
            require("proportions", self.proportions, low=0.01)
        positive("density_kg_m3", self.density_kg_m3)

    def _check_shapes(self) -> None:
        if self.objects or self.collections or self.up_axis:
            raise ValueError("objects, collections and up_axis belong to files, not to shapes")
        if self.materials in ("keep", "jitter"):
            raise ValueError(f"shapes have no materials to {self.materials}", "leave materials out")
        if self.parts is not None:
            raise ValueError("shapes have no named parts", "leave parts out")
        if any(point.point_m is None for point in self.keypoints):
            raise ValueError("keypoints: shapes hold no empties and no bones", "use point_m")
