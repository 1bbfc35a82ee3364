"""Active, reducing, halted: what passes in each, which one holds, and controls that set them."""

import pytest

from tests.spec.desk import (
    MINUTE,
    SECOND,
    answer_of,
    assert_not_judged,
    explained,
    open_desk,
)
from tests.spec.desks import held_desk
from tests.spec.rulebook import only


def test_every_order_passes_when_the_account_is_active() -> None:
    desk = held_desk(100, balance=100_000)

    assert desk.signal("buy", 5, limit_price="100")["verdict"] == "approved"
    assert desk.state()["trading_state"] == "active"


def test_only_exits_pass_when_reducing() -> None:
    desk = held_desk(100, balance=100_000)
    desk.control("reduce")

    entry = desk.signal("buy", 5, limit_price="100")
    exit_ = desk.signal("sell", 5, limit_price="100")

    assert answer_of(entry)[:3] == ("rejected", "0", ["trading_state"])
    assert answer_of(exit_) == ("approved", "5", [], None)
    assert exit_["trading_state"] == "reducing"


def test_larger_opposite_order_is_cut_to_the_exit_when_reducing() -> None:
    desk = held_desk(100, balance=100_000)
    desk.control("reduce")

    decision = desk.signal("sell", 150, limit_price="100")

    assert answer_of(decision) == ("modified", "100", ["trading_state"], "trading_state")


def test_order_is_rejected_when_reducing_and_flat() -> None:
    desk = open_desk(only())
    desk.control("reduce")

    decision = desk.signal("sell", 5, limit_price="100")

    assert answer_of(decision)[:3] == ("rejected", "0", ["trading_state"])


def test_only_exits_pass_when_halted() -> None:
    desk = held_desk(100, balance=100_000)
    desk.control("halt")

    entry = desk.signal("buy", 5, limit_price="100")
    larger = desk.signal("sell", 150, limit_price="100")
    exit_ = desk.signal("sell", 100, limit_price="100")

    assert answer_of(entry)[:3] == ("rejected", "0", ["trading_state"])
    assert answer_of(larger) == ("rejected", "0", ["trading_state"], None)
    assert answer_of(exit_) == ("approved", "100", [], None)


def test_exits_do_not_pass_when_halted_and_limits_say_so() -> None:
    desk = held_desk(100, balance=100_000, trading_state={"halt_exits": False})
    desk.control("halt")

    decision = desk.signal("sell", 100, limit_price="100")

    assert answer_of(decision)[:3] == ("rejected", "0", ["trading_state"])


@pytest.mark.parametrize(
    ("own", "all_", "state"),
    [
        ("reduce", "halt", "halted"),
        ("halt", "reduce", "halted"),
        ("reduce", "reduce", "reducing"),
        ("flatten", "reduce", "halted"),
    ],
)
def test_strictest_of_account_and_everyone_holds(own: str, all_: str, state: str) -> None:
    desk = open_desk(only())

    desk.control(own)
    desk.control(all_, account_id="*")

    assert desk.signal("buy", 1, limit_price="100")["trading_state"] == state


def test_control_is_one_stop_without_actions_when_it_reduces() -> None:
    desk = held_desk(100, balance=100_000)

    desk.control("reduce", author="ann", reason="looks odd")

    (row,) = desk.sent("emergency_stops")
    assert (row["status"], row["rule"], row["actions"]) == ("triggered", "control", [])
    assert (row["author"], row["reason"]) == ("ann", "looks odd")
    assert row["positions"] == [{"symbol": "X", "quantity": "100"}]
    assert desk.state()["stops"] == [row["stop_id"]]


@pytest.mark.parametrize(
    ("command", "actions"), [("halt", ["cancel_all"]), ("flatten", ["cancel_all", "flatten"])]
)
def test_actions_are_named_when_a_control_halts_or_flattens(
    command: str, actions: list[str]
) -> None:
    desk = held_desk(100, balance=100_000)

    desk.control(command)

    assert desk.sent("emergency_stops")[0]["actions"] == actions


def test_stop_is_in_the_engines_own_order_too() -> None:
    desk = held_desk(100, balance=100_000)

    desk.control("halt")

    (row,) = desk.sent("emergency_stops")
    (stop,) = [each for each in desk.sent("decisions") if each["kind"] == "stop"]
    assert {name: stop[name] for name in row} == row


def test_trading_goes_on_when_a_resume_names_the_stop() -> None:
    desk = open_desk(only())
    desk.control("halt")
    stop_id = desk.sent("emergency_stops")[0]["stop_id"]
    desk.wait(SECOND)

    desk.control("resume", stop_id=stop_id, author="bob", reason="checked")

    row = desk.sent("emergency_stops")[-1]
    assert (row["status"], row["stop_id"], row["equity"]) == ("resumed", stop_id, "10000")
    assert (row["author"], row["reason"]) == ("bob", "checked")
    assert desk.signal("buy", 1, limit_price="100")["verdict"] == "approved"


def test_nothing_is_lifted_when_a_resume_names_another_stop_or_none() -> None:
    desk = open_desk(only())
    desk.control("halt")

    desk.control("resume", stop_id="acct-1:999:1")
    desk.control("resume")

    assert desk.state()["trading_state"] == "halted"
    assert len(desk.alerts("control")) == 2


def test_other_stop_still_holds_when_one_of_two_is_lifted() -> None:
    desk = open_desk(only())
    desk.control("halt")
    desk.control("reduce")
    halt_id = desk.sent("emergency_stops")[0]["stop_id"]

    desk.control("resume", stop_id=halt_id)

    assert desk.state()["trading_state"] == "reducing"
    assert len(desk.state()["stops"]) == 1


