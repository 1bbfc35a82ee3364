"""Counts fills beyond their orders within the window; bounded to the newest."""

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.rule_records import OVERFILLS_MAX
from pipeline.risk.numbers import whole
from pipeline.risk.rules.overfill.rule import Overfill


def after_overfill(rule: Overfill, overfills: tuple[int, ...], *, now_ms: int) -> tuple[int, ...]:
    """Add a fill beyond its order."""
    if not rule.enabled:
        return overfills
    kept = [at_ms for at_ms in overfills if at_ms > now_ms - rule.window_ms]
    return (*kept, now_ms)[-OVERFILLS_MAX:]


def too_many(rule: Overfill, overfills: tuple[int, ...]) -> Cause | None:
    """Return the cause of a breach once the count reaches its limit."""
    count, limit = len(overfills), rule.overfills_max
    if count < limit:
        return None
    reason = f"{count} fills exceeded their orders recently; {limit} are too many"
    return Cause("overfill", reason, whole(count), whole(limit))
