"""Snapshots that differ from ours for too long are adopted: an alert, and the account reduces."""

from typing import Any

import pytest

from tests.spec.desk import SECOND, Desk, open_desk
from tests.spec.rulebook import only

GRACE = 5 * SECOND


def held_desk(**rules: dict[str, object]) -> Desk:
    """Return a desk that bought 10 of X at 100 a second ago."""
    desk = open_desk(only(**rules))
    desk.fill("buy", 10, 100)
    desk.wait(SECOND)
    return desk


@pytest.mark.parametrize(("wait_ms", "quantity"), [(GRACE - 1, "10"), (GRACE, "14")])
def test_difference_is_adopted_at_the_end_of_the_grace(wait_ms: int, quantity: str) -> None:
    desk = held_desk()
    desk.snapshot(14, 100)

    desk.wait(wait_ms)

    assert desk.position()["quantity"] == quantity
    assert desk.stops() == ([] if quantity == "10" else [("drift", "triggered")])
    assert len(desk.alerts("drift")) == (quantity == "14")


def test_alert_says_by_how_much_it_differs_and_what_is_tolerated() -> None:
    desk = held_desk()
    desk.snapshot(14, 100)

    desk.wait(GRACE)

    (alert,) = desk.alerts("drift")
    assert (alert["measured"], alert["limit"]) == ("4", "1")
    assert (alert["level"], alert["action"]) == ("high", "reduce")
    assert desk.state()["trading_state"] == "reducing"


@pytest.mark.parametrize(("quantity", "adopted"), [("9", "10"), ("11", "10"), ("12", "12")])
def test_difference_of_a_lot_is_tolerated(quantity: str, adopted: str) -> None:
    desk = held_desk()
    desk.snapshot(quantity, 100)

    desk.wait(GRACE)

    assert desk.position()["quantity"] == adopted


def test_difference_is_booked_at_the_mark_without_a_fee() -> None:
    desk = held_desk()
    desk.price(110)
    desk.snapshot(4, 100)

    desk.wait(GRACE)

    # 6 are sold at 110: 60 are realized, 4 x 10 are not.
    row, state = desk.position(), desk.state()
    assert (row["quantity"], row["average_price"], row["realized_pnl"]) == ("4", "100", "60")
    assert (state["balance"], state["equity"], state["daily"]["realized"]) == (
        "10060", "10100", "60",
    )  # fmt: skip


@pytest.mark.parametrize(("quantity", "price"), [(14, "99"), (-14, "101")])
def test_difference_is_booked_at_its_sides_price_when_flat(quantity: int, price: str) -> None:
    desk = held_desk()
    desk.fill("sell", 10, 100)
    desk.wait(SECOND)
    desk.price(bid=99, ask=101)
    desk.snapshot(quantity, 120)

    desk.wait(GRACE)

    assert desk.position()["quantity"] == str(quantity)
    assert desk.position()["average_price"] == price


def test_latest_of_several_is_adopted_and_the_first_starts_the_grace() -> None:
    desk = held_desk()
    desk.snapshot(14, 100)
    desk.wait(4 * SECOND)
    desk.snapshot(17, 100)

    desk.wait(SECOND)

    assert desk.position()["quantity"] == "17"


def test_nothing_is_adopted_when_a_later_snapshot_agrees() -> None:
    desk = held_desk()
    desk.snapshot(14, 100)
    desk.wait(4 * SECOND)
    desk.snapshot(10, 100)

    desk.wait(GRACE)

    assert (desk.position()["quantity"], desk.alerts("drift"), desk.stops()) == ("10", [], [])


def test_nothing_is_adopted_when_the_missing_fill_comes_in_time() -> None:
    desk = held_desk()
    executed_ms = desk.now_ms - 1
    desk.snapshot(14, 100)
    desk.wait(SECOND)
    desk.fill("buy", 4, 100, executed_at_ms=executed_ms)

    desk.wait(GRACE)

    assert (desk.position()["quantity"], desk.alerts("drift"), desk.stops()) == ("14", [], [])


@pytest.mark.parametrize(("after_ms", "quantity"), [(-1, "10"), (0, "14")])
def test_snapshot_older_than_our_last_fill_says_nothing(after_ms: int, quantity: str) -> None:
    desk = open_desk(only())
    desk.wait(SECOND)
    desk.fill("buy", 10, 100)
    filled_ms = desk.now_ms
    desk.wait(SECOND)

    desk.snapshot(14, 100, as_of_ms=filled_ms + after_ms)
    desk.wait(GRACE)

    assert desk.position()["quantity"] == quantity


