"""What a proven exit is, what it is exempt from, and how larger orders are cut to it."""

import pytest

from tests.spec.desk import Row, answer_of, checks_of, numbers_of, open_desk
from tests.spec.desks import held_desk
from tests.spec.rulebook import only

ALWAYS_BREACHED = {"order_notional_max": "0"}


def is_exempt(decision: Row) -> bool:
    """Tell whether an entry rule did not apply."""
    return bool(checks_of(decision)["order_notional"]["verdict"] == "exempt")


def test_exit_is_what_is_left_beside_working_exits() -> None:
    desk = held_desk(100, balance=100_000, order_notional=ALWAYS_BREACHED)
    desk.signal("sell", 60, limit_price="100")

    exit_ = desk.signal("sell", 40, limit_price="100")

    assert is_exempt(exit_)
    assert answer_of(exit_) == ("approved", "40", [], None)


def test_order_is_no_exit_when_one_larger_than_the_rest() -> None:
    desk = held_desk(100, balance=100_000, order_notional=ALWAYS_BREACHED)
    desk.signal("sell", 60, limit_price="100")

    decision = desk.signal("sell", 41, limit_price="100")

    assert not is_exempt(decision)
    assert decision["reasons"] == ["order_notional"]


def test_exempt_check_still_shows_its_numbers() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "500"}), balance=100_000)
    desk.fill("buy", 100, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    assert numbers_of(decision, "order_notional") == ("exempt", "1000", "500", "-500")
    assert decision["verdict"] == "approved"


def test_short_is_closed_by_a_buy() -> None:
    desk = open_desk(only(order_notional=ALWAYS_BREACHED))
    desk.fill("sell", 10, 100)

    decision = desk.signal("buy", 10, limit_price="100")

    assert is_exempt(decision)
    assert decision["verdict"] == "approved"


def test_exit_passes_with_a_stale_mark_and_without_any_money() -> None:
    desk = open_desk(
        only(stale_mark={}, cash={}, daily_loss={"on_breach": "warn"}), balance=1000, mark=50
    )
    desk.fill("buy", 10, 100)
    desk.wait(100_000)

    decision = desk.signal("sell", 10, limit_price="50")

    assert (decision["verdict"], decision["equity"]) == ("approved", None)


def test_exit_reserves_at_the_last_known_price_when_the_reference_is_stale() -> None:
    desk = open_desk(only(stale_mark={}))
    desk.fill("buy", 10, 100)
    desk.wait(100_000)

    desk.signal("sell", 10)

    assert [row["price"] for row in desk.state()["reservations"]] == ["100"]


def test_exit_reserves_at_zero_when_there_never_was_a_price() -> None:
    desk = open_desk(only(stale_mark={}), mark=None)
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10)

    assert decision["verdict"] == "approved"
    assert [row["price"] for row in desk.state()["reservations"]] == ["0"]


def test_exit_is_proven_again_when_a_working_exit_is_cancelled() -> None:
    desk = held_desk(100, balance=100_000, order_notional=ALWAYS_BREACHED)
    desk.signal("sell", 100, limit_price="100", signal_id="first")
    blocked = desk.signal("sell", 100, limit_price="100")

    desk.order("first", "cancelled")
    decision = desk.signal("sell", 100, limit_price="100")

    assert (is_exempt(blocked), is_exempt(decision)) == (False, True)


@pytest.mark.parametrize(("side", "price"), [("buy", "95"), ("sell", "105")])
def test_exit_is_reserved_at_the_far_end_of_its_collar(side: str, price: str) -> None:
    desk = open_desk(only(price_collar={"collar_ratio": "0.05"}))
    desk.fill(side, 10, 100)

    desk.control("flatten")

    (reservation,) = desk.state()["reservations"]
    assert (reservation["quantity"], reservation["price"]) == ("10", price)
