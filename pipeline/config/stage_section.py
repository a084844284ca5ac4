"""The built surroundings, the sky and the lamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.config.built_section import Bin, Grid, Road, Shelf
from pipeline.config.colors import Color, ConstantColor, TemperatureColor
from pipeline.config.distributions import Constant, Integer, LogUniform, Number, Uniform, require
from pipeline.config.limits import exactly_one, known_words
from pipeline.config.sky_section import Sky
from pipeline.config.text_choices import ConstantText, Word
from pipeline.config.words import Anchor
from pipeline.structure import AssetPath

YAW_DEG, TILT_DEG = Uniform(low=0, high=360), Constant(value=0.0)
LIGHT_KINDS = ("point", "area", "spot", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A square at z = 0 under everything."""

    size_m: Number = Constant(value=4.0)
    probability: float = 1.0
    """How often a scene has it."""

    def __post_init__(self) -> None:
        require("size_m", self.size_m, low=1e-3)
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability {self.probability:g} is outside 0..1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """0 to 4 upright walls around the floor, `distance_m` from the origin."""

    count: Number = Integer(low=0, high=4)
    distance_m: Number = Uniform(low=1.0, high=2.0)
    height_m: Number = Uniform(low=0.5, high=3.0)

    def __post_init__(self) -> None:
        require("count", self.count, 0, 4)
        require("distance_m", self.distance_m, low=1e-3)
        require("height_m", self.height_m, low=1e-3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """A square above everything that shines evenly downwards and all around, as a luminous ceiling does."""

    size_m: Number = Constant(value=4.0)
    height_m: Number = Constant(value=3.0)
    radiance: Number = Uniform(low=1.0, high=4.0)
    """The strength of Blender's emission: at 1 it is as bright as white lit by an environment of strength 1."""
    color: Color = TemperatureColor(kelvin=Uniform(low=2700, high=8000))

    def __post_init__(self) -> None:
        require("size_m", self.size_m, low=1e-3)
        require("height_m", self.height_m, low=1e-3)
        require("radiance", self.radiance, low=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """A tray with a raised rim on the floor; things dropped land inside it. Sizes are inner sizes."""

    width_m: Number = Constant(value=0.3)
    depth_m: Number = Constant(value=0.3)
    rim_height_m: Number = Uniform(low=0.01, high=0.04)
    rim_thickness_m: Number = Uniform(low=0.005, high=0.02)

    def __post_init__(self) -> None:
        for name in ("width_m", "depth_m", "rim_height_m", "rim_thickness_m"):
            require(name, getattr(self, name), low=1e-4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The built stage. `null` leaves a part out; a template normally brings its own."""

    floor: Floor | None = Floor()
    walls: Walls | None = None
    tray: Tray | None = None
    ceiling: Ceiling | None = None
    road: Road | None = None
    shelf: Shelf | None = None
    bin: Bin | None = None
    grid: Grid | None = None
    one_material: bool = False
    """Walls and tray are of the floor's material."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What the camera sees behind everything instead of the HDRI: a colour, or a photo of a folder."""

    color: Color | None = None
    photos: tuple[AssetPath, ...] | None = None

    def __post_init__(self) -> None:
        exactly_one(self, ("color", "photos"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Image-based light, or a sky. Without `hdris` and `sky`, the eight HDRIs that come with Blender."""

    hdris: tuple[AssetPath, ...] = ()
    sky: Sky | None = None
    strength: Number = Uniform(low=0.4, high=1.6)
    """Mean radiance after normalising each HDRI to 1."""
    yaw_deg: Number = YAW_DEG
    tilt_deg: Number = TILT_DEG
    tint: Color = ConstantColor(value="#ffffff")
    background: Background | None = None

    def __post_init__(self) -> None:
        require("strength", self.strength, low=0.0)
        if self.sky is None:
            return
        if self.hdris:
            raise ValueError("give exactly one of hdris, sky, got both")
        for name, default in (("yaw_deg", YAW_DEG), ("tilt_deg", TILT_DEG)):
            if getattr(self, name) != default:
                raise ValueError(f"{name} turns an HDRI, and there is a sky", "use sky.north_deg, or leave it out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Part of a sphere: azimuth from +x towards +y, elevation above the horizon.

    A `uniform` elevation is uniform over the sphere's area, so that poses do not crowd at the pole, or, with
    `uniform_over: angle`, over the angle.
    """

    distance_m: Number
    elevation_deg: Number = Uniform(low=20, high=85)
    azimuth_deg: Number = Uniform(low=0, high=360)
    uniform_over: Literal["area", "angle"] = "area"

    def __post_init__(self) -> None:
        require("distance_m", self.distance_m, low=1e-6)
        require("elevation_deg", self.elevation_deg, -90, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class LightGroup:
    """Lamps of one kind of treatment, on a shell around `around`, shining at it."""

    count: Number = Constant(value=1)
    kind: Word = ConstantText(value="point")
    shell: Shell = Shell(distance_m=Uniform(low=0.8, high=2.0), elevation_deg=Uniform(low=15, high=90))
    around: Anchor = "origin"
    energy_w: Number = LogUniform(low=2, high=30)
    """Watts as Blender counts them. At d metres a point or spot lamp of P watts makes a white surface that faces it
    shine at P / (4 pi^2 d^2), an area lamp at four times that. A sun gives P / 10 watts per square metre, as a point
    lamp does at 0.9 m. An environment of strength 1 makes the same surface shine at 1."""
    size_m: Number = Uniform(low=0.02, high=0.5)
    """Diameter (point, spot), edge (area): larger is softer. For a sun the angular size is 2 degrees a metre."""
    spot_angle_deg: Number = Uniform(low=30, high=90)
    color: Color = TemperatureColor(kelvin=Uniform(low=2700, high=8000))

    def __post_init__(self) -> None:
        known_words("kind", self.kind, LIGHT_KINDS)
        require("count", self.count, low=0)
        require("energy_w", self.energy_w, low=0)
        require("size_m", self.size_m, low=0)
        require("spot_angle_deg", self.spot_angle_deg, 1, 180)
