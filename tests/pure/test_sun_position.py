"""The sun against published positions, to better than half a degree."""

from __future__ import annotations

import math

import pytest

from pipeline.sampling.sun_position import declination_rad, sun_direction_deg


def between_deg(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The angle between two directions of (azimuth, elevation)."""
    turn = math.radians(a[0] - b[0])
    up, other = math.radians(a[1]), math.radians(b[1])
    cosine = math.sin(up) * math.sin(other) + math.cos(up) * math.cos(other) * math.cos(turn)
    return math.degrees(math.acos(min(1.0, cosine)))


def test_the_example_of_nrels_solar_position_algorithm():
    # Reda and Andreas 2004, table A5.1: Golden, Colorado, 17 October 2003, 12:30:30 at UTC-7; equation of time 14.6415
    # minutes, azimuth 194.34024 and topocentric zenith angle 50.11162 degrees.
    time_h = 12 + 30.5 / 60 + (-105.1786 + 105) * 4 / 60 + 14.641503 / 60
    seen = sun_direction_deg(time_h, 290, 39.742476)
    assert between_deg(seen, (194.34024, 90 - 50.11162)) < 0.2


@pytest.mark.parametrize(
    ("day", "latitude", "azimuth", "elevation"),
    [
        (172, 51.48, 180.0, 61.96),  # Greenwich at the solstices: 90 - latitude +- 23.44
        (355, 51.48, 180.0, 15.14),
        (80, 0.0, None, 90.0),  # the equator at the equinox
        (355, -33.87, 0.0, 79.57),  # Sydney, where the noon sun is in the north
        (172, 23.44, None, 90.0),  # the tropic of Cancer
    ],
)
def test_noon_at_solstice_and_equinox(day, latitude, azimuth, elevation):
    seen = sun_direction_deg(12.0, day, latitude)
    assert seen[1] == pytest.approx(elevation, abs=0.5)
    if azimuth is not None:
        assert abs((seen[0] - azimuth + 180) % 360 - 180) < 0.5


@pytest.mark.parametrize(("day", "length_h"), [(172, 16 + 38 / 60), (355, 7 + 50 / 60), (80, 12 + 12 / 60)])
def test_the_length_of_londons_days(day, length_h):
    """Sunrise is when the upper limb appears: the centre seen 0.27 degrees below the horizon."""
    low, high = 0.0, 12.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if sun_direction_deg(middle, day, 51.5)[1] > -0.27 else (middle, high)
    assert 2 * (12 - high) == pytest.approx(length_h, abs=0.1)


def test_the_sun_rises_in_the_east_and_sets_in_the_west_everywhere_at_the_equinox():
    for latitude in (-50.0, 0.0, 30.0, 60.0):
        assert between_deg(sun_direction_deg(6.0, 79, latitude), (90.0, 0.5)) < 0.6
        assert between_deg(sun_direction_deg(18.0, 79, latitude), (270.0, 0.5)) < 0.6


def test_the_midnight_sun_stands_in_the_north():
    azimuth, elevation = sun_direction_deg(0.0, 172, 75.0)
    assert min(azimuth, 360 - azimuth) < 0.5 and elevation == pytest.approx(75 - 90 + 23.44, abs=0.5)


def test_declination_of_the_almanac():
    # 2026 in UTC: equinox on 20 March 14:46 and 23 September 00:05, solstice on 21 June 08:24 and 21 December 20:50.
    for day, degrees in ((79.115, 0.0), (171.85, 23.436), (265.503, 0.0), (355.368, -23.436)):
        assert math.degrees(declination_rad(day)) == pytest.approx(degrees, abs=0.02)


def test_refraction_lifts_the_sun_and_never_jumps():
    heights = [sun_direction_deg(6.0 + i / 500, 172, 89.0)[1] for i in range(20)]
    assert max(heights) - min(heights) < 1.0
    times = [i / 400 * 24 for i in range(400)]
    seen = [sun_direction_deg(t, 100, 45.0)[1] for t in times]
    assert max(abs(b - a) for a, b in zip(seen, seen[1:], strict=False)) < 1.2
