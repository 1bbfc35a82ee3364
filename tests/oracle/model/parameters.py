"""The limits in force: built-in defaults, the document of `*`, the account's own document."""

from typing import Any

from tests.oracle.model.exact import Number, number

__all__ = ["DEFAULTS", "Limits"]

Json = dict[str, Any]

# By rule, as docs/rules.md lists them; None is unset. Then the names that are no rules.
DEFAULTS: dict[str, Json] = {
    "duplicate_signal": {},
    "trading_state": {"halt_exits": True},
    "unknown_account": {},
    "unknown_instrument": {},
    "heartbeat": {"heartbeat_age_ms_max": 5000},
    "signal_age": {"signal_age_ms_max": 5000},
    "instrument": {},
    "instrument_status": {},
    "restricted_symbols": {"denied": None, "allowed": None},
    "trading_hours": {"minutes_before_close": None},
    "stale_mark": {},
    "unknown_rate": {},
    "price_collar": {"collar_ratio": "0.05"},
    "stop_side": {},
    "confidence": {"confidence_min": "0"},
    "reduce_only": {},
    "order_notional": {"order_notional_max": None},
    "order_ratio": {"order_ratio_max": None},
    "position_ratio": {"position_ratio_max": "0.10", "on_breach": "warn"},
    "position_quantity": {"position_quantity_max": None},
    "gross_exposure": {
        "gross_exposure_ratio_max": "0.80",
        "gross_exposure_max": None,
        "on_breach": "warn",
    },
    "net_exposure": {"net_exposure_ratio_max": None},
    "group_exposure": {"group_exposure_ratio_max": None},
    "open_positions": {"open_positions_max": None},
    "cash": {"fee_ratio": "0"},
    "margin": {"initial_margin_ratio": None, "leverage": None},
    "risk_per_trade": {"risk_per_trade_ratio": "0.01", "fee_ratio": "0"},
    "value_at_risk": {
        "on_breach": "reduce",
        "var_confidence": "0.99",
        "horizon_bars": 1440,
        "var_ratio_max": None,
    },
    "balance_floor": {"on_breach": "flatten", "balance_ratio_min": "0.10"},
    "daily_loss": {
        "on_breach": "flatten",
        "daily_loss_ratio_max": "0.02",
        "daily_loss_max": None,
    },
    "weekly_loss": {"on_breach": "reduce", "weekly_loss_ratio_max": "0.05"},
    "drawdown": {"on_breach": "flatten", "drawdown_ratio_max": "0.05"},
    "circuit_breaker": {
        "consecutive_losses_max": None,
        "loss_count_max": None,
        "window_ms": None,
        "rapid_loss_ratio": None,
        "rapid_window_ms": None,
        "cooldown_ms": None,
        "half_open_scale": "0.5",
    },
    "stopout_guard": {
        "stopouts_max": None,
        "lookback_ms": None,
        "cooldown_ms": None,
        "per_symbol": True,
    },
    "volatility_halt": {"volatility_ratio_max": "3", "require_history": False},
    "order_rate": {"orders_max": 10, "window_ms": 60000},
    "repeated_order": {"repeats_max": 9, "window_ms": 60000},
    "too_many": {},
    "risk_score": {},
    "stop_loss": {"on_breach": "flatten"},
    "trailing_stop": {"on_breach": "flatten", "trailing_ratio": None},
    "time_stop": {"on_breach": "flatten", "hold_ms_max": None},
    "volatility_stop": {"on_breach": "flatten", "volatility_multiple": None},
    "stale_data": {"stale_ms": 60000, "on_breach": "reduce"},
    "drift": {
        "drift_grace_ms": 5000,
        "balance_tolerance_ratio": "0.0001",
        "on_breach": "reduce",
    },
    "overfill": {"overfills_max": 3, "window_ms": 3600000, "on_breach": "reduce"},
    "unmatched_fill": {"on_breach": "warn"},
    "violation_rate": {"on_breach": "warn"},
    "account": {"zone": "UTC", "day_roll": "00:00", "cash": "converted"},
    "reservation": {"reservation_ttl_ms": 60000, "order_silent_ms": 3600000},
    "dedupe": {"dedupe_horizon_ms": 604800000, "dedupe_max": 100000},
    "confirmation": {"confirm_marks": 3, "confirm_ms": 1000},
    "sizing": {"modify_ratio_min": "0.1"},
    "stop": {"atr_multiple": "2", "stop_ratio": "0.02"},
    "prices": {"clock_skew_ms_max": 1000, "mark_age_ms_max": 60000},
    "decisions": {"decision_ttl_ms": 2000},
    "exits": {"exit_retry_ms": 1000},
    "alerts": {"alert_cooldown_ms": 300000},
    "stops": {"resumes_per_day_max": 3},
}

