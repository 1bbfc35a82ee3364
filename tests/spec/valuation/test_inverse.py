"""Inverse contracts: worth quantity x multiplier / price in their base currency."""

from typing import Any

import pytest

from tests.spec.desk import SECOND, Desk, Row, numbers_of, open_desk
from tests.spec.rulebook import only


def coin_desk(price: str = "50000", **rules: dict[str, object]) -> Desk:
    """Return a desk in bitcoin, 10 of them, with contracts I of 100 dollars on bitcoin."""
    desk = open_desk(only(**rules), mark=None)
    desk.account = "coins"
    desk.flow("opening", 10, currency="BTC")
    desk.wait(SECOND)
    desk.instrument("I", **CONTRACT)
    desk.price(price, "I")
    return desk


CONTRACT: dict[str, Any] = {
    "kind": "inverse", "base_currency": "BTC", "settlement_currency": "BTC", "multiplier": "100",
    "tick_size": "0.5",
}  # fmt: skip


def held(desk: Desk) -> Row:
    """Return the position in the contract."""
    return desk.position("I")


def test_gain_is_in_base_when_a_long_position_is_closed_higher() -> None:
    desk = coin_desk()

    desk.fill("buy", 1000, 50_000, symbol="I")
    desk.fill("sell", 1000, 62_500, symbol="I")

    # 1000 x 100 x (1/50 000 - 1/62 500) = 2 - 1.6.
    assert (held(desk)["realized_pnl"], desk.state()["balance"]) == ("0.4", "10.4")


def test_gain_is_in_base_when_a_short_position_is_closed_lower() -> None:
    desk = coin_desk()

    desk.fill("sell", 1000, 50_000, symbol="I")
    desk.fill("buy", 500, 40_000, symbol="I")

    # 500 x 100 x (1/40 000 - 1/50 000) = 1.25 - 1; -500 x 100 x (1/50 000 - 1/50 000) are left.
    assert (held(desk)["quantity"], held(desk)["realized_pnl"]) == ("-500", "0.25")
    assert desk.state()["equity"] == "10.25"


def test_average_price_is_the_harmonic_one() -> None:
    desk = coin_desk()

    desk.fill("buy", 100, 40_000, symbol="I")
    desk.fill("buy", 300, 60_000, symbol="I")

    # 400 / (100/40 000 + 300/60 000) = 400 / 0.0075.
    assert round(float(held(desk)["average_price"]), 6) == 53333.333333


def test_rest_opens_at_the_fills_price_when_a_fill_goes_through_zero() -> None:
    desk = coin_desk("62500")

    desk.fill("buy", 1000, 50_000, symbol="I")
    desk.fill("sell", 1500, 62_500, symbol="I")

    row = held(desk)
    assert (row["quantity"], row["average_price"], row["realized_pnl"]) == ("-500", "62500", "0.4")


def test_exposure_is_the_notional_in_base() -> None:
    desk = coin_desk()

    desk.fill("buy", 1000, 40_000, symbol="I")

    # 1000 x 100 / 50 000 = 2; won 2.5 - 2.
    state = desk.state()
    assert (state["gross_exposure"], state["net_exposure"], state["equity"]) == ("2", "2", "10.5")


def test_fee_in_the_base_currency_is_the_settlement_currency() -> None:
    desk = coin_desk()

    desk.fill("buy", 1000, 50_000, symbol="I", fee="0.01", fee_currency="BTC")

    assert (held(desk)["quantity"], held(desk)["realized_pnl"]) == ("1000", "-0.01")


def test_order_is_judged_by_its_notional_in_base() -> None:
    desk = coin_desk(order_notional={"order_notional_max": "1"}, cash={})

    at_limit = desk.signal("buy", 500, symbol="I", limit_price="50000")
    above = desk.signal("buy", 501, symbol="I", limit_price="50000")

    # 500 x 100 / 50 000; then 9 are free.
    assert at_limit["verdict"] == "approved"
    assert (above["verdict"], above["approved_quantity"]) == ("modified", "500")
    assert numbers_of(above, "order_notional")[1] == "1.002"
    assert numbers_of(above, "cash")[2] == "9"


