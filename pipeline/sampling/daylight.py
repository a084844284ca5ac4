"""How bright sun and sky are, and in which colours, by the sun's elevation, clouds and haze."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.records import Vector
from pipeline.sampling.colors import black_body, luminance

SUN_LX = 127_500.0  # illuminance of the sun outside the air (IES RP-21, 1984)
SUN_K = 5777.0
WHITE_SUN_DEG = 45.0  # a clear sun this high is white: the white balance that cameras call daylight
NOON_LX = 100_000.0  # a clear noon in summer; what `environment.strength` stands for
SUN_ANGLE_DEG = 0.53
HAZE_ANGLE_DEG, CLOUD_ANGLE_DEG = 2.0, 16.0  # how much larger it seems through smog, and behind closing clouds (ours)
PRIMARIES_UM = (0.611, 0.549, 0.464)  # dominant wavelengths of red, green and blue of Rec. 709
OZONE_CM = 0.35
OZONE_PER_CM = (0.118, 0.085, 0.008)  # absorption there (Iqbal 1983, table 6.13.1, Chappuis band)
CLEAR_TURBIDITY, HAZY_TURBIDITY = 2.0, 8.0
SCATTERED_DOWN = 0.5  # of what haze takes from the beam (ours)

# Lux of a clear sky by the sun's elevation: the ends of astronomical, nautical and civil twilight (Seidelmann 1992,
# Explanatory Supplement to the Astronomical Almanac, table 9.8), then IES RP-21.
LOW_DEG = (-18.0, -12.0, -6.0, 0.0, 5.0)
LOW_LX = (6.5e-4, 8.3e-3, 3.4, 800.0, 5376.0)
MOON_LX = 0.25  # a full moon, high up: the floor of light
NIGHT_FROM_DEG, NIGHT_FULL_DEG = -5.0, -11.0
NIGHT_COLOR: Vector = (0.52, 1.0, 2.41)  # luminance 1: how painters and film show moonlight (ours)
GROUND_ALBEDO: Vector = (0.22, 0.2, 0.17)  # dry earth and grass (ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Daylight:
    """Light on level ground. `sky` and `beam` are how a white surface shines (radiance of the scene) that lies level
    under the sky, and that faces the sun; colours have luminance 1; `angle_deg` is how large the sun seems."""

    sky: float
    beam: float
    sun_color: Vector
    cloud_color: Vector
    ground: Vector
    angle_deg: float
    night: float


def daylight(elevation_deg: float, cloudiness: float, haze: float, strength: float, adaptation: float) -> Daylight:
    """Return the light of a sun of apparent `elevation_deg` under clouds (share of the sky, 0..1) and haze (0..1).

    Clear sky: sun through the air mass, sky by IES RP-21 (1984). Clouds: Kasten and Czeplak (1980), "Solar and
    terrestrial radiation dependent on the amount and type of cloud", Solar Energy 24: they let 1 - 0.75 c^3.4 through,
    and c^2 of the beam's share becomes diffuse. `strength` is what 100 000 lux give; E lux give
    strength (E / 100 000)^(1 - adaptation).
    """
    height = max(0.0, math.sin(math.radians(elevation_deg)))
    clear, hazy = sun_through_air(elevation_deg, 0.0), sun_through_air(elevation_deg, haze)
    beam_lx = SUN_LX * luminance(hazy)
    sky_lx = _clear_sky_lx(elevation_deg) + SCATTERED_DOWN * height * SUN_LX * (luminance(clear) - luminance(hazy))
    through = 1.0 - 0.75 * cloudiness**3.4
    beam_left = beam_lx * through * (1.0 - cloudiness**2)
    total_lx = (beam_lx * height + sky_lx) * through
    level = strength * math.pow(total_lx / NOON_LX, 1.0 - adaptation)
    sun_color = _balanced(hazy)
    night = _smooth((NIGHT_FROM_DEG - elevation_deg) / (NIGHT_FROM_DEG - NIGHT_FULL_DEG))
    beam_share = beam_left * height / total_lx
    clouds = _mixed((1.0, 1.0, 1.0), sun_color, beam_share)
    light = _mixed(clouds, NIGHT_COLOR, night)
    r, g, b = (albedo * channel * level for albedo, channel in zip(GROUND_ALBEDO, light, strict=True))
    return Daylight(
        sky=level * (1.0 - beam_share),
        beam=level * beam_left / total_lx,
        sun_color=sun_color,
        cloud_color=light,
        ground=(r, g, b),
        angle_deg=SUN_ANGLE_DEG + HAZE_ANGLE_DEG * haze + CLOUD_ANGLE_DEG * cloudiness**2,
        night=night,
    )


def air_mass(elevation_deg: float) -> float:
    """Return how many times the air overhead a ray passes (Kasten and Young 1989); 0 where the sun is below."""
    if elevation_deg <= 0:
        return math.inf
    return 1 / (math.sin(math.radians(elevation_deg)) + 0.50572 * math.pow(elevation_deg + 6.07995, -1.6364))


def sun_through_air(elevation_deg: float, haze: float) -> Vector:
    """Return the linear RGB of the direct sun, 1 in luminance outside the air and 0 below the horizon.

    Rayleigh scattering, Angstrom's haze and ozone at the wavelengths of the primaries, as Preetham, Shirley and Smits
    (1999), "A practical analytic model for daylight", appendix 1, have them.
    """
    mass = air_mass(elevation_deg)
    turbidity = CLEAR_TURBIDITY + haze * (HAZY_TURBIDITY - CLEAR_TURBIDITY)
    beta = 0.04608365822050 * turbidity - 0.04586025928522
    outside = _of_luminance_1(black_body(SUN_K))
    r, g, b = (
        channel * math.exp(-mass * (0.008735 * um**-4.08 + beta * um**-1.3 + ozone * OZONE_CM))
        for channel, um, ozone in zip(outside, PRIMARIES_UM, OZONE_PER_CM, strict=True)
    )
    return (r, g, b)


def _clear_sky_lx(elevation_deg: float) -> float:
    if elevation_deg >= LOW_DEG[-1]:
        return MOON_LX + 800.0 + 15_500.0 * math.sqrt(math.sin(math.radians(elevation_deg)))
    return MOON_LX + 10 ** float(np.interp(elevation_deg, LOW_DEG, np.log10(LOW_LX)))


def _balanced(sun: Vector) -> Vector:
    white = sun_through_air(WHITE_SUN_DEG, 0.0)
    r, g, b = (channel / reference for channel, reference in zip(sun, white, strict=True))
    return _of_luminance_1((r, g, b))


def _of_luminance_1(color: Vector) -> Vector:
    total = luminance(color)
    if total == 0.0:
        return (1.0, 1.0, 1.0)
    r, g, b = (channel / total for channel in color)
    return (r, g, b)


def _mixed(a: Vector, b: Vector, share: float) -> Vector:
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return (red, green, blue)


def _smooth(t: float) -> float:
    t = min(1.0, max(0.0, t))
    return t * t * (3.0 - 2.0 * t)
