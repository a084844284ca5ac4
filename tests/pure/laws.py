"""Goodness of fit, as p values: how likely numbers this far from their law are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import NormalDist


def p_uniform(values: Sequence[float], low: float, high: float) -> float:
    """Kolmogorov-Smirnov against evenly over [low, high], or how likely it is to come no nearer to an end, whichever
    is less; 0 for a value outside."""
    n, slack = len(values), (high - low) * 1e-6
    if min(values) < low - slack or max(values) > high + slack:
        return 0.0
    shares = sorted((value - low) / (high - low) for value in values)
    gap = max(max((i + 1) / n - share, share - i / n) for i, share in enumerate(shares))
    root = math.sqrt(n)
    reach = (root + 0.12 + 0.11 / root) * gap  # Stephens 1970
    bend = 1.0 if reach < 0.3 else 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * reach) ** 2) for k in range(1, 50))
    ends = min(1 - max(0.0, shares[0]), min(1.0, shares[-1])) ** n
    return max(0.0, min(bend, ends))


def p_even(values: Iterable[object], kinds: Sequence[object]) -> float:
    """Chi-square against each of `kinds` equally often; 0 for a value that is none of them."""
    return p_shares(values, dict.fromkeys(kinds, 1 / len(kinds)))


def p_shares(values: Iterable[object], shares: dict[object, float]) -> float:
    """Chi-square against `shares` of each kind (they sum to 1) by Wilson and Hilferty's normal approximation, or how
    likely it is never to see one that is not there, whichever is less."""
    seen = Counter(values)
    if set(seen) - set(shares):
        return 0.0
    total = sum(seen.values())
    assert min(shares.values()) * total >= 5, "too few values for the test to mean anything"
    square = sum((seen[kind] - share * total) ** 2 / (share * total) for kind, share in shares.items())
    freedom = len(shares) - 1
    spread = 2 / (9 * freedom)
    fit = 1 - NormalDist().cdf(((square / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))
    missing = [(1 - share) ** total for kind, share in shares.items() if not seen[kind]]
    return min(fit, *missing) if missing else fit
