"""Lamps and the environment."""

from __future__ import annotations

import math
from typing import cast

from pipeline.config.distributions import Uniform
from pipeline.config.schema import Environment, LightGroup, Shell
from pipeline.geometry import direction_from_angles
from pipeline.records import BackgroundPlan, Hdri, LightPlan, Photo, Vector, WorldPlan
from pipeline.sampling.draw import Rng, draw, draw_color, draw_index, draw_word


def sample_shell(shell: Shell, rng: Rng) -> Vector:
    """Return an offset in metres on the shell. A `uniform` elevation is uniform over the sphere's area (Archimedes)."""
    azimuth = math.radians(draw(shell.azimuth_deg, rng))
    elevation = _sample_elevation(shell, rng)
    x, y, z = direction_from_angles(azimuth, elevation) * draw(shell.distance_m, rng)
    return (float(x), float(y), float(z))


def _sample_elevation(shell: Shell, rng: Rng) -> float:
    law = shell.elevation_deg
    if not isinstance(law, Uniform) or shell.uniform_over == "angle":
        return math.radians(draw(law, rng))
    low, high = math.sin(math.radians(law.low)), math.sin(math.radians(law.high))
    return math.asin(min(1.0, max(-1.0, low + (high - low) * rng.random())))


def sample_light(group: LightGroup, rng: Rng) -> LightPlan:
    """Return one lamp of a group."""
    return LightPlan(
        kind=cast("object", draw_word(group.kind, rng)),  # type: ignore[arg-type]  # checked by LightGroup
        anchor=group.around,
        anchor_index=draw_index(1 << 16, rng),
        offset_m=sample_shell(group.shell, rng),
        energy_w=draw(group.energy_w, rng),
        size_m=draw(group.size_m, rng),
        spot_angle_deg=draw(group.spot_angle_deg, rng),
        color=draw_color(group.color, rng),
    )


def sample_world(environment: Environment, hdris: tuple[Hdri, ...], photos: tuple[Photo, ...], rng: Rng) -> WorldPlan:
    """Return the environment of one frame, its HDRI normalised to the mean radiance drawn."""
    hdri = hdris[draw_index(len(hdris), rng)]
    return WorldPlan(
        hdri=hdri,
        strength=draw(environment.strength, rng) / hdri.mean_radiance,
        yaw_deg=draw(environment.yaw_deg, rng),
        tilt_deg=draw(environment.tilt_deg, rng),
        tilt_azimuth_deg=360.0 * rng.random(),
        tint=draw_color(environment.tint, rng),
        background=sample_background(environment, photos, rng),
    )


def sample_background(environment: Environment, photos: tuple[Photo, ...], rng: Rng) -> BackgroundPlan | None:
    """Return what the camera sees behind everything, None where that is the environment itself."""
    background = environment.background
    if background is None:
        return None
    if background.color is not None:
        return BackgroundPlan(color=draw_color(background.color, rng))
    return BackgroundPlan(photo=photos[draw_index(len(photos), rng)])