def test_control_always_opens_its_own_stop_when_a_stricter_one_is_open() -> None:
    desk = open_desk(only())

    desk.control("halt")
    desk.control("halt")
    desk.control("reduce")

    assert len(set(desk.state()["stops"])) == 3


def test_control_acts_once_when_it_comes_twice() -> None:
    desk = open_desk(only())
    desk.control("halt", control_id="once")
    desk.control("resume", stop_id=desk.sent("emergency_stops")[0]["stop_id"])

    desk.control("halt", control_id="once")

    assert desk.state()["trading_state"] == "active"


@pytest.mark.parametrize(("left_ms", "state"), [(0, "active"), (1, "halted")])
def test_control_is_ignored_when_it_is_past_its_expiry(left_ms: int, state: str) -> None:
    desk = open_desk(only())

    desk.control("halt", expires_at_ms=desk.now_ms + left_ms)

    assert desk.state()["trading_state"] == state
    assert len(desk.alerts("control")) == (1 if state == "active" else 0)


@pytest.mark.parametrize(("command", "state"), [("halt", "halted"), ("flatten", "halted")])
def test_control_acts_in_log_order_when_another_author_s_clock_was_ahead(
    command: str, state: str
) -> None:
    desk = open_desk(only())
    desk.control("reduce", issued_at_ms=desk.now_ms + 3000)
    desk.wait(SECOND)

    desk.control(command)

    assert desk.state()["trading_state"] == state
    assert desk.alerts("control") == []


@pytest.mark.parametrize(("issued_ms", "appended_ms"), [(-5000, 0), (5000, 0)])
def test_resume_is_refused_when_older_than_the_last_tightening(
    issued_ms: int, appended_ms: int
) -> None:
    desk = open_desk(only())
    first = desk.control("reduce")[0]["stop_id"]
    desk.wait(SECOND)
    desk.control("halt", issued_at_ms=desk.now_ms + issued_ms)
    earlier_ms = desk.now_ms + min(issued_ms, appended_ms)

    desk.control("resume", stop_id=first, issued_at_ms=earlier_ms - 1)
    refused = len(desk.alerts("control"))
    desk.control("resume", stop_id=first, issued_at_ms=earlier_ms)

    assert (refused, len(desk.alerts("control"))) == (1, 1)
    assert first not in desk.state()["stops"]


def test_resume_is_refused_when_it_was_issued_before_a_halt_of_everyone() -> None:
    desk = open_desk(only())
    first = desk.control("reduce")[0]["stop_id"]
    desk.wait(SECOND)
    desk.control("halt", account_id="*")

    desk.control("resume", stop_id=first, issued_at_ms=desk.now_ms - 1)

    assert first in desk.state()["stops"]


def test_control_acts_when_it_was_issued_before_a_resume() -> None:
    desk = open_desk(only())
    desk.control("halt")
    desk.control("resume", stop_id=desk.state()["stops"][0])

    desk.control("halt", issued_at_ms=desk.now_ms - MINUTE)

    assert desk.state()["trading_state"] == "halted"


def test_refused_control_may_come_again_with_its_id() -> None:
    desk = open_desk(only())
    desk.control("halt")
    stop_id = desk.sent("emergency_stops")[0]["stop_id"]
    desk.control("resume", stop_id="wrong", control_id="again")

    desk.control("resume", stop_id=stop_id, control_id="again")

    assert desk.state()["trading_state"] == "active"


def test_halt_acts_when_the_clock_of_its_author_runs_ahead() -> None:
    desk = open_desk(only())

    desk.control("reduce", issued_at_ms=desk.now_ms + 5000)
    desk.control("halt", issued_at_ms=desk.now_ms)

    assert desk.state()["trading_state"] == "halted"
    assert [stop for stop in desk.stops() if stop == ("control", "triggered")] == [
        ("control", "triggered"),
        ("control", "triggered"),
    ]


def test_resume_is_ignored_when_its_clock_runs_ahead() -> None:
    desk = open_desk(only())
    desk.control("halt")
    (stop_id,) = desk.state()["stops"]

    desk.control("resume", stop_id=stop_id, issued_at_ms=desk.now_ms + 1001)

    assert desk.state()["trading_state"] == "halted"
    assert len(desk.alerts("control")) == 1


def test_state_of_the_account_is_explained_with_its_stop() -> None:
    desk = open_desk(only())
    desk.control("halt")

    decision = desk.signal("buy", 10, limit_price="100")

    message = "The account is halted because of acct-1:2:1: only exits are allowed."
    assert explained(decision, "trading_state") == (None, message)


def test_breach_is_explained_when_the_account_is_reducing() -> None:
    desk = open_desk(only())
    desk.control("reduce")

    decision = desk.signal("buy", 1, limit_price="100")

    message = "The account is reducing because of acct-1:2:1: only exits are allowed."
    assert explained(decision, "trading_state") == (None, message)


def test_breach_is_explained_when_exits_are_halted_too() -> None:
    desk = held_desk(100, balance=100_000, trading_state={"halt_exits": False})
    desk.control("halt")

    decision = desk.signal("sell", 100, limit_price="100")

    message = "The account is halted because of acct-1:3:1: exits are not allowed either."
    assert explained(decision, "trading_state") == (None, message)


def test_halted_account_trades_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(trading_state={"enabled": False}))
    desk.control("halt")

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "trading_state")
