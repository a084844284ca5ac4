"""The sky of a plan as nodes: Blender's sky texture, clouds of noise before it, and the ground below the horizon.

The sun itself is a lamp (see `sampling.sky`), so the texture has no disc.
"""

from __future__ import annotations

import math as pymath

import numpy as np

from pipeline.records import SkyPlan, Vector
from pipeline.scene.compat import add_sky_texture
from pipeline.scene.looks.nodes import (
    Socket,
    Tree,
    add_node,
    combine,
    math,
    mix_colors,
    output_of,
    ramp,
    separate,
    vector_math,
)
from pipeline.scene.looks.sky_levels import AEROSOLS, ELEVATIONS_DEG, LEVELS, SKY_MODEL

LEAST_AEROSOLS, MOST_AEROSOLS = AEROSOLS[0], AEROSOLS[-1]
LOWEST_SUN_DEG = ELEVATIONS_DEG[0]  # a sky texture of a lower sun is black; the night's blue takes its place
GROUND_EDGE = 0.015  # sine of the angle below the horizon where the ground is all there is

# The share of the sky where the clouds' noise is below a value, measured; their edges are twice SOFTNESS wide.
NOISE_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
NOISE_VALUES = (0.26, 0.384, 0.409, 0.44, 0.465, 0.486, 0.505, 0.525, 0.545, 0.567, 0.597, 0.619, 0.752)
SOFTNESS = 0.04
BELLY = 0.4  # how much a cloud is darker where it is thick
BLUR_HEIGHT = 0.04
CLOUD_HEIGHT = 0.15  # how much nearer than infinity clouds at the horizon are, so that the noise does not alias there
BROKEN_CLOUDS = 3.0  # a single cloud in the sun is so much brighter than the sky
OVERCAST_MEAN = 7 / 9  # of (1 + 2 sin) / 3, the CIE's overcast sky, weighted by the cosine


def add_sky(tree: Tree, plan: SkyPlan, tint: Vector) -> Socket:
    """Add the sky's nodes and return its radiance as a colour: a white level surface under it shines at the plan's
    `radiance`, times the tint. Haze and clouds keep that to about a tenth."""
    direction = output_of(add_node(tree, "ShaderNodeTexCoord"), "Generated")
    x, y, z = separate(tree, direction)
    up = math(tree, "MAXIMUM", z, 0.0)
    sky = _hazy(tree, _clear_sky(tree, up, plan), up, plan)
    if plan.cloudiness > 0:
        sky = _clouded(tree, sky, combine(tree, x, y, up), up, plan)
    r, g, b = (plan.radiance * channel for channel in tint)
    lit = vector_math(tree, "MULTIPLY", sky, (r, g, b))
    ground = tuple(channel * shade for channel, shade in zip(plan.ground, tint, strict=True))
    return mix_colors(tree, ramp(tree, z, 0.0, -GROUND_EDGE), lit, ground)


def sky_level(elevation_deg: float, aerosols: float) -> float:
    """Return how a white level surface shines under the bare sky texture, by luminance; between what was measured by
    straight lines of its logarithm."""
    columns = [np.interp(elevation_deg, ELEVATIONS_DEG, np.log(row)) for row in LEVELS]
    return float(np.exp(np.interp(aerosols, AEROSOLS, columns)))


def _clear_sky(tree: Tree, up: Socket, plan: SkyPlan) -> Socket:
    """Return the sky texture, 1 on a white level surface, and the night in its place as far as it has come."""
    elevation_deg = max(LOWEST_SUN_DEG, plan.sun_elevation_deg)
    aerosols = LEAST_AEROSOLS + plan.haze * (MOST_AEROSOLS - LEAST_AEROSOLS)
    texture = add_sky_texture(
        tree, SKY_MODEL, pymath.radians(elevation_deg), pymath.radians(plan.sun_azimuth_deg), aerosols
    )
    factor = 1.0 / sky_level(elevation_deg, aerosols)
    color = vector_math(tree, "SCALE", texture.outputs[0], factor)
    if plan.night == 0:
        return color
    night = vector_math(tree, "SCALE", plan.cloud_color, math(tree, "MULTIPLY_ADD", up, -0.45, 1.3))  # 1 in the mean
    return mix_colors(tree, plan.night, color, night)


