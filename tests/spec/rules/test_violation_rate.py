"""An account that violates its limits too often raises an alert."""

import pytest

from tests.spec.desk import DAY, HOUR, MINUTE, SECOND, open_desk
from tests.spec.desks import burst
from tests.spec.rulebook import only

FORBIDDEN = {"order_notional_max": "0"}


@pytest.mark.parametrize(("times", "alerts"), [(10, 0), (11, 1), (12, 1)])
def test_rate_is_told_when_more_than_ten_come_within_an_hour(times: int, alerts: int) -> None:
    desk = open_desk(only(violation_rate={}, order_notional=FORBIDDEN))

    burst(desk, times)

    assert len(desk.alerts("violation_rate")) == alerts


@pytest.mark.parametrize(("wait_ms", "alerts"), [(HOUR - 1, 1), (HOUR, 0)])
def test_rate_counts_the_last_hour_only(wait_ms: int, alerts: int) -> None:
    desk = open_desk(only(violation_rate={}, order_notional=FORBIDDEN))
    burst(desk, 1)
    desk.wait(wait_ms)

    burst(desk, 10)

    assert len(desk.alerts("violation_rate")) == alerts


def test_rate_is_told_with_its_numbers() -> None:
    desk = open_desk(only(violation_rate={}, order_notional=FORBIDDEN))

    burst(desk, 11)

    (alert,) = desk.alerts("violation_rate")
    assert (alert["level"], alert["measured"], alert["limit"]) == ("low", "11", "10")


def test_rate_is_told_again_only_after_the_cooldown() -> None:
    desk = open_desk(only(violation_rate={}, order_notional=FORBIDDEN))
    burst(desk, 12)
    desk.wait(5 * MINUTE - 1)
    burst(desk, 1)
    before = len(desk.alerts("violation_rate"))
    desk.wait(1)

    burst(desk, 1)

    assert (before, len(desk.alerts("violation_rate"))) == (1, 2)


def test_one_critical_violation_is_told() -> None:
    desk = open_desk(only(violation_rate={}, daily_loss={"on_breach": "halt"}))
    desk.fill("buy", 10, 100)

    desk.fill("sell", 10, 70)

    (alert,) = desk.alerts("violation_rate")
    assert "critical" in alert["message"]


@pytest.mark.parametrize(("wait_ms", "alerts"), [(DAY - 1, 1), (DAY, 0)])
def test_critical_violation_counts_for_a_day(wait_ms: int, alerts: int) -> None:
    desk = open_desk(only(daily_loss={"on_breach": "halt"}, order_notional=FORBIDDEN))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 70)
    rules = only(violation_rate={}, daily_loss={"on_breach": "halt"}, order_notional=FORBIDDEN)
    desk.limits(rules)
    desk.wait(wait_ms)

    burst(desk, 1)

    assert len(desk.alerts("violation_rate")) == alerts


def test_account_is_reduced_when_the_rate_says_so() -> None:
    rule = {"on_breach": "reduce"}
    desk = open_desk(only(violation_rate=rule, order_notional=FORBIDDEN))

    burst(desk, 11)
    desk.wait(SECOND)

    assert desk.stops() == [("violation_rate", "triggered")]


def test_nothing_is_told_when_the_rate_is_turned_off() -> None:
    desk = open_desk(only(order_notional=FORBIDDEN))

    burst(desk, 20)

    assert desk.alerts("violation_rate") == []
