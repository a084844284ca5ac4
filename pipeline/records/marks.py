"""What an artist marked in a template, as measured: where things may go and what may vary.

All in the world, in metres. Marks of one name belong together; `object_name` tells them apart and gives each its own
random streams. `settings` are the custom properties "vg.SETTING" of the mark, without the prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.records.shapes import Quaternion, Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Custom properties of a mark: `ranges` are numbers as (low, high), equal for a single one; `words` are texts,
    "true" and "false" among them; `vectors` are arrays of three."""

    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    vectors: dict[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSurface:
    """Faces on which things may stand: `vertices_m` (V), `triangles` (T) indices, wound so that their normals point to
    the side things stand on; `weights` (V) 0..1, the density that is painted, empty for 1 everywhere."""

    name: str
    object_name: str
    vertices_m: tuple[Vector, ...]
    triangles: tuple[tuple[int, int, int], ...]
    weights: tuple[float, ...] = ()
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSpline:
    """A curve as the line it is evaluated to: `points_m` from its beginning on, the first again at the end where it is
    closed. A curve object of several splines gives several, numbered by `part`."""

    name: str
    object_name: str
    part: int = 0
    points_m: tuple[Vector, ...]
    closed: bool = False
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedVolume:
    """A closed mesh: `vertices_m` (V), `triangles` (T) indices, normals outward."""

    name: str
    object_name: str
    vertices_m: tuple[Vector, ...]
    triangles: tuple[tuple[int, int, int], ...]
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedAnchor:
    """An empty: where a thing stands, its axes."""

    name: str
    object_name: str
    location_m: Vector
    rotation: Quaternion
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSlot:
    """An object to be replaced: its axes, and its box `low_m` to `high_m` in them, scale included."""

    name: str
    object_name: str
    location_m: Vector
    rotation: Quaternion
    low_m: Vector
    high_m: Vector
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCamera:
    """A camera of the template: its place, and its rotation in OpenCV's axes (x right, y down, z forward)."""

    name: str
    object_name: str
    location_m: Vector
    rotation: Quaternion
    focal_length_mm: float
    sensor_width_mm: float
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedLamp:
    """A lamp that may vary: `energy` as Blender has it (W; of a sun W/m2), `color` linear RGB."""

    name: str
    object_name: str
    kind: str
    energy: float
    color: Vector
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedBone:
    """A pose bone with ranges of its own."""

    bone: str
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedVaried:
    """An object whose pose, visibility or materials may vary. `slots` are the materials of its slots ("" for none),
    `materials` all of the file that its setting "materials" names, `bones` those of an armature that have ranges."""

    name: str
    object_name: str
    location_m: Vector = (0.0, 0.0, 0.0)
    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    """Its own axes in the world."""
    family: tuple[str, ...] = ()
    """The names of itself and of all its children, which go where it goes."""
    slots: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    bones: tuple[MarkedBone, ...] = ()
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTarget:
    """An object that is labelled where it stands, with its children."""

    name: str
    object_name: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Solids:
    """What stands in the way of things that are placed, as oriented boxes, N of each: `centers_m`, `rotations` of their
    axes, half sides `halves_m`; `owners` are indices into `names`, the objects they belong to. `coarse` names objects
    with too many parts to tell them all apart; `left_out` counts smaller boxes for which there was no room at all."""

    names: tuple[str, ...] = ()
    owners: tuple[int, ...] = ()
    centers_m: tuple[Vector, ...] = ()
    rotations: tuple[Quaternion, ...] = ()
    halves_m: tuple[Vector, ...] = ()
    coarse: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All marks of a template, each kind sorted by name, object name and part. `hidden` and `colliders` are names of
    objects: those that are never rendered, and those that are solid whether they show or not."""

    surfaces: tuple[MarkedSurface, ...] = ()
    splines: tuple[MarkedSpline, ...] = ()
    volumes: tuple[MarkedVolume, ...] = ()
    anchors: tuple[MarkedAnchor, ...] = ()
    slots: tuple[MarkedSlot, ...] = ()
    cameras: tuple[MarkedCamera, ...] = ()
    lamps: tuple[MarkedLamp, ...] = ()
    varied: tuple[MarkedVaried, ...] = ()
    targets: tuple[MarkedTarget, ...] = ()
    keep_out: tuple[MarkedVolume, ...] = ()
    colliders: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    solids: Solids = Solids()
