"""What the assets are: found, checked and measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.records.marks import Marks
from pipeline.records.rendered import Keypoint
from pipeline.records.shapes import Quaternion, Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRecipe:
    """How to get one asset out of its source: all that decides its shape at scale 1.

    `source` is an address (see `pipeline.addresses`): a path relative to the scene file, "shipped:..." or "shape:...".
    `object_name` / `collection_name` select within a .blend; both "" take everything.
    """

    source: str
    object_name: str = ""
    collection_name: str = ""
    up_axis: str = ""
    origin: Literal["keep", "center", "bottom"] = "center"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingPose:
    """One stable way to lie: the rotation, the height of the origin above the support, and how likely it is (0..1)."""

    rotation: Quaternion
    height_m: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One catalogued asset at scale 1. `asset_id` is stable text: the source, with "#name" for a part of a .blend.

    `low_m`/`high_m` bound the mesh in the asset's own axes; `radius_m` is the farthest vertex from the origin.
    `keypoints` are those of the asset's group; `parts` the names of what part.png tells apart in it, sorted.
    """

    asset_id: str
    recipe: AssetRecipe
    sha256: str
    low_m: Vector
    high_m: Vector
    radius_m: float
    triangles: int
    has_alpha: bool
    """Some material lets the background through; `check` says so, because ids then take the exact pass."""
    resting: tuple[RestingPose, ...]
    licence: str = ""
    keypoints: tuple[Keypoint, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdri:
    """One environment image. `mean_radiance` is its solid-angle-weighted mean luminance (Rec. 709)."""

    source: str
    sha256: str
    mean_radiance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextureSet:
    """One material of images: `base_color` and any maps found beside it ("" where there is none)."""

    texture_id: str
    base_color: str
    roughness: str = ""
    metallic: str = ""
    normal: str = ""
    sha256: str = ""
    """Of all the files together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One background picture."""

    source: str
    sha256: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateObject:
    """One labelled object of the template: how many instances it shows, and their category."""

    name: str
    category: str
    instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything the scene file's files, folders and globs hold, in a fixed order.

    `targets[i]` / `distractors[i]` list the assets of the scene file's i-th group. `textures` maps the key path of a
    `textures:` option ("materials.floor[1].textures") to its sets.
    """

    targets: tuple[tuple[Asset, ...], ...]
    distractors: tuple[tuple[Asset, ...], ...]
    hdris: tuple[Hdri, ...] = ()
    textures: dict[str, tuple[TextureSet, ...]]
    photos: tuple[Photo, ...] = ()
    template_sha256: str = ""
    template_objects: tuple[TemplateObject, ...] = ()
    """What `template.targets` names, as measured: nothing is drawn from it but whether a frame has room for it."""
    marks: Marks = Marks()
    """What the artist marked in the template."""
