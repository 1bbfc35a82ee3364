"""Breaches that watches found: each is told and counted, the strictest opens its stop."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.account import STRENGTHS, Strength
from pipeline.risk.account.cause import Cause
from pipeline.risk.parameters import OnBreach
from pipeline.risk.protection.violations import count_breach
from pipeline.risk.rules.measure import short
from pipeline.risk.stops import LEVELS, is_due, note_alerted, open_stop
from pipeline.risk.turn import Turn
from topics.alerts import Action, Level


class Breach(Struct, frozen=True, gc=False):
    cause: Cause
    key: str  # Under which it is told once, and again after a cooldown.
    action: Action  # As it is told.
    strength: Strength | None  # Of the stop of the account that it asks for.
    level: Level | None = None  # As it is told; None: it follows from the action.


def breach(cause: Cause, on_breach: OnBreach, *, key: str, level: Level | None = None) -> Breach:
    """Make the breach of a rule that stops the account, or only warns."""
    return Breach(cause, key, on_breach, None if on_breach == "warn" else on_breach, level)


def beyond(name: str, measured: Decimal, limit: Decimal) -> Cause:
    """Say that a measure is beyond its limit; name: the rule, and what of the account it is."""
    reason = f"{name} {short(measured, limit)} is beyond {short(limit, measured)}"
    return Cause(name.partition(" ")[0], reason, measured, limit)


def act(turn: Turn, breaches: list[Breach]) -> None:
    """Alert for each breach; stop for the strictest, the first in the table among equals."""
    worst: Breach | None = None
    for found in breaches:
        if found.key not in turn.account.alerted:
            count_breach(turn, found.cause.rule, level=LEVELS[found.action])
        if is_due(turn, found.key):
            note_alerted(turn, found.key)
            turn.alert(found.cause, level=found.level or LEVELS[found.action], action=found.action)
        if _strength(found) > (0 if worst is None else _strength(worst)):
            worst = found
    if worst is not None and worst.strength is not None:
        open_stop(turn, worst.cause, strength=worst.strength)


def _strength(found: Breach) -> int:
    return 0 if found.strength is None else STRENGTHS[found.strength]
