"""Keeps the stop-outs that lookback and cooldown still cover."""

from pipeline.risk.account.rule_records import Stopouts
from pipeline.risk.rules.stopout_guard.rule import StopoutGuard

STOPOUTS_MAX = 200


def after_stopout(rule: StopoutGuard, stopouts: Stopouts, symbol: str, *, now_ms: int) -> Stopouts:
    """Add the first fill of an exit by a stop."""
    oldest_ms = 0  # While lookback_ms is unset.
    if rule.lookback_ms is not None:
        oldest_ms = now_ms - rule.lookback_ms - (rule.cooldown_ms or 0)
    kept = [item for item in stopouts if item[1] > oldest_ms]
    return (*kept, (symbol, now_ms))[-STOPOUTS_MAX:]
