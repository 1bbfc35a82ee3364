"""Fills that do not fit the orders approved: beyond what was, or of no decision at all.

Each is told; the rules overfill and unmatched_fill act when that means something.
"""

from decimal import Decimal

from msgspec.structs import replace

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
    """Tell a fill beyond its order; limit: what was left of that, None where nothing was."""
    turn.fill_match = "beyond"
    said = f"fill {fill.fill_id} is beyond its order"
    turn.alert(Cause(_OVERFILL, said, fill.quantity, limit))
    rule, rules = turn.limits.rule(Overfill), turn.account.rules
    overfills = after_overfill(rule, rules.overfill, now_ms=turn.now_ms)
    turn.set_unmeasured(rules=replace(rules, overfill=overfills))


def note_unmatched(turn: Turn, fill: Fill) -> None:
    """Tell a fill that names no decision, unless its rule tells it with its count."""
    turn.fill_match = "unmatched"
    if _tells_unmatched(turn):
        rules = turn.account.rules
        turn.set_unmeasured(rules=replace(rules, unmatched_fill=rules.unmatched_fill + 1))
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
    cause = too_many(rule, turn.account.rules.overfill)
    if cause is None:
        end_breach(turn, _OVERFILL)
        return []
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
    rules = turn.account.rules
    count = rules.unmatched_fill
    if is_due(turn, _UNMATCHED):
        turn.set_unmeasured(rules=replace(rules, unmatched_fill=0))
    said = "1 fill names" if count == 1 else f"{count} fills name"
    cause = Cause(_UNMATCHED, f"{said} no decision: they release nothing", whole(count))
    return breach(cause, rule.on_breach, key=_UNMATCHED, level="critical")
