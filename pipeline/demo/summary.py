"""The arithmetic of the summary: quantiles, what blocked orders would have made, times of stops."""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo.ledger import Blocked, StopStory

__all__ = ["Outcome", "StopTimes", "outcome", "quantile", "stop_times"]

ZERO = Decimal(0)


class Outcome(NamedTuple):
    """What blocked orders would have come to, each held to the end."""

    orders: int
    lost: Decimal  # Sum of those that would have lost, as a positive number.
    made: Decimal


class StopTimes(NamedTuple):
    """How long one stop took, in seconds; None for what did not happen or had no cause."""

    account_id: str
    rule: str
    to_stop_s: float | None
    to_flat_s: float | None  # From the stop.


def quantile(numbers: Sequence[float], share: float) -> float | None:
    """Return the smallest number that at least this share of them do not exceed."""
    if not numbers:
        return None
    return sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]


def outcome(blocked: Iterable[Blocked], marks: Mapping[str, Decimal]) -> Outcome:
    """Mark blocked orders to the end."""
    results = [order.signed_quantity * (marks[order.symbol] - order.price) for order in blocked]
    return Outcome(
        orders=len(results),
        lost=-sum((result for result in results if result < 0), ZERO),
        made=sum((result for result in results if result > 0), ZERO),
    )


def stop_times(stop: StopStory) -> StopTimes:
    """Take a stop's times apart."""
    return StopTimes(
        account_id=stop.account_id,
        rule=stop.rule,
        to_stop_s=None if stop.cause_s is None else stop.stopped_s - stop.cause_s,
        to_flat_s=None if stop.flat_s is None else stop.flat_s - stop.stopped_s,
    )
