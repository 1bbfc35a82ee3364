"""Fills that do not fit the orders approved: beyond what was, or of no decision at all.

Each is told; the rules overfill and unmatched_fill act when that means something.
"""

from decimal import Decimal

from pipeline.risk.account.cause import Cause
from pipeline.risk.numbers import whole
from pipeline.risk.protection.breaches import Breach, breach
from pipeline.risk.rules.overfill import OVERFILLS_MAX, Overfill
from pipeline.risk.rules.unmatched_fill import UnmatchedFill
from pipeline.risk.stops import end_breach, is_due
from pipeline.risk.turn import Turn
from topics.fills import Fill

_OVERFILL, _UNMATCHED = "overfill", "unmatched_fill"


def note_overfill(turn: Turn, fill: Fill, *, limit: Decimal | None) -> None:
    """Tell a fill beyond its order; limit: what was left of that, None where nothing was."""
    turn.fill_match = "beyond"
    said = f"fill {fill.fill_id} is beyond its order"
    turn.alert(Cause(_OVERFILL, said, fill.quantity, limit))
    rule = turn.limits.rule(Overfill)
    if rule.enabled:
        oldest_ms = turn.now_ms - rule.window_ms
        kept = [at_ms for at_ms in turn.account.overfills if at_ms > oldest_ms]
        turn.set_unmeasured(overfills=(*kept, turn.now_ms)[-OVERFILLS_MAX:])


def note_unmatched(turn: Turn, fill: Fill) -> None:
    """Tell a fill that names no decision, unless its rule tells it with its count."""
    turn.fill_match = "unmatched"
    if _tells_unmatched(turn):
        turn.set_unmeasured(unmatched=turn.account.unmatched + 1)
    else:
        said = f"fill {fill.fill_id} matches no reservation"
        turn.alert(Cause(_UNMATCHED, said, fill.quantity))


def fill_breaches(turn: Turn) -> list[Breach]:
    """Judge the fill of this event; without one there is nothing new to tell."""
    if turn.fill_match == "beyond":
        return _overfill_breaches(turn)
    if turn.fill_match == "unmatched" and _tells_unmatched(turn):
        return [_unmatched_breach(turn)]
    return []


def _overfill_breaches(turn: Turn) -> list[Breach]:
    rule = turn.limits.rule(Overfill)
    if not rule.enabled:
        return []
    count, limit = len(turn.account.overfills), rule.overfills_max
    if count < limit:
        end_breach(turn, _OVERFILL)
        return []
    reason = f"{count} fills went beyond their orders lately; {limit} are too many"
    cause = Cause(_OVERFILL, reason, whole(count), whole(limit))
    return [breach(cause, rule.on_breach, key=_OVERFILL)]


def _tells_unmatched(turn: Turn) -> bool:
    """Whether the account's orders come from riskgate, so that a fill of none is an alarm."""
    approved_ms = turn.account.approved_ms
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    if approved_ms is None or approved_ms <= turn.now_ms - horizon_ms:
        return False
    return turn.limits.rule(UnmatchedFill).enabled


def _unmatched_breach(turn: Turn) -> Breach:
    rule = turn.limits.rule(UnmatchedFill)
    count = turn.account.unmatched
    if is_due(turn, _UNMATCHED):
        turn.set_unmeasured(unmatched=0)
    said = "1 fill names" if count == 1 else f"{count} fills name"
    cause = Cause(_UNMATCHED, f"{said} no decision: they release nothing", whole(count))
    return breach(cause, rule.on_breach, key=_UNMATCHED, level="critical")
