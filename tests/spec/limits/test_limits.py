"""Limits documents: what validates, which version counts, what a refusal does."""

from typing import Any

import pytest

from tests.spec.desk import Desk, Row, open_desk
from tests.spec.rulebook import GROUPS, Rules, only

EVERY_NAME: Rules = {
    "duplicate_signal": {},
    "trading_state": {"halt_exits": True},
    "unknown_account": {},
    "unknown_instrument": {},
    "heartbeat": {"heartbeat_age_ms_max": 5000},
    "signal_age": {"signal_age_ms_max": 5000},
    "instrument": {},
    "restricted_symbols": {"denied": ["A"], "allowed": ["X"]},
    "trading_hours": {"minutes_before_close": 5},
    "stale_mark": {},
    "price_collar": {"collar_ratio": "0.05"},
    "stop_side": {},
    "confidence": {"confidence_min": 0},
    "reduce_only": {},
    "order_notional": {"order_notional_max": {"X": 1, "*": "1000000"}},
    "order_ratio": {"order_ratio_max": 1},
    "position_ratio": {"position_ratio_max": {"X": "0.1"}, "on_breach": "warn"},
    "position_quantity": {"position_quantity_max": {"X": 5, "*": 7}},
    "gross_exposure": {"gross_exposure_ratio_max": 0.8, "on_breach": "flatten"},
    "net_exposure": {"net_exposure_ratio_max": "1"},
    "group_exposure": {"group_exposure_ratio_max": {"crypto": "0.5", "*": 1}},
    "open_positions": {"open_positions_max": 100},
    "cash": {"fee_ratio": "0.001"},
    "margin": {"initial_margin_ratio": 1, "leverage": 2},
    "risk_per_trade": {"risk_per_trade_ratio": "0.01", "fee_ratio": 0},
    "value_at_risk": {"var_confidence": "0.99", "horizon_bars": 1440, "var_ratio_max": "0.1"},
    "balance_floor": {"balance_ratio_min": "0.1", "on_breach": "flatten"},
    "daily_loss": {"daily_loss_ratio_max": "0.02", "on_breach": "flatten"},
    "weekly_loss": {"weekly_loss_ratio_max": "0.05", "on_breach": "reduce"},
    "drawdown": {"drawdown_ratio_max": "0.05", "on_breach": "halt"},
    "circuit_breaker": {
        "consecutive_losses_max": 3, "window_ms": 1000, "loss_count_max": 5, "cooldown_ms": 1000,
        "rapid_loss_ratio": "0.05", "rapid_window_ms": 1000, "half_open_scale": "0.5",
    },
    "stopout_guard": {
        "stopouts_max": 2, "lookback_ms": 1000, "cooldown_ms": 1000, "per_symbol": True,
    },
    "volatility_halt": {"volatility_ratio_max": 3, "require_history": False},
    "order_rate": {"orders_max": 10, "window_ms": 60000},
    "repeated_order": {"repeats_max": 9, "window_ms": 60000},
    "too_many": {},
    "risk_score": {},
    "stop_loss": {},
    "trailing_stop": {"trailing_ratio": {"X": "0.05"}},
    "time_stop": {"hold_ms_max": {"X": 5000, "*": 9000}},
    "volatility_stop": {"volatility_multiple": 3},
    "stale_data": {"stale_ms": 60000},
    "drift": {"balance_tolerance_ratio": "0.0001", "drift_grace_ms": 5000},
    "overfill": {"overfills_max": 3, "window_ms": 3600000},
    "unmatched_fill": {},
    "violation_rate": {},
    "account": {"zone": "Europe/London", "day_roll": "17:30"},
    "reservation": {"reservation_ttl_ms": 60000, "order_silent_ms": 3600000},
    "dedupe": {"dedupe_horizon_ms": 604800000, "dedupe_max": 100000},
    "confirmation": {"confirm_marks": 3, "confirm_ms": 1000},
    "sizing": {"modify_ratio_min": "0.1"},
    "stop": {"atr_multiple": 2, "stop_ratio": "0.02"},
    "prices": {"clock_skew_ms_max": 1000, "mark_age_ms_max": 60000},
    "decisions": {"decision_ttl_ms": 2000},
    "exits": {"exit_retry_ms": 1000},
    "alerts": {"alert_cooldown_ms": 300000},
}  # fmt: skip


