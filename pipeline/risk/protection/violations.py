"""Violations: refused signals and breached watches, counted over the last hour."""

from pipeline.risk.account.account import Account
from pipeline.risk.rules.violation_rate import NOT_VIOLATIONS
from pipeline.risk.turn import Turn
from topics.account_states import ViolationCounts
from topics.alerts import Level

_MINUTE_MS = 60_000
_KEPT_MINUTES = 60
TIMES_MAX = 11  # Of the newest violations; more than 10 in an hour are told.


def count_violations(turn: Turn, reasons: tuple[str, ...]) -> None:
    """Count one violation for each reason of a rejection; its level is medium."""
    _count(turn, reasons)


def count_breach(turn: Turn, rule: str, *, level: Level) -> None:
    """Count one violation when a watch finds that a breach begins."""
    if rule in NOT_VIOLATIONS:
        return
    _count(turn, (rule if level == "medium" else f"{level}:{rule}",))
    if level == "critical":
        turn.set_unmeasured(critical_ms=turn.now_ms)


def _count(turn: Turn, names: tuple[str, ...]) -> None:
    """Count rules by the minute of the clock; a level that is not medium stands before them."""
    minute = turn.now_ms // _MINUTE_MS
    counts = {
        at: rules for at, rules in turn.account.violations.items() if at > minute - _KEPT_MINUTES
    }
    counts[minute] = dict(counts.get(minute, {}))
    for name in names:
        counts[minute][name] = counts[minute].get(name, 0) + 1
    times = (*turn.account.violated, *(turn.now_ms for _ in names))
    turn.violated = True
    turn.set_unmeasured(violations=counts, violated=times[-TIMES_MAX:])


def violations_last_hour(account: Account) -> ViolationCounts:
    """Sum the minutes of the last hour."""
    oldest = account.clock_ms // _MINUTE_MS - _KEPT_MINUTES
    by_level: dict[str, int] = {}
    by_rule: dict[str, int] = {}
    for minute, names in account.violations.items():
        if minute > oldest:
            for name, count in names.items():
                level, _, rule = name.rpartition(":")
                level = level or "medium"
                by_level[level] = by_level.get(level, 0) + count
                by_rule[rule] = by_rule.get(rule, 0) + count
    return ViolationCounts(
        by_level=dict(sorted(by_level.items())), by_rule=dict(sorted(by_rule.items()))
    )
