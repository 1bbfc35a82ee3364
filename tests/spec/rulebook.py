"""Limits documents for tests: everything off but what a test is about."""

from typing import Any

Rules = dict[str, dict[str, Any]]

_OFF = (
    "watch", "signal_age", "restricted_symbols", "trading_hours", "stale_mark", "price_collar",
    "stop_side", "confidence", "order_notional", "order_ratio", "position_ratio",
    "position_quantity", "gross_exposure", "net_exposure", "group_exposure", "open_positions",
    "cash", "margin", "risk_per_trade", "value_at_risk", "balance_floor", "daily_loss",
    "weekly_loss", "drawdown", "circuit_breaker", "stopout_guard", "volatility_halt", "order_rate",
    "repeated_order", "risk_score", "stop_loss", "trailing_stop", "time_stop", "volatility_stop",
    "stale_data", "violation_rate",
)  # fmt: skip
GROUPS = (
    "account", "reservation", "dedupe", "confirmation", "sizing", "stop", "prices", "decisions",
    "exits", "alerts",
)  # fmt: skip


def only(**rules: dict[str, Any]) -> Rules:
    """Return rules with the named ones on and every other one off that can be."""
    off: Rules = {name: {"enabled": False} for name in _OFF if name not in rules}
    return {**off, **rules}
