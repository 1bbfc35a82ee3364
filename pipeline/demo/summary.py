"""The arithmetic of the summary: quantiles, sums of prevented losses, times of stops."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo.ledger import StopStory
from topics.account_states import AccountState

__all__ = ["Prevented", "StopTimes", "prevented", "quantile", "stop_times"]

ZERO = Decimal(0)


class Prevented(NamedTuple):
    """What rejected and cut orders would have come to, as account_states say."""

    losers: int  # Accounts that would have lost.
    lost: Decimal  # By these together, as a positive number.
    winners: int
    won: Decimal


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


def prevented(states: Iterable[AccountState]) -> Prevented:
    """Add up what is settled and what is still marked, of each account."""
    losses = [_prevented_loss(state) for state in states]
    lost = [loss for loss in losses if loss > 0]
    won = [-loss for loss in losses if loss < 0]
    return Prevented(len(lost), sum(lost, ZERO), len(won), sum(won, ZERO))


def _prevented_loss(state: AccountState) -> Decimal:
    told = state.statistics
    return told.get("prevented_loss", ZERO) + told.get("prevented_loss_open", ZERO)


def stop_times(stop: StopStory) -> StopTimes:
    """Take a stop's times apart."""
    return StopTimes(
        account_id=stop.account_id,
        rule=stop.rule,
        to_stop_s=None if stop.cause_s is None else stop.stopped_s - stop.cause_s,
        to_flat_s=None if stop.flat_s is None else stop.flat_s - stop.stopped_s,
    )
