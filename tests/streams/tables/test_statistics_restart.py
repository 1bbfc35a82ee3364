"""A table that is started again says what it said before, once its history covers what it needs."""

from decimal import Decimal

from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from tests import given
from topics.events import Quote
from topics.prices import Price

MINUTE = 60_000
SHORT = Settings.model_construct(long_run_bars=100)


def prices() -> list[Price]:
    """Make three quotes a minute for 700 minutes, up and down without a pattern that repeats."""
    moves = [(number * number * 7919) % 1009 - 504 for number in range(2100)]
    return [
        given.price(10_000 + move, as_of_ms=given.T0_MS + number * MINUTE // 3)
        for number, move in enumerate(moves)
    ]


def read(since: int) -> Quote:
    """Read the prices from one of them on, and return what the table knows in the end."""
    tables = Tables(SHORT)
    for offset, price in list(enumerate(prices()))[since:]:
        tables.apply_price(price, offset=offset, appended_ms=price.as_of_ms)
    quote = tables.quote(given.SYMBOL)
    assert quote is not None
    return quote


def test_numbers_are_the_same_when_the_history_begins_at_a_bar() -> None:
    assert read(since=300) == read(since=0)


def test_numbers_are_the_same_when_the_history_begins_inside_a_bar() -> None:
    assert read(since=301) == read(since=0)


def test_volatility_alone_remembers_where_a_short_history_began() -> None:
    whole, late = read(since=0), read(since=2100 - 3 * 120)

    assert (late.atr, late.long_run) == (whole.atr, whole.long_run)
    assert abs((late.ewma or 0) / (whole.ewma or Decimal(1)) - 1) < Decimal("0.001")
