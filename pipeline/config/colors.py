"""Distributions that a scene file may put where a colour stands: data and checks, no drawing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from pipeline.config.distributions import Number, Uniform, check_weights, require

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantColor:
    """Always one colour: "#rrggbb". The bare form of a colour."""

    TAG: ClassVar[str] = "constant"
    SHORT: ClassVar[tuple[str, ...]] = ("value",)
    BARE: ClassVar[tuple[type, ...]] = (str,)
    value: str

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.value):
            raise ValueError(f"{self.value!r} is not a colour", 'write "#rrggbb", in quotes')


@dataclass(frozen=True, slots=True, kw_only=True)
class RgbColor:
    """Each sRGB channel (0..1) from its own distribution: `{rgb: [r, g, b]}`."""

    TAG: ClassVar[str] = "rgb"
    SHORT: ClassVar[tuple[str, ...]] = ("r", "g", "b")
    BARE: ClassVar[tuple[type, ...]] = (list, tuple)
    r: Number
    g: Number
    b: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearColor:
    """Each channel (0..1) of linear light, as Blender counts that of lamps: `{linear: [r, g, b]}`."""

    TAG: ClassVar[str] = "linear"
    SHORT: ClassVar[tuple[str, ...]] = ("r", "g", "b")
    BARE: ClassVar[tuple[type, ...]] = ()
    r: Number
    g: Number
    b: Number

    def __post_init__(self) -> None:
        for name in ("r", "g", "b"):
            require(name, getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HsvColor:
    """Hue (0..1, red at 0), saturation and value of an sRGB colour, each from its own distribution."""

    TAG: ClassVar[str] = "hsv"
    SHORT: ClassVar[tuple[str, ...]] = ("hue", "saturation", "value")
    BARE: ClassVar[tuple[type, ...]] = ()
    hue: Number = Uniform(low=0, high=1)
    saturation: Number = Uniform(low=0, high=1)
    value: Number = Uniform(low=0, high=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyColor:
    """A grey of drawn sRGB level (0..1)."""

    TAG: ClassVar[str] = "grey"
    SHORT: ClassVar[tuple[str, ...]] = ("level",)
    BARE: ClassVar[tuple[type, ...]] = ()
    level: Number = Uniform(low=0, high=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearGreyColor:
    """A grey of drawn level (0..1) of linear light."""

    TAG: ClassVar[str] = "linear_grey"
    SHORT: ClassVar[tuple[str, ...]] = ("level",)
    BARE: ClassVar[tuple[type, ...]] = ()
    level: Number = Uniform(low=0, high=1)

    def __post_init__(self) -> None:
        require("level", self.level, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureColor:
    """The colour of a black body in kelvin (1000..20000), brightest channel 1."""

    TAG: ClassVar[str] = "temperature_k"
    SHORT: ClassVar[tuple[str, ...]] = ("kelvin",)
    BARE: ClassVar[tuple[type, ...]] = ()
    kelvin: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceColor:
    """One of several colours ("#rrggbb"), with `weights` or evenly."""

    TAG: ClassVar[str] = "choice"
    SHORT: ClassVar[tuple[str, ...]] = ("values",)
    SHORT_IS_LIST: ClassVar[bool] = True
    BARE: ClassVar[tuple[type, ...]] = ()
    values: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_weights(self.values, self.weights)
        for value in self.values:
            ConstantColor(value=value)


Color = ConstantColor | RgbColor | LinearColor | HsvColor | GreyColor | LinearGreyColor | TemperatureColor | ChoiceColor
