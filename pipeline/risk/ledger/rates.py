"""Exchange rates to the account's currency: the newest of each that its money needs.

A stale rate still values positions for the account limits; for the gate and for booking it counts
as unknown. The last values of each rate confirm it, as marks do.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import CURRENCIES_MAX, Account
from pipeline.risk.account.currencies import KnownRate
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.rate_sources import counted
from pipeline.risk.ledger.marks import kept_marks, next_mark
from pipeline.risk.numbers import ONE
from pipeline.risk.turn import Turn
from topics.events import Event, Rate, RevaluationEvent
from topics.instruments import Instrument


def scaled(holding: Holding, instrument: Instrument, account: Account) -> Holding:
    """Set a holding's point value in the account's currency; None without a rate."""
    multiplier = ONE if instrument.kind == "inverse" else instrument.multiplier
    if not is_foreign(instrument, account):
        return replace(holding, point_value=multiplier, foreign_currency=None)
    currency = instrument.settlement_currency
    known = account.currencies.rates.get(currency)
    point_value = None if known is None else multiplier * known.rate
    return replace(holding, point_value=point_value, foreign_currency=currency)


def is_foreign(instrument: Instrument, account: Account) -> bool:
    """Return whether an instrument settles in another currency than the account's."""
    own = account.capital.currency
    return own is not None and instrument.settlement_currency != own


def fresh_rate(turn: Turn, currency: str) -> Decimal | None:
    """Return the rate of a currency to the account's; None when missing or stale.

    For the account's own currency it is the object ONE, which callers recognise by identity.
    """
    account = turn.account
    if currency == account.capital.currency:
        return ONE
    oldest_ms = turn.now_ms - turn.limits.prices.mark_age_ms_max
    known = account.currencies.rates.get(currency)
    if known is not None and known.as_of_ms >= oldest_ms:
        return known.rate
    found = _brought(turn, currency)
    return found.rate if found is not None and found.as_of_ms >= oldest_ms else None


def take_rates(turn: Turn, event: Event) -> None:
    """Take newer rates of currencies in which the account has cash or its instruments settle."""
    turn.rates = counted(event.rates, turn.shared)
    for rate in turn.rates:
        if rate.quote == turn.account.capital.currency and _is_needed(turn, event, rate.base):
            _take(turn, rate)


def hold_rate(turn: Turn, currency: str) -> None:
    """Take the event's rate of a currency in which the account now has its first cash."""
    found = None if currency in turn.account.currencies.rates else _brought(turn, currency)
    if found is not None:
        _take(turn, found)


def _brought(turn: Turn, currency: str) -> Rate | None:
    for rate in turn.rates:
        if rate.base == currency and rate.quote == turn.account.capital.currency:
            return rate
    return None


def _is_needed(turn: Turn, event: Event, currency: str) -> bool:
    """Return whether the account needs the rate, or the event's instrument settles in it."""
    account = turn.account
    known = account.currencies
    if isinstance(event, RevaluationEvent) or currency in known.rates or currency in known.cash:
        return True  # A revaluation brings only what its account needs.
    return event.instrument is not None and event.instrument.settlement_currency == currency


def _take(turn: Turn, rate: Rate) -> None:
    rates = turn.account.currencies.rates
    known = rates.get(rate.base)
    if known is not None and (rate.as_of_ms < known.as_of_ms or _is_the_same(rate, known)):
        return
    if known is None and len(rates) >= CURRENCIES_MAX:
        rates = _without_idle_rate(turn)
        if len(rates) >= CURRENCIES_MAX:
            return  # At the bound: what it would value stays unknown.
    marks = next_mark(() if known is None else known.marks, rate.rate, now_ms=turn.now_ms)
    kept = marks[-turn.limits.confirmation.confirm_marks :]
    turn.set_currencies(rates={**rates, rate.base: KnownRate(rate.rate, rate.as_of_ms, kept)})
    if known is None or known.rate != rate.rate:
        start_in_currency(turn, rate.base)


def _is_the_same(rate: Rate, known: KnownRate) -> bool:
    return (rate.rate, rate.as_of_ms) == (known.rate, known.as_of_ms)


def trim_rates(turn: Turn) -> None:
    """Drop confirming values superseded at least confirm_ms ago, keeping two per rate."""
    dropped_ms = turn.now_ms - turn.limits.confirmation.confirm_ms
    trimmed = {
        currency: replace(known, marks=kept_marks(known.marks, dropped_ms))
        for currency, known in turn.account.currencies.rates.items()
        if len(known.marks) > 2 and (known.marks[0].superseded_ms or 0) <= dropped_ms
    }
    if trimmed:
        turn.set_currencies(rates={**turn.account.currencies.rates, **trimmed})


def start_in_currency(turn: Turn, currency: str | None = None) -> None:
    """Recompute holdings that settle in a currency, or all if None, after its rate changed."""
    for holding in list(turn.account.holdings.values()):
        instrument = holding.instrument
        if instrument is not None and currency in {None, instrument.settlement_currency}:
            turn.recompute_holding(scaled(holding, instrument, turn.account))


def _without_idle_rate(turn: Turn) -> dict[str, KnownRate]:
    """Drop the oldest rate that values no position and no cash; return the rates."""
    account = turn.account
    used = {
        holding.instrument.settlement_currency
        for holding in account.holdings.values()
        if holding.instrument is not None and holding.active
    }
    rates, needed = account.currencies.rates, used | account.currencies.cash.keys()
    idle = next((name for name in rates if name not in needed), None)
    if idle is None:
        return rates
    kept = {currency: known for currency, known in rates.items() if currency != idle}
    turn.set_currencies(rates=kept)
    start_in_currency(turn, idle)
    return kept
