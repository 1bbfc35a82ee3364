"""What the account is worth, plainly and at confirming marks; how far it is below its peak."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account import Account
from pipeline.risk.holding import Holding, Mark
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.parameters import Confirmation


class Valuation(Struct, frozen=True, gc=False):
    """The account at one instant; money in its currency. None is unknown."""

    equity: Decimal | None  # At the newest marks, stale ones too.
    fresh: bool  # No held symbol's mark is stale.
    gross: Decimal | None  # Sum over symbols of the larger worst case notional.

    @property
    def known(self) -> Decimal | None:
        """Equity for the gate, sizing and the outputs: unknown when a mark is stale."""
        return self.equity if self.fresh else None


def value(account: Account, now_ms: int, mark_age_ms_max: int) -> Valuation:
    """Value all holdings once; only what is held or reserved counts."""
    unrealized: Decimal | None = account.balance
    gross: Decimal | None = ZERO
    fresh = True
    oldest_ms = now_ms - mark_age_ms_max
    for holding in account.holdings.values():
        figures = holding.figures
        if holding.position.quantity:
            if figures.unrealized is None or foreign(account, holding):
                unrealized = None
            elif unrealized is not None:
                unrealized += figures.unrealized
            if holding.quote is None or holding.quote.as_of_ms < oldest_ms:
                fresh = False
        elif not (holding.buys.quantity or holding.sells.quantity):
            continue
        if figures.worst_long is None or figures.worst_short is None:
            gross = None
        elif gross is not None:
            gross += max(figures.worst_long, figures.worst_short)
    if account.opened_ms is None or account.unconverted:
        unrealized = None
    return Valuation(unrealized, fresh, gross)


def foreign(account: Account, holding: Holding) -> bool:
    """Whether the holding settles in a currency that has no known rate to the account's."""
    instrument = holding.instrument
    return (
        instrument is None
        or instrument.kind != "linear"
        or (account.currency is not None and instrument.settlement_currency != account.currency)
    )


def drawdown_ratio(peak: Decimal, equity: Decimal | None) -> Decimal | None:
    """Fall of equity from its peak, as a fraction of the peak."""
    if equity is None:
        return None
    if peak <= 0:
        return ZERO if equity >= 0 else ONE
    return (peak - equity) / peak


def confirming_equity(
    account: Account, now_ms: int, *, confirmation: Confirmation, favourable: bool
) -> Decimal:
    """Equity with each position at its most favourable (or most cautious) confirming mark.

    Only for an account whose plain equity is known.
    """
    equity = account.balance
    for holding in account.holdings.values():
        if holding.position.quantity:
            equity += _confirmed(holding, now_ms, confirmation, favourable)
    return equity


def standing_marks(
    marks: tuple[Mark, ...], now_ms: int, *, confirm_ms: int
) -> tuple[Mark, ...]:
    """Drop marks superseded at least `confirm_ms` ago, but never so that fewer than two remain."""
    first = 0
    while len(marks) - first > 2:
        superseded_ms = marks[first].superseded_ms
        if superseded_ms is None or superseded_ms > now_ms - confirm_ms:
            break
        first += 1
    return marks[first:]


def _confirmed(
    holding: Holding, now_ms: int, confirmation: Confirmation, favourable: bool
) -> Decimal:
    quantity, cost = holding.position.quantity, holding.position.cost
    marks = standing_marks(holding.marks, now_ms, confirm_ms=confirmation.confirm_ms)
    prices = [mark.price for mark in marks]
    best = max(prices) if (quantity > 0) == favourable else min(prices)
    multiplier = holding.instrument.multiplier if holding.instrument else ONE
    return (quantity * best - cost) * multiplier
