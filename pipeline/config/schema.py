"""The scene file as frozen records: one record per section, every field typed, every default stated.

Fields hold distributions (`Number`, `Word`, `Color`); the plan of a frame holds the values drawn from them.
Lengths in metres, angles in degrees, colours in sRGB as an artist writes them.

This file is the whole, and its small sections; the large ones have files of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.config.camera_section import Box, Camera, MotionBlur, PinholeK
from pipeline.config.contexts_section import Context
from pipeline.config.distributions import Constant, Number, Uniform, require
from pipeline.config.globals_section import Scenario, check_names
from pipeline.config.image_section import Image
from pipeline.config.keypoints_section import NamedPoint
from pipeline.config.limits import positive
from pipeline.config.materials_lists import Materials
from pipeline.config.materials_section import (
    PATTERNS,
    Jitter,
    MaterialOption,
    Palette,
    Pbr,
    Procedural,
    Textures,
)
from pipeline.config.objects_section import AssetGroup, Collision, Drop, Flying, Frustum, Placement, Resting, ShapeName
from pipeline.config.render_section import Render
from pipeline.config.sky_section import Sky
from pipeline.config.stage_section import (
    LIGHT_KINDS,
    Background,
    Ceiling,
    Environment,
    Floor,
    LightGroup,
    Shell,
    Surroundings,
    Tray,
    Walls,
)
from pipeline.config.template_section import Template, TemplateTarget
from pipeline.config.words import Anchor, Vector

__all__ = [
    "Accept",
    "Anchor",
    "AssetGroup",
    "Background",
    "Box",
    "Camera",
    "Category",
    "Ceiling",
    "Collision",
    "Config",
    "Context",
    "Drop",
    "Environment",
    "Floor",
    "Flying",
    "Formats",
    "Frustum",
    "Image",
    "Jitter",
    "LIGHT_KINDS",
    "LightGroup",
    "MaterialOption",
    "Materials",
    "MotionBlur",
    "NamedPoint",
    "OutputName",
    "PATTERNS",
    "Palette",
    "Pbr",
    "Physics",
    "PinholeK",
    "Placement",
    "Procedural",
    "Render",
    "Resting",
    "Scenario",
    "ShapeName",
    "Shell",
    "Sky",
    "Surroundings",
    "Template",
    "TemplateTarget",
    "Textures",
    "Tray",
    "Vector",
    "Walls",
]


OutputName = Literal[
    "rgb",
    "depth",
    "instance",
    "category",
    "mask_full",
    "box_3d",
    "keypoints",
    "part",
    "panoptic",
    "distance",
    "normal",
    "normal_world",
    "object_coordinates",
    "nocs",
    "albedo",
    "linear",
    "flow",
    "flow_occlusion",
]
FLOWS = frozenset({"flow", "flow_occlusion"})  # outputs that a scene's last view has not


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
        positive("max_time_s", self.max_time_s)
        if not 0 <= self.retries <= 20:
            raise ValueError(f"retries {self.retries} is outside 0..20")


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
    """File formats. Depth as `exr` holds float32 metres, as `png` 16-bit millimetres (0: none, above 65.535 m,
    or behind the camera, where a fisheye wider than 180 degrees sees)."""

    rgb: Literal["png", "jpeg", "exr"] = "png"
    depth: Literal["exr", "png"] = "exr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole scene file."""

    title: str = ""
    seed: int = 0
    frames: int = 100
    views_per_scene: int = 1
    view_interval_s: float = 0.0
    """Time between the views of one scene, for what moves: cameras that ride, things on splines, timelines."""
    reroll_per_view: tuple[Literal["lights", "environment", "materials"], ...] = ()
    """What else changes between the views of one scene, besides the camera."""
    categories: tuple[Category, ...]
    globals: dict[str, Number] = field(default_factory=dict)
    """Numbers drawn once a scene; wherever a number stands, "$name" stands for one."""
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    """Kinds of scene, of which each scene is one: bundles of globals."""
    contexts: dict[str, Context] = field(default_factory=dict)
    """Where things belong, and how many of which go there."""
    structure: Number = Constant(value=1.0)
    """The probability that a thing of a context is placed by it; otherwise the same thing goes anywhere in any pose
    within `unstructured`. 1 is structured domain randomization, 0 plain domain randomization."""
    unstructured: Box | None = None
    """Where things go that `structure` leaves out; by default the bounds of all places of the contexts, and as much
    above them as the largest thing is high."""
    targets: tuple[AssetGroup, ...] = ()
    """What is placed and labelled; may be left out where `template.targets` names things to label."""
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
    image: Image = Image()
    outputs: tuple[OutputName, ...] = ("rgb", "depth", "instance", "category", "mask_full", "box_3d")
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
        if self.view_interval_s < 0:
            raise ValueError(f"view_interval_s {self.view_interval_s:g} is below 0")
        check_names(self.globals)
        require("structure", self.structure, 0, 1)
        if not self.outputs:
            raise ValueError("outputs is empty", "ask for rgb at least")
