"""Lowest, middle and highest of several runs, and the shares of a distribution."""

from collections.abc import Sequence
from math import ceil
from statistics import median
from typing import NamedTuple

__all__ = ["Spread", "percentile", "ratios", "spread"]


class Spread(NamedTuple):
    """What several runs measured."""

    low: float
    middle: float
    high: float

    def text(self, digits: int = 1) -> str:
        """Return middle and both ends."""
        low, middle, high = (f"{number:,.{digits}f}" for number in self)
        return f"{middle} ({low} to {high})"


def spread(numbers: Sequence[float]) -> Spread:
    """Summarize runs. Raise ValueError without any."""
    return Spread(min(numbers), median(numbers), max(numbers))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Divide run by run: both sides of a ratio were measured one after the other."""
    return spread([one / other for one, other in zip(ours, theirs, strict=True)])


def percentile(numbers: Sequence[float], share: float) -> float:
    """Return the smallest number that at least this share of all does not exceed."""
    # Rounded, as 0.07 * 100 is a little more than 7.
    count = ceil(round(len(numbers) * share, 6))
    return sorted(numbers)[max(count, 1) - 1]
