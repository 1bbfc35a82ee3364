"""Exposure as the gate sees it: each side with all working orders of that side, never netted."""

from tests.spec.desk import Row, answer_of, checks_of, open_desk
from tests.spec.desks import position_desk
from tests.spec.rulebook import only

RATIO = {"position_ratio_max": "0.1"}


def measured(decision: Row, rule: str = "position_ratio") -> str:
    """Return what a rule measured."""
    number: str = checks_of(decision)[rule]["measured"]
    return number


def test_each_side_counts_its_own_working_orders() -> None:
    desk = position_desk(5)
    desk.signal("buy", 4, limit_price="1")
    desk.signal("sell", 3, limit_price="1")

    buy = desk.signal("buy", 7, limit_price="1", signal_id="b")
    desk.order("b", "cancelled")
    sell = desk.signal("sell", 7, limit_price="1")

    # Long 5 + 4 + 7; short 3 + 7 - 5.
    assert (measured(buy), measured(sell)) == ("0.016", "0.005")


def test_opposite_working_orders_do_not_make_room() -> None:
    desk = position_desk()
    desk.signal("buy", 80, limit_price="1")
    desk.signal("sell", 80, limit_price="1")

    decision = desk.signal("buy", 30, limit_price="1")

    assert answer_of(decision) == ("modified", "20", ["position_ratio"], "position_ratio")


def test_position_counts_at_its_mark_and_orders_at_their_own_prices() -> None:
    desk = open_desk(only(position_ratio=RATIO), balance=10_000, mark=100)
    desk.fill("buy", 2, 90)
    desk.signal("buy", 1, limit_price="98")

    decision = desk.signal("buy", 1, limit_price="96")

    # (2 x 100 + 2 x 97) / (10 000 + 20); 394 / 10020.
    assert measured(decision)[:10] == "0.03932135"


def test_sell_counts_only_what_opens_after_the_position_is_closed() -> None:
    desk = open_desk(only(position_ratio=RATIO), balance=10_000, mark=100)
    desk.fill("buy", 6, 100)
    desk.signal("sell", 4, limit_price="105")

    decision = desk.signal("sell", 4, limit_price="101")

    # 2 open, at an average of (4 x 105 + 4 x 101) / 8 = 103.
    assert measured(decision) == "0.0206"


def test_released_orders_make_room_again() -> None:
    desk = position_desk()
    desk.signal("buy", 100, limit_price="1", signal_id="first")
    full = desk.signal("buy", 1, limit_price="1")

    desk.order("first", "cancelled")
    again = desk.signal("buy", 100, limit_price="1")

    assert (full["verdict"], again["verdict"]) == ("rejected", "approved")


def test_filled_order_counts_once_when_its_fill_comes() -> None:
    desk = position_desk()
    desk.signal("buy", 60, limit_price="1", signal_id="first")
    desk.fill("buy", 60, 1, signal_id="first")

    decision = desk.signal("buy", 50, limit_price="1")

    assert answer_of(decision)[:2] == ("modified", "40")


def test_order_counts_once_when_filled_comes_before_the_fills() -> None:
    desk = position_desk()
    desk.signal("buy", 60, limit_price="1", signal_id="first")
    desk.order("first", "filled")

    decision = desk.signal("buy", 50, limit_price="1")

    assert answer_of(decision)[:2] == ("modified", "40")
