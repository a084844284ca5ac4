"""What built places look like where the scene file says nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config.colors import GreyColor, HsvColor
from pipeline.config.distributions import Constant, Number, Uniform, require
from pipeline.config.materials_section import DEFAULT_MATERIALS, Jitter, MaterialOption, Palette, Pbr, Procedural
from pipeline.config.text_choices import ChoiceText, ConstantText

LOW = Uniform(low=0.0, high=0.08)


def _grey(low: float, high: float) -> HsvColor:
    return HsvColor(hue=Uniform(low=0.05, high=0.15), saturation=LOW, value=Uniform(low=low, high=high))


def _grain(dark: HsvColor, light: HsvColor, size_m: tuple[float, float], bump: float) -> MaterialOption:
    noise = Procedural(
        pattern=ConstantText(value="noise"),
        color_a=dark,
        color_b=light,
        scale_m=Uniform(low=size_m[0], high=size_m[1]),
        roughness=Uniform(low=0.8, high=1.0),
        bump=Constant(value=bump),
    )
    return MaterialOption(procedural=noise)


WOOD = Uniform(low=0.06, high=0.1)
GREEN = Uniform(low=0.2, high=0.32)
ASPHALT = (_grain(_grey(0.16, 0.26), _grey(0.28, 0.42), (0.01, 0.08), 0.1),)
MARKING = (MaterialOption(pbr=Pbr(base_color=_grey(0.75, 0.95), roughness=Uniform(low=0.5, high=0.9))),)
KERB = (_grain(_grey(0.5, 0.62), _grey(0.64, 0.78), (0.02, 0.1), 0.1),)
SIDEWALK = (
    MaterialOption(
        procedural=Procedural(
            pattern=ChoiceText(values=("brick", "checker", "noise"), weights=(2.0, 1.0, 1.0)),
            color_a=_grey(0.48, 0.6),
            color_b=_grey(0.56, 0.68),
            scale_m=Uniform(low=0.3, high=0.6),
            rotation_deg=Constant(value=0.0),
            distortion=Constant(value=0.0),
            roughness=Uniform(low=0.7, high=1.0),
        )
    ),
)
VERGE = (
    _grain(
        HsvColor(hue=GREEN, saturation=Uniform(low=0.35, high=0.6), value=Uniform(low=0.18, high=0.3)),
        HsvColor(hue=GREEN, saturation=Uniform(low=0.3, high=0.55), value=Uniform(low=0.32, high=0.5)),
        (0.05, 0.3),
        0.4,
    ),
)
SHELF = (
    MaterialOption(
        weight=3.0,
        pbr=Pbr(base_color=GreyColor(level=Uniform(low=0.55, high=0.95)), roughness=Uniform(low=0.3, high=0.7)),
    ),
    MaterialOption(
        procedural=Procedural(
            pattern=ConstantText(value="wood"),
            color_a=HsvColor(hue=WOOD, saturation=Constant(value=0.5), value=Constant(value=0.5)),
            color_b=HsvColor(hue=WOOD, saturation=Constant(value=0.4), value=Constant(value=0.7)),
            scale_m=Uniform(low=0.05, high=0.2),
            rotation_deg=Constant(value=0.0),
            roughness=Uniform(low=0.3, high=0.7),
        )
    ),
)
BIN = (
    MaterialOption(
        weight=2.0,
        pbr=Pbr(
            base_color=HsvColor(saturation=Uniform(low=0.4, high=0.95), value=Uniform(low=0.25, high=0.8)),
            roughness=Uniform(low=0.25, high=0.6),
        ),
    ),
    MaterialOption(
        pbr=Pbr(base_color=GreyColor(level=Uniform(low=0.1, high=0.8)), roughness=Uniform(low=0.25, high=0.6))
    ),
)
ROAD_PARTS = ("asphalt", "marking", "kerb", "sidewalk", "verge")
LISTS = ("floor", "surroundings", "distractors", "targets", *ROAD_PARTS, "shelf", "bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What surfaces look like. Each list is weighted; one option is drawn per surface or instance."""

    floor: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    surroundings: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    """Walls and tray."""
    distractors: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    targets: tuple[MaterialOption, ...] = DEFAULT_MATERIALS
    asphalt: tuple[MaterialOption, ...] = ASPHALT
    marking: tuple[MaterialOption, ...] = MARKING
    kerb: tuple[MaterialOption, ...] = KERB
    sidewalk: tuple[MaterialOption, ...] = SIDEWALK
    verge: tuple[MaterialOption, ...] = VERGE
    shelf: tuple[MaterialOption, ...] = SHELF
    bin: tuple[MaterialOption, ...] = BIN
    jitter: Jitter = Jitter()
    wetness: Number = Constant(value=0.0)
    """How wet floor, road and surroundings are, 0 dry to 1: smoother and darker. Drawn once a scene."""
    palette: Palette = Palette()
    """Drawn once a scene."""

    def __post_init__(self) -> None:
        require("wetness", self.wetness, 0.0, 1.0)
        for name in LISTS:
            options = getattr(self, name)
            if not options or sum(option.weight for option in options) <= 0:
                raise ValueError(f"{name} has no material of weight above 0")
