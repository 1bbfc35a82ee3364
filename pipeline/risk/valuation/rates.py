"""Rates of other currencies to the account's: the newest taken of each that its money needs.

A rate grows stale as a mark does: what is held keeps its value for the watches, while the gate and
what is booked count a stale one as unknown.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account import CURRENCIES_MAX, Account, KnownRate
from pipeline.risk.numbers import ONE
from pipeline.risk.rate_sources import counted
from pipeline.risk.turn import Turn
from topics.events import Event, Rate, RevaluationEvent
from topics.instruments import Instrument


def scale_of(instrument: Instrument | None, account: Account) -> Decimal | None:
    """Return what turns worth into the account's currency; None without instrument or rate."""
    if instrument is None:
        return None
    multiplier = ONE if instrument.kind == "inverse" else instrument.multiplier
    if not is_foreign(instrument, account):
        return multiplier
    known = account.rates.get(instrument.settlement_currency)
    return None if known is None else multiplier * known.rate


def is_foreign(instrument: Instrument, account: Account) -> bool:
    """Whether an instrument settles in another currency than the account's."""
    return account.currency is not None and instrument.settlement_currency != account.currency


def fresh_rate(turn: Turn, currency: str) -> Decimal | None:
    """Return the rate of a currency to the account's; None when missing or stale."""
    account = turn.account
    if currency == account.currency:
        return ONE
    oldest_ms = turn.now_ms - turn.limits.prices.mark_age_ms_max
    known = account.rates.get(currency)
    if known is not None and known.as_of_ms >= oldest_ms:
        return known.rate
    for rate in turn.rates:
        if rate.base == currency and rate.quote == account.currency and rate.as_of_ms >= oldest_ms:
            return rate.rate
    return None


def take_rates(turn: Turn, event: Event) -> None:
    """Take the newer rates of currencies that instruments of the account settle in."""
    turn.rates = counted(event.rates, turn.shared)
    for rate in turn.rates:
        if rate.quote == turn.account.currency and _is_needed(turn, event, rate.base):
            _take(turn, rate)


def _is_needed(turn: Turn, event: Event, currency: str) -> bool:
    """Whether the account holds the rate, or the event is about what settles in that currency."""
    if isinstance(event, RevaluationEvent) or currency in turn.account.rates:
        return True  # A revaluation brings only what its account needs.
    return event.instrument is not None and event.instrument.settlement_currency == currency


def _take(turn: Turn, rate: Rate) -> None:
    rates = turn.account.rates
    known = rates.get(rate.base)
    if known is not None and (rate.as_of_ms < known.as_of_ms or _is_the_same(rate, known)):
        return
    if known is None and len(rates) >= CURRENCIES_MAX:
        rates = _without_an_idle_one(turn)
        if len(rates) >= CURRENCIES_MAX:
            return  # What it values stays unknown.
    turn.update(rates={**rates, rate.base: KnownRate(rate.rate, rate.as_of_ms)})
    if known is None or known.rate != rate.rate:
        settle_in(turn, rate.base)


def _is_the_same(rate: Rate, known: KnownRate) -> bool:
    return (rate.rate, rate.as_of_ms) == (known.rate, known.as_of_ms)


def settle_in(turn: Turn, currency: str | None = None) -> None:
    """Work out anew what is settled in a currency, or in any, once its rate has changed."""
    for holding in list(turn.account.holdings.values()):
        instrument = holding.instrument
        if instrument is not None and currency in {None, instrument.settlement_currency}:
            turn.settle(replace(holding, scale=scale_of(instrument, turn.account)))


def _without_an_idle_one(turn: Turn) -> dict[str, KnownRate]:
    """Forget the oldest rate that values nothing held."""
    rates = turn.account.rates
    used = {
        holding.instrument.settlement_currency
        for holding in turn.account.holdings.values()
        if holding.instrument is not None and holding.active
    }
    idle = next((currency for currency in rates if currency not in used), None)
    if idle is None:
        return rates
    kept = {currency: known for currency, known in rates.items() if currency != idle}
    turn.update(rates=kept)
    settle_in(turn, idle)
    return kept
