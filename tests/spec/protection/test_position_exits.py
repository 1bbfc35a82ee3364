"""Exits of a position that leaves: refused, expired, filled in part, and beside other exits."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.desk import MINUTE, SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only


def stopped_desk(quantity: int = 10, **rules: dict[str, Any]) -> Desk:
    """Return a desk whose long position of X has reached its stop of 98."""
    desk = open_desk(only(stop_loss={}, **rules))
    desk.fill("buy", quantity, 100)
    see(desk, 97)
    return desk


def see(desk: Desk, mark: int) -> None:
    """Let a mark come with its revaluation."""
    desk.price(mark)
    desk.wait(0)
    desk.wait(SECOND)


def last(desk: Desk) -> Row:
    """Return the newest exit."""
    return desk.exits()[-1]


def quantities(desk: Desk) -> list[str]:
    """Return the quantities of all exits so far."""
    return [row["quantity"] for row in desk.exits()]


@pytest.mark.parametrize("status", ["rejected", "cancelled", "expired"])
def test_exit_is_sent_again_when_it_came_to_nothing(status: str) -> None:
    desk = stopped_desk()

    desk.order(last(desk)["exit_id"], status)

    assert quantities(desk) == ["10", "10"]


def test_exit_is_sent_again_later_when_refused_at_once() -> None:
    desk = open_desk(only(stop_loss={}, exits={"exit_retry_ms": 5000}))
    desk.fill("buy", 10, 100)
    desk.price(97)
    desk.wait(0)
    desk.order(last(desk)["exit_id"], "rejected")

    desk.wait(4999)
    before = quantities(desk)
    desk.wait(1)

    assert (before, quantities(desk)) == (["10"], ["10", "10"])


def test_exit_is_sent_again_when_nothing_is_heard_of_it() -> None:
    desk = stopped_desk()
    see(desk, 100)

    desk.wait(MINUTE)

    assert quantities(desk) == ["10", "10"]


def test_rest_is_sent_again_when_a_partial_exit_is_cancelled() -> None:
    desk = stopped_desk()
    exit_id = last(desk)["exit_id"]
    desk.fill("sell", 4, 97, signal_id=exit_id)

    desk.order(exit_id, "cancelled", filled_quantity="4")

    assert quantities(desk) == ["10", "6"]


def test_no_more_is_sent_when_the_exit_is_filled() -> None:
    desk = stopped_desk()
    desk.fill("sell", 10, 97, signal_id=last(desk)["exit_id"])

    see(desk, 90)
    desk.wait(10 * MINUTE)

    assert quantities(desk) == ["10"]


def test_stop_ends_with_its_filled_exit_when_another_entry_was_filled_meanwhile() -> None:
    desk = stopped_desk()
    see(desk, 100)
    desk.fill("buy", 5, 100)

    desk.fill("sell", 10, 97, signal_id=last(desk)["exit_id"])
    desk.wait(10 * SECOND)

    assert quantities(desk) == ["10"]
    assert desk.position()["quantity"] == "5"


def test_exit_is_what_no_other_exit_closes_when_one_is_working() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.fill("buy", 10, 100)
    desk.signal("sell", 4, limit_price="105")

    see(desk, 97)

    assert quantities(desk) == ["6"]


def test_exit_follows_when_the_order_that_closed_all_is_cancelled() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.fill("buy", 10, 100)
    desk.signal("sell", 10, limit_price="105", signal_id="target")
    see(desk, 97)
    before = quantities(desk)

    desk.order("target", "cancelled")

    assert (before, quantities(desk)) == ([], ["10"])


def test_one_exit_is_sent_when_two_stops_are_reached_at_once() -> None:
    desk = open_desk(only(stop_loss={}, trailing_stop={"trailing_ratio": "0.01"}))
    desk.fill("buy", 10, 100)

    see(desk, 97)

    assert [(row["reason"], row["quantity"]) for row in desk.exits()] == [("stop_loss", "10")]
    assert len(desk.alerts("trailing_stop")) == 1


def test_emergency_stop_sends_no_second_exit_when_one_is_on_its_way() -> None:
    desk = stopped_desk()

    desk.control("flatten")

    assert quantities(desk) == ["10"]


def test_emergency_stop_sends_an_exit_when_a_stops_is_refused() -> None:
    desk = stopped_desk()
    desk.control("flatten")

    desk.order(last(desk)["exit_id"], "rejected")

    assert [row["reason"] for row in desk.exits()] == ["stop_loss", "emergency_stop"]


def test_exit_is_sent_in_pieces_and_all_of_them_end_the_stop() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.instrument(max_quantity="4")
    desk.fill("buy", 10, 100)
    see(desk, 97)
    first, second, third = (row["exit_id"] for row in desk.exits())
    desk.fill("sell", 4, 97, signal_id=first)
    desk.fill("sell", 2, 97, signal_id=third)

    desk.order(second, "rejected")

    assert quantities(desk) == ["4", "4", "2", "4"]


def test_no_exit_is_sent_when_only_dust_is_left() -> None:
    desk = open_desk(only(stop_loss={}))
    desk.fill("buy", "0.5", 100)

    see(desk, 97)

    assert desk.exits() == []
    assert len(desk.alerts("stop_loss")) == 1


@pytest.mark.parametrize(("rule", "exits"), [({}, 1), ({"halt_exits": False}, 0)])
def test_stop_closes_in_a_halted_account_unless_it_may_not_even_reduce(
    rule: dict[str, Any], exits: int
) -> None:
    desk = open_desk(only(stop_loss={}, trading_state=rule))
    desk.fill("buy", 10, 100)
    desk.control("halt")

    see(desk, 97)

    assert len(desk.exits()) == exits


def test_exit_is_sent_no_more_when_its_rule_is_turned_off() -> None:
    desk = stopped_desk()
    desk.limits(only())

    desk.order(last(desk)["exit_id"], "rejected")
    desk.wait(10 * SECOND)

    assert quantities(desk) == ["10"]


STEPS = st.one_of(
    st.tuples(st.just("price"), st.integers(80, 120)),
    st.tuples(st.just("buy"), st.integers(1, 9)),
    st.tuples(st.just("sell"), st.integers(1, 9)),
    st.tuples(st.just("word"), st.sampled_from(["accepted", "rejected", "cancelled", "filled"])),
    st.tuples(st.just("exit fill"), st.integers(1, 9)),
    st.tuples(st.just("wait"), st.sampled_from([1, 1000, 61_000])),
)


def play(desk: Desk, kind: str, value: Any) -> None:
    """Do one step of a history."""
    if kind == "price":
        desk.price(value)
    elif kind == "wait":
        desk.wait(value)
    elif kind in {"buy", "sell"}:
        decision = desk.signal(kind, value, limit_price="100")
        desk.fill(kind, value, 100, signal_id=decision["signal_id"])
    elif desk.exits() and kind == "word":
        desk.order(last(desk)["exit_id"], value)
    elif desk.exits():
        desk.fill(last(desk)["side"], value, 97, signal_id=last(desk)["exit_id"])


def exceeds(exit_: Row, state: Row) -> bool:
    """Tell whether an exit and all beside it are more than the position that it was sent for."""
    held = Decimal(next(row["quantity"] for row in state["positions"]))
    working = [row for row in state["reservations"] if row["side"] == exit_["side"]]
    closes = (held > 0) == (exit_["side"] == "sell")
    return not closes or sum(Decimal(row["quantity"]) for row in working) > abs(held)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_exits_on_their_way_never_exceed_the_position(steps: list[tuple[str, Any]]) -> None:
    rules = only(
        stop_loss={}, trailing_stop={"trailing_ratio": "0.1"}, time_stop={"hold_ms_max": 1}
    )
    desk = open_desk(rules, balance=100_000)

    for kind, value in steps:
        play(desk, kind, value)

    states = {row["sequence"]: row for row in desk.sent("account_states")}
    wrong = [row for row in desk.exits() if exceeds(row, states[row["sequence"]])]
    assert wrong == []
