"""Alerts about more than ten violations in an hour, or a critical one in a day."""

from pipeline.risk.protection.breaches import Breach, beyond, breach
from pipeline.risk.rules.violation_rate.rule import ViolationRate
from pipeline.risk.rules.violation_rate.transition import excess
from pipeline.risk.stops import end_breach
from pipeline.risk.turn import Turn

_NAME = "violation_rate"


def violation_breaches(turn: Turn) -> list[Breach]:
    """Check the rate after a new violation; it cannot rise without one."""
    rule = turn.limits.rule(ViolationRate)
    if not rule.enabled:
        return []
    found = excess(turn.account.rules.violation_rate, turn.now_ms)
    if found is None:
        end_breach(turn, _NAME)
        return []
    return [breach(beyond(*found), rule.on_breach, key=_NAME)]
