"""What the tables keep of prices and instruments, and which rates follow from them."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from pipeline.streams.settings import Settings
from pipeline.streams.tables.currency_pairs import Conflict
from pipeline.streams.tables.tables import Tables
from tests import given
from topics.events import Market, Quote, Rate
from topics.instruments import Instrument

NOW_MS = given.T0_MS


@pytest.fixture
def tables() -> Tables:
    return Tables(Settings.model_construct(account_currencies=("USD", "EUR")))


def quote(last: str, *, offset: int, as_of_ms: int = NOW_MS) -> Quote:
    return Quote(symbol="BTC-USD", last=Decimal(last), as_of_ms=as_of_ms, offset=offset)


def pair(symbol: str, base: str, settlement: str, **fields: Any) -> Instrument:
    return given.instrument(symbol, base_currency=base, settlement_currency=settlement, **fields)


def show(tables: Tables, symbol: str = "BTC-USD", *, offset: int = 0, **prices: Any) -> bool:
    as_of_ms = prices.pop("as_of_ms", NOW_MS)
    price = given.price(symbol=symbol, as_of_ms=as_of_ms, **prices)
    return tables.apply_price(price, offset=offset, appended_ms=NOW_MS)


def test_market_is_empty_when_the_symbol_was_never_seen(tables: Tables) -> None:
    assert tables.market("BTC-USD") == Market(symbol="BTC-USD")


def test_newest_quote_is_kept_when_several_came(tables: Tables) -> None:
    show(tables, last=100, offset=7)
    show(tables, last=101, offset=8)

    assert tables.quote("BTC-USD") == quote("101", offset=8)


@pytest.mark.parametrize("offset", [7, 6])
def test_quote_is_kept_when_a_later_one_is_not_newer(tables: Tables, offset: int) -> None:
    show(tables, last=100, offset=7)

    taken = show(tables, last=101, offset=offset)

    assert not taken
    assert tables.quote("BTC-USD") == quote("100", offset=7)


def test_price_is_taken_when_it_is_a_second_ahead_of_its_append_time(tables: Tables) -> None:
    taken = show(tables, last=100, as_of_ms=NOW_MS + 1000)

    assert taken
    assert tables.prices_refused == 0


def test_older_quote_is_kept_when_the_newer_is_too_far_ahead(tables: Tables) -> None:
    show(tables, last=100, offset=1)

    taken = show(tables, last=101, offset=2, as_of_ms=NOW_MS + 1001)

    assert not taken
    assert tables.prices_refused == 1
    assert tables.quote("BTC-USD") == quote("100", offset=1)


MINUTE = 60_000


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"last": 100, "mark": 1}, {"last": 110, "mark": 9}),
        ({"mark": 100, "bid": 1, "ask": 1}, {"mark": 110, "bid": 2, "ask": 2}),
        ({"bid": 98, "ask": 102}, {"bid": 109, "ask": 111}),
    ],
)
def test_quote_carries_the_volatility_of_last_else_mark_else_mid_when_bars_are_closed(
    tables: Tables, first: dict[str, Any], second: dict[str, Any]
) -> None:
    for minute, prices in enumerate((first, second, second)):
        show(tables, offset=minute, as_of_ms=NOW_MS - (2 - minute) * MINUTE, **prices)

    told = tables.quote("BTC-USD")

    assert told is not None
    assert told.ewma == Decimal("0.0953101798043")  # ln 1.1
    assert (told.atr, told.long_run) == (None, None)


def test_quote_shapes_no_bar_when_it_has_one_side_alone(tables: Tables) -> None:
    for minute in range(3):
        show(tables, offset=minute, as_of_ms=NOW_MS - (2 - minute) * MINUTE, bid=100 + minute)

    told = tables.quote("BTC-USD")

    assert told is not None
    assert told.ewma is None


def test_refused_quote_shapes_no_bar_when_it_is_too_far_ahead(tables: Tables) -> None:
    show(tables, offset=0, as_of_ms=NOW_MS - MINUTE, last=100)
    show(tables, offset=1, as_of_ms=NOW_MS + MINUTE, last=200)
    show(tables, offset=2, as_of_ms=NOW_MS, last=100)
    show(tables, offset=3, as_of_ms=NOW_MS, last=100)

    assert tables.prices_refused == 1
    told = tables.quote("BTC-USD")
    assert told is not None
    assert told.ewma is None


def test_atr_comes_with_the_fourteenth_closed_bar_when_each_spans_one(tables: Tables) -> None:
    known = []
    for minute in range(16):
        at_ms = NOW_MS + (minute - 16) * MINUTE
        show(tables, offset=2 * minute, as_of_ms=at_ms, last=100)
        show(tables, offset=2 * minute + 1, as_of_ms=at_ms + 1, last=101)
        told = tables.quote("BTC-USD")
        known.append(None if told is None else told.atr)

    assert known == [None] * 14 + [Decimal(1)] * 2


def test_rate_is_the_mid_when_bid_and_ask_are_known(tables: Tables) -> None:
    tables.apply_instrument(pair("EUR-USD", "EUR", "USD"))
    show(tables, "EUR-USD", bid="1.08", ask="1.10", mark=2, last=3)

    rates = tables.rates_of(["EUR"])

    assert rates == (Rate(base="EUR", quote="USD", rate=Decimal("1.09"), as_of_ms=NOW_MS),)


@pytest.mark.parametrize(
    ("prices", "rate"),
    [({"mark": "1.1", "last": "1.2"}, "1.1"), ({"last": "1.2", "bid": 1}, "1.2")],
)
def test_rate_is_mark_else_last_when_there_is_no_mid(
    tables: Tables, prices: dict[str, Any], rate: str
) -> None:
    tables.apply_instrument(pair("EUR-USD", "EUR", "USD"))
    show(tables, "EUR-USD", **prices)

    assert [found.rate for found in tables.rates_of(["EUR"])] == [Decimal(rate)]


def test_rate_is_one_over_the_price_when_only_the_inverse_pair_is_known(tables: Tables) -> None:
    tables.apply_instrument(pair("EUR-USD", "EUR", "USD"))
    show(tables, "EUR-USD", last="1.25")

    rates = tables.rates_of(["USD"])

    assert rates == (Rate(base="USD", quote="EUR", rate=Decimal("0.8"), as_of_ms=NOW_MS),)


@pytest.mark.parametrize(
    "prices", [{"bid": "-1", "ask": "3"}, {"bid": "0", "ask": "3", "mark": "-1"}]
)
def test_price_that_is_not_above_zero_is_left_out_of_a_rate(
    tables: Tables, prices: dict[str, Any]
) -> None:
    tables.apply_instrument(pair("EUR-USD", "EUR", "USD"))

    show(tables, "EUR-USD", last="1.1", **prices)

    assert [rate.rate for rate in tables.rates_of(["EUR"])] == [Decimal("1.1")]


@pytest.mark.parametrize("price", ["0", "-1"])
def test_rate_is_unknown_when_the_price_is_not_above_zero(tables: Tables, price: str) -> None:
    tables.apply_instrument(pair("EUR-USD", "EUR", "USD"))
    show(tables, "EUR-USD", last=price)

    assert tables.rates_of(["EUR", "USD"]) == ()


def test_rate_is_unknown_when_it_needs_a_third_currency(tables: Tables) -> None:
    tables.apply_instrument(pair("CHF-JPY", "CHF", "JPY"))
    tables.apply_instrument(pair("JPY-USD", "JPY", "USD"))
    show(tables, "CHF-JPY", last=180)
    show(tables, "JPY-USD", last="0.0065")

    assert tables.rates_of(["CHF"]) == ()


def test_first_that_named_the_pair_is_offered_first_when_two_instruments_are_it(
    tables: Tables,
) -> None:
    for symbol in ("B", "A"):
        tables.apply_instrument(pair(symbol, "EUR", "USD"))
    show(tables, "B", last=1, as_of_ms=NOW_MS - 1)
    show(tables, "A", last=2)

    assert [(rate.source, rate.rate) for rate in tables.rates_of(["EUR"])] == [
        ("B", Decimal(1)),
        ("A", Decimal(2)),
    ]


@pytest.mark.parametrize("order", [("A", "B"), ("B", "A")])
def test_document_appended_first_is_the_source_in_whatever_order_partitions_are_read(
    tables: Tables, order: tuple[str, str]
) -> None:
    places = {"A": (5, 3, 0), "B": (4, 7, 9)}

    for symbol in order:
        tables.apply_instrument(pair(symbol, "EUR", "USD"), places[symbol])

    assert (tables.rate_pair("A"), tables.rate_pair("B")) == (None, ("EUR", "USD"))


def test_document_written_anew_keeps_its_place_among_those_of_its_pair(tables: Tables) -> None:
    tables.apply_instrument(pair("A", "EUR", "USD"), (1, 0, 0))
    tables.apply_instrument(pair("B", "USD", "EUR"), (2, 0, 1))

    tables.apply_instrument(pair("A", "EUR", "USD", tick_size="0.1"), (3, 0, 2))

    assert tables.rate_pair("A") == ("EUR", "USD")


def test_next_document_is_the_source_when_the_first_is_withdrawn(tables: Tables) -> None:
    for symbol in ("A", "B", "C"):
        tables.apply_instrument(pair(symbol, "EUR", "USD"))

    tables.withdraw_instrument("A")
    tables.withdraw_instrument("B")

    assert tables.market("A") == Market(symbol="A")
    assert tables.rate_pair("C") == ("EUR", "USD")


def test_conflict_is_taken_once_and_again_when_its_source_is_gone(tables: Tables) -> None:
    for symbol in ("A", "B", "C"):
        tables.apply_instrument(pair(symbol, "EUR", "USD"))
    first = tables.take_conflicts()
    again = tables.take_conflicts()

    tables.withdraw_instrument("A")

    assert [(told.symbol, found) for told, found in first] == [
        ("B", Conflict(("A", "B", "C"), 0, None))
    ]
    assert again == []
    assert [(told.symbol, found) for told, found in tables.take_conflicts()] == [
        ("C", Conflict(("B", "C"), 0, "A"))
    ]


def test_no_more_than_four_are_offered_of_a_pair_that_many_name(tables: Tables) -> None:
    for number in range(6):
        tables.apply_instrument(pair(f"S{number}", "EUR", "USD"))

    ((_, conflict),) = tables.take_conflicts()

    assert conflict == Conflict(("S0", "S1", "S2", "S3"), 2, None)


class Counted(str):
    """A symbol that counts how often any of its kind is looked at."""

    __slots__ = ()
    looks = 0

    def __hash__(self) -> int:
        Counted.looks += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Counted.looks += 1
        return super().__eq__(other)

    def __lt__(self, other: str) -> bool:
        Counted.looks += 1
        return super().__lt__(other)


def loaded(tables: Tables, count: int) -> int:
    """Load an options chain of one pair; return how many symbols were looked at."""
    Counted.looks = 0
    for number in range(count):
        symbol = Counted(f"BTC-{number}")
        option = structs.replace(pair("BTC", "BTC", "USD"), symbol=symbol)
        tables.apply_instrument(option)
    return Counted.looks


def test_each_document_costs_the_same_when_20000_name_one_pair() -> None:
    few = loaded(Tables(Settings.model_construct()), 200)
    many = loaded(Tables(Settings.model_construct()), 20_000)

    assert many <= 101 * few


def test_event_looks_at_few_symbols_when_20000_name_its_pair(tables: Tables) -> None:
    loaded(tables, 20_000)
    show(tables, "BTC-0", last=50_000)
    Counted.looks = 0

    rates = tables.rates(pair("BTC-7", "BTC", "USD"))

    assert [(rate.source, rate.rate) for rate in rates[:1]] == [("BTC-0", Decimal(50_000))]
    assert Counted.looks < 50


def test_rate_is_worked_out_once_while_its_quote_stays(tables: Tables) -> None:
    tables.apply_instrument(pair("EUR-USD", "EUR", "USD"))
    show(tables, "EUR-USD", bid=1, ask=2)

    first, second = tables.rates_of(["EUR"]), tables.rates_of(["EUR"])

    assert first[0] is second[0]


def test_rate_is_gone_when_the_instrument_changes_its_currency(tables: Tables) -> None:
    tables.apply_instrument(pair("EUR-USD", "EUR", "USD"))
    show(tables, "EUR-USD", last="1.1")

    tables.apply_instrument(pair("EUR-USD", "GBP", "USD"))

    assert tables.rates_of(["EUR"]) == ()
    assert [rate.rate for rate in tables.rates_of(["GBP"])] == [Decimal("1.1")]


def test_rates_cover_settlement_base_and_fee_when_an_instrument_needs_them(
    tables: Tables,
) -> None:
    bought = pair("BTC-CHF", "BTC", "CHF")
    for symbol, base in (("CHF-USD", "CHF"), ("BTC-USD", "BTC"), ("BNB-USD", "BNB")):
        tables.apply_instrument(pair(symbol, base, "USD"))
        show(tables, symbol, last=2)

    rates = tables.rates(bought, "BNB")

    assert [(rate.base, rate.quote) for rate in rates] == [
        ("CHF", "USD"),
        ("BTC", "USD"),
        ("BNB", "USD"),
    ]
