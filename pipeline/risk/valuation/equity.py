"""What the account is worth, plainly and at confirming marks; how far it is below its peak."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account import Account
from pipeline.risk.numbers import ONE, ZERO, earliest
from pipeline.risk.valuation.totals import UNSURE, looked_up


class Valuation(Struct, frozen=True, gc=False):
    """The account at one instant; money in its currency. None is unknown."""

    equity: Decimal | None  # At the newest marks, stale ones too.
    oldest_ms: int | None  # The oldest as_of among the marks of what is held.
    known: Decimal | None  # For the gate, sizing and the outputs: unknown when one is stale.


def value(account: Account, now_ms: int, mark_age_ms_max: int) -> Valuation:
    """Value the account at its newest marks."""
    oldest_ms = oldest_mark_ms(account)
    equity = plain_equity(account)
    stale = oldest_ms is not None and oldest_ms < now_ms - mark_age_ms_max
    return Valuation(equity, oldest_ms, None if stale else equity)


def plain_equity(account: Account) -> Decimal | None:
    """Balance and unrealized PnL; None before the opening and while anything has no value."""
    totals = account.totals
    if account.opened_ms is None or totals.unvalued or account.unconverted:
        return None
    return account.balance + totals.unrealized


def equity_at_most(account: Account) -> Decimal | None:
    """Equity for the watches: what costs without a rate leave out can only make it less.

    So a fee in a third currency hides no loss; None where something else is unknown.
    """
    totals = account.totals
    if account.opened_ms is None or totals.unvalued:
        return None
    if any(apart.counted > 0 for apart in account.unconverted.values()):
        return None
    return account.balance + totals.unrealized


def favourable_equity(account: Account) -> Decimal:
    """Equity with each position at its most favourable confirming mark; plain equity is known."""
    return account.balance + account.totals.favourable


def cautious_equity(account: Account) -> Decimal:
    """Equity with each position at its least favourable confirming mark; plain equity is known."""
    return account.balance + account.totals.cautious


def oldest_mark_ms(account: Account) -> int | None:
    """The oldest as_of among marks and rates of what is held; None when nothing held has one."""
    mark_ms = account.totals.mark_ms
    if mark_ms == UNSURE:
        mark_ms = looked_up(account.totals, account.holdings).mark_ms
    return earliest(mark_ms, _oldest_rate_ms(account)) if account.rates else mark_ms


def _oldest_rate_ms(account: Account) -> int | None:
    used = {
        holding.instrument.settlement_currency
        for holding in account.holdings.values()
        if holding.position.quantity and holding.instrument is not None
    }
    rates_ms = (known.as_of_ms for currency, known in account.rates.items() if currency in used)
    return min(rates_ms, default=None)


def drawdown_ratio(peak: Decimal, equity: Decimal | None) -> Decimal | None:
    """Fall of equity from its peak, as a fraction of the peak."""
    if equity is None:
        return None
    if peak <= ZERO:
        return ZERO if equity >= ZERO else ONE
    return (peak - equity) / peak