# A rule is absent until one of these of it is set.
NEEDS: dict[str, tuple[str, ...]] = {
    "restricted_symbols": ("denied", "allowed"),
    "order_notional": ("order_notional_max",),
    "order_ratio": ("order_ratio_max",),
    "position_ratio": ("position_ratio_max",),
    "position_quantity": ("position_quantity_max",),
    "gross_exposure": ("gross_exposure_ratio_max", "gross_exposure_max"),
    "net_exposure": ("net_exposure_ratio_max",),
    "group_exposure": ("group_exposure_ratio_max",),
    "open_positions": ("open_positions_max",),
    "margin": ("initial_margin_ratio", "leverage"),
    "risk_per_trade": ("risk_per_trade_ratio",),
    "value_at_risk": ("var_ratio_max",),
    "balance_floor": ("balance_ratio_min",),
    "daily_loss": ("daily_loss_ratio_max", "daily_loss_max"),
    "weekly_loss": ("weekly_loss_ratio_max",),
    "drawdown": ("drawdown_ratio_max",),
    "circuit_breaker": ("consecutive_losses_max", "loss_count_max", "rapid_loss_ratio"),
    "stopout_guard": ("stopouts_max",),
    "trailing_stop": ("trailing_ratio",),
    "time_stop": ("hold_ms_max",),
    "volatility_stop": ("volatility_multiple",),
}


class Limits:
    """What two documents and the defaults add up to."""

    def __init__(self, shared: Json, own: Json) -> None:
        self._levels = [own, shared, DEFAULTS]

    def value(self, rule: str, name: str) -> Any:
        """Return one parameter as it was written; None is no limit."""
        for level in self._levels:
            if name in level.get(rule, {}):
                return level[rule][name]
        return None

    def number(self, rule: str, name: str) -> Number | None:
        """Return one parameter as a number."""
        return number(self.value(rule, name))

    def needed(self, rule: str, name: str) -> Number:
        """Return a parameter that always has a value."""
        found = self.number(rule, name)
        assert found is not None
        return found

    def named(self, rule: str, name: str, key: str) -> Number | None:
        """Return a parameter that may have one value per symbol or group."""
        value = self.value(rule, name)
        if isinstance(value, dict):
            value = value.get(key, value.get("*"))
        return number(value)

    def enabled(self, rule: str) -> bool:
        """Tell whether a rule applies: not turned off, and with a limit."""
        if not all(level.get(rule, {}).get("enabled", True) for level in self._switches(rule)):
            return False
        if rule == "cash" and self.enabled("margin"):
            return False
        if rule == "heartbeat" and not self.number("heartbeat", "heartbeat_age_ms_max"):
            return False
        names = NEEDS.get(rule)
        return names is None or any(self.value(rule, name) is not None for name in names)

    def _switches(self, rule: str) -> list[Json]:
        """Return the first level that says whether the rule is enabled."""
        return [level for level in self._levels if "enabled" in level.get(rule, {})][:1]
