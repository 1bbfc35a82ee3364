"""Equity at the newest and at confirming marks and rates, and the drawdown from its peak.

Each rate has one value for the whole account: for the positions and for the cash in that currency.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.account import Account
from pipeline.risk.account.totals import UNSURE, recomputed
from pipeline.risk.numbers import ONE, ZERO, earliest


class NeededRates(Struct, frozen=True, gc=False):
    """The rates that positions, cash and unconverted money need."""

    oldest_ms: int | None = None  # The oldest as_of of a rate that must be fresh.
    oldest: str | None = None  # The currency of that rate.
    missing: str | None = None  # The first currency without a rate.


# Compared by identity: an account in one currency is recognised without reading any field.
NO_RATES = NeededRates()


class Valuation(Struct, frozen=True, gc=False):
    """The account at one instant; money in its currency. None is unknown."""

    equity: Decimal | None  # At the newest marks and rates, stale ones too.
    oldest_ms: int | None  # The oldest as_of of a mark held, without residual positions.
    known: Decimal | None  # For gate, sizing and outputs: None when one is stale.
    rates: NeededRates = NO_RATES


def value(account: Account, now_ms: int, mark_age_ms_max: int) -> Valuation:
    """Value the account at its newest marks and rates."""
    mark_ms = oldest_mark_ms(account)
    equity = plain_equity(account)
    rates = needed_rates(account)
    oldest_ms = mark_ms if rates is NO_RATES else earliest(mark_ms, rates.oldest_ms)
    stale = oldest_ms is not None and oldest_ms < now_ms - mark_age_ms_max
    return Valuation(equity, mark_ms, None if stale else equity, rates)


def plain_equity(account: Account) -> Decimal | None:
    """Return cash plus unrealized PnL; None before the opening or while anything has no value."""
    totals, currencies = account.totals, account.currencies
    if account.capital.opened_ms is None or totals.unvalued:
        return None
    if currencies.unconverted and not currencies.by_currency:
        return None
    cash = ZERO
    for currency, amount in currencies.cash.items():
        known = currencies.rates.get(currency)
        if known is None:
            return None
        cash += amount * known.rate
    equity = account.capital.balance + totals.unrealized
    return equity + cash if cash else equity


def equity_at_most(account: Account) -> Decimal | None:
    """Return an upper bound of equity for the account limits; None if a gain may be missing.

    Costs without a rate are left out, and they can only lower equity. So a fee in a third currency
    hides no loss.
    """
    totals, currencies = account.totals, account.currencies
    if account.capital.opened_ms is None or totals.unvalued:
        return None
    waiting = currencies.unconverted.values()
    if not currencies.by_currency and any(item.counted > 0 for item in waiting):
        return None
    known = currencies.rates.keys()
    if any(amount > ZERO and name not in known for name, amount in currencies.cash.items()):
        return None
    return known_balance(account) + totals.unrealized


def known_balance(account: Account) -> Decimal:
    """Return the cash of all currencies at the newest rates, without those that have no rate."""
    balance = account.capital.balance
    for currency, amount in account.currencies.cash.items():
        known = account.currencies.rates.get(currency)
        if known is not None:
            balance += amount * known.rate
    return balance


def favourable_equity(account: Account) -> Decimal:
    """Return equity at the most favourable confirming marks and rates; needs a known equity."""
    return _confirming_equity(account, account.totals.favourable, favourable=True)


def cautious_equity(account: Account) -> Decimal:
    """Return equity at the least favourable confirming marks and rates; needs a known equity."""
    return _confirming_equity(account, account.totals.cautious, favourable=False)


def _confirming_equity(account: Account, unrealized: Decimal, *, favourable: bool) -> Decimal:
    """Add other currencies, each at one confirming rate; unrealized: PnL in the account's own."""
    equity = account.capital.balance + unrealized
    foreign, currencies = account.totals.foreign, account.currencies
    if not (foreign or currencies.cash):
        return equity
    for currency in dict.fromkeys((*foreign, *currencies.cash)):
        known = currencies.rates.get(currency)
        if known is None:
            continue  # See equity_at_most: only costs lack a rate.
        exposure = currencies.cash.get(currency, ZERO)
        held = foreign.get(currency)
        if held is not None:
            exposure += held.favourable if favourable else held.cautious
        rates = [mark.price for mark in known.marks]
        pick = max if (exposure > ZERO) == favourable else min
        equity += exposure * pick(rates, default=known.rate)
    return equity


def oldest_mark_ms(account: Account) -> int | None:
    """Return the oldest as_of of the marks that must be fresh; None when no position has one.

    The total is kept up to date per holding; only when the oldest one left are all of them read.
    """
    mark_ms = account.totals.mark_ms
    return recomputed(account.totals, account.holdings).mark_ms if mark_ms == UNSURE else mark_ms


def needed_rates(account: Account) -> NeededRates:
    """Find the oldest rate that must be fresh and the first currency without a rate."""
    foreign, currencies = account.totals.foreign, account.currencies
    if account.capital.currency is None:
        return NO_RATES
    if not (foreign or currencies.cash or currencies.unconverted):
        return NO_RATES
    waiting = {key.partition(":")[0]: None for key in currencies.unconverted}
    oldest_ms: int | None = None
    oldest = missing = None
    for currency in {**waiting, **dict.fromkeys(currencies.cash), **dict.fromkeys(foreign)}:
        known = currencies.rates.get(currency)
        if known is None:
            missing = missing or currency
            continue
        held = foreign.get(currency)
        needed = held is None or held.fresh or currency in currencies.cash or currency in waiting
        if needed and (oldest_ms is None or known.as_of_ms < oldest_ms):
            oldest_ms, oldest = known.as_of_ms, currency
    return NeededRates(oldest_ms, oldest, missing)


def drawdown_ratio(peak: Decimal, equity: Decimal | None) -> Decimal | None:
    """Return (peak - equity) / peak. At a peak <= 0: 0 for equity >= 0, else 1."""
    if equity is None:
        return None
    if peak <= ZERO:
        return ZERO if equity >= ZERO else ONE
    return (peak - equity) / peak
