"""What surfaces look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.config.colors import Color, HsvColor
from pipeline.config.distributions import Constant, Number, Uniform, require
from pipeline.config.limits import exactly_one, known_words
from pipeline.config.text_choices import ChoiceText, Word
from pipeline.structure import AssetPath

PATTERNS = ("checker", "stripes", "gradient", "noise", "voronoi", "wood", "marble", "brick")


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
    """`uv` follows the model's own UV map; a model without one is box-projected."""
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
    """Turns of the colour circle."""
    saturation_scale: Number = Uniform(low=0.85, high=1.15)
    saturation_shift: Number = Constant(value=0.0)
    """Added to the saturation (0..1) of the colour as displayed, after scaling."""
    value_scale: Number = Uniform(low=0.8, high=1.2)
    value_shift: Number = Constant(value=0.0)
    """Added to the value (0..1) of the colour as displayed, after scaling."""
    roughness_shift: Number = Uniform(low=-0.1, high=0.1)
    roughness: Number | None = None
    """Takes the place of the material's own, maps too, before `roughness_shift`."""
    metallic: Number | None = None
    """Takes the place of the material's own, maps too."""
    specular: Number | None = None
    """Takes the place of the material's own, maps too."""

    def __post_init__(self) -> None:
        for name in ("roughness", "metallic", "specular"):
            value = getattr(self, name)
            if value is not None:
                require(name, value, 0.0, 1.0)
        for name in ("saturation_shift", "value_shift"):
            require(name, getattr(self, name), -1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A hue that all replaced materials of a scene lean to, so that their colours belong together."""

    hue: Number = Uniform(low=0, high=1)
    """Turns of the colour circle, red at 0."""
    strength: Number = Constant(value=0.0)
    """0 leaves every colour as drawn, 1 gives all the same hue. Greys stay grey."""

    def __post_init__(self) -> None:
        require("strength", self.strength, 0.0, 1.0)


DEFAULT_MATERIALS = (
    MaterialOption(weight=1.0, pbr=Pbr()),
    MaterialOption(weight=2.0, procedural=Procedural(pattern=ChoiceText(values=PATTERNS))),
)
