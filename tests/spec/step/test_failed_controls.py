"""A control that riskgate fails on is answered by its id, and halts what it was meant to stop."""

from collections.abc import Callable

import pytest

from tests.spec.desk import SECOND, Desk, open_desk
from tests.spec.rulebook import only

PROBLEM = "ArithmeticError: broken"
pytestmark = pytest.mark.interpreted
Failing = Callable[..., None]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Send a control on which riskgate fails; the next ones are applied as usual."""

    def raising(*_: object, **__: object) -> None:
        raise ArithmeticError("broken")

    def send(desk: Desk, command: str, **fields: str) -> None:
        with monkeypatch.context() as broken:
            for module in ("shared_record", "on_control"):
                broken.setattr(f"pipeline.risk.{module}.timing_refusal", raising)
            desk.control(command, **fields)

    return send


def held_desk() -> Desk:
    """Return a desk that holds 10 of X, beside a second account."""
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.flow("opening", 1000, account_id="acct-2")
    return desk


@pytest.mark.parametrize("command", ["halt", "reduce", "flatten", "resume"])
def test_control_is_answered_by_its_id_when_it_raises(command: str, failing: Failing) -> None:
    desk = held_desk()

    failing(desk, command, control_id="first")
    failing(desk, command, control_id="second")

    answers = [row for row in desk.alerts("internal_error") if "is not applied" in row["message"]]
    assert [(row["level"], row["action"], row["message"]) for row in answers] == [
        ("critical", "halt", f"{name} is not applied, the account is halted: {PROBLEM}")
        for name in ("first", "second")
    ]
    assert desk.stops() == [("internal_error", "triggered")]


def test_control_acts_under_the_same_id_after_it_raised(failing: Failing) -> None:
    desk = held_desk()
    failing(desk, "flatten", control_id="again")

    desk.control("flatten", control_id="again")

    assert [(row["symbol"], row["quantity"]) for row in desk.exits()] == [("X", "10")]


@pytest.mark.parametrize(("command", "exits"), [("halt", 0), ("reduce", 0), ("flatten", 1)])
def test_control_of_everyone_that_raises_stops_all_accounts_under_its_id(
    command: str, exits: int, failing: Failing
) -> None:
    desk = held_desk()

    failing(desk, command, account_id="*", control_id="all-1")
    for name in ("acct-1", "acct-2"):
        desk.signal("hold", account_id=name)

    states = [desk.state(name) for name in ("acct-1", "acct-2")]
    assert [(row["trading_state"], row["stops"]) for row in states] == [("halted", ["all-1"])] * 2
    assert len(desk.exits()) == exits


def test_control_of_everyone_is_a_dead_letter_when_it_raises(
    failing: Failing,
) -> None:
    desk = held_desk()

    failing(desk, "reduce", account_id="*", control_id="all-1")

    (alert,) = desk.alerts("internal_error")
    assert (alert["account_id"], alert["level"], alert["action"]) == ("*", "critical", "halt")
    assert alert["message"] == f"all-1 is not applied, every account is stopped: {PROBLEM}"
    assert {row["error"] for row in desk.sent("dead_letters")} == {PROBLEM}


def test_stop_of_a_control_that_raised_is_lifted_by_a_resume(failing: Failing) -> None:
    desk = held_desk()
    failing(desk, "halt", account_id="*", control_id="all-1")
    desk.wait(SECOND)

    desk.control("resume", account_id="*", stop_id="all-1")

    assert desk.signal("buy", 1)["verdict"] == "approved"


def test_resume_of_everyone_that_raises_lifts_nothing(failing: Failing) -> None:
    desk = held_desk()
    desk.control("halt", account_id="*", control_id="all-1")
    desk.wait(SECOND)

    failing(desk, "resume", account_id="*", control_id="lift", stop_id="all-1")

    (alert,) = desk.alerts("internal_error")
    assert alert["message"] == f"lift is not applied, no account changes: {PROBLEM}"
    assert desk.state()["stops"] == ["all-1"]


def test_control_that_acted_before_does_not_act_again_when_its_repetition_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = held_desk()
    desk.control("halt", account_id="*", control_id="all-1")
    desk.wait(SECOND)
    desk.control("resume", account_id="*", stop_id="all-1")
    monkeypatch.setattr("pipeline.risk.step_shared.apply_shared", lambda *_, **__: 1 / 0)

    desk.control("halt", account_id="*", control_id="all-1")

    assert desk.state()["stops"] == []


def test_activate_that_raises_changes_no_account_and_no_release(failing: Failing) -> None:
    desk = held_desk()

    failing(desk, "activate", account_id="*", control_id="new", version="2.0+b")

    (alert,) = desk.alerts("internal_error")
    assert alert["message"] == f"new is not applied, no account changes: {PROBLEM}"
    assert desk.state()["stops"] == []
