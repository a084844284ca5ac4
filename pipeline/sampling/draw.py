"""One value from one distribution."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from pipeline.config.colors import (
    ChoiceColor,
    Color,
    ConstantColor,
    GreyColor,
    HsvColor,
    LinearColor,
    LinearGreyColor,
    RgbColor,
    TemperatureColor,
)
from pipeline.config.distributions import (
    Choice,
    Constant,
    Exponential,
    Integer,
    LogNormal,
    LogUniform,
    Mixture,
    Normal,
    Number,
    Poisson,
    Uniform,
)
from pipeline.config.global_reference import Global
from pipeline.config.text_choices import ConstantText, Word
from pipeline.records import Vector
from pipeline.sampling.colors import black_body, linear_from_hex, linear_from_srgb, srgb_from_hsv

Rng = np.random.Generator
POISSON_PART = 500.0  # exp(-500) is still a normal number


def draw(number: Number, rng: Rng) -> float:
    """Return one value of `number`. Equal bounds give exactly that value."""
    match number:
        case Constant(value=value):
            return value
        case Uniform(low=low, high=high):
            return low + (high - low) * rng.random()
        case LogUniform(low=low, high=high):
            return min(high, low * math.exp(math.log(high / low) * rng.random()))
        case Normal():
            return _draw_normal(number.mean, number.std, number.bounds(), rng)
        case LogNormal(median=median, sigma=sigma):
            low, high = number.bounds()
            reach = (math.log(low / median), math.log(high / median))
            return min(high, max(low, median * math.exp(_draw_normal(0.0, sigma, reach, rng))))
        case Exponential(mean=mean):
            low, high = number.bounds()
            return min(high, low - mean * math.log1p(rng.random() * math.expm1((low - high) / mean)))
        case Integer() | Poisson():
            return float(draw_count(number, rng))
        case Choice(values=values, weights=weights):
            return values[draw_index(len(values), rng, weights)]
        case Mixture(of=parts, weights=weights):
            return draw(parts[draw_index(len(parts), rng, weights)], rng)
        case Global(name=name):
            raise ValueError(f"the global {name} has no value here: draw the scene's globals first")


def _draw_normal(mean: float, std: float, bounds: tuple[float, float], rng: Rng) -> float:
    """Truncated by its inverse distribution function, so one draw is enough however far out the bounds are."""
    normal = NormalDist(mean, std)
    low, high = bounds
    p_low, p_high = normal.cdf(low), normal.cdf(high)
    p = p_low + (p_high - p_low) * rng.random()
    if not 0.0 < p < 1.0:
        return low if p <= 0.0 else high
    return min(high, max(low, normal.inv_cdf(p)))


def draw_count(number: Number, rng: Rng) -> int:
    """Return a whole number: `Integer` exactly and evenly, any other distribution rounded to the nearest."""
    if isinstance(number, Integer):
        return number.low + int((number.high - number.low + 1) * rng.random())
    if isinstance(number, Poisson):
        return min(int(number.bounds()[1]), _draw_poisson(number.mean, rng))
    return round(draw(number, rng))


def _draw_poisson(mean: float, rng: Rng) -> int:
    """By inversion, in parts whose probability of nothing is no underflow: sums of Poisson numbers are Poisson."""
    count = 0
    while mean > 0:
        part = min(mean, POISSON_PART)
        mean -= part
        left, share, i = rng.random(), math.exp(-part), 0
        while left > share and share > 0.0:
            left, i = left - share, i + 1
            share *= part / i
        count += i
    return count


def draw_index(count: int, rng: Rng, weights: Sequence[float] | None = None) -> int:
    """Return an index 0..count-1, evenly or by `weights` (not all 0)."""
    if weights is None:
        return int(count * rng.random())
    cumulative = list(itertools.accumulate(weights))
    index = bisect.bisect_right(cumulative, rng.random() * cumulative[-1])
    return min(index, max(i for i, weight in enumerate(weights) if weight > 0))


def draw_word(word: Word, rng: Rng) -> str:
    """Return one of the words."""
    if isinstance(word, ConstantText):
        return word.value
    return word.values[draw_index(len(word.values), rng, word.weights)]


def draw_color(color: Color, rng: Rng) -> Vector:
    """Return a linear RGB colour (3,), 0..1."""
    match color:
        case ConstantColor(value=value):
            return linear_from_hex(value)
        case ChoiceColor(values=values, weights=weights):
            return linear_from_hex(values[draw_index(len(values), rng, weights)])
        case RgbColor(r=r, g=g, b=b):
            return linear_from_srgb((draw(r, rng), draw(g, rng), draw(b, rng)))
        case LinearColor(r=r, g=g, b=b):
            return (draw(r, rng), draw(g, rng), draw(b, rng))
        case HsvColor(hue=hue, saturation=saturation, value=value):
            return linear_from_srgb(srgb_from_hsv(draw(hue, rng), draw(saturation, rng), draw(value, rng)))
        case GreyColor(level=level):
            grey = draw(level, rng)
            return linear_from_srgb((grey, grey, grey))
        case LinearGreyColor(level=level):
            grey = draw(level, rng)
            return (grey, grey, grey)
        case TemperatureColor(kelvin=kelvin):
            return black_body(draw(kelvin, rng))
