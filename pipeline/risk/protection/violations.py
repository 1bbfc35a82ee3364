"""Counts violations: rejected signals, and account limits whose breach begins."""

from pipeline.risk.account.rule_records import Violations
from pipeline.risk.rules.violation_rate.rule import NOT_VIOLATIONS
from pipeline.risk.rules.violation_rate.transition import after_breach, after_violations
from pipeline.risk.turn import Turn
from topics.alerts import Level


def count_violations(turn: Turn, reasons: tuple[str, ...]) -> None:
    """Count one violation for each reason of a rejection; its level is medium."""
    _keep(turn, after_violations(turn.account.rules.violation_rate, reasons, now_ms=turn.now_ms))


def count_breach(turn: Turn, rule: str, *, level: Level) -> None:
    """Count one violation when an account limit finds that a breach begins."""
    if rule not in NOT_VIOLATIONS:
        known = turn.account.rules.violation_rate
        _keep(turn, after_breach(known, rule, level=level, now_ms=turn.now_ms))


def _keep(turn: Turn, violations: Violations) -> None:
    turn.violated = True
    turn.set_rules(violation_rate=violations)
