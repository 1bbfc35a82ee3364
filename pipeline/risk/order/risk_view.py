"""Where the account stands when it is judged: computed once, read by every rule."""

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.numbers import ZERO
from pipeline.risk.valuation.equity import Valuation, drawdown_ratio

if TYPE_CHECKING:
    from pipeline.risk.limits.in_force import Limits


class Standing(Struct, frozen=True, gc=False):
    account: Account
    shared: Shared
    limits: "Limits"
    now_ms: int  # The account's clock.
    valuation: Valuation
    equity: Decimal | None  # For the gate: None when unknown or stale.
    drawdown_ratio: Decimal | None
    daily_pnl: Decimal | None
    weekly_pnl: Decimal | None
    solvent: bool  # Equity is known and above zero.


def stand(account: Account, shared: Shared, *, limits: "Limits", valuation: Valuation) -> Standing:
    """Derive what rules and reports read from the account and its valuation."""
    equity, day, week = valuation.known, account.day, account.week
    return Standing(
        account,
        shared,
        limits,
        account.clock_ms,
        valuation,
        equity,
        drawdown_ratio(account.peak, equity),
        None if day is None else day.pnl(equity),
        None if week is None else week.pnl(equity),
        equity is not None and equity > ZERO,
    )
