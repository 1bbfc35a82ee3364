"""Where the core asks of which class a record is, a subclass counts as what it extends.

The compiled core runs these tests, too: its compiler knows classes in another way.
"""

from decimal import Decimal
from typing import Any

from pipeline.risk.account.records import Stop
from pipeline.risk.limits.in_force import Limits, limits_of
from pipeline.risk.limits.remarks import remarks
from pipeline.risk.resumes import is_loss
from tests.risk.log import T0_MS
from tests.spec.desk import Desk, open_desk
from tests.spec.rulebook import only
from topics.codec import encode_plain


def limits(**rules: Any) -> Limits:
    return limits_of(encode_plain(rules).decode(), "{}")


def test_stops_of_positions_are_found_when_they_extend_the_base() -> None:
    found = limits(trailing_stop={"trailing_ratio": "0.1"}, time_stop={"hold_ms_max": 5})

    assert {rule.NAME for rule in found.position_stops} >= {"trailing_stop", "time_stop"}


def test_loss_limits_are_found_when_another_class_is_between() -> None:
    found = {rule.NAME for rule in limits().account_limits}

    assert {"daily_loss", "weekly_loss", "drawdown"} <= found
    assert "cash" not in found


def test_circuit_breaker_is_found_when_it_is_on() -> None:
    breaker = {"consecutive_losses_max": 2, "cooldown_ms": 1000}

    assert limits(circuit_breaker=breaker).circuit_breaker is not None
    assert limits(circuit_breaker={**breaker, "enabled": False}).circuit_breaker is None


def test_half_a_rule_stands_in_for_the_rule_when_limits_are_missing() -> None:
    (half,) = [rule for rule in limits(circuit_breaker={"window_ms": 5}).gate if rule.PLACE == 260]

    assert (half.NAME, type(half).__name__) == ("circuit_breaker", "HalfCircuitBreaker")


def test_headroom_is_above_the_limit_when_a_measure_is_of_a_minimum() -> None:
    desk = open_desk(only(balance_floor={"balance_ratio_min": "0.8"}))

    ratio = Decimal(desk.state()["statistics"]["balance_floor_headroom_ratio"])

    assert ratio == Decimal("0.25")  # A fifth above 0.8 of the opening.


def test_stop_is_of_a_loss_when_its_rule_extends_a_loss_limit() -> None:
    found = {name: is_loss(Stop("a", "halt", name, T0_MS)) for name in ("daily_loss", "cash")}

    assert found == {"daily_loss": True, "cash": False}


def test_remark_is_made_when_the_rule_extends_another_class() -> None:
    assert remarks({"daily_loss": {"on_breach": "warn"}}) == [
        "daily_loss.on_breach is warn: entries are rejected, but no loss stops the account"
    ]
    assert remarks({"margin": {"leverage": "1000"}})[0].startswith("margin.leverage is 1000;")


def test_unknown_input_is_blamed_on_its_owner_when_other_rules_need_it() -> None:
    desk = Desk()
    desk.limits(only(stale_mark={}, gross_exposure={}))
    desk.instrument("X")
    desk.flow("opening", 1000)

    decision = desk.signal("buy", 1)

    breached = [row["rule"] for row in decision["checks"] if row["verdict"] == "breach"]
    assert breached == ["stale_mark", "gross_exposure"]
    assert decision["reasons"] == ["stale_mark"]


def test_stop_of_everyone_ends_when_its_resume_follows_in_the_same_list() -> None:
    desk = open_desk(only())
    desk.control("halt", account_id="*", control_id="c1")
    halted = desk.signal("buy", 1)["trading_state"]
    desk.control("resume", account_id="*", stop_id="c1")

    assert (halted, desk.signal("buy", 1)["trading_state"]) == ("halted", "active")
