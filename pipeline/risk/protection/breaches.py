"""Acts on breaches: alerts and counts each one, and opens the stop of the strictest."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.records import STRENGTHS, Strength
from pipeline.risk.parameters import OnBreach
from pipeline.risk.protection.violations import count_breach
from pipeline.risk.rules import RULES
from pipeline.risk.rules.measure import short
from pipeline.risk.stops import LEVELS, is_due, note_alerted, open_stop
from pipeline.risk.turn import Turn
from topics.alerts import Action, Level


class Breach(Struct, frozen=True, gc=False):
    cause: Cause
    key: str  # Alerts repeat under one key only after a cooldown.
    action: Action  # As reported in the alert.
    strength: Strength | None  # Of the account stop to open; None opens none.
    level: Level | None = None  # Of the alert; None: it follows from the action.


def breach(cause: Cause, on_breach: OnBreach, *, key: str, level: Level | None = None) -> Breach:
    """Build the breach of a rule that stops the account or only warns."""
    return Breach(cause, key, on_breach, None if on_breach == "warn" else on_breach, level)


def beyond(name: str, measured: Decimal, limit: Decimal) -> Cause:
    """Word a measure beyond its limit; name: the rule, then optionally what it is about."""
    reason = f"{name} {short(measured, limit)} is beyond {short(limit, measured)}"
    return Cause(name.partition(" ")[0], reason, measured, limit)


def act(turn: Turn, breaches: list[Breach]) -> None:
    """Alert for each breach and open the strictest stop; among equals, the first in gate order."""
    worst: Breach | None = None
    for found in breaches:
        if found.key not in turn.account.memory.alerted:
            count_breach(turn, found.cause.rule, level=LEVELS[found.action])
        if is_due(turn, found.key):
            note_alerted(turn, found.key)
            turn.alert(found.cause, level=found.level or LEVELS[found.action], action=found.action)
        if worst is None or _rank(found) > _rank(worst):
            worst = found
    if worst is not None and worst.strength is not None:
        open_stop(turn, worst.cause, strength=worst.strength)


def _rank(found: Breach) -> tuple[int, int]:
    """Order breaches: the strictest counts most, then whose rule comes first in the gate."""
    strength = 0 if found.strength is None else STRENGTHS[found.strength]
    return strength, -RULES[found.cause.rule].PLACE
