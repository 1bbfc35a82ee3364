"""Marks that push positions past their caps: told, stopped, or brought back by exits."""

from typing import Any

import pytest

from tests.spec.desk import SECOND, open_desk
from tests.spec.desks import held_desk, symbols_closed, two_symbols
from tests.spec.rulebook import only

LIMIT = {
    "position_ratio": "position_ratio_max",
    "gross_exposure": "gross_exposure_ratio_max",
}


@pytest.mark.parametrize(
    ("on_breach", "state"), [("reduce", "reducing"), ("halt", "halted"), ("warn", "active")]
)
@pytest.mark.parametrize("rule", LIMIT)
def test_account_is_stopped_when_the_limits_say_so(rule: str, on_breach: str, state: str) -> None:
    rules: Any = {rule: {LIMIT[rule]: "0.1", "on_breach": on_breach}}
    desk = held_desk(10, **rules)

    desk.flow("withdrawal", 1)

    assert (desk.state()["trading_state"], desk.exits()) == (state, [])


@pytest.mark.parametrize(("withdrawn", "quantity"), [(100, "1"), (101, "2"), (1000, "10")])
def test_position_is_brought_back_by_as_many_lots_as_its_excess_needs(
    withdrawn: int, quantity: str
) -> None:
    rule = {"position_ratio_max": "1", "on_breach": "flatten"}
    desk = held_desk(10, balance=1000, position_ratio=rule)

    desk.flow("withdrawal", withdrawn)

    # 10 x 100 less what is left: an excess of 100 is one lot, one of 101 two.
    assert symbols_closed(desk) == [("deleverage", "X", quantity)]


def test_multiplier_counts_when_a_position_is_brought_back() -> None:
    rule = {"position_ratio_max": "1", "on_breach": "flatten"}
    desk = open_desk(only(position_ratio=rule), balance=10_000)
    desk.instrument("M", multiplier="10")
    desk.price(100, "M")
    desk.fill("buy", 10, 100, symbol="M")

    desk.flow("withdrawal", 1001)

    assert symbols_closed(desk) == [("deleverage", "M", "2")]


def test_nothing_more_is_sold_while_exits_that_suffice_are_on_their_way() -> None:
    desk = two_symbols(gross_exposure_ratio_max="0.5", on_breach="flatten")
    desk.flow("withdrawal", 801)
    exit_of_a = desk.exits()[0]["exit_id"]

    desk.fill("sell", 4, 100, symbol="A", signal_id=exit_of_a)
    desk.wait(5 * SECOND)

    assert len(desk.exits()) == 2


def test_exit_is_sent_again_when_refused_while_the_excess_remains() -> None:
    desk = held_desk(
        10, balance=1000, position_ratio={"position_ratio_max": "1", "on_breach": "flatten"}
    )
    desk.flow("withdrawal", 150)
    desk.wait(SECOND)

    desk.order(desk.exits()[0]["exit_id"], "rejected")

    assert symbols_closed(desk) == [("deleverage", "X", "2")] * 2


def test_no_exit_is_sent_again_when_the_excess_is_gone() -> None:
    desk = held_desk(
        10, balance=1000, position_ratio={"position_ratio_max": "1", "on_breach": "flatten"}
    )
    desk.flow("withdrawal", 150)
    desk.wait(SECOND)
    desk.flow("deposit", 150)

    desk.order(desk.exits()[0]["exit_id"], "rejected")
    desk.wait(10 * SECOND)

    assert symbols_closed(desk) == [("deleverage", "X", "2")]


def test_stop_closes_what_a_deleverage_on_its_way_leaves() -> None:
    rules = only(position_ratio={"position_ratio_max": "1", "on_breach": "flatten"}, stop_loss={})
    desk = open_desk(rules, balance=1000)
    desk.fill("buy", 10, 100)
    desk.flow("withdrawal", 150)
    desk.wait(SECOND)

    desk.see(95)

    assert symbols_closed(desk) == [("deleverage", "X", "2"), ("stop_loss", "X", "8")]


def test_all_is_sold_when_no_equity_is_left() -> None:
    desk = held_desk(
        10, balance=1000, position_ratio={"position_ratio_max": "1", "on_breach": "flatten"}
    )

    desk.flow("withdrawal", 1000)

    assert symbols_closed(desk) == [("deleverage", "X", "10")]
    assert desk.alerts("position_ratio")[0]["measured"] is None


def test_whole_position_is_closed_when_it_is_past_stop_and_cap() -> None:
    cap = {"position_ratio_max": "1", "on_breach": "flatten"}
    desk = open_desk(only(stop_loss={}, position_ratio=cap), balance=1000)
    order = desk.signal("buy", 10, limit_price="100", stop_price="95")
    desk.fill("buy", 10, 100, signal_id=order["signal_id"])
    desk.see(94)
    desk.see(100)
    desk.flow("withdrawal", 101)

    desk.order(desk.exits()[0]["exit_id"], "cancelled")
    desk.wait(SECOND)

    assert symbols_closed(desk) == [("stop_loss", "X", "10")] * 2


@pytest.mark.parametrize("rule", LIMIT)
def test_next_breach_is_told_at_once_when_the_one_before_has_ended(rule: str) -> None:
    rules: Any = {rule: {LIMIT[rule]: "0.1"}}
    desk = held_desk(10, **rules)
    for kind in ("withdrawal", "deposit"):
        desk.flow(kind, 100)

    desk.flow("withdrawal", 100)

    assert len(desk.alerts(rule)) == 2
    assert desk.state()["trading_state"] == "active"
