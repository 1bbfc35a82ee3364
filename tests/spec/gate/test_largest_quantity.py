"""The approved quantity satisfies every limit at once, and one lot more would not."""

from decimal import Decimal

import pytest

from tests.spec.desk import Desk, answer_of, open_desk
from tests.spec.rulebook import only

FIVE = {
    "order_notional": {"order_notional_max": "5000"},
    "order_ratio": {"order_ratio_max": "0.4"},
    "position_ratio": {"position_ratio_max": "0.3"},
    "gross_exposure": {"gross_exposure_ratio_max": "0.5"},
    "cash": {},
}


def five_desk(**changed: dict[str, object]) -> Desk:
    """Return a desk of 10 000 at a mark of 10 with five limits on the size."""
    return open_desk(only(**FIVE | changed), mark=10)


@pytest.mark.parametrize(
    ("changed", "quantity", "binding"),
    [
        ({}, "300", "position_ratio"),
        ({"order_notional": {"order_notional_max": "2999"}}, "299", "order_notional"),
        ({"order_ratio": {"order_ratio_max": "0.25"}}, "250", "order_ratio"),
        ({"gross_exposure": {"gross_exposure_ratio_max": "0.2"}}, "200", "gross_exposure"),
        ({"cash": {"fee_ratio": "4"}}, "200", "cash"),
    ],
)
def test_smallest_of_all_limits_binds(
    changed: dict[str, dict[str, object]], quantity: str, binding: str
) -> None:
    desk = five_desk(**changed)

    decision = desk.signal("buy", 600, limit_price="10")

    # Asked are 6000: more than 5000, 0.4, 0.3 and 0.5 of 10 000.
    reasons = ["order_notional", "order_ratio", "position_ratio", "gross_exposure"]
    if binding == "cash":
        reasons.append("cash")
    assert answer_of(decision) == ("modified", quantity, reasons, binding)


def test_first_in_the_table_is_named_when_two_limits_bind_alike() -> None:
    desk = five_desk(order_notional={"order_notional_max": "3000"})

    decision = desk.signal("buy", 600, limit_price="10")

    assert answer_of(decision)[1::2] == ("300", "order_notional")


def test_size_is_rounded_down_to_the_lot() -> None:
    desk = five_desk(order_notional={"order_notional_max": "1234.56"})
    desk.instrument(lot_size="0.25", min_quantity="0.25")

    decision = desk.signal("buy", 600, limit_price="10")

    # 123.456 down to a quarter.
    assert decision["approved_quantity"] == "123.25"


def test_order_is_rejected_when_the_size_left_is_below_the_minimum() -> None:
    desk = five_desk(order_notional={"order_notional_max": "90"})
    desk.instrument(min_quantity="10")

    decision = desk.signal("buy", 600, limit_price="10")

    assert answer_of(decision)[:2] == ("rejected", "0")
    assert decision["binding_rule"] == "order_notional"


@pytest.mark.parametrize(("limit", "verdict"), [("3000", "modified"), ("2990", "rejected")])
def test_order_is_rejected_when_too_little_of_it_is_left(limit: str, verdict: str) -> None:
    rules = only(order_notional={"order_notional_max": limit})
    desk = open_desk(rules | {"sizing": {"modify_ratio_min": "0.5"}}, mark=10)

    decision = desk.signal("buy", 600, limit_price="10")

    # 300 are half of what was asked, 299 are less.
    assert decision["verdict"] == verdict
    assert decision["binding_rule"] == "order_notional"


def test_size_limits_are_no_way_around_a_rule_that_forbids() -> None:
    desk = five_desk(signal_age={})

    decision = desk.signal("buy", 600, limit_price="10", created_at_ms=desk.now_ms - 6000)

    assert answer_of(decision)[:2] == ("rejected", "0")
    assert decision["binding_rule"] is None


def test_order_is_cut_to_zero_and_beyond_it_when_it_first_closes() -> None:
    desk = five_desk(cash={"enabled": False})
    desk.fill("buy", 100, 10)

    decision = desk.signal("sell", 600, limit_price="10")

    # 100 close; 300 short are 0.3; but one order may be 0.4 of equity.
    assert answer_of(decision)[1::2] == ("400", "order_ratio")


def test_checks_are_measured_at_what_was_asked_when_the_order_is_cut() -> None:
    desk = five_desk()

    decision = desk.signal("buy", 600, limit_price="10")

    measured = {check["rule"]: check["measured"] for check in decision["checks"]}
    assert measured["order_notional"] == "6000"
    assert measured["position_ratio"] == "0.6"


def test_requested_is_what_was_asked_and_checks_are_of_its_floor() -> None:
    desk = five_desk()

    decision = desk.signal("buy", "100.7", limit_price="10")

    assert decision["requested_quantity"] == "100.7"
    assert answer_of(decision) == ("modified", "100", [], "instrument")
    assert {c["rule"]: c["measured"] for c in decision["checks"]}["order_notional"] == "1000"


@pytest.mark.parametrize("asked", ["600", "317.77", "1000000000000000000000000000000"])
def test_one_lot_more_would_breach_when_an_order_was_cut(asked: str) -> None:
    desk = five_desk(position_ratio={"position_ratio_max": "0.1234"})
    desk.instrument(lot_size="0.001", min_quantity="0.001")
    cut = desk.signal("buy", asked, limit_price="9.97", signal_id="cut")
    desk.order("cut", "rejected")

    same = desk.signal("buy", cut["approved_quantity"], limit_price="9.97", signal_id="same")
    desk.order("same", "rejected")
    more = Decimal(cut["approved_quantity"]) + Decimal("0.001")
    above = desk.signal("buy", more, limit_price="9.97")

    # 1234 / 9.97 = 123.7713...
    assert answer_of(same) == ("approved", "123.771", [], None)
    assert answer_of(above) == ("modified", "123.771", ["position_ratio"], "position_ratio")
