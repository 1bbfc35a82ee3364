"""What an account may lose: value at risk and expected shortfall of its own returns, three ways.

Returns and losses are fractions of equity per period; a loss is positive. None: fewer than two
returns say nothing.
"""

from collections.abc import Callable, Sequence
from math import exp, floor, fsum, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

EWMA_LAMBDA = 0.94


class TailRisk(NamedTuple):
    """Of one period, at one confidence."""

    value_at_risk: float
    expected_shortfall: float


Method = Callable[[Sequence[float], float], TailRisk | None]


def historical(returns: Sequence[float], confidence: float) -> TailRisk | None:
    """The quantile of the returns as they were, interpolated, and the mean of the worst."""
    if len(returns) < 2:
        return None
    worst = sorted(returns)
    place = (len(worst) - 1) * (1 - confidence)
    below = floor(place)
    above = min(below + 1, len(worst) - 1)
    quantile = worst[below] + (worst[above] - worst[below]) * (place - below)
    return TailRisk(-quantile, -fsum(worst[: below + 1]) / (below + 1))


def parametric(returns: Sequence[float], confidence: float) -> TailRisk | None:
    """As if returns were normal with the mean and the standard deviation they had."""
    if len(returns) < 2:
        return None
    return _normal(mean(returns), deviation(returns), confidence)


def ewma(returns: Sequence[float], confidence: float) -> TailRisk | None:
    """As if the next return were normal around 0, newer returns weighing more."""
    if len(returns) < 2:
        return None
    variance = returns[0] ** 2
    for each in returns[1:]:
        variance = EWMA_LAMBDA * variance + (1 - EWMA_LAMBDA) * each**2
    return _normal(0.0, sqrt(variance), confidence)


def mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """The standard deviation of a sample of at least two."""
    middle = mean(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def _normal(middle: float, spread: float, confidence: float) -> TailRisk:
    z = NormalDist().inv_cdf(confidence)
    density = exp(-z * z / 2) / sqrt(2 * pi)
    return TailRisk(z * spread - middle, spread * density / (1 - confidence) - middle)
