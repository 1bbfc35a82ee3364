"""Fills that do not match approved orders: they exceed the order or name no decision.

Each raises an alert; the rules overfill and unmatched_fill act on repeated or unexpected ones.
"""

from decimal import Decimal

from pipeline.risk.account.cause import Cause
from pipeline.risk.numbers import whole
from pipeline.risk.protection.breaches import Breach, breach
from pipeline.risk.rules.overfill.rule import Overfill
from pipeline.risk.rules.overfill.transition import after_overfill, too_many
from pipeline.risk.rules.unmatched_fill import UnmatchedFill
from pipeline.risk.stops import end_breach, is_due
from pipeline.risk.turn import Turn
from topics.fills import Fill

_OVERFILL, _UNMATCHED = "overfill", "unmatched_fill"


def note_overfill(turn: Turn, fill: Fill, *, limit: Decimal | None) -> None:
    """Alert about a fill beyond its order and count it; limit: what was left of the order."""
    turn.fill_match = "beyond"
    reason = f"fill {fill.fill_id} exceeds its order"
    turn.alert(Cause(_OVERFILL, reason, fill.quantity, limit))
    rule, rules = turn.limits.rule(Overfill), turn.account.rules
    overfills = after_overfill(rule, rules.overfill, now_ms=turn.now_ms)
    turn.set_rules(overfill=overfills)


def note_unmatched(turn: Turn, fill: Fill) -> None:
    """Count a fill that names no decision, or alert at once while its rule does not apply."""
    turn.fill_match = "unmatched"
    if _is_unmatched_unusual(turn):
        rules = turn.account.rules
        turn.set_rules(unmatched_fill=rules.unmatched_fill + 1)
    else:
        reason = f"fill {fill.fill_id} matches no reservation"
        turn.alert(Cause(_UNMATCHED, reason, fill.quantity))


def fill_breaches(turn: Turn) -> list[Breach]:
    """Return the breaches that the fill of this event causes."""
    if turn.fill_match == "beyond":
        return _overfill_breaches(turn)
    if turn.fill_match == "unmatched" and _is_unmatched_unusual(turn):
        return [_unmatched_breach(turn)]
    return []


def _overfill_breaches(turn: Turn) -> list[Breach]:
    rule = turn.limits.rule(Overfill)
    if not rule.enabled:
        return []
    cause = too_many(rule, turn.account.rules.overfill)
    if cause is None:
        end_breach(turn, _OVERFILL)
        return []
    return [breach(cause, rule.on_breach, key=_OVERFILL)]


def _is_unmatched_unusual(turn: Turn) -> bool:
    """Whether riskgate decides this account's orders, so that an unmatched fill is suspicious."""
    approvals_ms = turn.account.rules.order_rate
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    if not approvals_ms or approvals_ms[-1] <= turn.now_ms - horizon_ms:
        return False
    return turn.limits.rule(UnmatchedFill).enabled


def _unmatched_breach(turn: Turn) -> Breach:
    rule = turn.limits.rule(UnmatchedFill)
    rules = turn.account.rules
    count = rules.unmatched_fill
    if is_due(turn, _UNMATCHED):
        turn.set_rules(unmatched_fill=0)
    subject = "1 fill names" if count == 1 else f"{count} fills name"
    cause = Cause(_UNMATCHED, f"{subject} no decision and released nothing", whole(count))
    return breach(cause, rule.on_breach, key=_UNMATCHED, level="critical")
