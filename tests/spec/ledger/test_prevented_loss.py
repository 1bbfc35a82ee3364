"""What refused and cut orders would have made or lost, told beside the account."""

from typing import Any

import pytest

from tests.spec.desk import DAY, HOUR, SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only

REFUSED = {"order_notional_max": "0"}
STRETCH = 4 * HOUR  # The desk opens at noon, where a stretch begins.


def refusing_desk(limit: str = "0") -> Desk:
    """Return a desk that lets no order in whose notional is above a limit."""
    return open_desk(only(order_notional={"order_notional_max": limit}))


def told(desk: Desk) -> tuple[Any, Any]:
    """Return what is settled and what is open."""
    statistics: Row = desk.state()["statistics"]
    return statistics.get("prevented_loss"), statistics.get("prevented_loss_open")


def see(desk: Desk, mark: int) -> None:
    """Let the account see a mark of X."""
    desk.price(mark)
    desk.signal("hold")


@pytest.mark.parametrize(("mark", "loss"), [(90, "100"), (100, "0"), (103, "-30")])
def test_refused_buy_would_have_lost_what_the_mark_fell(mark: int, loss: str) -> None:
    desk = refusing_desk()
    desk.signal("buy", 10, limit_price="100")

    see(desk, mark)

    assert told(desk) == ("0", loss)


def test_refused_sell_would_have_lost_what_the_mark_rose() -> None:
    desk = refusing_desk()
    desk.signal("sell", 10, limit_price="100")

    see(desk, 103)

    assert told(desk) == ("0", "30")


def test_only_what_was_cut_counts() -> None:
    desk = refusing_desk("600")
    desk.signal("buy", 10, limit_price="100")

    see(desk, 90)

    # 6 of 10 are approved.
    assert told(desk) == ("0", "40")


def test_approved_and_ignored_orders_prevent_nothing() -> None:
    desk = refusing_desk("1000")
    desk.signal("buy", 10, limit_price="100", signal_id="s")
    desk.signal("buy", 10, limit_price="100", signal_id="s")
    desk.signal("hold")

    see(desk, 90)

    assert told(desk) == (None, None)


def test_market_price_counts_where_it_is_better_than_the_limit() -> None:
    desk = refusing_desk()
    desk.signal("buy", 10, limit_price="105")
    desk.signal("sell", 1, limit_price="90")

    see(desk, 90)

    # Bought at 100, not at 105; sold at 100, not at 90: 100 - 10.
    assert told(desk) == ("0", "90")


def test_collar_of_a_market_order_is_no_price_of_a_fill() -> None:
    desk = open_desk(only(order_notional=REFUSED, price_collar={}))
    desk.signal("buy", 10)

    see(desk, 90)

    assert told(desk) == ("0", "100")


def test_multiplier_counts_in_what_was_prevented() -> None:
    desk = refusing_desk()
    desk.instrument("M", multiplier="50")
    desk.price(100, "M")
    desk.signal("buy", 1, symbol="M", limit_price="100")

    desk.price(99, "M")
    desk.signal("hold", symbol="M")

    assert told(desk) == ("0", "50")


def test_it_is_settled_once_and_for_all_a_day_after_its_stretch() -> None:
    desk = refusing_desk()
    desk.signal("buy", 10, limit_price="100")
    desk.wait(STRETCH + DAY - SECOND)
    desk.price(95)
    before = told(desk)
    desk.wait(SECOND)
    settled = told(desk)

    see(desk, 50)

    # The price of the last second comes with the wake-up.
    assert (before, settled, told(desk)) == (("0", "0"), ("50", "0"), ("50", "0"))


def test_symbol_is_watched_until_it_is_settled() -> None:
    desk = refusing_desk()
    desk.signal("buy", 10, limit_price="100")
    before = desk.state()["watched"]

    desk.wait(STRETCH + DAY)

    assert (before, desk.state()["watched"]) == (["X"], [])


def test_symbols_and_stretches_add_up() -> None:
    desk = refusing_desk()
    desk.instrument("Y")
    desk.price(10, "Y")
    desk.signal("buy", 10, limit_price="100")
    desk.signal("buy", 5, symbol="Y", limit_price="10")
    desk.wait(STRETCH)
    desk.signal("buy", 1, limit_price="100")

    see(desk, 90)
    desk.price(8, "Y")
    desk.signal("hold", symbol="Y")

    assert told(desk) == ("0", "120")


def test_oldest_is_settled_early_when_there_are_too_many() -> None:
    desk = refusing_desk()
    for number in range(101):
        symbol = f"S{number:03}"
        desk.instrument(symbol)
        desk.price(100, symbol)
        desk.signal("buy", 1, symbol=symbol, limit_price="100")
        desk.price(99, symbol)
        desk.signal("hold", symbol=symbol)

    assert told(desk) == ("1", "100")


def test_nothing_is_told_when_the_instrument_or_the_price_is_unknown() -> None:
    desk = open_desk(only(order_notional=REFUSED), mark=None)

    desk.signal("buy", 10, symbol="NOBODY", limit_price="100")
    desk.signal("buy", 10)

    assert told(desk) == (None, None)
