"""Where the camera stands, what it looks at, and its lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.config.distributions import Constant, LogUniform, Number, Uniform, bounds, require
from pipeline.config.limits import exactly_one, positive
from pipeline.config.stage_section import Shell
from pipeline.config.words import Anchor, Vector

ZERO = Constant(value=0.0)
DEFAULT_FOCAL_LENGTH_MM = 50.0  # where neither focal_length_mm nor fov_deg nor k is given


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An axis-aligned box of places."""

    center_m: Vector
    size_m: Vector

    def __post_init__(self) -> None:
        if min(self.size_m) < 0:
            raise ValueError("size_m has a side below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class PinholeK:
    """A given calibration in pixels of the scene's resolution; pixel edges on integers (OpenCV's cx + 0.5)."""

    fx: float
    fy: float
    cx: float
    cy: float
    skew: float = 0.0
    """Must be 0: Blender's pixels are rectangles."""

    def __post_init__(self) -> None:
        positive("fx", self.fx)
        positive("fy", self.fy)
        if self.skew != 0:
            raise ValueError(
                f"skew {self.skew:g} cannot be rendered: Blender's pixels are rectangles",
                "calibrate without skew, as OpenCV does, and leave it out",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpencvDistortion:
    """OpenCV's radial-tangential model, k4 to k6 for its rational form. The picture is rendered wider and remapped."""

    k1: Number = ZERO
    k2: Number = ZERO
    p1: Number = ZERO
    p2: Number = ZERO
    k3: Number = ZERO
    k4: Number = ZERO
    k5: Number = ZERO
    k6: Number = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class OpencvFisheye:
    """OpenCV's fisheye model; without coefficients equidistant. Pixels beyond what the lens shows stay black."""

    k1: Number = ZERO
    k2: Number = ZERO
    k3: Number = ZERO
    k4: Number = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Equirectangular:
    """The whole sphere: longitude across, latitude down, straight ahead in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLens:
    """What bends the picture: exactly one of opencv, fisheye, equirectangular."""

    opencv: OpencvDistortion | None = None
    fisheye: OpencvFisheye | None = None
    equirectangular: Equirectangular | None = None

    def __post_init__(self) -> None:
        exactly_one(self, ("opencv", "fisheye", "equirectangular"))

    @property
    def model(self) -> Literal["opencv", "fisheye", "equirectangular"]:
        """The name of the one that is given."""
        return "opencv" if self.opencv is not None else "fisheye" if self.fisheye is not None else "equirectangular"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """On what the template marks, or the surroundings build: a camera, a curve, a surface or a volume."""

    SHORT: ClassVar[tuple[str, ...]] = ("marks",)
    SHORT_IS_LIST: ClassVar[bool] = True
    marks: tuple[str, ...]
    """Names or patterns; a camera mark brings its pose, its lens and the ranges that its artist gave it."""
    at: Number = Uniform(low=0, high=1)
    """Where on a curve, in shares of its length."""
    height_m: Number | None = None
    """Above it (default: what the mark says, or 0)."""
    lateral_m: Number = ZERO
    """Beside a curve, left positive."""
    look: Literal["ahead", "aim"] | None = None
    """Along the curve (of a surface or volume: any way), or at `camera.look_at` (default: what the mark says; ahead
    for curves and cameras, else aim)."""
    yaw_deg: Number = ZERO
    """Turn from there, left positive."""
    pitch_deg: Number = ZERO
    """Turn from there, up positive."""
    speed_m_s: Number = ZERO
    """How fast it goes along the curve from view to view of one scene (`view_interval_s`)."""

    def __post_init__(self) -> None:
        if not self.marks:
            raise ValueError("marks is empty", "name a mark of the template, or of the surroundings")
        require("at", self.at, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionBlur:
    """The camera moves evenly while the shutter is open, in a random direction and about a random axis.

    The picture is blurred by it; poses and all labels are those of the shutter's middle. The defaults are a camera held
    in the hand or carried by a slow robot: 1/500 s in the sun to 1/30 s indoors.
    """

    exposure_s: Number = LogUniform(low=1 / 500, high=1 / 30)
    speed_m_s: Number = Uniform(low=0.0, high=0.5)
    turn_deg_s: Number = Uniform(low=0.0, high=30.0)

    def __post_init__(self) -> None:
        require("exposure_s", self.exposure_s, 1e-5, 10)
        require("speed_m_s", self.speed_m_s, 0, 100)
        require("turn_deg_s", self.turn_deg_s, 0, 1000)

    @property
    def reach_m(self) -> float:
        """How far from the pose of its labels the camera may be while the shutter is open, at most."""
        return bounds(self.speed_m_s)[1] * bounds(self.exposure_s)[1] / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Pose (exactly one of shell, box, around, ride), aim, lens and what makes a pose acceptable."""

    shell: Shell | None = None
    """On a shell around `center`."""
    box: Box | None = None
    """Anywhere in a box of the world."""
    around: Shell | None = None
    """On a shell around one random target."""
    ride: Ride | None = None
    """Where the template or the surroundings say."""
    fixed: bool = False
    """All views of a scene have the numbers of one: a camera that stands, while things move. Where its place or its aim
    is that of targets, it goes or turns with them."""
    center: Anchor | Vector = "origin"
    look_at: Anchor | Vector = "targets"
    """The world's origin, the mean of the targets, one random target, or a point [x, y, z]."""
    look_at_jitter_m: Number = Constant(value=0.0)
    """Each coordinate of the aim is moved by this much, either way."""
    aim_jitter_deg: Number = Constant(value=0.0)
    """Once aimed, the camera pans and tilts by up to this much, either way; `roll_deg` is apart."""
    roll_deg: Number = Constant(value=0.0)
    focal_length_mm: Number | None = None
    fov_deg: Number | None = None
    """Horizontal field of view; of opencv that of the lens without its distortion, of fisheye up to 360, and no
    farther than its model reaches."""
    k: PinholeK | None = None
    lens: CameraLens | None = None
    """Distortion; by default none, a pinhole."""
    sensor_width_mm: Number = Constant(value=36.0)
    shift: tuple[Number, Number] | None = None
    """Lens shift in image widths, as Blender's."""
    resolution: tuple[int, int] = (640, 480)
    f_stop: Number | None = None
    """Depth of field; labels then come from an exact pass of their own."""
    focus: Anchor | Vector = "target"
    motion_blur: MotionBlur | None = None
    """By default none: pictures are sharp, a template's animation too."""
    clip_start_m: float = 0.001
    clip_end_m: float = 1000.0
    clearance_m: float = 0.05
    """No mesh may come nearer to the camera than this, and the camera is never inside one."""
    object_clearance_m: float = 0.0
    """Targets and distractors stay at least this far; floor and walls as `clearance_m` has it."""
    min_targets_in_view: int = 1
    """At least so many targets have their centre in the picture and not hidden."""
    retries: int = 30

    def __post_init__(self) -> None:
        exactly_one(self, ("shell", "box", "around", "ride"))
        lenses = [name for name in ("focal_length_mm", "fov_deg", "k") if getattr(self, name) is not None]
        if len(lenses) > 1:
            raise ValueError(f"give one of focal_length_mm, fov_deg, k, got {' and '.join(lenses)}")
        if self.k is not None and self.shift is not None:
            raise ValueError("k already says where the principal point is", "leave shift out")
        if min(self.resolution) < 4 or max(self.resolution) > 65_535:
            raise ValueError(f"resolution {list(self.resolution)} is outside 4..65535, which is what Blender renders")
        for name, low, high in (
            ("focal_length_mm", 1e-3, 1e5),
            ("fov_deg", 0.1, self._widest_deg()),
            ("f_stop", 0.05, 256),
        ):
            if getattr(self, name) is not None:
                require(name, getattr(self, name), low, high)
        require("sensor_width_mm", self.sensor_width_mm, low=1e-3)
        if self.lens is not None and self.lens.model == "equirectangular" and (lenses or self.shift is not None):
            raise ValueError("an equirectangular lens shows the whole sphere", f"leave {[*lenses, 'shift'][0]} out")
        if not 0 < self.clip_start_m < self.clip_end_m:
            raise ValueError("clip_start_m must be above 0 and below clip_end_m")
        require("aim_jitter_deg", self.aim_jitter_deg, 0, 180)
        if (
            min(self.clearance_m, self.object_clearance_m, self.min_targets_in_view) < 0
            or not 0 <= self.retries <= 1000
        ):
            raise ValueError(
                "clearance_m, object_clearance_m and min_targets_in_view must be 0 or more, retries 0..1000"
            )
        if self.motion_blur is not None and self.motion_blur.reach_m > self.clearance_m:
            raise ValueError(
                f"motion_blur may carry the camera {self.motion_blur.reach_m:g} m, through things that clearance_m "
                f"{self.clearance_m:g} lets near",
                "raise clearance_m, or lower speed_m_s or exposure_s",
            )

    def _widest_deg(self) -> float:
        return 360.0 if self.lens is not None and self.lens.model == "fisheye" else 170.0
