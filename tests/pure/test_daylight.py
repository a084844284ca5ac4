"""Light by the sun's elevation against published illuminances and air masses."""

from __future__ import annotations

import math

import pytest

from pipeline.sampling.colors import luminance
from pipeline.sampling.daylight import MOON_LX, NOON_LX, air_mass, daylight, sun_through_air


def lux(elevation_deg: float, cloudiness: float = 0.0, haze: float = 0.0) -> float:
    """Illuminance of level ground: without adaptation light is proportional to it."""
    light = daylight(elevation_deg, cloudiness, haze, 1.0, 0.0)
    return NOON_LX * (light.sky + light.beam * max(0.0, math.sin(math.radians(elevation_deg))))


@pytest.mark.parametrize(
    ("elevation", "mass"), [(90.0, 1.0), (30.0, 1.994), (10.0, 5.586), (5.0, 10.32), (1e-9, 37.92)]
)
def test_air_masses_of_kasten_and_young(elevation, mass):
    assert air_mass(elevation) == pytest.approx(mass, rel=5e-3)


@pytest.mark.parametrize(
    ("elevation", "low", "high"),
    [
        (60.0, 85_000, 115_000),  # clear noon in summer
        (30.0, 40_000, 60_000),
        (0.0, 600, 1_100),  # sunset
        (-6.0, 3.0, 4.0),  # end of civil twilight: 3.4
        (-12.0, 0.25, 0.27),  # end of nautical twilight: 0.008, below the floor
        (-50.0, 0.25, 0.26),
    ],
)
def test_published_illuminances(elevation, low, high):
    assert low <= lux(elevation) <= high


def test_the_night_has_a_floor():
    assert MOON_LX / 5 <= lux(-40.0, cloudiness=1.0) < MOON_LX


@pytest.mark.parametrize("elevation", [5.0, 20.0, 60.0])
def test_clouds_dim_as_kasten_and_czeplak_measured(elevation):
    clear = lux(elevation)
    assert lux(elevation, 0.5) / clear == pytest.approx(1 - 0.75 * 0.5**3.4, rel=1e-6)
    assert lux(elevation, 1.0) / clear == pytest.approx(0.25, rel=1e-6)


def test_clouds_take_the_beam_and_soften_it():
    clear, half, closed = (daylight(40.0, c, 0.0, 1.0, 0.8) for c in (0.0, 0.5, 1.0))
    assert clear.beam > half.beam > 0.3 and closed.beam == 0.0
    assert clear.angle_deg < half.angle_deg < closed.angle_deg
    assert clear.angle_deg == pytest.approx(0.53)


def test_the_sun_reddens_as_it_sinks_and_with_haze():
    ratios = [r / b for r, _, b in (sun_through_air(e, 0.0) for e in (60.0, 30.0, 10.0, 3.0))]
    assert ratios == sorted(ratios) and ratios[-1] > 4 * ratios[0]
    assert luminance(sun_through_air(30.0, 1.0)) < 0.6 * luminance(sun_through_air(30.0, 0.0))
    r, g, b = daylight(45.0, 0.0, 0.0, 1.0, 0.8).sun_color
    assert (r, g, b) == pytest.approx((1.0, 1.0, 1.0))  # the white of daylight


def test_full_adaptation_makes_all_hours_alike_and_none_follows_the_light():
    for elevation in (-30.0, -3.0, 5.0, 60.0):
        light = daylight(elevation, 0.3, 0.2, 0.7, 1.0)
        height = max(0.0, math.sin(math.radians(elevation)))
        assert light.sky + light.beam * height == pytest.approx(0.7)


def test_light_never_jumps_as_the_sun_moves():
    levels = [math.log(lux(-20 + i / 10)) for i in range(1000)]
    assert max(abs(b - a) for a, b in zip(levels, levels[1:], strict=False)) < 0.12


def test_below_the_horizon_there_is_no_beam_and_the_night_comes():
    assert daylight(-0.1, 0.0, 0.0, 1.0, 0.8).beam == 0.0
    nights = [daylight(e, 0.0, 0.0, 1.0, 0.8).night for e in (0.0, -4.0, -8.0, -12.0)]
    assert nights == sorted(nights) and nights[0] == 0.0 and nights[-1] == 1.0
