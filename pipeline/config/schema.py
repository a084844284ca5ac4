"""The scene file as frozen records: one record per section, every field typed, every default stated.

Fields hold distributions (`Number`, `Word`, `Color`); the plan of a frame holds the values drawn from them.
Lengths in metres, angles in degrees, colours in sRGB as an artist writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.config.distributions import (
    ChoiceText,
    Color,
    Constant,
    ConstantColor,
    ConstantText,
    HsvColor,
    Integer,
    Number,
    TemperatureColor,
    Uniform,
    Word,
    require,
)
from pipeline.conventions import AXES
from pipeline.structure import AssetPath, did_you_mean

Vector = tuple[float, float, float]
Anchor = Literal["origin", "targets", "target"]
ShapeName = Literal["cube", "sphere", "cylinder", "cone", "torus", "capsule", "wedge", "convex"]
Collision = Literal["convex_hull", "convex_parts", "box", "sphere"]
OutputName = Literal["rgb", "depth", "instance", "category", "linear"]

PATTERNS = ("checker", "stripes", "gradient", "noise", "voronoi", "wood", "marble", "brick")
LIGHT_KINDS = ("point", "area", "spot", "sun")


def exactly_one(record: object, names: tuple[str, ...]) -> None:
    """Raise ValueError unless exactly one of the named optional fields is given."""
    given = [name for name in names if getattr(record, name) is not None]
    if len(given) != 1:
        seen = " and ".join(given) if given else "none"
        raise ValueError(f"give exactly one of {', '.join(names)}, got {seen}")


def known_words(name: str, word: Word, known: tuple[str, ...]) -> None:
    """Raise ValueError when `word` can be something that is not in `known`."""
    values = (word.value,) if isinstance(word, ConstantText) else word.values
    for value in values:
        if value not in known:
            raise ValueError(f"{name} {value!r} is not known", did_you_mean(value, known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One semantic class. `id` 1..65535 (0 is background) is kept by every label and export."""

    id: int
    name: str
    supercategory: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.id <= 65_535:
            raise ValueError(f"id {self.id} is outside 1..65535", "0 is the background")
        if not self.name:
            raise ValueError("name is empty")


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
        _positive("area_m", *self.area_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flying:
    """Any pose in a box, without overlap and without physics."""

    volume_m: Vector = (1.0, 1.0, 1.0)
    center_m: Vector = (0.0, 0.0, 0.5)
    clearance_m: float = 0.0

    def __post_init__(self) -> None:
        _positive("volume_m", *self.volume_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """On a face at a random place and yaw, without overlap and without physics."""

    area_m: tuple[float, float] = (0.5, 0.5)
    center_m: Vector = (0.0, 0.0, 0.0)
    clearance_m: float = 0.0
    upright: bool = False
    """Keep the asset's own up; otherwise it rests on any stable face of its convex hull."""

    def __post_init__(self) -> None:
        _positive("area_m", *self.area_m)


def _positive(name: str, *values: float) -> None:
    if min(values) <= 0:
        raise ValueError(f"{name} has {min(values):g}, which is not above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where instances go: exactly one of drop, flying, resting."""

    drop: Drop | None = None
    flying: Flying | None = None
    resting: Resting | None = None

    def __post_init__(self) -> None:
        exactly_one(self, ("drop", "flying", "resting"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetGroup:
    """Targets or distractors that share a treatment: from files, folders, globs, or built-in shapes."""

    files: tuple[AssetPath, ...] = ()
    shapes: tuple[ShapeName, ...] = ()
    objects: tuple[str, ...] = ()
    """Names or patterns of objects in .blend files, each an asset of its own (with its children)."""
    collections: tuple[str, ...] = ()
    """Names or patterns of collections in .blend files, each an asset of its own."""
    category: str | None = None
    category_by_up_axis: dict[str, str] | None = None
    """Maps the asset's axis that points most upward once settled ("+x" ... "-z") to a category."""
    count: Number = Constant(value=1)
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

    def __post_init__(self) -> None:
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
        if self.shapes and (self.objects or self.collections or self.up_axis):
            raise ValueError("objects, collections and up_axis belong to files, not to shapes")
        if self.shapes and self.materials in ("keep", "jitter"):
            raise ValueError(f"shapes have no materials to {self.materials}", "leave materials out")
        if self.files and self.proportions is not None:
            raise ValueError("proportions belong to shapes, not to files", "use scale or size_m")
        require("count", self.count, low=0)
        require("scale", self.scale, low=1e-9)
        if self.size_m is not None:
            require("size_m", self.size_m, low=1e-6)
        if self.proportions is not None:
            require("proportions", self.proportions, low=0.01)
        _positive("density_kg_m3", self.density_kg_m3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbr:
    """A plain Principled material. No emission: a glowing object would light the scene."""

    base_color: Color = HsvColor()
    roughness: Number = Uniform(low=0.05, high=1.0)
    metallic: Number = Constant(value=0.0)
    specular: Number = Uniform(low=0.2, high=0.8)
    coat: Number = Constant(value=0.0)

    def __post_init__(self) -> None:
        for name in ("roughness", "metallic", "specular", "coat"):
            require(name, getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedural:
    """A pattern of two colours over the object's own coordinates. `scale_m` is the size of one repeat."""

    pattern: Word
    color_a: Color = HsvColor()
    color_b: Color = HsvColor()
    scale_m: Number = Uniform(low=0.02, high=0.3)
    rotation_deg: Number = Uniform(low=0, high=360)
    distortion: Number = Uniform(low=0.0, high=1.0)
    roughness: Number = Uniform(low=0.1, high=1.0)
    metallic: Number = Constant(value=0.0)
    bump: Number = Constant(value=0.0)

    def __post_init__(self) -> None:
        known_words("pattern", self.pattern, PATTERNS)
        require("scale_m", self.scale_m, low=1e-6)
        for name in ("distortion", "roughness", "metallic", "bump"):
            require(name, getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Textures:
    """Image textures from files or folders: single images, or PBR sets recognised by their usual names."""

    SHORT: ClassVar[tuple[str, ...]] = ("files",)
    files: tuple[AssetPath, ...]
    projection: Literal["box", "uv"] = "box"
    scale_m: Number = Uniform(low=0.2, high=1.0)
    """Size of one repeat: metres for box projection, UV units for uv."""
    rotation_deg: Number = Uniform(low=0, high=360)
    hue_shift: Number = Constant(value=0.0)
    """Turns of the colour circle, -0.5..0.5."""
    value_scale: Number = Constant(value=1.0)
    roughness: Number = Uniform(low=0.3, high=1.0)
    """Used where the set has no roughness map."""

    def __post_init__(self) -> None:
        require("scale_m", self.scale_m, low=1e-6)
        require("hue_shift", self.hue_shift, -0.5, 0.5)
        require("value_scale", self.value_scale, low=0.0)
        require("roughness", self.roughness, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialOption:
    """One kind of material and its weight among the others: exactly one of pbr, procedural, textures."""

    weight: float = 1.0
    pbr: Pbr | None = None
    procedural: Procedural | None = None
    textures: Textures | None = None

    def __post_init__(self) -> None:
        exactly_one(self, ("pbr", "procedural", "textures"))
        if self.weight < 0:
            raise ValueError(f"weight {self.weight:g} is below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter:
    """Small changes to materials that are otherwise kept."""

    hue_shift: Number = Uniform(low=-0.03, high=0.03)
    saturation_scale: Number = Uniform(low=0.85, high=1.15)
    value_scale: Number = Uniform(low=0.8, high=1.2)
    roughness_shift: Number = Uniform(low=-0.1, high=0.1)


DEFAULT_MATERIALS = (
    MaterialOption(weight=1.0, pbr=Pbr()),
    MaterialOption(weight=2.0, procedural=Procedural(pattern=ChoiceText(values=PATTERNS))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What surfaces look like. Each list is weighted; one option is drawn per surface or instance."""

    floor: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    surroundings: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    distractors: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    targets: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    jitter: Jitter = Jitter()

    def __post_init__(self) -> None:
        for name in ("floor", "surroundings", "distractors", "targets"):
            options = getattr(self, name)
            if not options or sum(option.weight for option in options) <= 0:
                raise ValueError(f"{name} has no material of weight above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A square at z = 0 under everything."""

    size_m: Number = Constant(value=4.0)

    def __post_init__(self) -> None:
        require("size_m", self.size_m, low=1e-3)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What the camera sees behind everything instead of the HDRI: a colour, or a photo of a folder."""

    color: Color | None = None
    photos: tuple[AssetPath, ...] | None = None

    def __post_init__(self) -> None:
        exactly_one(self, ("color", "photos"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Image-based light. Without `hdris`, the eight that come with Blender."""

    hdris: tuple[AssetPath, ...] = ()
    strength: Number = Uniform(low=0.4, high=1.6)
    """Mean radiance after normalising each HDRI to 1."""
    yaw_deg: Number = Uniform(low=0, high=360)
    tilt_deg: Number = Constant(value=0.0)
    tint: Color = ConstantColor(value="#ffffff")
    background: Background | None = None

    def __post_init__(self) -> None:
        require("strength", self.strength, low=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Part of a sphere: azimuth from +x towards +y, elevation above the horizon.

    A `uniform` elevation is uniform over the sphere's area, so that poses do not crowd at the pole.
    """

    distance_m: Number
    elevation_deg: Number = Uniform(low=20, high=85)
    azimuth_deg: Number = Uniform(low=0, high=360)

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
    energy_w: Number = Uniform(low=5, high=60)
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

    def __post_init__(self) -> None:
        _positive("fx", self.fx)
        _positive("fy", self.fy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Pose (exactly one of shell, box, around), aim, lens and what makes a pose acceptable."""

    shell: Shell | None = None
    """On a shell around `center`."""
    box: Box | None = None
    """Anywhere in a box of the world."""
    around: Shell | None = None
    """On a shell around one random target."""
    center: Anchor | Vector = "origin"
    look_at: Anchor | Vector = "targets"
    """The world's origin, the mean of the targets, one random target, or a point [x, y, z]."""
    look_at_jitter_m: Number = Constant(value=0.0)
    """Each coordinate of the aim is moved by this much, either way."""
    roll_deg: Number = Constant(value=0.0)
    focal_length_mm: Number | None = None
    fov_deg: Number | None = None
    """Horizontal field of view."""
    k: PinholeK | None = None
    sensor_width_mm: Number = Constant(value=36.0)
    shift: tuple[Number, Number] | None = None
    """Lens shift in image widths, as Blender's."""
    resolution: tuple[int, int] = (640, 480)
    f_stop: Number | None = None
    """Depth of field; labels then come from an exact pass of their own."""
    focus: Anchor | Vector = "target"
    clip_start_m: float = 0.001
    clip_end_m: float = 1000.0
    clearance_m: float = 0.05
    """No mesh may come nearer to the camera than this, and the camera is never inside one."""
    min_targets_in_view: int = 1
    """At least so many targets have their centre in the picture and not hidden."""
    retries: int = 30

    def __post_init__(self) -> None:
        exactly_one(self, ("shell", "box", "around"))
        lenses = [name for name in ("focal_length_mm", "fov_deg", "k") if getattr(self, name) is not None]
        if len(lenses) > 1:
            raise ValueError(f"give one of focal_length_mm, fov_deg, k, got {' and '.join(lenses)}")
        if self.k is not None and self.shift is not None:
            raise ValueError("k already says where the principal point is", "leave shift out")
        if min(self.resolution) < 1 or max(self.resolution) > 65_535:
            raise ValueError(f"resolution {list(self.resolution)} is outside 1..65535")
        for name, low, high in (("focal_length_mm", 1e-3, 1e5), ("fov_deg", 0.1, 170), ("f_stop", 0.05, 256)):
            if getattr(self, name) is not None:
                require(name, getattr(self, name), low, high)
        require("sensor_width_mm", self.sensor_width_mm, low=1e-3)
        if not 0 < self.clip_start_m < self.clip_end_m:
            raise ValueError("clip_start_m must be above 0 and below clip_end_m")
        if self.clearance_m < 0 or self.min_targets_in_view < 0 or not 0 <= self.retries <= 1000:
            raise ValueError("clearance_m and min_targets_in_view must be 0 or more, retries 0..1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """The rigid-body world of dropped things."""

    friction: Number = Uniform(low=0.3, high=0.8)
    restitution: Number = Uniform(low=0.0, high=0.3)
    max_time_s: float = 6.0
    """Bodies still moving after this are dropped anew."""
    retries: int = 3
    """How often escaped, sunken or moving bodies are dropped anew before the frame is rejected."""

    def __post_init__(self) -> None:
        require("friction", self.friction, 0, 1)
        require("restitution", self.restitution, 0, 1)
        _positive("max_time_s", self.max_time_s)
        if not 0 <= self.retries <= 20:
            raise ValueError(f"retries {self.retries} is outside 0..20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """How pictures are made. `quality` sets what is not given here; see QUALITIES in config/quality.py."""

    quality: Literal["draft", "standard", "final"] = "standard"
    engine: Literal["cycles", "eevee"] = "cycles"
    samples_per_pixel: int | None = None
    adaptive_threshold: float | None = None
    max_bounces: int | None = None
    diffuse_bounces: int | None = None
    glossy_bounces: int | None = None
    transmission_bounces: int | None = None
    transparent_bounces: int | None = None
    clamp_indirect: float | None = None
    caustics: bool = False
    denoiser: Literal["auto", "none", "openimagedenoise", "optix"] = "auto"
    view_transform: Literal["Standard", "AgX", "Filmic", "Khronos PBR Neutral", "Raw"] | None = None
    """Colour management; by default Standard, or what the template says."""
    exposure_ev: Number = Constant(value=0.0)
    jpeg_quality: int = 92

    def __post_init__(self) -> None:
        for name in ("samples_per_pixel",):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 1_000_000:
                raise ValueError(f"{name} {value} is outside 1..1000000")
        for name in ("max_bounces", "diffuse_bounces", "glossy_bounces", "transmission_bounces", "transparent_bounces"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1024:
                raise ValueError(f"{name} {value} is outside 0..1024")
        for name in ("adaptive_threshold", "clamp_indirect"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} {value:g} is below 0")
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality {self.jpeg_quality} is outside 1..100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """What a frame must show; one that does not is recorded as rejected, with the reason."""

    min_targets: int = 1
    """Visible targets."""
    min_pixels: int = 1
    """Pixels from which on a target counts as visible."""

    def __post_init__(self) -> None:
        if self.min_targets < 0 or self.min_pixels < 1:
            raise ValueError("min_targets must be 0 or more, min_pixels 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """File formats. Depth as `exr` holds float32 metres, as `png` 16-bit millimetres (0: none, or above 65.535 m)."""

    rgb: Literal["png", "jpeg", "exr"] = "png"
    depth: Literal["exr", "png"] = "exr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An artist's .blend that every frame starts from. What it holds is left as it is."""

    SHORT: ClassVar[tuple[str, ...]] = ("file",)
    file: AssetPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole scene file."""

    title: str = ""
    seed: int = 0
    frames: int = 100
    views_per_scene: int = 1
    reroll_per_view: tuple[Literal["lights", "environment", "materials"], ...] = ()
    """What else changes between the views of one scene, besides the camera."""
    categories: tuple[Category, ...]
    targets: tuple[AssetGroup, ...]
    distractors: tuple[AssetGroup, ...] = ()
    placement: Placement = Placement(drop=Drop())
    surroundings: Surroundings | None = None
    """By default a floor, or nothing where there is a template."""
    materials: Materials = Materials()
    environment: Environment | None = None
    """By default Blender's own HDRIs, or the template's world."""
    lights: tuple[LightGroup, ...] = ()
    camera: Camera
    physics: Physics = Physics()
    render: Render = Render()
    outputs: tuple[OutputName, ...] = ("rgb", "depth", "instance", "category")
    """What each frame's folder holds. `instance` is always written: it is where the masks are."""
    formats: Formats = Formats()
    accept: Accept = Accept()
    template: Template | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is below 0")
        if not 1 <= self.frames <= 100_000_000:
            raise ValueError(f"frames {self.frames} is outside 1..100000000")
        if self.views_per_scene < 1:
            raise ValueError(f"views_per_scene {self.views_per_scene} is below 1")
        if not self.outputs:
            raise ValueError("outputs is empty", "ask for rgb at least")