def refusals(desk: Desk) -> list[Row]:
    """Return the alerts about refused documents."""
    return desk.alerts("limits")


def is_limited(desk: Desk, limit: str) -> bool:
    """Tell whether orders are held to a notional."""
    decision = desk.signal("buy", 1, limit_price="100")
    return any(check["limit"] == limit for check in decision["checks"])


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_name_and_parameter_of_the_rules_validates(name: str) -> None:
    desk = open_desk(only())

    desk.limits({name: EVERY_NAME[name]})

    assert refusals(desk) == []
    assert desk.signal("hold")["limits_version"] == "2.0"


@pytest.mark.parametrize("name", [name for name in EVERY_NAME if name not in GROUPS])
def test_every_rule_can_be_turned_off(name: str) -> None:
    desk = open_desk(only())

    desk.limits({name: {"enabled": False}})

    assert refusals(desk) == []


@pytest.mark.parametrize(
    "rules",
    [
        {"drawdwon": {}},
        {"drawdown": {"drawdown_max": "0.05"}},
        {"drawdown": {"drawdown_ratio_max": "five"}},
        {"drawdown": {"drawdown_ratio_max": -0.05}},
        {"drawdown": {"drawdown_ratio_max": None}},
        {"drawdown": {"drawdown_ratio_max": True}},
        {"drawdown": {"drawdown_ratio_max": "1_0"}},
        {"drawdown": {"drawdown_ratio_max": " 1 "}},
        {"drawdown": {"drawdown_ratio_max": "NaN"}},
        {"drawdown": {"drawdown_ratio_max": "Infinity"}},
        {"drawdown": {"drawdown_ratio_max": "1e400"}},
        {"drawdown": {"on_breach": "explode"}},
        {"drawdown": {"enabled": "no"}},
        {"drawdown": {"drawdown_ratio_max": {"X": "0.05"}}},
        {"order_rate": {"orders_max": 1001}},
        {"order_rate": {"orders_max": 1.5}},
        {"order_rate": {"window_ms": -1}},
        {"order_notional": {"order_notional_max": {"X": "many"}}},
        {"account": {"zone": "Mars/Base"}},
        {"account": {"day_roll": "25:00"}},
        {"account": {"day_roll": "noon"}},
        {"reservation": {"reservation_ttl_ms": 0}},
        {"confirmation": {"confirm_marks": 0}},
    ],
    ids=str,
)
def test_document_is_refused_whole_when_a_part_of_it_is_wrong(rules: dict[str, Any]) -> None:
    desk = open_desk(only())

    desk.limits({"order_notional": {"enabled": True, "order_notional_max": "5000"}} | rules)

    assert not is_limited(desk, "5000")
    assert desk.signal("hold")["limits_version"] == "1.0"
    (alert,) = refusals(desk)
    assert alert["account_id"] == "*"


@pytest.mark.parametrize(
    ("rules", "nearest"),
    [({"drawdwon": {}}, "drawdown"), ({"cash": {"fee_ration": 1}}, "fee_ratio")],
)
def test_refusal_names_the_nearest_name_when_one_is_misspelt(
    rules: dict[str, Any], nearest: str
) -> None:
    desk = open_desk(only())

    desk.limits(rules)

    assert nearest in desk.alerts("limits")[0]["message"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"confidence": {"confidence_min": "1.1"}},
         "rules.confidence.confidence_min: must be a number <= 1, not '1.1'"),
        ({"drawdown": {"drawdown_ratio_max": "-0.1"}},
         "rules.drawdown.drawdown_ratio_max: must be a number >= 0, not '-0.1'"),
        ({"account": {"day_roll": "noon"}}, "rules.account.day_roll: must be HH:MM, not 'noon'"),
        ({"account": {"zone": "Mars/Base"}}, "rules.account.zone: 'Mars/Base' is not known"),
    ],
)  # fmt: skip
def test_refusal_says_what_is_wrong_and_where(rules: dict[str, Any], said: str) -> None:
    desk = open_desk(only())

    desk.limits(rules)

    assert desk.alerts("limits")[0]["message"] == f"version 2 is refused: {said}"


