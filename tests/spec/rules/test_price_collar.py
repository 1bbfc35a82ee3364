"""Limit prices stay within a ratio of the reference, on either side of it."""

import pytest

from tests.spec.desk import assert_not_judged, explained, numbers_of, open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("side", "price", "verdict", "measured"),
    [
        ("buy", "104.99", "approved", "0.0499"),
        ("buy", "105", "approved", "0.05"),
        ("buy", "105.01", "rejected", "0.0501"),
        ("buy", "95", "approved", "0.05"),
        ("buy", "94.99", "rejected", "0.0501"),
        ("sell", "95", "approved", "0.05"),
        ("sell", "94.99", "rejected", "0.0501"),
        ("sell", "105.01", "rejected", "0.0501"),
    ],
)
def test_limit_price_stays_within_the_collar_around_the_reference(
    side: str, price: str, verdict: str, measured: str
) -> None:
    desk = open_desk(only(price_collar={}))

    decision = desk.signal(side, 1, limit_price=price)

    assert decision["verdict"] == verdict
    assert numbers_of(decision, "price_collar")[1:3] == (measured, "0.05")


@pytest.mark.parametrize(("side", "price"), [("buy", "210"), ("sell", "105")])
def test_reference_is_ask_for_a_buy_and_bid_for_a_sell(side: str, price: str) -> None:
    desk = open_desk(only(price_collar={}), mark=None)
    desk.price(bid="100", ask="200", mark="150")

    decision = desk.signal(side, 1, limit_price=price)

    assert numbers_of(decision, "price_collar") == ("pass", "0.05", "0.05", "0")


def test_market_order_passes_the_collar() -> None:
    desk = open_desk(only(price_collar={}))

    assert desk.signal("buy", 1)["verdict"] == "approved"


def test_exit_is_held_to_the_collar_too() -> None:
    desk = open_desk(only(price_collar={}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="94.99")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["price_collar"])


def test_exit_is_exempt_from_the_collar_when_there_is_no_usable_reference() -> None:
    desk = open_desk(only(price_collar={}))
    desk.fill("buy", 10, 100)
    desk.wait(60_001)

    decision = desk.signal("sell", 10, limit_price="1")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "price_collar")[0] == "exempt"


@pytest.mark.parametrize("reference", [0, -5])
def test_entry_breaches_the_collar_when_the_reference_is_not_above_zero(reference: int) -> None:
    desk = open_desk(only(price_collar={}), mark=reference)

    decision = desk.signal("buy", 1, limit_price="1")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["price_collar"])
    assert numbers_of(decision, "price_collar") == ("breach", None, "0.05", None)


def test_breach_is_explained_when_the_price_is_far_off() -> None:
    decision = open_desk(only(price_collar={})).signal("buy", 1, limit_price="105.01")

    says = "The limit price is 0.0501 away from the reference, outside the collar of 0.05."
    assert numbers_of(decision, "price_collar") == ("breach", "0.0501", "0.05", "-0.0001")
    assert explained(decision, "price_collar") == ("ratio", says)


def test_distance_is_unknown_when_the_reference_of_an_entry_is_stale() -> None:
    desk = open_desk(only(price_collar={}))
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "price_collar") == ("breach", None, "0.05", None)


def test_price_far_off_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(price_collar={"enabled": False}))

    assert_not_judged(desk.signal("buy", 1, limit_price="200"), "price_collar")
