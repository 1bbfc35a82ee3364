"""Halts and reduces for a while: they lift themselves by the clock of the log, or a resume does."""

import pytest

from pipeline.rules_version import rules_version
from tests.spec.desk import HOUR, MINUTE, SECOND, Desk, Row, open_desk
from tests.spec.desks import held_desk, verdict_of
from tests.spec.recorded import Recorded, restarted
from tests.spec.rulebook import only


def last_stop(desk: Desk) -> Row:
    """Return the newest row of emergency_stops."""
    return desk.sent("emergency_stops")[-1]


@pytest.mark.parametrize("command", ["halt", "reduce"])
def test_stop_says_when_it_ends_when_it_is_timed(command: str) -> None:
    desk = open_desk(only())

    desk.control(command, duration_ms=2 * HOUR)

    row = last_stop(desk)
    assert (row["status"], row["ends_at_ms"]) == ("triggered", desk.now_ms + 2 * HOUR)


def test_stop_has_no_end_when_only_a_resume_lifts_it() -> None:
    desk = open_desk(only())

    desk.control("halt")

    assert last_stop(desk)["ends_at_ms"] is None


def test_account_trades_again_from_the_end_and_not_a_moment_before() -> None:
    desk = open_desk(only())
    desk.control("halt", duration_ms=MINUTE)

    desk.wait(MINUTE - 1)
    desk.price(100)
    before = verdict_of(desk, "acct-1")
    desk.wait(1)

    assert (before, verdict_of(desk, "acct-1")) == ("rejected", "approved")


def test_stop_is_lifted_at_its_end_when_no_input_comes() -> None:
    desk = open_desk(only())
    desk.control("halt", duration_ms=MINUTE)
    end_ms = desk.now_ms + MINUTE

    desk.wait(MINUTE)

    row = last_stop(desk)
    assert (row["status"], row["author"], row["at_ms"]) == ("resumed", None, end_ms)
    assert row["reason"] == "its time is over"
    assert desk.state()["trading_state"] == "active"


def test_end_is_measured_from_the_append_when_the_author_has_another_clock() -> None:
    desk = open_desk(only())

    desk.control("halt", duration_ms=MINUTE, issued_at_ms=desk.now_ms - HOUR)

    assert last_stop(desk)["ends_at_ms"] == desk.now_ms + MINUTE


def test_resume_lifts_the_stop_when_its_time_is_not_over() -> None:
    desk = open_desk(only())
    desk.control("halt", duration_ms=HOUR)
    desk.wait(SECOND)

    desk.control("resume", stop_id=last_stop(desk)["stop_id"])

    assert (last_stop(desk)["status"], last_stop(desk)["author"]) == ("resumed", "desk")
    assert verdict_of(desk, "acct-1") == "approved"
    desk.wait(HOUR)
    assert [row["status"] for row in desk.sent("emergency_stops")] == ["triggered", "resumed"]


def test_longer_stop_still_holds_when_a_shorter_one_ends() -> None:
    desk = open_desk(only())
    desk.control("halt", duration_ms=MINUTE)
    desk.control("reduce", duration_ms=HOUR)

    desk.wait(MINUTE)

    assert desk.state()["trading_state"] == "reducing"
    assert len(desk.state()["stops"]) == 1


def test_loss_still_stops_the_account_when_a_timed_stop_ends() -> None:
    desk = held_desk(50, daily_loss={"daily_loss_ratio_max": "0.02"})
    desk.control("halt", duration_ms=MINUTE)
    desk.see(95, 95, 95)

    desk.wait(MINUTE)

    assert desk.state()["trading_state"] == "halted"
    assert ("control", "resumed") in desk.stops()


def test_every_account_trades_again_when_a_stop_of_everyone_ends() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="open-2")
    desk.control("halt", account_id="*", control_id="all-1", duration_ms=MINUTE)
    stopped = [verdict_of(desk, name) for name in ("acct-1", "acct-2")]

    desk.wait(MINUTE)
    desk.price(100)

    assert stopped == ["rejected", "rejected"]
    assert [verdict_of(desk, name) for name in ("acct-1", "acct-2")] == ["approved", "approved"]


def test_end_of_everyones_stop_is_the_same_in_each_account() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="open-2")
    desk.control("halt", account_id="*", control_id="all-1", duration_ms=MINUTE)
    end_ms = desk.now_ms + MINUTE
    verdict_of(desk, "acct-1")
    desk.wait(30 * SECOND)
    verdict_of(desk, "acct-2")

    ends = {row["account_id"]: row["ends_at_ms"] for row in desk.sent("emergency_stops")}

    assert ends == {"acct-1": end_ms, "acct-2": end_ms}


@pytest.mark.parametrize("account", ["acct-1", "acct-2"])
def test_account_is_not_stopped_when_its_next_event_comes_later(
    account: str,
) -> None:
    desk = open_desk(only())
    desk.control("halt", account_id="*", control_id="all-1", duration_ms=MINUTE)
    desk.wait(MINUTE)
    desk.price(100)

    if account == "acct-2":
        desk.flow("opening", 5000, account_id="acct-2", flow_id="open-2")

    assert verdict_of(desk, account) == "approved"
    assert [row for row in desk.sent("emergency_stops") if row["account_id"] == "acct-2"] == []


def test_stop_of_everyone_is_unknown_to_a_resume_when_it_has_ended() -> None:
    desk = open_desk(only())
    desk.control("halt", account_id="*", control_id="all-1", duration_ms=MINUTE)
    desk.wait(MINUTE + SECOND)

    desk.control("resume", account_id="*", stop_id="all-1")

    assert desk.alerts("control")[-1]["message"].endswith(
        "no open stop of all accounts has the id 'all-1'"
    )


@pytest.mark.parametrize("command", ["flatten", "resume"])
def test_control_is_a_dead_letter_when_it_cannot_be_timed(command: str) -> None:
    desk = open_desk(only())

    desk.control(command, duration_ms=MINUTE)

    (letter,) = desk.sent("dead_letters")
    assert letter["path"] == "$.duration_ms"
    assert desk.state()["trading_state"] == "active"


@pytest.mark.parametrize("duration_ms", [0, -1, 31_536_000_001, "60000"])
def test_control_is_a_dead_letter_when_its_duration_is_out_of_bounds(duration_ms: object) -> None:
    desk = open_desk(only())

    desk.control("halt", duration_ms=duration_ms)

    (letter,) = desk.sent("dead_letters")
    assert letter["path"] == "$.duration_ms"


def test_history_decides_the_same_again_when_stops_ended_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Recorded(monkeypatch)
    desk = open_desk(only())
    desk.control("halt", duration_ms=MINUTE)
    desk.control("reduce", account_id="*", control_id="all-1", duration_ms=2 * MINUTE)
    desk.wait(3 * MINUTE)
    desk.price(100)
    verdict_of(desk, "acct-1")
    monkeypatch.undo()

    again = restarted(log, rules_version())

    assert [each.outputs for each in again] == [each.outputs for each in log]
    assert desk.stops().count(("control", "resumed")) == 2
