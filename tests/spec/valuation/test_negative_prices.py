"""Prices at or below zero: a price only where the instrument says so, otherwise none at all."""

from typing import Any

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only


def power_desk(mark: str | None = "-37", **rules: dict[str, Any]) -> Desk:
    """Return a desk whose instrument X may have prices below zero."""
    desk = open_desk(only(**rules), mark=None)
    desk.instrument(prices_may_be_negative=True)
    if mark is not None:
        desk.price(mark)
    return desk


@pytest.mark.parametrize("nothing", ["0", "-1"])
def test_price_that_is_none_counts_as_absent(nothing: str) -> None:
    desk = open_desk(only())
    desk.fill("buy", 1, 100)
    desk.price(None, bid=nothing, ask="102", last="101")
    desk.signal("hold")

    assert desk.position()["mark_price"] == "101"


@pytest.mark.parametrize("nothing", ["0", "-1"])
def test_message_without_any_price_leaves_the_older_one(nothing: str) -> None:
    desk = open_desk(only())
    desk.fill("buy", 1, 100)
    desk.price(nothing)
    desk.signal("hold")

    assert (desk.position()["mark_price"], desk.sent("dead_letters")) == ("100", [])


@pytest.mark.parametrize("fields", [{"limit_price": "-5"}, {"limit_price": "0"}])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_order_at_no_price_is_rejected_by_its_instrument(side: str, fields: dict[str, str]) -> None:
    desk = open_desk(only())

    decision = desk.signal(side, 1, **fields)

    assert answer_of(decision) == ("rejected", "0", ["instrument"], None)
    assert numbers_of(decision, "instrument") == ("breach", fields["limit_price"], "0", None)


def test_order_with_a_stop_at_no_price_is_rejected() -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", 1, limit_price="100", stop_price="-1")

    assert decision["reasons"] == ["instrument"]


@pytest.mark.parametrize("price", ["0", "-0.01"])
def test_fill_at_no_price_is_refused_and_may_come_again_mended(price: str) -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, price, fill_id="f")
    refused = desk.state()

    desk.fill("buy", 10, 100, fill_id="f")

    (alert,) = desk.alerts("fill_refused")
    assert (alert["level"], alert["action"]) == ("critical", "reduce")
    assert (refused["positions"], refused["trading_state"]) == ([], "reducing")
    assert desk.stops() == [("fill_refused", "triggered")]
    assert desk.position()["quantity"] == "10"


def test_fill_that_waited_for_its_instrument_is_refused_once_it_is_known() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, "-1", symbol="Y")
    desk.fill("buy", 5, 100, symbol="Y")

    desk.instrument("Y")
    desk.price(100, "Y")
    desk.signal("hold", symbol="Y")

    assert desk.position("Y")["quantity"] == "5"
    assert len(desk.alerts("fill_refused")) == 1


def test_snapshot_s_mark_at_no_price_is_none() -> None:
    desk = open_desk(only(), mark=None)

    desk.snapshot(10, 100, mark_price="0")

    assert desk.position()["mark_price"] is None


def test_inverse_instrument_cannot_have_prices_below_zero() -> None:
    desk = open_desk(only())

    desk.instrument("I", kind="inverse", base_currency="BTC", prices_may_be_negative=True)

    assert [row["path"] for row in desk.sent("dead_letters")] == ["$.settlement_currency"]
    desk.instrument("I", kind="inverse", settlement_currency="BTC", prices_may_be_negative=True)
    assert desk.sent("dead_letters")[-1]["path"] == "$.prices_may_be_negative"


def test_mark_is_forgotten_when_its_instrument_says_that_it_cannot_be_one() -> None:
    desk = power_desk("-1")
    desk.fill("buy", 10, -1)
    before = desk.position()["mark_price"]

    desk.instrument()
    desk.price(1, "Y")
    desk.signal("hold")

    assert (before, desk.position()["mark_price"]) == ("-1", None)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_market_order_passes_the_collar_at_a_price_below_zero(side: str) -> None:
    desk = power_desk(price_collar={})

    decision = desk.signal(side, 1)

    assert (decision["verdict"], numbers_of(decision, "price_collar")[0]) == ("approved", "pass")


def test_limit_price_breaches_the_collar_when_prices_are_negative() -> None:
    desk = power_desk(price_collar={})

    decision = desk.signal("buy", 1, limit_price="-37")

    assert answer_of(decision) == ("rejected", "0", ["price_collar"], None)
    assert numbers_of(decision, "price_collar") == ("breach", None, "0.05", None)


def test_exit_is_exempt_from_the_collar_without_a_usable_reference() -> None:
    below = power_desk(price_collar={})
    below.fill("buy", 5, -37)
    stale = open_desk(only(price_collar={}))
    stale.fill("buy", 5, 100)
    stale.wait(2 * MINUTE)

    for desk, price in ((below, "-37"), (stale, "1")):
        decision = desk.signal("sell", 5, limit_price=price)
        assert (decision["verdict"], numbers_of(decision, "price_collar")[0]) == (
            "approved",
            "exempt",
        )


@pytest.mark.parametrize("rule", ["order_ratio", "position_ratio", "gross_exposure"])
def test_ratio_counts_the_size_of_a_price_below_zero(rule: str) -> None:
    limit = {"gross_exposure": "gross_exposure_ratio_max"}.get(rule, f"{rule}_max")
    desk = power_desk("-50", **{rule: {limit: "0.1"}})

    decision = desk.signal("buy", 30, limit_price="-50")

    # 30 x 50 of 10 000 are 0.15.
    assert answer_of(decision) == ("modified", "20", [rule], rule)
    assert numbers_of(decision, rule) == ("breach", "0.15", "0.1", "-0.05")


def test_no_size_is_found_at_a_price_of_zero() -> None:
    desk = power_desk("0")

    decision = desk.signal("buy", None)

    assert answer_of(decision) == ("rejected", "0", ["sizing"], None)


def test_computed_stop_is_on_the_losing_side_below_zero() -> None:
    desk = power_desk("-50", stop_loss={})
    decision = desk.signal("buy", 10, signal_id="s")
    desk.fill("buy", 10, -50, signal_id="s")

    desk.price("-51")
    desk.wait(SECOND)

    assert decision["stop_price"] == "-51"
    assert [row["reason"] for row in desk.exits()] == ["stop_loss"]


@pytest.mark.parametrize(
    "rules",
    [
        {"trailing_stop": {"trailing_ratio": "0.02"}},
        {"volatility_stop": {"volatility_multiple": 0}},
    ],
)
def test_stop_by_a_ratio_does_not_act_at_a_price_below_zero(rules: dict[str, Any]) -> None:
    desk = power_desk("-50", **rules)
    desk.fill("buy", 10, -50)

    for minute in range(16):
        desk.price(-50 - minute)
        desk.wait(MINUTE)

    assert desk.exits() == []


def test_money_adds_up_when_prices_go_below_zero() -> None:
    desk = power_desk("-50")
    desk.fill("buy", 10, -50)
    desk.fill("sell", 4, -60)

    # 4 x (-60 + 50); 6 left at -50.
    assert (desk.position()["realized_pnl"], desk.state()["equity"]) == ("-40", "9960")
