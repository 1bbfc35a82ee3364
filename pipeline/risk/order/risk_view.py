"""The account as rules see it: computed once per change, read by every rule."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.numbers import ZERO
from pipeline.risk.parameters import PerSymbol, Prices, per_symbol
from pipeline.risk.valuation.equity import Valuation, drawdown_ratio


class ScoreLimits(Struct, frozen=True):
    """The denominators of the risk score; a rule that is off counts at its default."""

    position_ratio_max: PerSymbol
    position_ratio_default: Decimal  # For a symbol that the limit does not name.
    drawdown_ratio_max: Decimal
    volatility_ratio_max: Decimal

    def position_max(self, symbol: str) -> Decimal:
        """Return the position cap as a fraction of equity; the default where none is set."""
        limit = per_symbol(self.position_ratio_max, symbol)
        return self.position_ratio_default if limit is None else limit


class Common(Struct, frozen=True):
    """Parameters that several rules read and no rule owns."""

    prices: Prices
    score: ScoreLimits


class RiskView(Struct, frozen=True, gc=False):
    """One account at one instant; money in its currency, None is unknown."""

    account: Account
    shared: Shared
    common: Common
    now_ms: int  # The account's clock.
    valuation: Valuation
    equity: Decimal | None  # None when unknown or stale.
    drawdown_ratio: Decimal | None
    daily_pnl: Decimal | None
    weekly_pnl: Decimal | None
    solvent: bool  # Equity is known and above zero.


def risk_view(
    account: Account, shared: Shared, *, common: Common, valuation: Valuation
) -> RiskView:
    """Derive the view of an account from its valuation."""
    equity, day, week = valuation.known, account.windows.day, account.windows.week
    return RiskView(
        account,
        shared,
        common,
        account.applied.clock_ms,
        valuation,
        equity,
        drawdown_ratio(account.windows.peak_equity, equity),
        None if day is None else day.pnl(equity),
        None if week is None else week.pnl(equity),
        equity is not None and equity > ZERO,
    )
