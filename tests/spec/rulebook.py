"""Limits documents for tests: everything off but what a test is about."""

from typing import Any

from pipeline.risk.rules import RULES

Rules = dict[str, dict[str, Any]]

# What judges in every test: it answers each order, or has nothing to be turned off for.
_ON = {
    "duplicate_signal", "trading_state", "unknown_account", "unknown_instrument", "instrument",
    "reduce_only", "too_many", "drift",
}  # fmt: skip
_OFF = [name for name in RULES if name not in _ON]
GROUPS = (
    "account", "reservation", "dedupe", "confirmation", "sizing", "stop", "prices", "decisions",
    "exits", "alerts", "stops", "approvals",
)  # fmt: skip


def only(**rules: dict[str, Any]) -> Rules:
    """Return rules with the named ones on, every other one off that can be, no order too small."""
    off: Rules = {name: {"enabled": False} for name in _OFF if name not in rules}
    return {**off, "sizing": {"modify_ratio_min": 0}, **rules}
