"""The sky by day and night, instead of an HDRI."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config.distributions import Constant, Integer, Number, Uniform, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """Sun and sky of a place and a time. `environment.strength` is the brightness of a white level surface by a clear
    noon's 100 000 lux, as that of an HDRI; other hours are darker as `adaptation` lets them."""

    time_h: Number = Uniform(low=6.0, high=20.0)
    """Local solar time: at 12 the sun is highest. The night is dark, but never darker than with a full moon."""
    day_of_year: Number = Integer(low=1, high=365)
    """1 is the first of January."""
    latitude_deg: Number = Constant(value=45.0)
    """North positive."""
    north_deg: Number = Uniform(low=0, high=360)
    """Where north is, from +x towards +y: at 90 it is +y, and east +x."""
    cloudiness: Number = Uniform(low=0.0, high=1.0)
    """Share of the sky that clouds cover; they dim and soften the sun, and at 1 hide it."""
    haze: Number = Uniform(low=0.0, high=0.5)
    """0 as in clear mountain air, 1 as in smog: whiter sky, weaker and warmer sun."""
    adaptation: Number = Constant(value=0.8)
    """How far the camera's exposure follows the light: 1 makes every hour as bright as noon, 0 the night black."""

    def __post_init__(self) -> None:
        require("time_h", self.time_h, 0.0, 24.0)
        require("day_of_year", self.day_of_year, 1, 366)
        require("latitude_deg", self.latitude_deg, -90.0, 90.0)
        for name in ("cloudiness", "haze", "adaptation"):
            require(name, getattr(self, name), 0.0, 1.0)
