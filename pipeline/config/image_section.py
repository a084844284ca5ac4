"""What a camera does to a picture after it was taken."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config.distributions import Constant, Number, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """Saturation and contrast of `rgb`, as a camera's processor sets them: on the encoded colours, after exposure and
    view transform. 1 changes nothing. Drawn once a scene; no other output knows of it."""

    saturation: Number = Constant(value=1.0)
    """0 is grey, 2 twice as far from it; luma stays."""
    contrast: Number = Constant(value=1.0)
    """Distance from middle grey (half of the encoded range); what leaves the range is clipped."""

    def __post_init__(self) -> None:
        require("saturation", self.saturation, 0.0, 4.0)
        require("contrast", self.contrast, 0.0, 4.0)

    @property
    def is_neutral(self) -> bool:
        """Whether no picture is changed."""
        return self == Image()