def test_next_snapshot_is_adopted_when_a_fill_came_during_grace() -> None:
    desk = held_desk()
    desk.snapshot(14, 100)
    desk.wait(SECOND)
    desk.fill("buy", 1, 100)
    desk.wait(GRACE)
    waiting = desk.position()["quantity"]

    desk.snapshot(15, 100)

    assert (waiting, desk.position()["quantity"]) == ("11", "15")


@pytest.mark.parametrize(("after_ms", "quantity"), [(-1, "14"), (0, "14"), (1, "18")])
def test_fill_that_the_adopted_snapshot_holds_is_not_booked(after_ms: int, quantity: str) -> None:
    desk = held_desk()
    as_of_ms = desk.now_ms
    desk.snapshot(14, 100)
    desk.wait(GRACE)

    desk.fill("buy", 4, 100, executed_at_ms=as_of_ms + after_ms)

    assert desk.position()["quantity"] == quantity


def test_bust_folds_through_what_was_adopted() -> None:
    desk = held_desk()
    desk.fill("buy", 5, 90, fill_id="late", executed_at_ms=desk.now_ms + 1)
    desk.wait(1)
    desk.snapshot(19, 100, as_of_ms=desk.now_ms)
    desk.wait(GRACE)

    desk.fill("buy", 5, 90, fill_id="late", kind="bust", executed_at_ms=desk.now_ms)

    assert desk.position()["quantity"] == "14"


@pytest.mark.parametrize(
    ("parameters", "quantity", "stops"),
    [
        ({"on_breach": "warn"}, "14", []),
        ({"on_breach": "halt"}, "14", [("drift", "triggered")]),
        ({"drift_grace_ms": 5001}, "10", []),
    ],
)
def test_limits_say_when_and_how_drift_acts(
    parameters: dict[str, object], quantity: str, stops: list[tuple[str, str]]
) -> None:
    desk = held_desk(drift=parameters)
    desk.snapshot(14, 100)

    desk.wait(GRACE)

    assert (desk.position()["quantity"], desk.stops()) == (quantity, stops)


def test_difference_stays_when_the_rule_is_turned_off() -> None:
    desk = held_desk(drift={"enabled": False})
    desk.snapshot(14, 100)

    desk.wait(GRACE)

    assert (desk.position()["quantity"], desk.stops()) == ("10", [])


def test_snapshot_is_adopted_at_once_when_there_is_no_grace() -> None:
    desk = held_desk(drift={"drift_grace_ms": 0})

    desk.snapshot(14, 100)

    assert desk.position()["quantity"] == "14"


@pytest.mark.parametrize(
    ("amount", "balance"), [("10001", "10000"), ("10001.01", "10001.01"), ("9998.99", "9998.99")]
)
def test_balance_beyond_the_tolerance_is_adopted_as_an_adjustment(
    amount: str, balance: str
) -> None:
    desk = held_desk()

    desk.flow("snapshot", amount)
    desk.wait(GRACE)

    # A ten-thousandth of 10 000 is 1.
    assert desk.state()["balance"] == balance
    assert bool(desk.stops()) == (amount != "10001")


def test_next_balance_that_differs_waits_again_when_one_was_adopted() -> None:
    desk = held_desk()
    desk.flow("snapshot", 9900)
    desk.wait(GRACE)

    desk.flow("snapshot", 9800)
    desk.wait(GRACE - 1)
    before = desk.state()["balance"]
    desk.wait(1)

    assert (before, desk.state()["balance"]) == ("9900", "9800")


def test_adjustment_is_realized_pnl_and_no_flow() -> None:
    desk = held_desk()

    desk.flow("snapshot", 9900)
    desk.wait(GRACE)

    daily = desk.state()["daily"]
    assert (daily["pnl"], daily["realized"], daily["start_equity"]) == ("-100", "-100", "10000")
    (alert,) = desk.alerts("drift")
    assert (alert["measured"], alert["limit"]) == ("100", "1")


def test_cash_account_expects_what_its_positions_cost_to_be_spent() -> None:
    desk = held_desk(cash={})

    desk.flow("snapshot", 9000)
    desk.wait(GRACE)
    agreed = desk.state()["balance"]
    desk.flow("snapshot", 9100)
    desk.wait(GRACE)

    assert (agreed, desk.state()["balance"]) == ("10000", "10100")


