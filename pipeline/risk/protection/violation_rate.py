"""The rate of violations: more than ten in an hour, or a critical one in a day."""

from pipeline.risk.numbers import ONE, ZERO, whole
from pipeline.risk.protection.breaches import Breach, beyond, breach
from pipeline.risk.protection.violations import TIMES_MAX, violations_last_hour
from pipeline.risk.rules.violation_rate import ViolationRate
from pipeline.risk.stops import end_breach
from pipeline.risk.turn import Turn

_NAME = "violation_rate"
_HOUR_MS = 3_600_000
_DAY_MS = 86_400_000


def violation_breaches(turn: Turn) -> list[Breach]:
    """Judge the rate when a violation came; without a new one there is nothing new to tell."""
    rule = turn.limits.rule(ViolationRate)
    account, now_ms = turn.account, turn.now_ms
    if not rule.enabled:
        return []
    times = account.violated
    if len(times) == TIMES_MAX and times[0] > now_ms - _HOUR_MS:
        counted = sum(violations_last_hour(account).by_level.values())
        cause = beyond(_NAME, whole(max(counted, TIMES_MAX)), whole(TIMES_MAX - 1))
    elif account.critical_ms is not None and account.critical_ms > now_ms - _DAY_MS:
        cause = beyond(f"{_NAME} of level critical", ONE, ZERO)
    else:
        end_breach(turn, _NAME)
        return []
    return [breach(cause, rule.on_breach, key=_NAME)]