def test_thirds_divide_once_when_a_price_is_no_round_number() -> None:
    desk = coin_desk("30000", order_notional={"order_notional_max": "1"})

    decision = desk.signal("buy", 300, symbol="I", limit_price="30000")

    # 300 x 100 / 30 000 is 1, not a last digit less or more.
    assert numbers_of(decision, "order_notional")[:2] == ("pass", "1")


def test_worst_case_joins_position_and_orders_in_base() -> None:
    desk = coin_desk(position_ratio={"position_ratio_max": "0.2"})
    desk.fill("buy", 500, 50_000, symbol="I")
    desk.signal("buy", 200, symbol="I", limit_price="40000")

    decision = desk.signal("buy", 300, symbol="I", limit_price="50000")

    # 1 at the mark, 0.5 working, and 250 x 100 / 50 000 = 0.5 more make 2 of 10.
    assert (decision["verdict"], decision["approved_quantity"]) == ("modified", "250")
    assert numbers_of(decision, "position_ratio")[1] == "0.21"


def test_buy_counts_at_the_lower_reference_when_its_limit_is_above() -> None:
    desk = coin_desk(order_notional={"order_notional_max": "100"})

    decision = desk.signal("buy", 1000, symbol="I", limit_price="62500")

    # It may fill at 50 000, where it is 2 and not 1.6.
    assert numbers_of(decision, "order_notional")[1] == "2"


@pytest.mark.parametrize(("limit_price", "notional"), [("62500", "2"), ("40000", "2.5")])
def test_sell_counts_at_the_lower_of_limit_and_reference(limit_price: str, notional: str) -> None:
    desk = coin_desk(order_notional={"order_notional_max": "100"})

    decision = desk.signal("sell", 1000, symbol="I", limit_price=limit_price)

    # 100 000 / 50 000 and 100 000 / 40 000; at its limit of 62 500 it would be 1.6.
    assert numbers_of(decision, "order_notional")[1] == notional


def test_sell_is_cut_by_its_notional_at_the_reference() -> None:
    desk = coin_desk(order_notional={"order_notional_max": "1"})

    decision = desk.signal("sell", 1000, symbol="I", limit_price="62500")

    # 500 x 100 / 50 000 = 1.
    assert (decision["verdict"], decision["approved_quantity"]) == ("modified", "500")


def test_size_of_a_sell_is_found_at_the_lower_reference() -> None:
    desk = coin_desk()

    decision = desk.signal("sell", symbol="I", limit_price="62500", confidence="1")

    # 10 x 0.1 x 50 000 / 100; at the limit it would be 625.
    assert decision["requested_quantity"] == "500"


def test_size_is_found_in_base() -> None:
    desk = coin_desk()

    decision = desk.signal("buy", symbol="I", limit_price="50000", confidence="1")

    # 10 x 0.1 x 50 000 / 100.
    assert decision["requested_quantity"] == "500"


@pytest.mark.parametrize(("mark", "stopped"), [("42000", False), ("38000", True)])
def test_loss_in_base_stops_the_account(mark: str, stopped: bool) -> None:  # noqa: FBT001
    desk = coin_desk(drawdown={"drawdown_ratio_max": "0.05"})
    desk.fill("buy", 1000, 50_000, symbol="I")

    for _ in range(4):
        desk.price(mark, "I")
        desk.wait(SECOND)

    # 2 - 100 000/42 000 is -0.38 of 10, 2 - 100 000/38 000 is -0.63.
    assert bool(desk.stops()) == stopped


def test_inverse_position_is_converted_when_the_account_is_in_another_currency() -> None:
    desk = open_desk(only(), mark=None)
    desk.instrument("I", **CONTRACT)
    desk.instrument("BTCUSD", base_currency="BTC")
    desk.price(50_000, "I")
    desk.price(50_000, "BTCUSD")

    desk.fill("buy", 10, 40_000, symbol="I")

    # 1000 x (1/40 000 - 1/50 000) = 0.005 of base, 0.02 of notional.
    state = desk.state()
    assert (state["equity"], state["gross_exposure"]) == ("10250", "1000")


