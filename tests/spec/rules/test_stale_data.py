"""Prices that do not come: the account reduces by itself, and goes on when all are fresh."""

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, open_desk
from tests.spec.rulebook import only


def holding_desk(**rule: object) -> Desk:
    """Return a desk that holds X, priced this moment."""
    desk = open_desk(only(stale_data=rule))
    desk.fill("buy", 1, 100)
    return desk


def test_account_is_active_when_its_price_is_as_old_as_allowed() -> None:
    desk = holding_desk()

    desk.wait(MINUTE)

    assert (desk.state()["trading_state"], desk.stops()) == ("active", [])


def test_account_reduces_by_itself_when_its_price_is_a_millisecond_older() -> None:
    desk = holding_desk()

    desk.wait(MINUTE + 1)

    assert desk.stops() == [("stale_data", "triggered")]
    (alert,) = desk.alerts("stale_data")
    assert (alert["level"], alert["measured"], alert["limit"]) == ("high", "60001", "60000")


def test_account_goes_on_by_itself_when_the_price_is_fresh() -> None:
    desk = holding_desk()
    desk.wait(2 * MINUTE)

    desk.price(101)
    desk.wait(SECOND)

    assert desk.state()["trading_state"] == "active"
    assert desk.stops() == [("stale_data", "triggered"), ("stale_data", "resumed")]
    assert desk.sent("emergency_stops")[-1]["author"] is None


def test_account_goes_on_only_when_all_prices_are_fresh() -> None:
    desk = holding_desk()
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 1, 100, symbol="Y")
    desk.wait(2 * MINUTE)

    desk.price(101)
    desk.wait(SECOND)

    assert desk.state()["trading_state"] == "reducing"


def test_revaluation_without_a_newer_price_is_no_data() -> None:
    desk = holding_desk(stale_ms=MINUTE)
    desk.fill("buy", 1, 100)
    desk.wait(30 * SECOND)

    desk.signal("hold")
    desk.wait(30 * SECOND + 1)

    assert desk.state()["trading_state"] == "reducing"


def test_price_of_before_is_no_newer_one_when_it_comes_late() -> None:
    desk = holding_desk()
    desk.wait(MINUTE)

    desk.price(100, as_of_ms=desk.now_ms - 50_000)
    desk.wait(10 * SECOND)
    before = desk.state()["trading_state"]
    desk.wait(1)

    assert (before, desk.state()["trading_state"]) == ("active", "reducing")


def test_account_is_active_when_nothing_is_held() -> None:
    desk = holding_desk()
    desk.fill("sell", 1, 100)

    desk.wait(10 * MINUTE)

    assert desk.state()["trading_state"] == "active"


def test_account_goes_on_when_what_had_no_price_is_sold() -> None:
    desk = holding_desk()
    desk.wait(2 * MINUTE)

    desk.fill("sell", 1, 100)

    assert desk.state()["trading_state"] == "active"


def test_position_without_a_price_is_stale_since_it_opened() -> None:
    desk = open_desk(only(stale_data={"stale_ms": 5000}), mark=None)
    desk.fill("buy", 1, 100)
    desk.wait(5000)
    before = desk.state()["trading_state"]

    desk.wait(1)

    assert (before, desk.state()["trading_state"]) == ("active", "reducing")


def test_stop_of_a_person_stays_when_the_prices_are_fresh_again() -> None:
    desk = holding_desk()
    desk.control("reduce")
    desk.wait(2 * MINUTE)

    desk.price(101)
    desk.wait(SECOND)

    assert desk.stops() == [("control", "triggered")]
    assert desk.state()["trading_state"] == "reducing"


@pytest.mark.parametrize(("on_breach", "state"), [("warn", "active"), ("halt", "halted")])
def test_stale_data_does_what_the_limits_say(on_breach: str, state: str) -> None:
    desk = holding_desk(on_breach=on_breach)

    desk.wait(2 * MINUTE)

    assert desk.state()["trading_state"] == state
    assert len(desk.alerts("stale_data")) == 1


def test_state_is_not_sent_when_a_price_only_delays_staleness() -> None:
    desk = holding_desk()
    wakes = set()
    for _ in range(20):
        desk.price(100)
        desk.wait(2 * SECOND)
        wakes.add(desk.state()["wake_at_ms"])

    assert len(wakes) == 1


def test_account_is_active_without_prices_when_the_rule_is_turned_off() -> None:
    desk = holding_desk(enabled=False)

    desk.wait(10 * MINUTE)

    assert (desk.state()["trading_state"], desk.alerts("stale_data")) == ("active", [])
