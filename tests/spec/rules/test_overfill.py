"""Fills beyond their orders: each is told, and too many of them reduce the account."""

import pytest

from tests.spec.desk import HOUR, MINUTE, Desk, open_desk
from tests.spec.rulebook import only


def overfill(desk: Desk, times: int = 1) -> None:
    """Have one unit approved, and two filled."""
    for _ in range(times):
        decision = desk.signal("buy", 1, limit_price="100")
        desk.fill("buy", 2, 100, signal_id=decision["signal_id"])


@pytest.mark.parametrize(("times", "stops"), [(2, []), (3, [("overfill", "triggered")])])
def test_account_reduces_when_three_fills_of_an_hour_are_beyond_their_orders(
    times: int, stops: list[tuple[str, str]]
) -> None:
    desk = open_desk(only(overfill={}))

    overfill(desk, times)

    assert desk.stops() == stops


def test_alert_has_the_count_when_too_many_are_beyond_their_orders() -> None:
    desk = open_desk(only(overfill={}))

    overfill(desk, 3)

    *each, last = desk.alerts("overfill")
    assert [(row["level"], row["measured"], row["limit"]) for row in each] == [
        ("low", "2", "1")
    ] * 3
    assert (last["level"], last["action"], last["measured"], last["limit"]) == (
        "high", "reduce", "3", "3",
    )  # fmt: skip
    assert last["message"] == "3 fills exceeded their orders recently; 3 are too many"


@pytest.mark.parametrize(("wait_ms", "stopped"), [(HOUR - 1, 1), (HOUR, 0)])
def test_fill_counts_within_the_window_when_others_go_beyond_their_orders(
    wait_ms: int, stopped: int
) -> None:
    desk = open_desk(only(overfill={}))
    overfill(desk)
    desk.wait(wait_ms)
    desk.price(100)

    overfill(desk, 2)

    assert len(desk.stops()) == stopped


def test_breach_is_one_violation_when_fills_keep_going_beyond() -> None:
    desk = open_desk(only(overfill={"on_breach": "warn"}))

    overfill(desk, 5)

    assert desk.state()["violations_last_hour"]["by_rule"] == {"overfill": 1}


@pytest.mark.parametrize(("times", "stopped"), [(2, 2), (3, 3)])
def test_count_starts_anew_when_the_stop_is_resumed(times: int, stopped: int) -> None:
    desk = open_desk(only(overfill={}))
    overfill(desk, 3)
    (stop,) = desk.state()["stops"]
    desk.control("resume", stop_id=stop)

    overfill(desk, times)

    # triggered, resumed, and triggered again only after three more.
    assert len(desk.stops()) == stopped


def test_count_goes_on_when_the_stop_of_another_rule_is_resumed() -> None:
    desk = open_desk(only(overfill={}))
    overfill(desk, 2)
    desk.control("reduce")
    desk.control("resume", stop_id=desk.state()["stops"][0])

    overfill(desk)

    assert desk.stops()[-1] == ("overfill", "triggered")


def test_fill_is_beyond_its_order_when_that_was_rejected() -> None:
    desk = open_desk(only(overfill={"overfills_max": 1}, order_notional={"order_notional_max": 50}))
    decision = desk.signal("buy", 1, limit_price="100")

    desk.fill("buy", 1, 100, signal_id=decision["signal_id"])

    assert decision["verdict"] == "rejected"
    assert desk.stops() == [("overfill", "triggered")]
    assert desk.alerts("unmatched_fill") == []


@pytest.mark.parametrize(("quantity", "count"), [(1, 0), (2, 1)])
def test_fill_is_beyond_its_exit_when_it_is_larger(quantity: int, count: int) -> None:
    desk = open_desk(only(overfill={}))
    desk.fill("buy", 1, 100)
    desk.control("flatten")
    (exit_,) = desk.exits()

    desk.fill("sell", quantity, 100, signal_id=exit_["exit_id"])

    assert len(desk.alerts("overfill")) == count


def test_fill_of_an_exit_is_beyond_it_when_many_orders_ended_since() -> None:
    desk = open_desk(only(overfill={}))
    desk.fill("buy", 1, 100)
    desk.control("flatten")
    (exit_,) = desk.exits()
    desk.fill("sell", 1, 100, signal_id=exit_["exit_id"])
    desk.control("resume", stop_id=desk.state()["stops"][0])
    for _ in range(20):
        desk.order(desk.signal("buy", 1, limit_price="100")["signal_id"], "cancelled")

    desk.fill("sell", 1, 100, signal_id=exit_["exit_id"])

    assert len(desk.alerts("overfill")) == 1
    assert len(desk.alerts("unmatched_fill")) == 1  # Of the first fill, which nobody decided.


def test_fill_of_an_ended_order_is_beyond_it_when_many_ended_since() -> None:
    desk = open_desk(only(overfill={}))
    first = desk.signal("buy", 1, limit_price="100")["signal_id"]
    desk.fill("buy", 1, 100, signal_id=first)
    for _ in range(20):
        desk.order(desk.signal("buy", 1, limit_price="100")["signal_id"], "cancelled")

    desk.fill("buy", 1, 100, signal_id=first)

    assert (len(desk.alerts("overfill")), desk.alerts("unmatched_fill")) == (1, [])


def test_nothing_is_stopped_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only())

    overfill(desk, 5)
    desk.wait(MINUTE)

    assert (desk.stops(), len(desk.alerts("overfill"))) == ([], 5)
