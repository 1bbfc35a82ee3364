"""Fills that name no decision, where the account's orders come from riskgate."""

import pytest

from tests.spec.desk import DAY, MINUTE, Desk, open_desk
from tests.spec.rulebook import only


def with_an_order(**rule: object) -> Desk:
    """Return a desk that approved an order, and watches for fills of no order."""
    desk = open_desk(only(unmatched_fill=rule))
    desk.signal("buy", 1, limit_price="100", signal_id="one")
    return desk


def test_alert_is_critical_when_a_fill_names_no_decision() -> None:
    desk = with_an_order()

    desk.fill("buy", 2, 100)

    (alert,) = desk.alerts("unmatched_fill")
    assert (alert["level"], alert["action"], alert["measured"]) == ("critical", "warn", "1")
    assert alert["message"] == "1 fill names no decision and released nothing"
    assert desk.stops() == []


def test_alert_has_the_count_when_the_cooldown_is_over() -> None:
    desk = with_an_order()
    for _ in range(4):
        desk.fill("buy", 1, 100)
    desk.wait(5 * MINUTE - 1)
    desk.fill("buy", 1, 100)
    before = len(desk.alerts("unmatched_fill"))
    desk.wait(1)

    desk.fill("buy", 1, 100)

    counts = [row["measured"] for row in desk.alerts("unmatched_fill")]
    assert (before, counts) == (1, ["1", "5"])


def test_no_violation_is_counted_when_a_fill_names_no_decision() -> None:
    desk = with_an_order()

    desk.fill("buy", 2, 100)

    assert desk.state()["violations_last_hour"]["by_rule"] == {}


@pytest.mark.parametrize(("wait_ms", "level"), [(7 * DAY - 1, "critical"), (7 * DAY, "low")])
def test_alert_is_critical_while_a_decision_is_no_older_than_the_horizon(
    wait_ms: int, level: str
) -> None:
    desk = with_an_order()
    desk.wait(wait_ms)

    desk.fill("buy", 2, 100)

    assert [row["level"] for row in desk.alerts("unmatched_fill")] == [level]


def test_alert_is_low_when_the_account_has_no_approved_decision() -> None:
    desk = open_desk(only(unmatched_fill={}, order_notional={"order_notional_max": 1}))
    desk.signal("buy", 1, limit_price="100")

    desk.fill("buy", 2, 100)

    assert [row["level"] for row in desk.alerts("unmatched_fill")] == ["low"]


@pytest.mark.parametrize("fields", [{"signal_id": "one"}, {"order_id": "order-of-one"}])
def test_nothing_is_told_when_a_fill_names_its_order(fields: dict[str, str]) -> None:
    desk = with_an_order()
    desk.order("one", "accepted")

    desk.fill("buy", 1, 100, **fields)

    assert desk.alerts("unmatched_fill") == []


def test_account_reduces_when_the_rule_says_so() -> None:
    desk = with_an_order(on_breach="reduce")

    desk.fill("buy", 2, 100)

    (alert,) = desk.alerts("unmatched_fill")
    assert (alert["level"], alert["action"]) == ("critical", "reduce")
    assert desk.stops() == [("unmatched_fill", "triggered")]


def test_fill_names_no_decision_when_its_id_only_resembles_ours() -> None:
    desk = with_an_order()

    desk.fill("buy", 1, 100, signal_id=f"{desk.account}:999:1")

    assert len(desk.alerts("unmatched_fill")) == 1


def test_alert_is_low_when_the_rule_is_turned_off() -> None:
    desk = with_an_order(enabled=False)

    desk.fill("buy", 2, 100)

    assert [row["level"] for row in desk.alerts("unmatched_fill")] == ["low"]
    assert desk.stops() == []
