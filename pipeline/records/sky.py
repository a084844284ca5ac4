"""A sky as planned, and as labels tell it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records.shapes import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyPlan:
    """The sky of a place and a time. First what was drawn (see `pipeline.config.sky_section`), then what follows.

    `sun_azimuth_deg` from +x towards +y and `sun_elevation_deg` say where the sun stands, seen from the ground;
    while it is up it is the last of the plan's lamps. `radiance`: how a white level surface shines by the sky alone,
    without tint. `night` 0..1 is how far the blue of the night has taken the place of the twilight. The colour
    of the clouds has luminance 1; `ground` is the radiance of the ground below the horizon. `cloud_offset` moves the
    pattern of the clouds.
    """

    time_h: float
    day_of_year: float
    latitude_deg: float
    north_deg: float
    cloudiness: float
    haze: float
    adaptation: float
    sun_azimuth_deg: float
    sun_elevation_deg: float
    radiance: float
    night: float
    cloud_color: Vector
    ground: Vector
    cloud_offset: Vector
