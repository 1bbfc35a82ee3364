"""The stop of an entry: its own, by ATR, by ratio; on the tick towards the entry."""

from decimal import Decimal

import pytest

from pipeline.risk.account.holding import Holding
from pipeline.risk.order.candidate_order import OrderTerms, order_terms
from pipeline.risk.order.stop_price import stop_price
from pipeline.risk.parameters import StopPrices
from tests import given
from topics.codec import plain

DEFAULTS = StopPrices()  # 2 x ATR, else 0.02.


def terms(
    side: given.Side, price: str, *, tick: str = "0.01", stop: str | None = None
) -> OrderTerms:
    """Return an entry at a price, with its own stop or none."""
    signal = given.signal(side, 1, limit_price=price, stop_price=stop)
    holding = Holding(given.SYMBOL, given.instrument(tick_size=tick))
    return order_terms(signal, holding, fresh=True, collar=Decimal(0))


def placed(entry: OrderTerms, *, atr: str | None = None) -> str:
    """Return the stop of an entry as text."""
    known = None if atr is None else Decimal(atr)
    return plain(stop_price(entry, DEFAULTS, atr=known))


@pytest.mark.parametrize(
    ("side", "atr", "stop"),
    [
        ("buy", None, "98"),
        ("sell", None, "102"),
        ("buy", "1.5", "97"),
        ("sell", "1.5", "103"),
        ("buy", "0", "98"),
    ],
)
def test_stop_is_two_atr_or_two_percent_away_by_default(
    side: given.Side, atr: str | None, stop: str
) -> None:
    entry = terms(side, "100")

    assert placed(entry, atr=atr) == stop


@pytest.mark.parametrize(("side", "own"), [("buy", "90"), ("sell", "110")])
def test_stop_is_the_signals_own_when_it_names_one(side: given.Side, own: str) -> None:
    entry = terms(side, "100", stop=own)

    assert placed(entry, atr="1.5") == own


@pytest.mark.parametrize(
    ("side", "atr", "stop"),
    [("buy", "1.1", "98"), ("sell", "1.1", "102"), ("buy", "1", "98"), ("buy", "0.9", "98.5")],
)
def test_stop_is_rounded_to_the_tick_towards_the_entry(
    side: given.Side, atr: str, stop: str
) -> None:
    entry = terms(side, "100", tick="0.5")

    # 97.8 up, 102.2 down, 98 as it is, 98.2 up.
    assert placed(entry, atr=atr) == stop


@pytest.mark.parametrize(
    ("side", "price", "stop"),
    [("buy", "10", "5"), ("sell", "10", "15"), ("buy", "12", "5"), ("sell", "12", "20")],
)
def test_stop_is_a_tick_away_when_rounding_reaches_the_entry(
    side: given.Side, price: str, stop: str
) -> None:
    entry = terms(side, price, tick="5")

    # 9.8 and 10.2 round to 10 itself, 11.76 and 12.24 to beyond 12, and 10 and 15 are nearer to
    # 12 than a tick.
    assert placed(entry) == stop


@pytest.mark.parametrize(
    ("side", "price", "stop"),
    [("buy", "-10", "-10.2"), ("sell", "-10", "-9.8"), ("buy", "0", "-0.01")],
)
def test_stop_is_on_the_losing_side_when_prices_are_not_positive(
    side: given.Side, price: str, stop: str
) -> None:
    entry = terms(side, price)

    assert placed(entry) == stop


@pytest.mark.parametrize(("side", "own"), [("buy", "100"), ("buy", "101.004"), ("sell", "99")])
def test_stop_on_the_wrong_side_is_left_as_it_is(side: given.Side, own: str) -> None:
    entry = terms(side, "100", stop=own)

    assert placed(entry) == own


def test_stop_is_unknown_when_there_is_no_price() -> None:
    signal = given.signal("buy", 1)
    entry = order_terms(signal, Holding(given.SYMBOL), fresh=True, collar=Decimal(0))

    assert stop_price(entry, DEFAULTS, atr=Decimal(1)) is None
