"""What the account is worth, plainly and at confirming marks and rates; how far below its peak.

Of a rate one value counts for the whole account: what is held in its currency and the cash there.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.account import Account
from pipeline.risk.account.totals import UNSURE, recomputed
from pipeline.risk.numbers import ONE, ZERO, earliest


class NeededRates(Struct, frozen=True, gc=False):
    """The rates that positions, cash and money that waits for one need."""

    oldest_ms: int | None = None  # The oldest as_of among those that must be fresh.
    oldest: str | None = None  # The currency of that one.
    missing: str | None = None  # The first currency of which no rate is known.


NO_RATES = NeededRates()


class Valuation(Struct, frozen=True, gc=False):
    """The account at one instant; money in its currency. None is unknown."""

    equity: Decimal | None  # At the newest marks and rates, stale ones too.
    oldest_ms: int | None  # The oldest as_of among the marks of what is held, residuals left out.
    known: Decimal | None  # For the gate, sizing and the outputs: unknown when one is stale.
    rates: NeededRates = NO_RATES


def value(account: Account, now_ms: int, mark_age_ms_max: int) -> Valuation:
    """Value the account at its newest marks and rates."""
    mark_ms = oldest_mark_ms(account)
    equity = plain_equity(account)
    rates = needed_rates(account)
    oldest_ms = mark_ms if rates is NO_RATES else earliest(mark_ms, rates.oldest_ms)
    stale = oldest_ms is not None and oldest_ms < now_ms - mark_age_ms_max
    return Valuation(equity, mark_ms, None if stale else equity, rates)


def is_priced(account: Account, now_ms: int, mark_age_ms_max: int) -> bool:
    """Whether every mark and rate that matters is there and fresh; those of residuals do not."""
    return value(account, now_ms, mark_age_ms_max).known is not None


def plain_equity(account: Account) -> Decimal | None:
    """Cash and unrealized PnL; None before the opening and while anything has no value."""
    totals = account.totals
    if account.opened_ms is None or totals.unvalued:
        return None
    if account.unconverted and not account.by_currency:
        return None
    cash = ZERO
    for currency, amount in account.cash.items():
        known = account.rates.get(currency)
        if known is None:
            return None
        cash += amount * known.rate
    equity = account.balance + totals.unrealized
    return equity + cash if cash else equity


def equity_at_most(account: Account) -> Decimal | None:
    """Equity for the watches: what costs without a rate leave out can only make it less.

    So a fee in a third currency hides no loss; None where something else is unknown.
    """
    totals = account.totals
    if account.opened_ms is None or totals.unvalued:
        return None
    if not account.by_currency and any(each.counted > 0 for each in account.unconverted.values()):
        return None
    known = account.rates.keys()
    if any(amount > ZERO and name not in known for name, amount in account.cash.items()):
        return None
    return known_balance(account) + totals.unrealized


def known_balance(account: Account) -> Decimal:
    """Cash of all currencies at the newest rates; without those of which no rate is known."""
    balance = account.balance
    for currency, amount in account.cash.items():
        known = account.rates.get(currency)
        if known is not None:
            balance += amount * known.rate
    return balance


def favourable_equity(account: Account) -> Decimal:
    """Equity at the most favourable of the confirming marks and rates; plain equity is known."""
    return _confirming_equity(account, account.totals.favourable, favourable=True)


def cautious_equity(account: Account) -> Decimal:
    """Equity at the least favourable of the confirming marks and rates; plain equity is known."""
    return _confirming_equity(account, account.totals.cautious, favourable=False)


def _confirming_equity(account: Account, unrealized: Decimal, *, favourable: bool) -> Decimal:
    """Add what other currencies come to, each at one confirming rate; `unrealized`: the rest."""
    equity = account.balance + unrealized
    foreign = account.totals.foreign
    if not (foreign or account.cash):
        return equity
    for currency in dict.fromkeys((*foreign, *account.cash)):
        known = account.rates.get(currency)
        if known is None:
            continue  # Only costs are without a rate: they would make it less.
        exposure = account.cash.get(currency, ZERO)
        held = foreign.get(currency)
        if held is not None:
            exposure += held.favourable if favourable else held.cautious
        rates = [mark.price for mark in known.marks]
        best = max if (exposure > ZERO) == favourable else min
        equity += exposure * best(rates, default=known.rate)
    return equity


def oldest_mark_ms(account: Account) -> int | None:
    """The oldest as_of among marks that must be fresh; None when nothing held has one."""
    mark_ms = account.totals.mark_ms
    return recomputed(account.totals, account.holdings).mark_ms if mark_ms == UNSURE else mark_ms


def needed_rates(account: Account) -> NeededRates:
    """Find the oldest rate that must be fresh, and a currency that has none."""
    foreign = account.totals.foreign
    if not (foreign or account.cash or account.unconverted) or account.currency is None:
        return NO_RATES
    waiting = {key.partition(":")[0]: None for key in account.unconverted}
    oldest_ms: int | None = None
    oldest = missing = None
    for currency in {**waiting, **dict.fromkeys(account.cash), **dict.fromkeys(foreign)}:
        known = account.rates.get(currency)
        if known is None:
            missing = missing or currency
            continue
        held = foreign.get(currency)
        must = held is None or held.fresh or currency in account.cash or currency in waiting
        if must and (oldest_ms is None or known.as_of_ms < oldest_ms):
            oldest_ms, oldest = known.as_of_ms, currency
    return NeededRates(oldest_ms, oldest, missing)


def drawdown_ratio(peak: Decimal, equity: Decimal | None) -> Decimal | None:
    """Fall of equity from its peak, as a fraction of the peak."""
    if equity is None:
        return None
    if peak <= ZERO:
        return ZERO if equity >= ZERO else ONE
    return (peak - equity) / peak
