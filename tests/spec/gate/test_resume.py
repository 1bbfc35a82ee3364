"""Lifting a stop: who may, what it changes, when it is refused."""

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, open_desk
from tests.spec.rulebook import only

RULES = {
    "daily_loss": {"daily_loss_ratio_max": "0.02"},
    "weekly_loss": {"weekly_loss_ratio_max": "0.05", "on_breach": "warn"},
    "drawdown": {"drawdown_ratio_max": "0.05", "on_breach": "warn"},
}


def stopped_desk() -> Desk:
    """Return a desk that is flat and stopped by a loss of 300 of 10 000."""
    desk = open_desk(only(**RULES))
    desk.flow("deposit", 1000)
    desk.lose(300)
    desk.wait(SECOND)
    return desk


def test_reported_figures_go_on_when_a_loss_stop_is_lifted() -> None:
    desk = stopped_desk()
    before = desk.state()

    desk.control("resume", stop_id=before["stops"][0])

    after = desk.state()
    assert (after["trading_state"], after["baselines"]) == ("active", {"daily_loss": "10700"})
    for name in ("daily", "weekly", "peak_equity", "drawdown_ratio"):
        assert after[name] == before[name]
    assert (after["daily"]["pnl"], after["daily"]["start_equity"]) == ("-300", "10000")


def test_same_loss_does_not_stop_again_when_its_stop_was_lifted() -> None:
    desk = stopped_desk()
    desk.control("resume", stop_id=desk.state()["stops"][0])

    desk.price(100)
    decision = desk.signal("buy", 1, limit_price="100")
    desk.wait(MINUTE)

    assert decision["verdict"] == "approved"
    assert desk.state()["stops"] == []


def test_next_loss_is_measured_from_the_resume() -> None:
    desk = stopped_desk()
    desk.control("resume", stop_id=desk.state()["stops"][0])

    desk.lose(214)
    at_limit = desk.state()["stops"]
    desk.lose("0.01")

    # 0.02 x 10 700 = 214.
    assert (at_limit, len(desk.state()["stops"])) == ([], 1)


def test_windows_stay_when_a_controls_stop_is_lifted() -> None:
    desk = open_desk(only())
    desk.lose(300)
    desk.control("halt")

    desk.control("resume", stop_id=desk.state()["stops"][0])

    state = desk.state()
    assert (state["daily"]["pnl"], state["peak_equity"]) == ("-300", "10000")


@pytest.mark.parametrize("age_ms", [60_001, 10 * MINUTE])
def test_resume_is_refused_when_a_mark_is_stale(age_ms: int) -> None:
    desk = open_desk(only(**RULES | {"daily_loss": RULES["daily_loss"] | {"on_breach": "halt"}}))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 5, 20)
    desk.wait(age_ms)

    desk.control("resume", stop_id=desk.state()["stops"][0])

    assert desk.state()["trading_state"] == "halted"
    assert len(desk.alerts("control")) == 1


def test_resume_works_again_when_the_mark_is_fresh() -> None:
    desk = open_desk(only(**RULES | {"daily_loss": RULES["daily_loss"] | {"on_breach": "halt"}}))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 5, 20)
    desk.wait(10 * MINUTE)
    desk.control("resume", stop_id=desk.state()["stops"][0], control_id="again")

    desk.price(100)
    desk.signal("hold")
    desk.control("resume", stop_id=desk.state()["stops"][0], control_id="again")

    assert desk.state()["trading_state"] == "active"
    assert desk.state()["baselines"] == {"daily_loss": "9600"}


def test_resume_is_refused_when_it_has_expired() -> None:
    desk = stopped_desk()

    desk.control("resume", stop_id=desk.state()["stops"][0], expires_at_ms=desk.now_ms)

    assert desk.state()["trading_state"] == "halted"
    assert len(desk.alerts("control")) == 1


def test_resume_without_author_or_reason_is_a_dead_letter() -> None:
    desk = stopped_desk()
    stop_id = desk.state()["stops"][0]

    desk.control("resume", stop_id=stop_id, author="")
    desk.control("resume", stop_id=stop_id, reason="")

    assert [letter["path"] for letter in desk.sent("dead_letters")] == ["$.author", "$.reason"]
    assert desk.state()["trading_state"] == "halted"


def test_resume_before_flat_ends_the_flattening() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    (exit_,) = desk.exits()

    desk.control("resume", stop_id=desk.state()["stops"][0])
    desk.order(exit_["exit_id"], "rejected")
    desk.wait(10 * SECOND)

    assert len(desk.exits()) == 1
    assert [status for _, status in desk.stops()] == ["triggered", "flattening", "resumed"]


def test_resumed_row_has_equity_author_and_reason() -> None:
    desk = stopped_desk()
    stop_id = desk.state()["stops"][0]

    desk.control("resume", stop_id=stop_id, author="ann", reason="hedge was missing")

    row = desk.sent("emergency_stops")[-1]
    assert (row["stop_id"], row["status"], row["equity"]) == (stop_id, "resumed", "10700")
    assert (row["author"], row["reason"]) == ("ann", "hedge was missing")


def test_stop_flattens_again_when_the_account_is_stopped_after_a_resume() -> None:
    desk = stopped_desk()
    desk.control("resume", stop_id=desk.state()["stops"][0])
    desk.fill("buy", 10, 100)

    desk.fill("sell", 5, 50)

    # 250 of 10 700 are above 0.02.
    assert [(row["side"], row["quantity"]) for row in desk.exits()] == [("sell", "5")]
    assert len({row["stop_id"] for row in desk.sent("emergency_stops")}) == 2


def test_state_is_told_at_once_when_a_stop_is_lifted() -> None:
    desk = open_desk(only())
    desk.control("halt", control_id="halt-1")

    desk.control("resume", stop_id=desk.state()["stops"][0])

    assert desk.sent("account_states")[-1]["trading_state"] == "active"


def test_resume_is_ignored_and_told_when_it_names_no_stop() -> None:
    desk = open_desk(only())
    desk.control("halt")

    desk.control("resume")

    (alert,) = desk.alerts("control")
    assert alert["message"] == "no open stop has the id ''"
    assert desk.state()["trading_state"] == "halted"
