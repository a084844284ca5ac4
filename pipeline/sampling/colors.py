"""Colour conversions: sRGB, HSV and black bodies to linear RGB (Rec. 709 primaries, D65)."""

from __future__ import annotations

import colorsys
import math
from functools import cache

from pipeline.records import Vector


def linear_from_srgb(rgb: Vector) -> Vector:
    """Return linear RGB of an sRGB colour 0..1 (IEC 61966-2-1); values outside are clamped."""
    return _each(rgb, lambda v: v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4)


def _each(rgb: Vector, function) -> Vector:  # type: ignore[no-untyped-def]
    r, g, b = (function(min(1.0, max(0.0, v))) for v in rgb)
    return (r, g, b)


def linear_from_hex(text: str) -> Vector:
    """Return linear RGB of "#rrggbb"."""
    r, g, b = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return linear_from_srgb((r, g, b))


def luminance(rgb: Vector) -> float:
    """Return the luminance of linear RGB (Rec. 709)."""
    r, g, b = rgb
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def srgb_from_hsv(hue: float, saturation: float, value: float) -> Vector:
    """Return sRGB of hue (turns, any real number), saturation and value (0..1, clamped)."""
    return colorsys.hsv_to_rgb(hue % 1.0, min(1.0, max(0.0, saturation)), min(1.0, max(0.0, value)))


@cache
def black_body(kelvin: float) -> Vector:
    """Return the linear RGB of a black body, brightest channel 1, clipped to the gamut (below about 1900 K blue is 0).

    Planck's law against the CIE 1931 colour matching functions in the analytic form of Wyman, Sloan and Shirley 2013.
    """
    x = y = z = 0.0
    for nm in range(380, 781, 5):
        power = 1.0 / (nm**5 * math.expm1(1.438777e7 / (nm * kelvin)))
        x += power * (
            1.056 * _lobe(nm, 599.8, 37.9, 31.0)
            + 0.362 * _lobe(nm, 442.0, 16.0, 26.7)
            - 0.065 * _lobe(nm, 501.1, 20.4, 26.2)
        )
        y += power * (0.821 * _lobe(nm, 568.8, 46.9, 40.5) + 0.286 * _lobe(nm, 530.9, 16.3, 31.1))
        z += power * (1.217 * _lobe(nm, 437.0, 11.8, 36.0) + 0.681 * _lobe(nm, 459.0, 26.0, 13.8))
    r = 3.2404542 * x - 1.5371385 * y - 0.4985314 * z
    g = -0.9692660 * x + 1.8760108 * y + 0.0415560 * z
    b = 0.0556434 * x - 0.2040259 * y + 1.0572252 * z
    top = max(r, g, b)
    return (max(0.0, r / top), max(0.0, g / top), max(0.0, b / top))


def _lobe(nm: float, mean: float, below: float, above: float) -> float:
    t = (nm - mean) / (below if nm < mean else above)
    return math.exp(-0.5 * t * t)
