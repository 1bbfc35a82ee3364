"""The floor of the balance: entries end and the account stops when too little is left."""

import pytest

from tests.spec.desk import Desk, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.rulebook import only


def floor_desk(loss: str, on_breach: str = "warn") -> Desk:
    """Return a desk of 10 000 that must keep a tenth of it and has lost an amount."""
    desk = open_desk(only(balance_floor={"on_breach": on_breach}))
    desk.lose(loss)
    return desk


@pytest.mark.parametrize(
    ("loss", "check"),
    [
        ("8999.99", ("pass", "1000.01", "1000", "0.01")),
        ("9000", ("pass", "1000", "1000", "0")),
        ("9000.01", ("breach", "999.99", "1000", "-0.01")),
    ],
)
def test_entry_is_rejected_when_equity_is_below_the_floor(
    loss: str, check: tuple[str, ...]
) -> None:
    desk = floor_desk(loss)

    decision = desk.signal("buy", 1, limit_price="1")

    assert numbers_of(decision, "balance_floor") == check
    assert decision["reasons"] == (["balance_floor"] if check[0] == "breach" else [])
    assert decision["binding_rule"] is None


@pytest.mark.parametrize(("kind", "floor"), [("deposit", "1100"), ("withdrawal", "900")])
def test_floor_follows_deposits_and_withdrawals(kind: str, floor: str) -> None:
    desk = floor_desk("10")

    desk.flow(kind, 1000)

    assert numbers_of(desk.signal("buy", 1, limit_price="1"), "balance_floor")[2] == floor


def test_exit_is_exempt_when_equity_is_below_the_floor() -> None:
    desk = floor_desk("9500")
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "balance_floor") == ("exempt", "500", "1000", "-500")


@pytest.mark.parametrize(("loss", "stops"), [("9000", 0), ("9000.01", 1)])
@pytest.mark.parametrize(
    ("on_breach", "state"), [("reduce", "reducing"), ("halt", "halted"), ("flatten", "halted")]
)
def test_account_is_stopped_when_a_realized_loss_takes_it_below_the_floor(
    loss: str, stops: int, on_breach: str, state: str
) -> None:
    desk = floor_desk(loss, on_breach)

    assert len(desk.state()["stops"]) == stops
    assert desk.state()["trading_state"] == (state if stops else "active")


def test_stop_and_alert_show_equity_and_floor() -> None:
    desk = floor_desk("9500", "flatten")

    (row,) = (row for row in desk.sent("emergency_stops") if row["status"] == "triggered")
    (alert,) = desk.alerts("balance_floor")

    assert (row["rule"], row["measured"], row["limit"]) == ("balance_floor", "500", "1000")
    assert (alert["level"], alert["measured"], alert["limit"]) == ("critical", "500", "1000")


def test_unrealized_loss_stops_the_account_only_when_a_third_mark_confirms_it() -> None:
    desk = open_desk(only(balance_floor={}))
    desk.fill("buy", 100, 100)
    desk.price(100)

    seen = []
    for mark in ("9", "9", "9"):
        desk.price(mark)
        verdict = desk.signal("buy", 1, limit_price="9")["verdict"]
        seen.append((verdict, len(desk.alerts("balance_floor"))))

    # 10 000 - 9100 are left; the gate sees it at once.
    assert seen == [("rejected", 0), ("rejected", 0), ("rejected", 1)]
    assert desk.stops()[0] == ("balance_floor", "triggered")


def test_one_bad_tick_stops_nothing() -> None:
    desk = open_desk(only(balance_floor={}))
    desk.fill("buy", 100, 100)

    desk.price("9")
    desk.wait(0)
    desk.price(100)

    assert desk.stops() == []


def test_day_goes_on_when_the_stop_is_resumed_after_a_deposit() -> None:
    desk = floor_desk("9500", "halt")
    desk.flow("deposit", 9500)

    desk.control("resume", stop_id=desk.state()["stops"][0])

    # 500 + 9500; the floor is 1950. A drawdown of 0.95 stays one: 10 000 / (1 - 0.95).
    state = desk.state()
    assert state["trading_state"] == "active"
    assert (state["daily"]["start_equity"], state["daily"]["pnl"]) == ("10000", "-9500")
    assert (state["peak_equity"], state["baselines"]) == ("200000", {})


def test_stop_comes_again_when_it_is_resumed_below_the_floor() -> None:
    desk = floor_desk("9500", "halt")

    desk.control("resume", stop_id=desk.state()["stops"][0])

    assert desk.stops() == [
        ("balance_floor", "triggered"), ("balance_floor", "resumed"),
        ("balance_floor", "triggered"),
    ]  # fmt: skip


def test_entry_is_rejected_and_nothing_stops_when_nothing_was_put_in() -> None:
    desk = open_desk(only(balance_floor={}), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["balance_floor"]
    assert desk.stops() == []


def test_entry_passes_when_profit_is_left_after_withdrawals() -> None:
    desk = open_desk(only(balance_floor={}))
    desk.fill("buy", 1, 1)
    desk.fill("sell", 1, 20_001)
    desk.flow("withdrawal", 15_000)

    decision = desk.signal("buy", 1, limit_price="100")

    # A tenth of -5000; 15 000 are left.
    assert numbers_of(decision, "balance_floor") == ("pass", "15000", "-500", "15500")


@pytest.mark.parametrize(
    "parameters", [{"balance_ratio_min": "-0.1"}, {"on_breach": "sell"}, {"floor": 1}], ids=str
)
def test_parameters_are_refused_when_they_mean_nothing(parameters: dict[str, object]) -> None:
    desk = open_desk(only())

    desk.limits({"balance_floor": parameters})

    assert len(desk.alerts("limits")) == 1


def test_breach_is_explained_when_equity_is_below_the_floor() -> None:
    decision = floor_desk("9000.01").signal("buy", 1, limit_price="1")

    message = "Equity of 999.99 is below the floor of 1000."
    assert explained(decision, "balance_floor") == ("money", message)


def test_equity_is_unknown_when_the_mark_of_a_position_is_stale() -> None:
    desk = open_desk(only(balance_floor={}))
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "rejected"
    assert numbers_of(decision, "balance_floor") == ("breach", None, "1000", None)


def test_entry_below_the_floor_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(balance_floor={"enabled": False}))
    desk.lose("9500")

    assert_not_judged(desk.signal("buy", 1, limit_price="1"), "balance_floor")
