"""Violations: rejected signals and breaches that begin; and fills that name no decision."""

from collections import Counter
from typing import Any

from tests.oracle.model.account import Account
from tests.oracle.model.exact import Number

__all__ = ["ended", "excess", "is_unmatched_unusual", "last_hour", "note", "unmatched"]

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
LEVELS = {"warn": "low", "reduce": "high", "halt": "critical", "flatten": "critical"}
MOST = 10  # In an hour.
Numbers = tuple[Number | None, Number | None]


def note(account: Account, key: str, action: str) -> None:
    """Note a breach; it is a violation when it begins. key: the rule, then what it is about."""
    rule = key.partition(":")[0]
    if key not in account.breaching and rule not in {"violation_rate", "unmatched_fill"}:
        account.violations.append((account.now_ms, LEVELS[action], rule))
        account.violated = True
    account.breaching.add(key)


def ended(account: Account, key: str) -> None:
    """Note that a breach ended."""
    account.breaching.discard(key)


def last_hour(account: Account) -> dict[str, Any]:
    """Count by the minutes of the clock, as the row shows them."""
    since = account.now_ms // MINUTE_MS - 60
    found = [(lvl, rule) for at, lvl, rule in account.violations if at // MINUTE_MS > since]
    return {
        "by_level": dict(Counter(level for level, _ in found)),
        "by_rule": dict(Counter(rule for _, rule in found)),
    }


def excess(account: Account) -> Numbers | None:
    """Return what is too frequent, and its limit: many in an hour, or a critical one in a day."""
    recent = [at for at, _, _ in account.violations if at > account.now_ms - HOUR_MS]
    if len(recent) > MOST:
        counted = sum(last_hour(account)["by_level"].values())
        return Number(max(counted, MOST + 1)), Number(MOST)
    critical = [at for at, level, _ in account.violations if level == "critical"]
    if critical and critical[-1] > account.now_ms - DAY_MS:
        return Number(1), Number(0)
    return None


def is_unmatched_unusual(account: Account) -> bool:
    """Tell whether decisions were approved lately, so that a fill should name one."""
    horizon = account.limits.needed("dedupe", "dedupe_horizon_ms")
    lately = account.approvals and account.approvals[-1][0] > account.now_ms - horizon
    return bool(lately) and account.limits.enabled("unmatched_fill")


def unmatched(account: Account) -> tuple[str, Numbers] | None:
    """Return what this event's fill that names no decision does; None if there is none."""
    if account.unmatched_event != account.event:
        return None
    count, last_ms = Number(account.unmatched), account.alerted.get("unmatched_fill")
    cooldown = account.limits.needed("alerts", "alert_cooldown_ms")
    if last_ms is None or account.now_ms - last_ms >= cooldown:
        account.alerted["unmatched_fill"], account.unmatched = account.now_ms, 0
    return account.limits.value("unmatched_fill", "on_breach"), (count, None)
