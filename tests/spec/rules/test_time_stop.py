"""A position is closed once it is held for too long."""

import pytest

from tests.spec.desk import MINUTE, SECOND, open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(("held_ms", "exits"), [(MINUTE, 0), (MINUTE + 1, 1)])
def test_position_is_closed_when_it_is_held_for_longer_than_allowed(
    held_ms: int, exits: int
) -> None:
    desk = open_desk(only(time_stop={"hold_ms_max": MINUTE}))
    desk.fill("buy", 10, 100)

    desk.wait(held_ms)

    assert desk.closed() == [("time_stop", "sell", "10")] * exits


def test_age_counts_from_zero_when_more_fills_come() -> None:
    desk = open_desk(only(time_stop={"hold_ms_max": {"X": MINUTE}}))
    desk.fill("buy", 10, 100)
    desk.wait(40 * SECOND)
    desk.fill("buy", 5, 100)
    desk.fill("sell", 3, 100)

    desk.wait(20 * SECOND + 1)

    assert desk.closed() == [("time_stop", "sell", "12")]


def test_age_of_a_position_begins_anew_when_it_turned() -> None:
    desk = open_desk(only(time_stop={"hold_ms_max": MINUTE}))
    desk.fill("buy", 10, 100)
    desk.wait(40 * SECOND)
    desk.fill("sell", 15, 100)

    desk.wait(MINUTE)
    before = desk.closed()
    desk.wait(1)

    assert (before, desk.closed()) == ([], [("time_stop", "buy", "5")])


def test_position_is_closed_when_the_rule_is_turned_on_later() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.wait(30 * SECOND)
    desk.limits(only(time_stop={"hold_ms_max": MINUTE}))

    desk.wait(31 * SECOND)

    assert desk.closed() == [("time_stop", "sell", "10")]


def test_symbols_own_time_counts_when_turned_on_later() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.limits(only(time_stop={"hold_ms_max": {"X": MINUTE, "*": 10 * MINUTE}}))

    desk.wait(MINUTE)
    before = desk.closed()
    desk.wait(1)

    assert (before, desk.closed()) == ([], [("time_stop", "sell", "10")])


def test_symbol_without_a_time_stop_is_held_on() -> None:
    desk = open_desk(only(time_stop={"hold_ms_max": {"Y": MINUTE}}))
    desk.fill("buy", 10, 100)

    desk.wait(10 * MINUTE)

    assert (desk.exits(), desk.state()["trading_state"]) == ([], "active")


def test_alert_says_how_long_it_was_held_and_may_be() -> None:
    desk = open_desk(only(time_stop={"hold_ms_max": MINUTE}))
    desk.fill("buy", 10, 100)

    desk.wait(MINUTE + 1)

    (alert,) = desk.alerts("time_stop")
    assert (alert["measured"], alert["limit"], alert["level"]) == ("60001", "60000", "high")


@pytest.mark.parametrize("rule", [{}, {"hold_ms_max": MINUTE, "enabled": False}], ids=str)
def test_position_is_held_on_when_the_rule_is_unset_or_turned_off(rule: dict[str, object]) -> None:
    desk = open_desk(only(time_stop=rule))
    desk.fill("buy", 10, 100)

    desk.wait(10 * MINUTE)

    assert desk.exits() == []
