"""The figures of one account's history: tail risk, performance and round trips.

The formulas are in pipeline/risk/statistics; this module only chooses their inputs.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.report.history import AccountHistory
from pipeline.risk.statistics.performance import Trades, sharpe, sortino, trades_of
from pipeline.risk.statistics.tail_risk import TailRisk, ewma, historical, parametric

__all__ = ["DAY_MS", "Measures", "measure"]

DAY_MS = 86_400_000
DAYS_PER_YEAR = 252  # Of trading.


class Measures(Struct, frozen=True, kw_only=True):
    equity: Decimal | None  # In the account's currency, as the drawdown and the PnL.
    pnl: Decimal
    periods: int  # The number of returns.
    tail: dict[str, TailRisk | None]  # By method.
    sharpe: float | None
    sortino: float | None
    drawdown: Decimal
    drawdown_ratio: float
    trades: Trades


def measure(history: AccountHistory, confidence: float, period_ms: int) -> Measures:
    """Return the figures of a history; `confidence` is between 0 and 1."""
    returns = history.returns
    per_year = DAYS_PER_YEAR * DAY_MS / period_ms
    return Measures(
        equity=history.equity,
        pnl=history.pnl,
        periods=len(returns),
        tail={
            "historical": historical(returns, confidence),
            "parametric": parametric(returns, confidence),
            "EWMA": ewma(returns, confidence),
        },
        sharpe=sharpe(returns, per_year),
        sortino=sortino(returns, per_year),
        drawdown=history.drawdown_max,
        drawdown_ratio=history.drawdown_ratio_max,
        trades=trades_of(history.results),
    )
