"""Orders keep to the tick, the lot, the smallest and the largest size of their instrument."""

import pytest

from tests.spec.desk import answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("price", "verdict"), [("100.05", "approved"), ("100.051", "rejected"), ("100.0", "approved")]
)
def test_order_is_rejected_when_its_price_is_no_multiple_of_the_tick(
    price: str, verdict: str
) -> None:
    desk = open_desk(only())
    desk.instrument(tick_size="0.05")

    decision = desk.signal("buy", 1, limit_price=price)

    assert decision["verdict"] == verdict


def test_tick_is_the_shown_limit_when_a_price_is_off() -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", 1, limit_price="100.005")

    assert numbers_of(decision, "instrument") == ("breach", "100.005", "0.01", None)


def test_quantity_is_floored_to_the_lot_without_a_reason() -> None:
    desk = open_desk(only())
    desk.instrument(lot_size="0.01", min_quantity="0.01")

    decision = desk.signal("buy", "1.239", limit_price="100")

    assert answer_of(decision) == ("modified", "1.23", [], "instrument")
    assert decision["requested_quantity"] == "1.239"


@pytest.mark.parametrize(
    ("quantity", "verdict"), [("2.9", "rejected"), ("3", "approved"), ("0.5", "rejected")]
)
def test_order_is_rejected_when_it_is_below_the_minimum_quantity(
    quantity: str, verdict: str
) -> None:
    desk = open_desk(only())
    desk.instrument(min_quantity="3")

    decision = desk.signal("buy", quantity, limit_price="100")

    assert decision["verdict"] == verdict
    if verdict == "rejected":
        assert answer_of(decision) == ("rejected", "0", ["instrument"], None)


@pytest.mark.parametrize(("quantity", "verdict"), [(4, "rejected"), (5, "approved")])
def test_order_is_rejected_when_it_is_below_the_minimum_notional(
    quantity: int, verdict: str
) -> None:
    desk = open_desk(only())
    desk.instrument(min_notional="500")

    decision = desk.signal("buy", quantity, limit_price="100")

    assert decision["verdict"] == verdict


def test_order_is_cut_to_the_maximum_quantity() -> None:
    desk = open_desk(only())
    desk.instrument(max_quantity="7")

    at_limit = desk.signal("buy", 7, limit_price="100")
    above = desk.signal("buy", 8, limit_price="100")

    assert at_limit["verdict"] == "approved"
    assert answer_of(above) == ("modified", "7", ["instrument"], "instrument")


def test_exit_may_be_below_the_minimums_when_it_is_the_whole_rest() -> None:
    desk = open_desk(only())
    desk.fill("buy", 2, 100)
    desk.instrument(min_quantity="3", min_notional="1000")

    part = desk.signal("sell", 1, limit_price="100")
    whole = desk.signal("sell", 2, limit_price="100")

    assert (part["verdict"], part["reasons"]) == ("rejected", ["instrument"])
    assert answer_of(whole) == ("approved", "2", [], None)


def test_exit_is_cut_to_the_maximum_quantity() -> None:
    desk = open_desk(only())
    desk.fill("buy", 20, 100)
    desk.instrument(max_quantity="7")

    decision = desk.signal("sell", 20, limit_price="100")

    assert answer_of(decision) == ("modified", "7", ["instrument"], "instrument")


def test_exit_is_rejected_when_its_price_is_no_multiple_of_the_tick() -> None:
    desk = open_desk(only())
    desk.fill("buy", 20, 100)

    decision = desk.signal("sell", 20, limit_price="100.001")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["instrument"])


def test_order_below_a_lot_is_rejected_when_lots_are_unchecked() -> None:
    desk = open_desk(only(instrument={"enabled": False}))

    decision = desk.signal("buy", "0.5", limit_price="100")

    assert answer_of(decision) == ("rejected", "0", ["instrument"], None)


def test_whole_rest_is_floored_to_the_lot() -> None:
    desk = open_desk(only())
    desk.fill("buy", "10.5", 100)

    decision = desk.signal("sell", "10.5", limit_price="100")

    assert answer_of(decision) == ("modified", "10", [], "instrument")


@pytest.mark.parametrize(
    ("terms", "fields", "unit", "message"),
    [
        ({"tick_size": "0.05"}, {"limit_price": "100.051"}, "price",
         "The limit price 100.051 is not a multiple of 0.05."),
        ({}, {"limit_price": "-1"}, "price", "The price -1 is not above zero."),
        ({"min_quantity": "3"}, {"quantity": "2"}, "quantity",
         "The order's quantity of 2 is below the minimum of 3."),
        ({"max_quantity": "7"}, {"quantity": "8"}, "quantity",
         "The order's quantity of 8 is above the maximum of 7."),
        ({"min_notional": "500"}, {"quantity": "4"}, "money",
         "The order's notional of 400 is below the minimum of 500."),
    ],
)  # fmt: skip
def test_breach_says_what_the_instrument_does_not_allow(
    terms: dict[str, str], fields: dict[str, str], unit: str, message: str
) -> None:
    desk = open_desk(only())
    desk.instrument(**terms)

    decision = desk.signal("buy", **{"quantity": "5", "limit_price": "100", **fields})

    assert explained(decision, "instrument") == (unit, message)


@pytest.mark.parametrize(
    ("quantity", "check"),
    [
        (6, ("pass", "6", "7", "1")),
        (7, ("pass", "7", "7", "0")),
        (8, ("breach", "8", "7", "-1")),
    ],
)
def test_quantity_is_shown_beside_the_maximum(quantity: int, check: tuple[str, ...]) -> None:
    desk = open_desk(only())
    desk.instrument(max_quantity="7")

    decision = desk.signal("buy", quantity, limit_price="100")

    assert numbers_of(decision, "instrument") == check


def test_entry_is_rejected_when_its_notional_is_unknown_and_has_a_minimum() -> None:
    desk = open_desk(only(), mark=None)
    desk.instrument(min_notional="500")

    decision = desk.signal("buy", 5)

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "instrument") == ("breach", None, None, None)


def test_check_has_no_number_when_the_instrument_is_unknown() -> None:
    decision = open_desk(only()).signal("buy", 1, limit_price="100", symbol="NOWHERE")

    assert numbers_of(decision, "instrument") == ("breach", None, None, None)
    assert decision["reasons"] == ["unknown_instrument"]


def test_order_off_the_tick_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(instrument={"enabled": False}))

    assert_not_judged(desk.signal("buy", 1, limit_price="100.001"), "instrument")
