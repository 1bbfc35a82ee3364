"""Violations: how they are counted, and the alert when they are too many."""

from tests.spec.desk import MINUTE, open_desk
from tests.spec.desks import burst
from tests.spec.rulebook import only

FORBIDDEN = {"order_notional_max": "0"}


def test_violations_are_counted_by_level_and_rule() -> None:
    desk = open_desk(
        only(order_notional=FORBIDDEN, weekly_loss={}, daily_loss={"on_breach": "warn"})
    )
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 40)

    burst(desk, 1)

    # A loss of 600 is beyond 2 % of the day and 5 % of the week; the entry is refused for five
    # reasons less the two that are off.
    assert desk.state()["violations_last_hour"] == {
        "by_level": {"high": 1, "low": 1, "medium": 4},
        "by_rule": {"daily_loss": 2, "order_notional": 1, "trading_state": 1, "weekly_loss": 2},
    }


def test_breach_is_one_violation_however_long_it_lasts() -> None:
    desk = open_desk(only(weekly_loss={"on_breach": "warn"}))
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 40)

    for _ in range(5):
        desk.price(100)
        desk.wait(6 * MINUTE)
        desk.signal("hold")

    assert desk.state()["violations_last_hour"]["by_rule"] == {"weekly_loss": 1}