def test_refusal_explains_the_roll_when_a_time_has_a_zone() -> None:
    desk = open_desk(only())

    desk.limits({"account": {"day_roll": "17:00+01"}})

    assert "day_roll: must be HH:MM" in desk.alerts("limits")[0]["message"]


@pytest.mark.parametrize("version", [1, 2])
def test_document_is_refused_when_its_version_does_not_grow(version: int) -> None:
    desk = open_desk(only())
    desk.limits(only(order_notional={"order_notional_max": "7000"}))

    desk.limits(only(order_notional={"order_notional_max": "5000"}), version=version)

    assert is_limited(desk, "7000")
    assert len(refusals(desk)) == 1


def test_same_document_again_is_ignored_without_a_word() -> None:
    desk = open_desk(only())
    rules = only(order_notional={"order_notional_max": "7000"})
    desk.limits(rules, version=5)

    desk.limits(rules, version=5)

    assert is_limited(desk, "7000")
    assert refusals(desk) == []


def test_document_is_taken_when_its_version_jumps() -> None:
    desk = open_desk(only())

    desk.limits(only(order_notional={"order_notional_max": "7000"}), version=900)

    assert is_limited(desk, "7000")
    assert desk.signal("hold")["limits_version"] == "900.0"


def test_next_document_replaces_the_one_before() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "7000"}))

    desk.limits(only())

    assert not is_limited(desk, "7000")


def test_limits_are_taken_when_numbers_are_strings() -> None:
    desk = open_desk(only(order_rate={"orders_max": "1", "window_ms": "60000"}))
    desk.signal("buy", 1, limit_price="100")

    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["order_rate"]


def test_refusal_for_one_account_is_its_own_alert() -> None:
    desk = open_desk(only())

    desk.limits({"drawdwon": {}}, account="acct-1", version=1)

    (alert,) = refusals(desk)
    assert alert["account_id"] == "acct-1"
    assert desk.signal("hold")["limits_version"] == "1.0"


def test_refused_version_may_come_again_when_it_is_corrected() -> None:
    desk = open_desk(only())
    desk.limits({"drawdwon": {}}, version=2)

    desk.limits(only(order_notional={"order_notional_max": "7000"}), version=2)

    assert is_limited(desk, "7000")


def test_defaults_hold_when_no_document_came() -> None:
    desk = Desk()
    desk.instrument()
    desk.price(100)
    desk.flow("opening", 10_000)

    decision = desk.signal("buy", 100, limit_price="100")

    limits = {check["rule"]: check["limit"] for check in decision["checks"]}
    expected = {
        "signal_age": "5000", "price_collar": "0.05", "position_ratio": "0.1",
        "gross_exposure": "0.8", "daily_loss": "200", "weekly_loss": "500", "drawdown": "0.05",
        "order_rate": "10", "heartbeat": "5000",
    }  # fmt: skip
    assert {name: limits[name] for name in expected} == expected
    assert {"order_notional", "order_ratio"} & set(limits) == set()
    assert (decision["verdict"], decision["approved_quantity"]) == ("modified", "10")


def test_stricter_limits_stop_an_account_that_already_lost_more() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.fill("sell", 9, 50)

    desk.limits(only(drawdown={"drawdown_ratio_max": "0.01"}))
    desk.wait(1)

    assert desk.stops()[0] == ("drawdown", "triggered")
