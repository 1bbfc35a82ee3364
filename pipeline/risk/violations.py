"""Violations: refused signals, counted by reason over the last hour."""

from pipeline.risk.account import Account
from pipeline.risk.turn import Turn
from topics.account_states import ViolationCounts

_MINUTE_MS = 60_000
_KEPT_MINUTES = 60


def count_violations(turn: Turn, reasons: tuple[str, ...]) -> None:
    """Count one violation for each reason of a rejection."""
    minute = turn.now_ms // _MINUTE_MS
    counts = {
        at: rules for at, rules in turn.account.violations.items() if at > minute - _KEPT_MINUTES
    }
    counts[minute] = dict(counts.get(minute, {}))
    for reason in reasons:
        counts[minute][reason] = counts[minute].get(reason, 0) + 1
    turn.note(violations=counts)


def violations_last_hour(account: Account) -> ViolationCounts:
    """Sum the minutes of the last hour; a refused signal is of level medium."""
    oldest = account.clock_ms // _MINUTE_MS - _KEPT_MINUTES
    by_rule: dict[str, int] = {}
    for minute, rules in account.violations.items():
        if minute > oldest:
            for rule, count in rules.items():
                by_rule[rule] = by_rule.get(rule, 0) + count
    total = sum(by_rule.values())
    by_level = {"medium": total} if total else {}
    return ViolationCounts(by_level=by_level, by_rule=dict(sorted(by_rule.items())))
