from datetime import date
from decimal import Decimal
from importlib.machinery import ModuleSpec

import pytest

from pipeline.demo import market
from pipeline.demo.market import Bar, load_days, quotes_of
from pipeline.errors import StartupError


def test_days_come_from_the_package_when_it_is_installed() -> None:
    days = load_days(3)

    assert [day.day for day in days] == [date(2014, 7, n) for n in (1, 2, 3)]
    assert days[0].bars["SP500"] == Bar(
        Decimal("1962.290039"),
        Decimal("1978.579956"),
        Decimal("1962.290039"),
        Decimal("1973.319946"),
    )
    assert days[0].bars["WTI"].close == Decimal("106.06")


def test_a_series_of_closes_opens_where_it_closed_the_day_before() -> None:
    days = load_days(2)

    bar = days[1].bars["WTI"]

    assert bar.open == days[0].bars["WTI"].close
    assert (bar.high, bar.low) == (max(bar.open, bar.close), min(bar.open, bar.close))


def test_a_rising_bar_goes_through_its_low_first() -> None:
    bar = Bar(Decimal(100), Decimal(110), Decimal(90), Decimal(105))

    quotes = list(quotes_of("WTI", bar))

    assert [quote.last for quote in quotes] == [100, 90, 110, 105]


def test_a_falling_bar_goes_through_its_high_first() -> None:
    bar = Bar(Decimal(100), Decimal(110), Decimal(90), Decimal(95))

    quotes = list(quotes_of("WTI", bar))

    assert [quote.last for quote in quotes] == [100, 110, 90, 95]


def test_the_spread_is_two_hundredths_of_a_percent_in_whole_ticks() -> None:
    bar = Bar(*[Decimal("2000.004")] * 4)

    quote = next(quotes_of("SP500", bar))

    # Half of 0.0002 x 2000.004 is 0.2000004.
    assert (quote.bid, quote.ask, quote.last) == (
        Decimal("1999.80"),
        Decimal("2000.20"),
        Decimal("2000.00"),
    )


def test_the_spread_is_never_less_than_a_tick_on_each_side() -> None:
    bar = Bar(*[Decimal(15)] * 4)

    quote = next(quotes_of("VIX", bar))

    assert (quote.bid, quote.ask) == (Decimal("14.99"), Decimal("15.01"))


def test_a_sentence_says_what_to_install_when_the_package_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(market, "find_spec", missing)

    with pytest.raises(StartupError, match="package arch, which is not installed; `make install`"):
        load_days(1)
