"""Where the sun stands: its declination by the Astronomical Almanac, and spherical trigonometry."""

from __future__ import annotations

import math

NOON_OF_2026 = 9497  # days from J2000.0 to noon of its first of January


def declination_rad(day_of_year: float) -> float:
    """Return the sun's declination by the Astronomical Almanac's low-precision formulae (Michalsky 1988, "The
    Astronomical Almanac's algorithm for approximate solar position", Solar Energy 40), which are good to 0.01 degrees.

    Whole days are noons of 2026, in the middle between two leap years; other years differ by up to 0.2 degrees.
    """
    days = NOON_OF_2026 + day_of_year - 1
    mean_longitude, anomaly = 280.460 + 0.9856474 * days, math.radians(357.528 + 0.9856003 * days)
    longitude = math.radians(mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    return math.asin(math.sin(math.radians(23.439 - 4e-7 * days)) * math.sin(longitude))


def sun_direction_deg(time_h: float, day_of_year: float, latitude_deg: float) -> tuple[float, float]:
    """Return the sun's azimuth (from north over east, 0..360) and apparent elevation, in degrees.

    `time_h` is local solar time: the hour angle is 15 degrees an hour from noon (Iqbal 1983, An Introduction to Solar
    Radiation, section 1.5). Refraction lifts the sun as Saemundsson's formula says (Sky and Telescope 72, 1986).
    """
    hour, latitude = math.radians(15 * (time_h - 12)), math.radians(latitude_deg)
    declination = declination_rad(day_of_year + (time_h - 12) / 24)
    east = -math.cos(declination) * math.sin(hour)
    north = math.sin(declination) * math.cos(latitude) - math.cos(declination) * math.sin(latitude) * math.cos(hour)
    up = math.sin(declination) * math.sin(latitude) + math.cos(declination) * math.cos(latitude) * math.cos(hour)
    elevation_deg = math.degrees(math.atan2(up, math.hypot(east, north)))
    return math.degrees(math.atan2(east, north)) % 360.0, elevation_deg + _refraction_deg(elevation_deg)


def _refraction_deg(elevation_deg: float) -> float:
    """Return how much the air lifts a body of true elevation; it fades below the horizon, where nobody sees it."""
    if elevation_deg < -2.0:
        return 0.0
    lifted = 1.02 / math.tan(math.radians(elevation_deg + 10.3 / (elevation_deg + 5.11))) / 60
    return lifted * min(1.0, (elevation_deg + 2.0) / 1.5) if elevation_deg < -0.5 else lifted
