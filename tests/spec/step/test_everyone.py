"""Controls and limits of `*`: in every account at once, in later ones too."""

from tests.spec.desk import SECOND, Desk, Row, open_desk
from tests.spec.desks import verdict_of
from tests.spec.rulebook import only


def open_second(desk: Desk) -> None:
    """Open another account."""
    desk.flow("opening", 5000, account_id="acct-2", flow_id="open-2")


def rows_of(desk: Desk, account: str) -> list[Row]:
    """Return the rows of emergency_stops of an account."""
    return [row for row in desk.sent("emergency_stops") if row["account_id"] == account]


def test_every_account_stops_with_the_controls_id_when_it_is_of_everyone() -> None:
    desk = open_desk(only())
    open_second(desk)

    desk.control("halt", account_id="*", control_id="all-1")

    assert [verdict_of(desk, name) for name in ("acct-1", "acct-2")] == ["rejected", "rejected"]
    for name in ("acct-1", "acct-2"):
        assert [(row["stop_id"], row["status"]) for row in rows_of(desk, name)] == [
            ("all-1", "triggered")
        ]
        assert desk.state(name)["stops"] == ["all-1"]


def test_control_of_everyone_acts_once_when_it_is_sent_again() -> None:
    desk = open_desk(only())
    desk.control("halt", account_id="*", control_id="all-1")

    desk.control("halt", account_id="*", control_id="all-1")

    (alert,) = desk.alerts("control")
    assert (alert["account_id"], alert["message"]) == (
        "*",
        "all-1 is ignored: it was already applied",
    )


def test_later_account_is_stopped_too_when_everyone_is() -> None:
    desk = open_desk(only())
    desk.control("halt", account_id="*", control_id="all-1")

    open_second(desk)

    assert verdict_of(desk, "acct-2") == "rejected"
    assert desk.state("acct-2")["stops"] == ["all-1"]


def test_stop_is_lifted_in_all_when_everyone_resumes() -> None:
    desk = open_desk(only())
    open_second(desk)
    desk.control("halt", account_id="*", control_id="all-1")
    verdict_of(desk, "acct-1")
    desk.wait(SECOND)

    desk.control("resume", account_id="*", stop_id="all-1")

    assert [verdict_of(desk, name) for name in ("acct-1", "acct-2")] == ["approved", "approved"]


def test_stop_is_lifted_in_one_account_when_only_that_one_resumes() -> None:
    desk = open_desk(only())
    open_second(desk)
    desk.control("halt", account_id="*", control_id="all-1")
    verdict_of(desk, "acct-1")

    desk.control("resume", stop_id="all-1")

    assert [verdict_of(desk, name) for name in ("acct-1", "acct-2")] == ["approved", "rejected"]


def test_later_account_is_free_when_everyone_resumed_before_it_began() -> None:
    desk = open_desk(only())
    desk.control("halt", account_id="*", control_id="all-1")
    desk.control("resume", account_id="*", stop_id="all-1")

    open_second(desk)

    assert verdict_of(desk, "acct-2") == "approved"


def test_expiry_is_judged_when_the_control_is_appended() -> None:
    desk = open_desk(only())
    desk.control("halt", account_id="*", expires_at_ms=desk.now_ms + 1)
    desk.wait(10 * SECOND)

    open_second(desk)

    assert [verdict_of(desk, name) for name in ("acct-1", "acct-2")] == ["rejected", "rejected"]


def test_held_accounts_are_woken_at_once_when_everyone_stops() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.wait(SECOND)

    desk.control("flatten", account_id="*", control_id="all-1")
    desk.wait(1)

    assert [(exit_["symbol"], exit_["quantity"]) for exit_ in desk.exits()] == [("X", "10")]


def test_limits_of_everyone_hold_in_every_account() -> None:
    desk = open_desk(only())
    open_second(desk)

    desk.limits(only(order_notional={"order_notional_max": "50"}))

    assert [verdict_of(desk, name) for name in ("acct-1", "acct-2")] == ["rejected", "rejected"]


def test_accounts_own_parameter_comes_before_that_of_everyone() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "50"}))
    open_second(desk)

    desk.limits({"order_notional": {"order_notional_max": "100"}}, account="acct-1", version=1)

    assert [verdict_of(desk, name) for name in ("acct-1", "acct-2")] == ["approved", "rejected"]


def test_parameters_of_one_rule_come_from_both_documents() -> None:
    rule = {"order_notional_max": "50"}
    desk = open_desk(only(order_notional=rule))

    desk.limits({"order_notional": {"enabled": False}}, account="acct-1", version=7)

    decision = desk.signal("buy", 1, limit_price="100")
    assert (decision["verdict"], decision["limits_version"]) == ("approved", "1.7")
    desk.limits({"order_notional": {"enabled": True}}, account="acct-1", version=8)
    assert verdict_of(desk, "acct-1") == "rejected"


def test_versions_are_zero_when_no_document_came() -> None:
    desk = Desk()

    desk.flow("opening", 1000)

    assert desk.signal("hold")["limits_version"] == "0.0"
