"""Value at risk and expected shortfall of an account's own returns, by three methods.

Returns and losses are fractions of equity per period; losses are positive. Each method returns
None for fewer than two returns.
"""

from collections.abc import Callable, Sequence
from math import exp, floor, fsum, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

EWMA_LAMBDA = 0.94


class TailRisk(NamedTuple):
    """Losses over one period at one confidence."""

    value_at_risk: float
    expected_shortfall: float


Method = Callable[[Sequence[float], float], TailRisk | None]


def historical(returns: Sequence[float], confidence: float) -> TailRisk | None:
    """Historical simulation: the interpolated quantile, and the mean of the returns beyond it."""
    if len(returns) < 2:
        return None
    worst = sorted(returns)
    place = (len(worst) - 1) * (1 - confidence)
    below = floor(place)
    above = min(below + 1, len(worst) - 1)
    quantile = worst[below] + (worst[above] - worst[below]) * (place - below)
    return TailRisk(-quantile, -fsum(worst[: below + 1]) / (below + 1))


def parametric(returns: Sequence[float], confidence: float) -> TailRisk | None:
    """Variance-covariance: normal returns with the sample's mean and standard deviation."""
    if len(returns) < 2:
        return None
    return _normal(mean(returns), deviation(returns), confidence)


def ewma(returns: Sequence[float], confidence: float) -> TailRisk | None:
    """RiskMetrics: a normal return around 0, with EWMA variance at lambda 0.94."""
    if len(returns) < 2:
        return None
    variance = returns[0] ** 2
    for value in returns[1:]:
        variance = EWMA_LAMBDA * variance + (1 - EWMA_LAMBDA) * value**2
    return _normal(0.0, sqrt(variance), confidence)


def mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation (n - 1) of at least two values."""
    middle = mean(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def _normal(average: float, spread: float, confidence: float) -> TailRisk:
    """Return the normal quantile, and the mean loss beyond it: density(z) / (1 - confidence)."""
    z = NormalDist().inv_cdf(confidence)
    density = exp(-z * z / 2) / sqrt(2 * pi)
    return TailRisk(z * spread - average, spread * density / (1 - confidence) - average)