def _hazy(tree: Tree, sky: Socket, up: Socket, plan: SkyPlan) -> Socket:
    """Whiten the sky towards the horizon."""
    if plan.haze == 0:
        return sky
    depth = math(tree, "EXPONENT", math(tree, "DIVIDE", up, -0.05 - 0.3 * plan.haze))
    return mix_colors(tree, math(tree, "MULTIPLY", depth, 0.9 * plan.haze), sky, plan.cloud_color)


def _clouded(tree: Tree, sky: Socket, direction: Socket, up: Socket, plan: SkyPlan) -> Socket:
    """Lay clouds before the sky: noise on a flat ceiling, so many of its values that they cover the plan's share."""
    spread = math(tree, "DIVIDE", 1.0, math(tree, "ADD", up, CLOUD_HEIGHT))
    x, y, _ = separate(tree, vector_math(tree, "SCALE", direction, spread))
    point = vector_math(tree, "ADD", combine(tree, x, y, 0.0), plan.cloud_offset)
    inputs = {"Vector": point, "Scale": 1.2, "Detail": 6.0, "Roughness": 0.55}
    noise = output_of(add_node(tree, "ShaderNodeTexNoise", inputs), "Fac")
    edge = _threshold(plan.cloudiness)
    blur = math(tree, "EXPONENT", math(tree, "DIVIDE", up, -BLUR_HEIGHT))  # single clouds are not told apart low down
    cover = _mix(tree, blur, ramp(tree, noise, edge - SOFTNESS, edge + SOFTNESS), plan.cloudiness)
    brightness = _brightness(plan.cloudiness)
    belly = ramp(tree, noise, edge, edge + _depth(plan.cloudiness), smooth=False)
    shade = math(tree, "MULTIPLY_ADD", belly, -BELLY * brightness, brightness)
    overcast = math(tree, "MULTIPLY_ADD", up, 2 / (3 * OVERCAST_MEAN), 1 / (3 * OVERCAST_MEAN))
    level = math(tree, "MULTIPLY", shade, _mix(tree, plan.cloudiness**2, 1.0, overcast))
    cloud = vector_math(tree, "SCALE", plan.cloud_color, level)
    return vector_math(tree, "SCALE", mix_colors(tree, cover, sky, cloud), 1.0 / _cloudy_level(plan.cloudiness))


def _threshold(cloudiness: float) -> float:
    value = float(np.interp(1.0 - cloudiness, NOISE_SHARES, NOISE_VALUES))
    return value + SOFTNESS * (1.0 - 2.0 * cloudiness)  # no cloud at all at 0, no gap at 1


def _depth(cloudiness: float) -> float:
    """Return how far above the edge of a cloud its noise is where it is darkest."""
    return 0.2 + 0.3 * cloudiness


def _brightness(cloudiness: float) -> float:
    return BROKEN_CLOUDS + (1.0 - BROKEN_CLOUDS) * cloudiness


def _cloudy_level(cloudiness: float) -> float:
    """Return the mean of clouds and gaps between them, where the sky without clouds is 1."""
    noise, edge = np.interp(np.linspace(0, 1, 201), NOISE_SHARES, NOISE_VALUES), _threshold(cloudiness)
    t = np.clip((noise - edge + SOFTNESS) / (2 * SOFTNESS), 0, 1)
    cover = t * t * (3 - 2 * t)
    belly = np.clip((noise - edge) / _depth(cloudiness), 0, 1)
    return float(np.mean(1 - cover + cover * _brightness(cloudiness) * (1 - BELLY * belly)))


def _mix(tree: Tree, share: Socket | float, a: Socket | float, b: Socket | float) -> Socket:
    inputs = {"Factor_Float": share, "A_Float": a, "B_Float": b}
    return output_of(add_node(tree, "ShaderNodeMix", inputs, data_type="FLOAT"), "Result_Float")
