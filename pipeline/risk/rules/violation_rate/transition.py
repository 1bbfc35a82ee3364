"""Counts violations over the last hour: rejected signals and breached account limits.

By the minute of the clock, as the account's state shows them, and the times of the newest ones.
"""

from decimal import Decimal

from pipeline.risk.account.rule_records import Violations
from pipeline.risk.numbers import ONE, ZERO, whole
from topics.account_states import ViolationCounts
from topics.alerts import Level

_MINUTE_MS = 60_000
_KEPT_MINUTES = 60
_HOUR_MS = 3_600_000
_DAY_MS = 86_400_000
TIMES_MAX = 11  # Times kept: more than 10 in an hour alert.


def after_violations(record: Violations, names: tuple[str, ...], *, now_ms: int) -> Violations:
    """Count rules; levels other than medium are prefixed, as in `critical:daily_loss`."""
    minute = now_ms // _MINUTE_MS
    counts = {at: rules for at, rules in record.by_minute.items() if at > minute - _KEPT_MINUTES}
    counts[minute] = dict(counts.get(minute, {}))
    for name in names:
        counts[minute][name] = counts[minute].get(name, 0) + 1
    times = (*record.newest, *(now_ms for _ in names))
    return Violations(counts, times[-TIMES_MAX:], record.critical_ms)


def after_breach(record: Violations, rule: str, *, level: Level, now_ms: int) -> Violations:
    """Count a new breach; a critical one is remembered for a day."""
    counted = after_violations(
        record, (rule if level == "medium" else f"{level}:{rule}",), now_ms=now_ms
    )
    critical_ms = now_ms if level == "critical" else counted.critical_ms
    return Violations(counted.by_minute, counted.newest, critical_ms)


def last_hour(record: Violations, now_ms: int) -> ViolationCounts:
    """Sum the minutes of the last hour."""
    oldest = now_ms // _MINUTE_MS - _KEPT_MINUTES
    by_level: dict[str, int] = {}
    by_rule: dict[str, int] = {}
    for minute, names in record.by_minute.items():
        if minute > oldest:
            for name, count in names.items():
                level, _, rule = name.rpartition(":")
                level = level or "medium"
                by_level[level] = by_level.get(level, 0) + count
                by_rule[rule] = by_rule.get(rule, 0) + count
    return ViolationCounts(
        by_level=dict(sorted(by_level.items())), by_rule=dict(sorted(by_rule.items()))
    )


def excess(record: Violations, now_ms: int) -> tuple[str, Decimal, Decimal] | None:
    """Return name, count and limit of what is too frequent; None if nothing is."""
    times, critical_ms = record.newest, record.critical_ms
    if len(times) == TIMES_MAX and times[0] > now_ms - _HOUR_MS:
        counted = sum(last_hour(record, now_ms).by_level.values())
        return "violation_rate", whole(max(counted, TIMES_MAX)), whole(TIMES_MAX - 1)
    if critical_ms is not None and critical_ms > now_ms - _DAY_MS:
        return "violation_rate of level critical", ONE, ZERO
    return None
