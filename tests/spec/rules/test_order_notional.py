"""The notional of one order stays below a limit in money."""

import pytest

from tests.spec.desk import Desk, answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.rulebook import only


def notional_desk(limit: str, **rules: dict[str, object]) -> Desk:
    """Return a desk with a largest notional, quoted 99 to 101."""
    desk = open_desk(only(order_notional={"order_notional_max": limit}, **rules), mark=None)
    desk.price(bid="99", ask="101")
    return desk


@pytest.mark.parametrize(
    ("side", "fields", "measured"),
    [
        ("buy", {"limit_price": "98"}, "980"),
        ("buy", {}, "1060.5"),
        ("sell", {"limit_price": "98"}, "990"),
        ("sell", {"limit_price": "102"}, "1020"),
        ("sell", {}, "990"),
    ],
)
def test_notional_of_a_sell_is_at_the_reference_when_that_is_higher(
    side: str, fields: dict[str, str], measured: str
) -> None:
    desk = notional_desk("5000", price_collar={"collar_ratio": "0.05"})

    decision = desk.signal(side, 10, **fields)

    # A market buy is at 101 x 1.05; a market sell at 99 x 0.95, less than the bid of 99.
    assert numbers_of(decision, "order_notional")[1] == measured


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (9, ("approved", "9", [], None)),
        (10, ("approved", "10", [], None)),
        (11, ("modified", "10", ["order_notional"], "order_notional")),
    ],
)
def test_order_is_cut_to_the_largest_notional(
    quantity: int, answer: tuple[str, str, list[str], str | None]
) -> None:
    desk = notional_desk("1000")

    decision = desk.signal("buy", quantity, limit_price="100")

    assert answer_of(decision) == answer
    measured, headroom = str(quantity * 100), str(1000 - quantity * 100)
    assert numbers_of(decision, "order_notional")[1:] == (measured, "1000", headroom)


def test_order_is_rejected_when_not_even_one_lot_fits() -> None:
    desk = notional_desk("99.99")

    decision = desk.signal("buy", 5, limit_price="100")

    assert answer_of(decision) == ("rejected", "0", ["order_notional"], "order_notional")


def test_limit_may_differ_per_symbol() -> None:
    rule = {"order_notional_max": {"Y": "300", "*": 1000}}
    desk = open_desk(only(order_notional=rule))
    desk.instrument("Y")
    desk.price(100, "Y")

    approved = [
        desk.signal("buy", 20, limit_price="100", symbol=symbol)["approved_quantity"]
        for symbol in ("X", "Y")
    ]

    assert approved == ["10", "3"]


@pytest.mark.parametrize(("limit", "measured"), [("90", "900"), ("110", "1100")])
def test_notional_of_an_exit_is_at_its_order_price(limit: str, measured: str) -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "5000"}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price=limit)

    assert numbers_of(decision, "order_notional")[1] == measured


def test_notional_is_at_the_reference_when_a_sell_goes_through_zero() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "5000"}))
    desk.fill("buy", 5, 100)

    decision = desk.signal("sell", 10, limit_price="90")

    assert numbers_of(decision, "order_notional")[1] == "1000"


def test_limit_without_a_star_holds_only_for_the_symbols_it_names() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": {"Y": "1"}}))

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "approved"
    assert {c["limit"] for c in decision["checks"] if c["rule"] == "order_notional"} <= {None}


def test_breach_is_explained_when_the_notional_is_too_large() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": 500}))

    decision = desk.signal("buy", 10, limit_price="100")

    message = "The order's notional of 1000 is above the maximum of 500."
    assert explained(decision, "order_notional") == ("money", message)


def test_exit_is_exempt_when_its_notional_is_too_large() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": 500}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "order_notional") == ("exempt", "1000", "500", "-500")


def test_notional_is_unknown_when_a_market_order_has_no_reference() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": 500}), mark=None)

    decision = desk.signal("buy", 1)

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "order_notional") == ("breach", None, "500", None)


def test_large_order_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": 500, "enabled": False}))

    assert_not_judged(desk.signal("buy", 10, limit_price="100"), "order_notional")
