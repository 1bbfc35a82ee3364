"""While equity is unknown every rule that is measured against it refuses entries, and says so."""

from typing import Any

import pytest

from tests.spec.desk import MINUTE, Desk, numbers_of, open_desk
from tests.spec.rulebook import only

RULES: dict[str, dict[str, Any]] = {
    "order_ratio": {"order_ratio_max": "0.5"},
    "position_ratio": {},
    "gross_exposure": {},
    "net_exposure": {"net_exposure_ratio_max": "0.5"},
    "group_exposure": {"group_exposure_ratio_max": "0.5"},
    "margin": {"leverage": 2},
    "risk_per_trade": {},
    "value_at_risk": {"var_ratio_max": "0.1"},
    "balance_floor": {},
    "daily_loss": {},
    "weekly_loss": {},
    "drawdown": {},
}


def unknown_desk(**rules: dict[str, Any]) -> Desk:
    """Return a desk that holds Y at a stale price; that of X is fresh."""
    desk = open_desk(only(**rules))
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 1, 100, symbol="Y")
    desk.wait(MINUTE + 1)
    desk.instrument(groups=["g"])
    desk.price(100)
    return desk


@pytest.mark.parametrize("rule", RULES)
def test_entry_is_refused_without_a_measure_when_equity_is_unknown(rule: str) -> None:
    desk = unknown_desk(**{rule: RULES[rule]})

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, rule)[:2] == ("breach", None)
    assert (decision["verdict"], decision["reasons"]) == ("rejected", [rule])


@pytest.mark.parametrize("rule", RULES)
def test_exit_passes_when_equity_is_unknown(rule: str) -> None:
    desk = unknown_desk(**{rule: RULES[rule]})

    decision = desk.signal("sell", 1, limit_price="100", symbol="Y")

    assert numbers_of(decision, rule)[:2] == ("exempt", None)
    assert (decision["verdict"], decision["reasons"]) == ("approved", [])


def test_stale_mark_is_the_reason_when_its_rule_is_on() -> None:
    # value_at_risk has a reason of its own: no volatility is known yet.
    others = {name: rule for name, rule in RULES.items() if name != "value_at_risk"}
    desk = unknown_desk(stale_mark={}, **others)

    decision = desk.signal("buy", 1, limit_price="100")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["stale_mark"])
