"""Booked amounts have 18 places, measures are compared at 28 digits, outputs show 18 places."""

from decimal import Decimal

import pytest

from tests.spec.desk import SECOND, Desk, answer_of, checks_of, open_desk
from tests.spec.rulebook import only

COIN = {"kind": "inverse", "base_currency": "BTC", "settlement_currency": "BTC"}


def coin_desk(**rules: dict[str, object]) -> Desk:
    """Return a desk of 10 coins with an inverse contract of 1 a unit."""
    desk = Desk()
    desk.limits(only(**rules))
    desk.instrument("I", tick_size="0.5", **COIN)
    desk.flow("opening", 10, currency="BTC")
    desk.wait(SECOND)
    desk.price(16007, "I")
    return desk


def test_scratch_trade_in_parts_of_an_inverse_contract_is_no_loss() -> None:
    desk = coin_desk(circuit_breaker={"consecutive_losses_max": 1, "cooldown_ms": 1000})
    desk.fill("buy", 3, 16007, symbol="I")
    for _ in range(3):
        desk.fill("sell", 1, 16007, symbol="I")

    assert desk.alerts("circuit_breaker") == []
    assert (desk.state()["balance"], desk.position("I")["realized_pnl"]) == ("10", "0")


def test_realized_amount_is_rounded_half_even_to_18_places() -> None:
    desk = coin_desk()
    desk.fill("buy", 1, 3, symbol="I")
    desk.fill("sell", 1, 7, symbol="I")

    # 1/3 - 1/7 = 4/21 = 0.190476190476190476|19...
    assert desk.state()["balance"] == "10.190476190476190476"


def test_rounding_of_a_part_stays_in_the_cost_of_what_is_left() -> None:
    desk = open_desk(only())
    desk.fill("buy", 1, "100.01")
    desk.fill("buy", 2, "100.02")
    for _ in range(3):
        desk.fill("sell", 1, "100.03")

    # Three thirds of 300.05 of cost make a third of 0.04 of profit each, and 0.04 together.
    assert (desk.position()["realized_pnl"], desk.state()["balance"]) == ("0.04", "10000.04")


def test_fee_and_flows_are_rounded_when_they_are_booked() -> None:
    desk = open_desk(only())
    desk.fill("buy", 1, 100, fee="0.0000000000000000015")
    desk.flow("deposit", "0.0000000000000000025")

    # Half-even: 2e-18 of a fee, 2e-18 of a deposit.
    assert desk.state()["balance"] == "10000"
    assert desk.state()["daily"]["realized"] == "-0.000000000000000002"


def test_converted_cap_of_an_inverse_order_passes_at_equality() -> None:
    desk = coin_desk(order_notional={"order_notional_max": "3000"})
    desk.flow("opening", 100_000, account_id="usd")
    desk.instrument("BTCUSD", base_currency="BTC", settlement_currency="USD")
    desk.price(16007, "BTCUSD")

    decision = desk.signal("buy", 3000, symbol="I", limit_price="16007", account_id="usd")

    # 3000 contracts of 1 USD are worth 3000 USD, not 3000.0000000000000000000000000000001.
    assert answer_of(decision) == ("approved", "3000", [], None)


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [("0.3333333333333333333333333333", "pass"), ("0.3333333333333333333333333332", "breach")],
)
def test_ratio_is_compared_at_28_digits(limit: str, verdict: str) -> None:
    desk = open_desk(only(order_ratio={"order_ratio_max": limit}), balance=300)

    check = checks_of(desk.signal("buy", 1, limit_price="100"))["order_ratio"]

    assert (check["verdict"], check["measured"]) == (verdict, "0.333333333333333333")


def test_quantities_are_shown_with_all_their_digits() -> None:
    desk = open_desk(only(position_quantity={"position_quantity_max": "0.5"}))
    desk.instrument(lot_size="1e-24", min_quantity="0")
    quantity = "0.000000000000000000000123"

    decision = desk.signal("buy", quantity, limit_price="100", signal_id="s")
    desk.fill("buy", quantity, 100, signal_id="s")

    assert decision["approved_quantity"] == quantity
    assert checks_of(decision)["position_quantity"]["measured"] == quantity
    assert desk.position()["quantity"] == quantity


def test_amounts_are_shown_with_18_places() -> None:
    desk = open_desk(only())
    desk.fill("buy", 3, 100)
    desk.fill("buy", 4, "100.01")

    assert desk.position()["average_price"] == "100.005714285714285714"
    assert Decimal(desk.position()["unrealized_pnl"]) == Decimal("-0.04")
