"""When a rate that an account needs makes a revaluation due; times are milliseconds after T0."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.streams.settings import Settings
from tests import given
from tests.streams.accounts_watched import T0_MS, Watching, row
from topics.account_states import AccountState, HeldRate
from topics.events import Rate

RATE = HeldRate(currency="EUR", rate=Decimal("1.1"), as_of_ms=T0_MS)


def needing(*rates: HeldRate, **fields: Any) -> AccountState:
    """A row of an account in dollars that needs rates and holds nothing of its own currency."""
    return row(long=0, watched=(), quotes=(), rates=rates, **fields)


class Paired(Watching):
    """A watchlist that knows EURUSD and another instrument of the same pair."""

    def __init__(self, *rows: AccountState, settings: Settings | None = None) -> None:
        super().__init__(*rows, settings=settings)
        for symbol in ("EURUSD", "EURUSD.FUT"):
            self.tables.apply_instrument(given.instrument(symbol, base_currency="EUR"))

    def rate(self, after_ms: int, value: str, symbol: str = "EURUSD") -> None:
        """A new quote of the pair."""
        self._offset += 1
        at_ms = T0_MS + after_ms
        quote = given.price(value, symbol=symbol, as_of_ms=at_ms)
        self.tables.apply_price(quote, offset=self._offset, appended_ms=at_ms)
        self.queue.apply_price(symbol)


# Half a thousandth of 1.1 is 0.00055.
@pytest.mark.parametrize(
    ("value", "due_ms"),
    [("1.10055", 15_000), ("1.10056", 10), ("1.09945", 15_000), ("1.09944", 10), ("1.1", 15_000)],
)
def test_rate_is_due_at_once_when_it_moved_by_more_than_the_ratio(value: str, due_ms: int) -> None:
    watching = Paired(needing(RATE))

    watching.rate(10, value)

    assert watching.first() == ("a", due_ms)


def test_any_rate_is_due_when_the_account_has_none_yet() -> None:
    watching = Paired(needing(HeldRate(currency="EUR", rate=None, as_of_ms=None)))

    watching.rate(10, "1.1")

    assert watching.first() == ("a", 10)


def test_any_rate_is_due_when_money_waits_for_it() -> None:
    watching = Paired(needing(unconverted=("EUR",)))

    watching.rate(10, "1.1")

    assert watching.first() == ("a", 10)


def test_every_newer_rate_is_due_when_a_breach_waits_for_confirmation() -> None:
    watching = Paired(needing(RATE, confirming=True))

    watching.rate(10, "1.1")

    assert watching.first() == ("a", 10)


def test_nothing_is_due_when_the_price_is_no_rate_of_its_pair() -> None:
    watching = Paired(needing(RATE))

    watching.rate(10, "2", "EURUSD.FUT")

    assert watching.first() is None


def test_nothing_is_due_when_the_account_needs_another_rate() -> None:
    watching = Paired(needing(HeldRate(currency="GBP", rate=Decimal(1), as_of_ms=T0_MS)))

    watching.rate(10, "2")

    assert watching.first() is None


def test_rate_is_known_when_the_pair_is_the_other_way_round() -> None:
    watching = Watching(needing(RATE))
    pair = given.instrument("USDEUR", base_currency="USD", settlement_currency="EUR")
    watching.tables.apply_instrument(pair)

    quote = given.price("0.5", symbol="USDEUR", as_of_ms=T0_MS + 10)
    watching.tables.apply_price(quote, offset=1, appended_ms=T0_MS + 10)
    watching.queue.apply_price("USDEUR")

    assert watching.first() == ("a", 10)


def test_revaluation_carries_the_rates_that_are_needed_in_the_accounts_currency() -> None:
    settings = Settings.model_construct(account_currencies=("USD", "CHF"))
    watching = Paired(needing(RATE), settings=settings)
    watching.tables.withdraw_instrument("EURUSD.FUT")
    watching.rate(10, "1.2")

    revaluation = watching.queue.revaluation("a", T0_MS + 10)

    assert revaluation is not None
    known = Rate(base="EUR", quote="USD", rate=Decimal("1.2"), as_of_ms=T0_MS + 10)
    assert revaluation.rates == (known,)


def test_rate_is_measured_from_what_was_sent_when_the_answer_is_not_there_yet() -> None:
    watching = Paired(needing(RATE))
    watching.rate(10, "1.2")
    watching.revaluation(10)

    watching.rate(20, "1.2")

    assert watching.first() == ("a", 2010)


def test_nothing_is_due_when_the_account_took_the_rate() -> None:
    watching = Paired(needing(RATE))
    watching.rate(10, "1.2")
    watching.revaluation(10)

    taken = HeldRate(currency="EUR", rate=Decimal("1.2"), as_of_ms=T0_MS + 10)
    watching.queue.apply_state(needing(taken, sequence=2, at_ms=T0_MS + 15))

    assert watching.first() is None


def test_rate_is_not_sent_again_when_the_account_did_not_take_it() -> None:
    watching = Paired(needing(RATE))
    watching.rate(10, "1.2")
    watching.revaluation(10)

    watching.queue.apply_state(needing(RATE, sequence=2, at_ms=T0_MS + 15))

    assert watching.first() is None


def test_second_rate_waits_for_the_interval_when_it_keeps_moving() -> None:
    watching = Paired(needing(RATE))
    watching.rate(10, "1.2")
    watching.revaluation(10)
    taken = HeldRate(currency="EUR", rate=Decimal("1.2"), as_of_ms=T0_MS + 10)
    watching.queue.apply_state(needing(taken, sequence=2, at_ms=T0_MS + 10))

    watching.rate(20, "1.3")

    assert watching.first() == ("a", 510)


def test_nothing_is_due_when_the_account_is_gone() -> None:
    watching = Paired(needing(RATE))
    watching.queue.forget("a")

    watching.rate(10, "1.2")

    assert watching.first() is None


def test_nothing_is_due_when_the_row_has_the_rate_with_fewer_digits() -> None:
    watching = Watching(needing(RATE))
    pair = given.instrument("USDEUR", base_currency="USD", settlement_currency="EUR")
    watching.tables.apply_instrument(pair)
    quote = given.price("3", symbol="USDEUR", as_of_ms=T0_MS + 10)
    watching.tables.apply_price(quote, offset=1, appended_ms=T0_MS + 10)
    watching.queue.apply_price("USDEUR")
    watching.revaluation(10)

    third = Decimal("0.333333333333333333")
    taken = HeldRate(currency="EUR", rate=third, as_of_ms=T0_MS + 10)
    watching.queue.apply_state(needing(taken, sequence=2, at_ms=T0_MS + 15))

    assert watching.first() is None
