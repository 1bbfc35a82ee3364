"""Which fills beyond their orders still count: those of the window, the newest if too many."""

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
    """Say how many there are when they are as many as act."""
    count, limit = len(overfills), rule.overfills_max
    if count < limit:
        return None
    reason = f"{count} fills went beyond their orders lately; {limit} are too many"
    return Cause("overfill", reason, whole(count), whole(limit))
