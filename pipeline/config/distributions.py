"""Distributions a scene file may put where a number, a colour or a choice stands: data and checks, no drawing.

Every union below is tagged as `structure` reads it: `{uniform: [0.2, 0.8]}`; a bare value is a constant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from pipeline.config.global_reference import Global


def _check_order(low: float, high: float) -> None:
    if low > high:
        raise ValueError(f"low {low:g} is above high {high:g}", "swap them")


def check_weights(values: tuple[object, ...], weights: tuple[float, ...] | None) -> None:
    if not values:
        raise ValueError("a choice needs at least one value")
    if weights is None:
        return
    if len(weights) != len(values):
        raise ValueError(f"{len(weights)} weights for {len(values)} values", "give one weight a value")
    if min(weights) < 0 or sum(weights) <= 0:
        raise ValueError("weights must be 0 or more, and not all 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """Always `value`. The bare form of a number."""

    TAG: ClassVar[str] = "constant"
    SHORT: ClassVar[tuple[str, ...]] = ("value",)
    BARE: ClassVar[tuple[type, ...]] = (int, float)
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """Evenly over [low, high)."""

    TAG: ClassVar[str] = "uniform"
    SHORT: ClassVar[tuple[str, ...]] = ("low", "high")
    BARE: ClassVar[tuple[type, ...]] = ()
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_order(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUniform:
    """Evenly in the logarithm over [low, high): each octave is as likely as the next. Both above 0."""

    TAG: ClassVar[str] = "log_uniform"
    SHORT: ClassVar[tuple[str, ...]] = ("low", "high")
    BARE: ClassVar[tuple[type, ...]] = ()
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_order(self.low, self.high)
        if self.low <= 0:
            raise ValueError(f"low {self.low:g} is not above 0", "a logarithm needs positive bounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """Gaussian with `mean` and `std`, cut off at [low, high] (by default 3 standard deviations away)."""

    TAG: ClassVar[str] = "normal"
    SHORT: ClassVar[tuple[str, ...]] = ("mean", "std")
    BARE: ClassVar[tuple[type, ...]] = ()
    mean: float
    std: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.std <= 0:
            raise ValueError(f"std {self.std:g} is not above 0", "use a constant for a fixed value")
        low, high = self.bounds()
        _check_order(low, high)
        if low > self.mean + 8 * self.std or high < self.mean - 8 * self.std:
            raise ValueError("the bounds leave out all of the distribution", "move low and high nearer to the mean")

    def bounds(self) -> tuple[float, float]:
        """Return (low, high) with the defaults filled in."""
        low = self.mean - 3 * self.std if self.low is None else self.low
        high = self.mean + 3 * self.std if self.high is None else self.high
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNormal:
    """A number whose logarithm is Gaussian with standard deviation `sigma`; half of the draws are below `median`.

    Headways and sizes are often so. Cut off at [low, high] (by default 3 `sigma` away).
    """

    TAG: ClassVar[str] = "log_normal"
    SHORT: ClassVar[tuple[str, ...]] = ("median", "sigma")
    BARE: ClassVar[tuple[type, ...]] = ()
    median: float
    sigma: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.median <= 0 or self.sigma <= 0:
            raise ValueError(f"median {self.median:g} and sigma {self.sigma:g} must be above 0")
        low, high = self.bounds()
        _check_order(low, high)
        if low <= 0:
            raise ValueError(f"low {low:g} is not above 0", "a logarithm needs positive bounds")
        if math.log(low / self.median) > 8 * self.sigma or math.log(high / self.median) < -8 * self.sigma:
            raise ValueError("the bounds leave out all of the distribution", "move low and high nearer to the median")

    def bounds(self) -> tuple[float, float]:
        """Return (low, high) with the defaults filled in."""
        reach = math.exp(3 * self.sigma)
        low = self.median / reach if self.low is None else self.low
        high = self.median * reach if self.high is None else self.high
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """`low` plus an exponential of mean `mean`, cut off at `high` (by default 7 means above): gaps of free traffic."""

    TAG: ClassVar[str] = "exponential"
    SHORT: ClassVar[tuple[str, ...]] = ("mean",)
    BARE: ClassVar[tuple[type, ...]] = ()
    mean: float
    low: float = 0.0
    high: float | None = None

    def __post_init__(self) -> None:
        if self.mean <= 0:
            raise ValueError(f"mean {self.mean:g} is not above 0", "use a constant for a fixed value")
        _check_order(*self.bounds())

    def bounds(self) -> tuple[float, float]:
        """Return (low, high) with the default filled in."""
        return self.low, self.low + 7 * self.mean if self.high is None else self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisson:
    """A whole number of things that come independently of each other, `mean` on average; at most `high`."""

    TAG: ClassVar[str] = "poisson"
    SHORT: ClassVar[tuple[str, ...]] = ("mean",)
    BARE: ClassVar[tuple[type, ...]] = ()
    mean: float
    high: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.mean <= 1e6:
            raise ValueError(f"mean {self.mean:g} is outside 0..1000000")
        if self.high is not None and self.high < 0:
            raise ValueError(f"high {self.high} is below 0")

    def bounds(self) -> tuple[float, float]:
        """Return (0, high), by default ten standard deviations above the mean."""
        return 0, math.ceil(self.mean + 10 * math.sqrt(self.mean)) + 10 if self.high is None else self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A whole number from low to high, both included."""

    TAG: ClassVar[str] = "integer"
    SHORT: ClassVar[tuple[str, ...]] = ("low", "high")
    BARE: ClassVar[tuple[type, ...]] = ()
    low: int
    high: int

    def __post_init__(self) -> None:
        _check_order(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of `values`, with `weights` or evenly."""

    TAG: ClassVar[str] = "choice"
    SHORT: ClassVar[tuple[str, ...]] = ("values",)
    SHORT_IS_LIST: ClassVar[bool] = True
    BARE: ClassVar[tuple[type, ...]] = ()
    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_weights(self.values, self.weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """One of several numbers or distributions, with `weights` or evenly: `{mixture: {of: [...], weights: [...]}}`."""

    TAG: ClassVar[str] = "mixture"
    SHORT: ClassVar[tuple[str, ...]] = ("of",)
    SHORT_IS_LIST: ClassVar[bool] = True
    BARE: ClassVar[tuple[type, ...]] = ()
    of: tuple[Constant | Uniform | LogUniform | Normal | LogNormal | Exponential | Poisson | Integer | Choice, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_weights(self.of, self.weights)


UNKNOWN = (math.nan, math.nan)
"""The bounds of a global before its range is known: they compare false with everything."""

Number = (
    Constant | Uniform | LogUniform | Normal | LogNormal | Exponential | Poisson | Integer | Choice | Mixture | Global
)


def bounds(number: Number) -> tuple[float, float]:
    """Return the least and greatest value `number` can give, `UNKNOWN` for a global."""
    match number:
        case Global():
            return UNKNOWN
        case Constant(value=value):
            return value, value
        case Uniform() | LogUniform() | Integer():
            return number.low, number.high
        case Normal() | LogNormal() | Exponential() | Poisson():
            return number.bounds()
        case Choice(values=values):
            return min(values), max(values)
        case Mixture(of=parts):
            pairs = [bounds(part) for part in parts]
            return min(low for low, _ in pairs), max(high for _, high in pairs)


ABOVE_ZERO = 1e-6  # a lower limit up to this only says that a number must not be 0


def require(name: str, number: Number, low: float = -math.inf, high: float = math.inf) -> None:
    """Raise ValueError when `number` can leave [low, high]."""
    least, greatest = bounds(number)
    if least < low and 0 < low <= ABOVE_ZERO:
        raise ValueError(f"{name} can be {least:g}, which is not above 0")
    if least < low:
        raise ValueError(f"{name} can be {least:g}, below {low:g}", f"keep it at {low:g} or more")
    if greatest > high:
        raise ValueError(f"{name} can be {greatest:g}, above {high:g}", f"keep it at {high:g} or less")