def test_short_position_has_brought_its_proceeds_in() -> None:
    desk = open_desk(only(cash={}))
    desk.fill("sell", 10, 100)
    desk.wait(SECOND)

    desk.flow("snapshot", 11_000)
    desk.wait(GRACE)

    assert (desk.state()["balance"], desk.alerts("drift")) == ("10000", [])


def test_balance_from_before_a_deposit_says_nothing() -> None:
    desk = held_desk()
    before_ms = desk.now_ms
    desk.wait(SECOND)
    desk.flow("deposit", 500)

    desk.flow("snapshot", 10_000, as_of_ms=before_ms)
    desk.wait(GRACE)

    assert (desk.state()["balance"], desk.alerts("drift")) == ("10500", [])


def test_fill_that_the_adopted_balance_holds_changes_the_position_only() -> None:
    desk = held_desk()
    as_of_ms = desk.now_ms
    desk.flow("snapshot", 9900)
    desk.wait(GRACE)

    desk.fill("sell", 5, 80, executed_at_ms=as_of_ms)

    assert (desk.position()["quantity"], desk.state()["balance"]) == ("5", "9900")


def test_drift_stop_stays_until_it_is_resumed() -> None:
    desk = held_desk()
    desk.snapshot(14, 100)
    desk.wait(GRACE)

    desk.snapshot(14, 100)
    (stop_id,) = desk.state()["stops"]
    desk.control("resume", stop_id=stop_id)

    assert desk.stops() == [("drift", "triggered"), ("drift", "resumed")]
    assert desk.state()["trading_state"] == "active"


def test_balance_is_adopted_when_no_symbol_is_known() -> None:
    desk = open_desk(only(), mark=None)

    desk.flow("snapshot", 9000)
    desk.wait(GRACE)

    assert (desk.state()["balance"], desk.stops()) == ("9000", [("drift", "triggered")])


def test_any_difference_counts_when_nobody_knows_the_lot() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, symbol="Y")
    desk.wait(SECOND)
    desk.snapshot("10.5", 100, symbol="Y")

    desk.wait(GRACE)

    (alert,) = desk.alerts("drift")
    assert (alert["measured"], alert["limit"]) == ("0.5", "0")
    assert desk.position("Y")["quantity"] == "10.5"


def unquoted(**rules: dict[str, Any]) -> Desk:
    """Return a desk with 100 of X at 100, of which nobody ever quoted a price, and 10 of Y."""
    desk = open_desk(only(drift={"drift_grace_ms": 0}, **rules), mark=None)
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 10, 100, symbol="Y")
    desk.fill("buy", 100, 100, fee="1")
    desk.wait(1)
    return desk


@pytest.mark.parametrize("average_price", [0, 50, None])
def test_nothing_is_realized_when_a_flat_snapshot_is_adopted_without_a_mark(
    average_price: int | None,
) -> None:
    desk = unquoted(daily_loss={}, drawdown={}, balance_floor={})

    desk.snapshot(0, average_price)

    assert (desk.position()["quantity"], desk.position()["realized_pnl"]) == ("0", "-1")
    assert (desk.stops(), desk.exits()) == ([("drift", "triggered")], [])
    assert desk.state()["balance"] == "9999"
    assert desk.alerts("drift")[0]["message"] == (
        "X: the snapshot of 0 is adopted at average cost, since there is no mark: "
        "no PnL is realized"
    )


@pytest.mark.parametrize("quantity", [40, 130, -20])
def test_difference_is_booked_at_the_average_cost_when_there_is_no_mark(quantity: int) -> None:
    desk = unquoted()

    desk.snapshot(quantity, 50)

    row = desk.position()
    assert (row["quantity"], row["average_price"], row["realized_pnl"]) == (
        str(quantity), "100", "-1",
    )  # fmt: skip


def test_past_of_a_position_is_not_todays_when_it_is_adopted_flat() -> None:
    desk = unquoted()
    desk.fill("sell", 100, 100)
    desk.wait(1)
    desk.snapshot(10, 50)

    desk.price(60)
    desk.signal("hold")
    desk.price(55)
    desk.signal("hold")

    # It won 100 before its first mark, and lost 50 since.
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"]) == ("10100", "-51")
