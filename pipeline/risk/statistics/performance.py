"""Performance of an account: Sharpe and Sortino ratios, and figures of its round trips.

Returns are fractions per period. Trade results are exact, in the account's currency.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from math import fsum, sqrt
from typing import NamedTuple

from pipeline.risk.numbers import MONEY, ZERO
from pipeline.risk.statistics.tail_risk import deviation, mean


class Trades(NamedTuple):
    """Round trips: each from flat to flat, fees included."""

    ended: int
    wins: int
    losses: int
    profit: Decimal  # Of the wins.
    loss: Decimal  # Of the losses, positive.
    longest_losing_run: int  # Break-even trades do not end a run.

    @property
    def win_rate(self) -> Decimal | None:
        return _share(Decimal(self.wins), self.ended)

    @property
    def profit_factor(self) -> Decimal | None:
        """Gross profit / gross loss; None without a loss."""
        return _share(self.profit, self.loss)

    @property
    def average_win(self) -> Decimal | None:
        return _share(self.profit, self.wins)

    @property
    def average_loss(self) -> Decimal | None:
        return _share(self.loss, self.losses)


def trades_of(results: Iterable[Decimal]) -> Trades:
    """Sum up the results of round trips, given in the order in which they ended."""
    closed = list(results)
    wins = [result for result in closed if result > ZERO]
    losses = [-result for result in closed if result < ZERO]
    decided = [result < ZERO for result in closed if result]
    runs = [len(list(run)) for lost, run in groupby(decided) if lost]
    return Trades(
        len(closed),
        len(wins),
        len(losses),
        sum(wins, ZERO),
        sum(losses, ZERO),
        max(runs, default=0),
    )


def sharpe(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Return the annualised Sharpe ratio at a risk-free rate of 0; None where nothing varies."""
    if len(returns) < 2:
        return None
    spread = deviation(returns)
    return mean(returns) / spread * sqrt(periods_per_year) if spread > 0 else None


def sortino(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Return the annualised Sortino ratio with target 0; None without a negative return."""
    if len(returns) < 2:
        return None
    downside = sqrt(fsum(min(value, 0.0) ** 2 for value in returns) / len(returns))
    return mean(returns) / downside * sqrt(periods_per_year) if downside > 0 else None


def _share(part: Decimal, whole: Decimal | int) -> Decimal | None:
    return MONEY.divide(part, Decimal(whole)) if whole else None
