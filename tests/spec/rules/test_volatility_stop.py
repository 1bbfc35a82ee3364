"""The mean true range of a symbol says where a position is given up when nobody else does."""

import pytest

from pipeline.streams.settings import Settings
from tests.spec.desk import MINUTE, SECOND, Desk, numbers_of, open_desk
from tests.spec.rulebook import Rules, only

ONE_BAR = Settings.model_construct(atr_periods=1)
STOP = {"volatility_multiple": "3"}


def ranged_desk(rules: Rules) -> Desk:
    """Return a desk on which X closed at 100 and then at 102: its range is 2."""
    desk = open_desk(rules, settings=ONE_BAR)
    desk.wait(MINUTE)
    desk.price(102)
    desk.wait(MINUTE)
    desk.price(100)
    return desk


def held_desk(side: str, rules: Rules | None = None) -> Desk:
    """Return a desk that holds 10 of X since 100."""
    desk = ranged_desk(only(volatility_stop=STOP) if rules is None else rules)
    desk.fill(side, 10, 100)
    return desk


def see(desk: Desk, mark: str) -> None:
    """Let a mark come with its revaluation."""
    desk.price(mark)
    desk.wait(SECOND)


@pytest.mark.parametrize(
    ("side", "mark", "exits"),
    [
        ("buy", "94", []),
        ("buy", "93.99", [("volatility_stop", "sell", "10")]),
        ("buy", "107", []),
        ("sell", "106", []),
        ("sell", "106.01", [("volatility_stop", "buy", "10")]),
        ("sell", "93", []),
    ],
)
def test_position_is_closed_when_it_went_more_than_three_ranges_against_it(
    side: str, mark: str, exits: object
) -> None:
    desk = held_desk(side)

    see(desk, mark)

    assert [(row["reason"], row["side"], row["quantity"]) for row in desk.exits()] == exits


def test_alert_says_how_far_it_went_and_how_far_it_may() -> None:
    desk = held_desk("buy")

    see(desk, "93")

    (alert,) = desk.alerts("volatility_stop")
    assert (alert["measured"], alert["limit"], alert["level"]) == ("7", "6", "high")


def test_nothing_is_closed_while_the_range_is_unknown() -> None:
    desk = open_desk(only(volatility_stop=STOP), settings=ONE_BAR)
    desk.fill("buy", 10, 100)

    see(desk, "50")

    assert (desk.exits(), desk.state()["trading_state"]) == ([], "active")


def test_nothing_is_closed_while_no_multiple_is_set() -> None:
    desk = held_desk("buy", only(volatility_stop={}))

    see(desk, "50")

    assert desk.exits() == []


def test_order_without_a_stop_risks_two_ranges() -> None:
    desk = ranged_desk(only(risk_per_trade={}))

    decision = desk.signal("buy", 10, limit_price="100")

    # 10 x (100 - 96) of 1 % of 10 000.
    assert numbers_of(decision, "risk_per_trade") == ("pass", "40", "100", "60")


def test_nothing_is_closed_when_the_rule_is_turned_off() -> None:
    desk = held_desk("buy", only(volatility_stop={**STOP, "enabled": False}))

    see(desk, "50")

    assert desk.exits() == []
