"""After a bust or a correction the stop price follows from the fills that stand."""

from typing import Any

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, open_desk
from tests.spec.rulebook import only
from topics.codec import plain


def stop_of(desk: Desk, symbol: str = "X") -> str | None:
    """Return the stop price of the position."""
    levels = desk.holding(symbol).stop_levels
    return None if levels is None or levels.stop is None else plain(levels.stop)


def entered(*fills: tuple[int, int], order: str = "s", **signal: Any) -> Desk:
    """Return a desk whose order to buy 30 at 100 at most was filled as (quantity, price)."""
    desk = open_desk(only())
    desk.signal("buy", 30, signal_id=order, limit_price="100", **signal)
    for number, (quantity, price) in enumerate(fills, 1):
        desk.fill("buy", quantity, price, signal_id=order, fill_id=f"f{number}")
    return desk


def test_computed_stop_follows_the_corrected_price_of_its_only_fill() -> None:
    desk = entered((10, 99))

    desk.fill("buy", 10, 98, fill_id="f1", kind="correct")

    # The decision told 98, which is 2 away from 100.
    assert stop_of(desk) == "96"


@pytest.mark.parametrize(
    ("fill_id", "quantity", "price", "stop"),
    [("f1", 10, 95, "94.5"), ("f2", 10, 94, "94.5"), ("f1", 30, 95, "93.75")],
)
def test_computed_stop_follows_the_average_that_a_correction_leaves(
    fill_id: str, quantity: int, price: int, stop: str
) -> None:
    desk = entered((10, 99), (10, 98))

    desk.fill("buy", quantity, price, fill_id=fill_id, kind="correct")

    # (95 + 98) / 2, (99 + 94) / 2 and (3 x 95 + 98) / 4, each less 2.
    assert stop_of(desk) == stop


@pytest.mark.parametrize(("busted", "stop"), [("f1", "93"), ("f2", "94.5"), ("f3", "95.5")])
def test_computed_stop_follows_the_fills_of_its_order_that_a_bust_leaves(
    busted: str, stop: str
) -> None:
    prices = {"f1": 99, "f2": 96, "f3": 94}
    desk = entered((10, 99), (10, 98), (10, 94))
    desk.fill("buy", 10, 96, fill_id="f2", kind="correct")

    desk.fill("buy", 10, prices[busted], fill_id=busted, kind="bust")

    # (96 + 94) / 2, (99 + 94) / 2 and (99 + 96) / 2, each less 2.
    assert stop_of(desk) == stop


def test_next_fill_of_the_order_counts_without_one_whose_bust_came_first() -> None:
    desk = entered()
    desk.fill("buy", 10, 90, fill_id="f1", kind="bust")
    desk.fill("buy", 10, 90, signal_id="s", fill_id="f1")

    desk.fill("buy", 10, 98, signal_id="s", fill_id="f2")

    # 98 less 2; the fill at 90 never was.
    assert stop_of(desk) == "96"


def test_next_fill_of_the_order_counts_with_the_fills_that_stand() -> None:
    desk = entered((10, 99), (10, 98))
    desk.fill("buy", 10, 99, fill_id="f1", kind="bust")

    desk.fill("buy", 10, 96, signal_id="s", fill_id="f3")

    # (98 + 96) / 2 less 2.
    assert stop_of(desk) == "95"


def test_earlier_stop_is_back_when_a_later_entry_is_busted() -> None:
    desk = entered((10, 99), stop_price="90")
    desk.signal("buy", 10, signal_id="later", limit_price="100", stop_price="95")
    desk.fill("buy", 10, 100, signal_id="later", fill_id="f2")
    before = stop_of(desk)

    desk.fill("buy", 10, 100, fill_id="f2", kind="bust")

    assert (before, stop_of(desk)) == ("95", "90")


def test_newest_entrys_stop_stays_when_an_earlier_fill_is_busted() -> None:
    desk = entered((10, 99), stop_price="90")
    desk.fill("buy", 10, 100, fill_id="f2")

    desk.fill("buy", 10, 99, fill_id="f1", kind="bust")

    # Nobody's order: 2 % off its own price.
    assert stop_of(desk) == "98"


def test_named_stop_stays_when_its_fill_is_corrected() -> None:
    desk = entered((10, 99), stop_price="90")

    desk.fill("buy", 10, 95, fill_id="f1", kind="correct")

    assert stop_of(desk) == "90"


def test_stop_of_nobodys_fill_is_computed_from_its_corrected_price() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="f1")

    desk.fill("buy", 10, 50, fill_id="f1", kind="correct")

    assert stop_of(desk) == "49"


def test_stop_of_an_inverse_contract_follows_the_harmonic_average() -> None:
    desk = open_desk(only(), balance=10, mark=None)
    desk.account = "coins"
    desk.flow("opening", 10, currency="BTC")
    desk.wait(SECOND)
    contract = {"base_currency": "BTC", "settlement_currency": "BTC", "tick_size": "0.5"}
    desk.instrument("I", kind="inverse", multiplier="100", **contract)
    desk.price(50_000, "I")
    desk.signal("buy", 400, symbol="I", signal_id="s", limit_price="50000")
    for number, price in enumerate((40_000, 50_000), 1):
        desk.fill("buy", 200, price, symbol="I", signal_id="s", fill_id=f"f{number}")

    desk.fill("buy", 200, 30_000, symbol="I", fill_id="f1", kind="correct")

    # 400 / (200 / 30 000 + 200 / 50 000) = 37 500, less 2 % of 50 000.
    assert stop_of(desk, "I") == "36500"


def test_distance_of_an_atr_stop_stays_when_its_fill_is_corrected() -> None:
    desk = open_desk(only(), mark=None)
    for price in (100, 110, 100, 110) * 5:
        desk.price(price)
        desk.wait(MINUTE)
    desk.price(100)
    desk.fill("buy", 1, 100, fill_id="f1")

    desk.fill("buy", 1, 105, fill_id="f1", kind="correct")

    # The true range of each bar is 10: two of them off the price.
    assert stop_of(desk) == "85"


def test_position_is_closed_at_the_stop_that_stands() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.signal("buy", 10, signal_id="s", limit_price="100")
    desk.fill("buy", 10, 100, signal_id="s", fill_id="f1")
    desk.fill("buy", 10, 95, fill_id="f1", kind="correct")

    desk.see("93.01")
    before = desk.closed()
    desk.see("93")

    assert (before, desk.closed()) == ([], [("stop_loss", "sell", "10")])
