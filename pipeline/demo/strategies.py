"""Two simple strategies as pure functions of closing prices."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple, TypeAlias

__all__ = ["HISTORY_MAX", "Opinion", "Strategy", "momentum", "reversion"]

FAST_DAYS = 5
SLOW_DAYS = 20
HISTORY_MAX = SLOW_DAYS + 1  # The most closes that a strategy may use.
# Where the confidence of an opinion reaches 1.
MOMENTUM_FULL = Decimal("0.04")  # Fast over slow average, as a fraction.
REVERSION_FULL = Decimal(3)  # Distance from the average, in standard deviations.
REVERSION_ENTRY = Decimal(1)
CONFIDENCE_MIN = Decimal("0.5")


class Opinion(NamedTuple):
    """What a strategy wants to hold, with its confidence: 1 is long, -1 short, 0 nothing."""

    direction: int
    confidence: Decimal  # 0.5 to 1.


Strategy: TypeAlias = Callable[[Sequence[Decimal]], Opinion | None]


def momentum(closes: Sequence[Decimal]) -> Opinion | None:
    """Follow the trend: long when the fast average is above the slow one, short below.

    Return None with fewer closes than the slow average needs.
    """
    if len(closes) < SLOW_DAYS:
        return None
    lead = _mean(closes[-FAST_DAYS:]) / _mean(closes[-SLOW_DAYS:]) - 1
    return Opinion(_sign(lead), _confidence(abs(lead) / MOMENTUM_FULL))


def reversion(closes: Sequence[Decimal]) -> Opinion | None:
    """Bet on reversion: against a price far from its average, flat near it.

    Return None with fewer closes than the average needs.
    """
    if len(closes) < SLOW_DAYS:
        return None
    window = closes[-SLOW_DAYS:]
    mean = _mean(window)
    deviation = _mean([(close - mean) ** 2 for close in window]).sqrt()
    if not deviation:
        return Opinion(0, CONFIDENCE_MIN)
    distance = (closes[-1] - mean) / deviation
    if abs(distance) < REVERSION_ENTRY:
        return Opinion(0, CONFIDENCE_MIN)
    return Opinion(-_sign(distance), _confidence(abs(distance) / REVERSION_FULL))


def average_move(closes: Sequence[Decimal]) -> Decimal:
    """Return the mean absolute change between closes, for stop prices; 0 for fewer than two."""
    moves = [abs(later - earlier) for earlier, later in pairwise(closes)]
    return _mean(moves) if moves else Decimal(0)


def _confidence(strength: Decimal) -> Decimal:
    share = CONFIDENCE_MIN + (1 - CONFIDENCE_MIN) * min(strength, Decimal(1))
    return share.quantize(Decimal("0.01"))


def _mean(numbers: Sequence[Decimal]) -> Decimal:
    return sum(numbers, Decimal(0)) / len(numbers)


def _sign(number: Decimal) -> int:
    return (number > 0) - (number < 0)
