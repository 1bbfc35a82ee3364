"""Limits for a while: they lie over the lasting documents and end by the clock of the log."""

import pytest

from tests.spec.desk import HOUR, MINUTE, SECOND, Desk, Row, open_desk
from tests.spec.recorded import Recorded, restarted
from tests.spec.rulebook import Rules, only

SMALL: Rules = {"order_notional": {"order_notional_max": "150", "enabled": True}}
LARGE: Rules = {"order_notional": {"order_notional_max": "1000", "enabled": True}}
NONE: Rules = {"order_notional": {"order_notional_max": "0", "enabled": True}}


def approved(desk: Desk, account: str = "acct-1") -> str:
    """Return what of an order of 200 USD is approved."""
    quantity: str = desk.signal("buy", 2, limit_price="100", account_id=account)[
        "approved_quantity"
    ]
    return quantity


def limits_alerts(desk: Desk) -> list[str]:
    """Return the sentences of all alerts about limits."""
    return [alert["message"] for alert in desk.alerts("limits")]


@pytest.mark.parametrize("account", ["acct-1", "*"])
def test_temporary_limit_holds_until_its_end_and_not_a_moment_longer(account: str) -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account=account, duration_ms=MINUTE)

    held = approved(desk)
    desk.wait(MINUTE - 1)
    desk.price(100)
    last = approved(desk)
    desk.wait(1)

    assert (held, last, approved(desk)) == ("1", "1", "2")


@pytest.mark.parametrize("account", ["acct-1", "*"])
def test_end_of_a_temporary_limit_is_reported_once(account: str) -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account=account, duration_ms=MINUTE)

    desk.wait(MINUTE)
    desk.control("halt", account_id="*")  # Or a heartbeat: the record of `*` has no own clock.
    desk.wait(MINUTE)

    (alert,) = desk.alerts("limits")
    assert (alert["account_id"], alert["level"]) == (account, "low")
    assert alert["message"] == "version 2 has ended: its time is over"


def test_decisions_name_the_version_when_a_temporary_document_is_the_newest() -> None:
    desk = open_desk(only())

    desk.limits(SMALL, account="acct-1", version=7, duration_ms=MINUTE)

    assert desk.signal("buy", 1, limit_price="100")["limits_version"] == "1.7"


def test_temporary_limit_stays_on_top_when_a_lasting_document_comes() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account="acct-1", duration_ms=HOUR)

    desk.limits(LARGE, account="acct-1")

    assert approved(desk) == "1"


def test_newest_lasting_document_holds_when_the_temporary_one_ends() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account="acct-1", duration_ms=MINUTE)
    desk.limits(NONE, account="acct-1")

    desk.wait(MINUTE)

    assert approved(desk) == "0"


def test_later_one_overrides_and_gives_way_when_two_set_a_parameter() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account="acct-1", duration_ms=HOUR)
    desk.limits(NONE, account="acct-1", duration_ms=MINUTE)

    both = approved(desk)
    desk.wait(MINUTE)

    assert (both, approved(desk)) == ("0", "1")


def test_own_document_overrides_a_temporary_one_of_everyone() -> None:
    desk = open_desk(only())
    desk.limits(LARGE, account="acct-1")

    desk.limits(SMALL, duration_ms=HOUR)

    assert approved(desk) == "2"


def test_all_temporary_limits_end_when_one_without_rules_comes() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account="acct-1", duration_ms=HOUR)

    desk.limits({}, account="acct-1", duration_ms=1)

    assert approved(desk) == "2"
    desk.wait(HOUR)
    assert limits_alerts(desk) == []


def test_loss_stops_the_account_at_once_when_a_temporary_limit_is_tighter() -> None:
    desk = open_desk(only(daily_loss={"daily_loss_ratio_max": "0.5"}))
    desk.lose(1000)
    before = desk.state()["trading_state"]

    desk.limits(
        {"daily_loss": {"daily_loss_ratio_max": "0.02"}}, account="acct-1", duration_ms=HOUR
    )

    assert (before, desk.state()["trading_state"]) == ("active", "halted")


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"account": {"day_roll": "17:00"}}, "parameters of account cannot be temporary"),
        ({"drawdwon": {}}, "rules.drawdwon: there is no such rule, did you mean drawdown?"),
        (
            {"stopout_guard": {"stopouts_max": 1, "enabled": True}},
            "rules.stopout_guard.stopouts_max: does nothing without lookback_ms: set it as well",
        ),
    ],
)
def test_temporary_document_is_refused_when_its_rules_are_wrong(rules: Rules, why: str) -> None:
    desk = open_desk(only())

    desk.limits(rules, account="acct-1", duration_ms=HOUR)

    assert limits_alerts(desk) == [f"version 2 is refused: {why}"]


def test_temporary_document_may_rely_on_the_lasting_one_below_it() -> None:
    desk = open_desk(only())
    guard = {"stopouts_max": 5, "lookback_ms": HOUR}
    desk.limits({"stopout_guard": guard}, account="acct-1")

    desk.limits({"stopout_guard": {"stopouts_max": 1}}, account="acct-1", duration_ms=HOUR)

    assert limits_alerts(desk) == []


def test_temporary_document_is_refused_when_too_many_are_in_force() -> None:
    desk = open_desk(only())
    for _ in range(16):
        desk.limits(SMALL, account="acct-1", duration_ms=HOUR)
    allowed = len(limits_alerts(desk))

    desk.limits(SMALL, account="acct-1", duration_ms=HOUR)

    assert (allowed, limits_alerts(desk)[-1]) == (
        0,
        "version 18 is refused: too many temporary limits are in force",
    )


def test_document_is_refused_when_another_version_than_expected_is_in_force() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, account="acct-1", version=3)

    desk.limits({}, account="acct-1", version=4, expect_version=2)

    assert limits_alerts(desk) == ["version 4 is refused: it expects version 2, but 3 is in force"]
    assert approved(desk) == "1"


@pytest.mark.parametrize(("account", "expected"), [("acct-1", 0), ("*", 1)])
def test_document_takes_effect_when_the_expected_version_is_in_force(
    account: str, expected: int
) -> None:
    desk = open_desk(only())

    desk.limits(SMALL, account=account, expect_version=expected)

    assert approved(desk) == "1"


def test_history_decides_the_same_again_when_limits_ended_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        log = Recorded(patch)
        desk = open_desk(only())
        desk.limits(SMALL, account="acct-1", duration_ms=MINUTE)
        desk.limits({"cash": {"fee_ratio": "0.01"}} | SMALL, duration_ms=2 * MINUTE)
        for _ in range(3):
            row: Row = desk.signal("buy", 2, limit_price="100")
            desk.wait(MINUTE)
            desk.price(100)

    again = restarted(log, row["rules_version"])

    assert again == log
    assert row["approved_quantity"] == "2"


def test_account_without_events_follows_when_a_limit_of_everyone_ends() -> None:
    desk = open_desk(only())
    desk.limits(SMALL, duration_ms=MINUTE)
    desk.wait(HOUR)
    desk.price(100)

    desk.flow("opening", 5000, account_id="acct-2", flow_id="open-2")
    desk.wait(SECOND)
    desk.price(100)

    assert approved(desk, "acct-2") == "2"
