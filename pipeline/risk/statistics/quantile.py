"""The multiple of volatility in a parametric value at risk over several bars."""

from decimal import Decimal
from functools import lru_cache
from statistics import NormalDist

from pipeline.risk.numbers import MONEY
from pipeline.risk.statistics.rounding import rounded


@lru_cache(maxsize=1024)
def deviations(confidence: Decimal, horizon_bars: int) -> Decimal:
    """Return z(confidence) x sqrt(horizon): normal, independent returns.

    Cached: the arguments are parameters of a rule, and the inverse normal CDF is slow.
    """
    z = rounded(NormalDist().inv_cdf(float(confidence)))
    return MONEY.multiply(z, MONEY.sqrt(Decimal(horizon_bars)))
