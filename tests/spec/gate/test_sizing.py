"""Orders without a quantity are sized from equity and confidence."""

import pytest

from tests.spec.desk import answer_of, open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("confidence", "quantity"),
    [
        (None, "10"), ("1", "10"), ("0.9", "10"), ("0.899", "8"), ("0.8", "8"), ("0.799", "6"),
        ("0.7", "6"), ("0.699", "4"), ("0.6", "4"), ("0.599", "2"), ("0", "2"),
    ],
)  # fmt: skip
def test_share_of_equity_follows_the_steps_of_confidence(
    confidence: str | None, quantity: str
) -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", None, limit_price="100", confidence=confidence)

    # 10 000 x 0.1 x step / 100, although the rule position_ratio is off.
    assert decision["requested_quantity"] == quantity
    assert answer_of(decision) == ("approved", quantity, [], None)


def test_size_is_floored_to_the_lot() -> None:
    desk = open_desk(only())
    desk.instrument(lot_size="0.1", min_quantity="0.1")

    decision = desk.signal("buy", None, limit_price="97")

    # 1000 / 97 = 10.309...
    assert answer_of(decision) == ("approved", "10.3", [], None)


def test_other_share_counts_when_limits_set_it() -> None:
    desk = open_desk(only(position_ratio={"position_ratio_max": "0.25"}))

    decision = desk.signal("buy", None, limit_price="100")

    assert answer_of(decision) == ("approved", "25", [], None)


def test_market_buy_is_sized_at_the_far_end_of_the_collar() -> None:
    desk = open_desk(only(price_collar={"collar_ratio": "0.25"}))

    decision = desk.signal("buy", None)

    # 1000 / 125.
    assert decision["requested_quantity"] == "8"


def test_sell_is_sized_at_the_reference_when_that_is_above_its_price() -> None:
    desk = open_desk(only())

    decision = desk.signal("sell", None, limit_price="80")

    assert decision["requested_quantity"] == "10"


def test_sized_order_is_cut_like_any_other() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "450"}))

    decision = desk.signal("buy", None, limit_price="100")

    assert decision["requested_quantity"] == "10"
    assert answer_of(decision) == ("modified", "4", ["order_notional"], "order_notional")


@pytest.mark.parametrize("balance", [0, -5])
def test_order_is_rejected_without_a_size_when_equity_is_not_above_zero(balance: int) -> None:
    desk = open_desk(only(), balance=0)
    if balance:
        desk.lose(5)

    decision = desk.signal("buy", None, limit_price="100")

    assert decision["requested_quantity"] is None
    assert answer_of(decision)[:2] == ("rejected", "0")


def test_order_is_rejected_without_a_size_when_equity_is_unknown() -> None:
    desk = open_desk(only())
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", None, limit_price="100")

    assert decision["requested_quantity"] is None
    assert decision["verdict"] == "rejected"


def test_market_order_is_rejected_without_a_size_when_there_is_no_price() -> None:
    desk = open_desk(only(), mark=None)

    decision = desk.signal("buy", None)

    assert decision["requested_quantity"] is None
    assert decision["verdict"] == "rejected"


def test_order_is_rejected_without_a_size_when_its_symbol_has_no_share() -> None:
    desk = open_desk(only(position_ratio={"position_ratio_max": {"Y": "0.1"}}))

    decision = desk.signal("buy", None, limit_price="100")

    assert (decision["requested_quantity"], decision["verdict"]) == (None, "rejected")
    assert "internal_error" not in decision["reasons"]


def test_share_of_its_symbol_counts_when_limits_name_it() -> None:
    share = {"X": "0.05", "*": "0.25"}
    desk = open_desk(only(position_ratio={"position_ratio_max": share}))

    decision = desk.signal("buy", None, limit_price="100")

    # 10 000 x 0.05 / 100.
    assert answer_of(decision) == ("approved", "5", [], None)
