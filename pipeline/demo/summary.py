"""The arithmetic of the summary: latency quantiles, prevented losses, durations of stops."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo.ledger import StopStory
from topics.account_states import AccountState

__all__ = ["Prevented", "StopTimes", "prevented", "quantile", "stop_times"]

ZERO = Decimal(0)


class Prevented(NamedTuple):
    """What rejected and reduced orders would have gained or lost, from account_states."""

    losers: int  # Accounts that would have lost.
    lost: Decimal  # By these together, as a positive number.
    winners: int
    won: Decimal


class StopTimes(NamedTuple):
    """Durations of one stop in seconds; None when it did not happen or had no cause."""

    account_id: str
    rule: str
    to_stop_s: float | None
    to_flat_s: float | None  # From the stop.


def quantile(numbers: Sequence[float], share: float) -> float | None:
    """Return the smallest number that at least this share (0 to 1) of them do not exceed."""
    if not numbers:
        return None
    return sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]


def prevented(states: Iterable[AccountState]) -> Prevented:
    """Sum the prevented losses of all accounts, those still marked to market included."""
    losses = [_prevented_loss(state) for state in states]
    lost = [loss for loss in losses if loss > 0]
    won = [-loss for loss in losses if loss < 0]
    return Prevented(len(lost), sum(lost, ZERO), len(won), sum(won, ZERO))


def _prevented_loss(state: AccountState) -> Decimal:
    statistics = state.statistics
    return statistics.get("prevented_loss", ZERO) + statistics.get("prevented_loss_open", ZERO)


def stop_times(stop: StopStory) -> StopTimes:
    """Return the durations of a stop."""
    return StopTimes(
        account_id=stop.account_id,
        rule=stop.rule,
        to_stop_s=None if stop.cause_s is None else stop.stopped_s - stop.cause_s,
        to_flat_s=None if stop.flat_s is None else stop.flat_s - stop.stopped_s,
    )