def test_inverse_contract_takes_no_price_when_it_is_not_positive() -> None:
    desk = coin_desk()
    desk.fill("buy", 1000, 50_000, symbol="I")

    desk.price("0", "I")
    order = desk.signal("buy", 1, symbol="I", limit_price="0")

    assert (desk.state()["equity"], held(desk)["mark_price"]) == ("10", "50000")
    assert order["verdict"] == "rejected"


def test_inverse_fill_at_no_price_is_refused_and_the_account_reduces() -> None:
    desk = coin_desk()

    desk.fill("buy", 1000, 0, symbol="I", fill_id="f")

    (alert,) = desk.alerts("fill_refused")
    assert alert["message"] == "fill f is not booked: I cannot trade at 0"
    assert (desk.state()["trading_state"], desk.state()["positions"]) == ("reducing", [])


def test_fills_before_the_instrument_are_booked_as_inverse_once_it_is_known() -> None:
    desk = coin_desk()
    later = {**CONTRACT, "base_currency": "BTC"}
    desk.price(50_000, "L")
    desk.fill("buy", 1000, 50_000, symbol="L")
    desk.fill("sell", 500, 62_500, symbol="L", fee="0.001", fee_currency="BTC")
    before = desk.state()["equity"]

    desk.instrument("L", **later)
    desk.price(50_000, "L")
    desk.signal("hold", symbol="L")

    # 1 - 0.8 - 0.001; the other half is worth what it cost.
    row = desk.position("L")
    assert (row["quantity"], row["average_price"], row["realized_pnl"]) == ("500", "50000", "0.199")
    assert (before, desk.state()["equity"]) == (None, "10.199")


def test_snapshot_is_adopted_at_its_harmonic_average() -> None:
    desk = coin_desk()

    desk.snapshot(1000, 40_000, symbol="I")

    assert (held(desk)["average_price"], desk.state()["equity"]) == ("40000", "10.5")


def test_position_stays_as_it_is_when_the_tick_of_its_contract_changes() -> None:
    desk = coin_desk()
    desk.fill("buy", 1000, 50_000, symbol="I")

    desk.instrument("I", **CONTRACT | {"tick_size": "0.1"})
    desk.fill("sell", 1000, 62_500, symbol="I")

    # 1000 x 100 x (1/50 000 - 1/62 500) = 2 - 1.6.
    assert (held(desk)["quantity"], desk.state()["balance"]) == ("0", "10.4")
    assert desk.stops() == []


def test_fills_fold_when_no_rate_converts_them_yet() -> None:
    desk = open_desk(only(), mark=None)
    desk.instrument("I", **CONTRACT)

    desk.fill("buy", 1000, 50_000, symbol="I")
    desk.fill("buy", 1000, 40_000, symbol="I")

    # 200 000 / (100 000 / 50 000 + 100 000 / 40 000) = 200 000 / 4.5.
    assert (held(desk)["quantity"], held(desk)["average_price"][:11]) == ("2000", "44444.44444")
    assert desk.stops() == []


def test_prevented_loss_is_in_base() -> None:
    desk = coin_desk(order_notional={"order_notional_max": "0"})
    desk.signal("buy", 1000, symbol="I", limit_price="50000")

    desk.price(40_000, "I")
    desk.signal("hold", symbol="I")

    # 1000 x 100 x (1/40 000 - 1/50 000).
    assert desk.state()["statistics"]["prevented_loss_open"] == "0.5"


def test_stop_comes_with_the_third_bad_mark_though_they_differ() -> None:
    desk = coin_desk(drawdown={"drawdown_ratio_max": "0.05"})
    desk.fill("buy", 1000, 50_000, symbol="I")

    stops = []
    for mark in (38_000, 38_100, 38_000):
        desk.wait(100)
        desk.price(mark, "I")
        desk.signal("hold", symbol="I")
        stops.append(len(desk.stops()) > 0)

    # 2 - 100 000/38 100 is -0.62 of 10.
    assert stops == [False, False, True]


def test_peak_rises_to_the_lowest_of_the_last_marks() -> None:
    desk = coin_desk()
    desk.fill("buy", 1000, 50_000, symbol="I")

    for mark in (62_500, 80_000, 100_000):
        desk.wait(100)
        desk.price(mark, "I")
        desk.signal("hold", symbol="I")

    # 10 + 2 - 100 000/62 500.
    assert desk.state()["peak_equity"] == "10.4"
