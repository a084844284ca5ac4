"""A sky instead of an HDRI, and the lamp that is its sun."""

from __future__ import annotations

import math

from pipeline.config.schema import Environment, Sky
from pipeline.conventions import SUN_DEG_PER_M, SUN_W_PER_M2_PER_W
from pipeline.geometry import direction_from_angles
from pipeline.records import LightPlan, Photo, SkyPlan, WorldPlan
from pipeline.sampling.daylight import daylight
from pipeline.sampling.draw import draw, draw_color
from pipeline.sampling.lights import sample_background
from pipeline.sampling.rng import Scope, rng_for
from pipeline.sampling.sun_position import sun_direction_deg

DRAWN = ("time_h", "day_of_year", "latitude_deg", "north_deg", "cloudiness", "haze", "adaptation")
FAINTEST = 1e-3  # of the sky's light: a fainter sun is none
SUN_DISTANCE_M = 100.0  # where the lamp hangs; its light is parallel wherever that is


def sample_sky_world(
    environment: Environment, sky: Sky, photos: tuple[Photo, ...], seed: int, scope: Scope
) -> WorldPlan:
    """Return the environment of a scene under a sky."""
    drawn = {name: draw(getattr(sky, name), rng_for(seed, scope, f"environment/sky/{name}")) for name in DRAWN}
    strength = draw(environment.strength, rng_for(seed, scope, "environment/sky/strength"))
    clouds = rng_for(seed, scope, "environment/sky/clouds")
    azimuth_deg, elevation_deg = sun_direction_deg(drawn["time_h"], drawn["day_of_year"], drawn["latitude_deg"])
    light = daylight(elevation_deg, drawn["cloudiness"], drawn["haze"], strength, drawn["adaptation"])
    return WorldPlan(
        hdri=None,
        sky=SkyPlan(
            **drawn,
            sun_azimuth_deg=(drawn["north_deg"] - azimuth_deg) % 360.0,
            sun_elevation_deg=elevation_deg,
            radiance=light.sky,
            night=light.night,
            cloud_color=light.cloud_color,
            ground=light.ground,
            cloud_offset=(100.0 * clouds.random(), 100.0 * clouds.random(), 100.0 * clouds.random()),
        ),
        strength=strength,
        yaw_deg=0.0,
        tilt_deg=0.0,
        tilt_azimuth_deg=0.0,
        tint=draw_color(environment.tint, rng_for(seed, scope, "environment/sky/tint")),
        background=sample_background(environment, photos, rng_for(seed, scope, "environment/sky/background")),
    )


def sun_lamp(world: WorldPlan) -> LightPlan | None:
    """Return the lamp of a sky's sun; None without a sky, below the horizon and behind closed clouds."""
    sky = world.sky
    if sky is None:
        return None
    light = daylight(sky.sun_elevation_deg, sky.cloudiness, sky.haze, world.strength, sky.adaptation)
    if light.beam <= FAINTEST * light.sky:
        return None
    r, g, b = (channel * tint for channel, tint in zip(light.sun_color, world.tint, strict=True))
    top = max(r, g, b)
    if top <= 0:
        return None
    x, y, z = SUN_DISTANCE_M * direction_from_angles(
        math.radians(sky.sun_azimuth_deg), math.radians(sky.sun_elevation_deg)
    )
    return LightPlan(
        kind="sun",
        anchor="origin",
        anchor_index=0,
        offset_m=(float(x), float(y), float(z)),
        energy_w=math.pi * light.beam * top / SUN_W_PER_M2_PER_W,
        size_m=light.angle_deg / SUN_DEG_PER_M,
        spot_angle_deg=1.0,
        color=(r / top, g / top, b / top),
    )
