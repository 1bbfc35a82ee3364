"""Stops: each cause of reducing or halted stays in force until a resume with its id lifts it."""

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.risk.account.account import ALERTED_MAX
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.records import STRENGTHS, Stop, Strength
from pipeline.risk.turn import Turn
from topics.alerts import Action, Level
from topics.decisions import Stop as StopOut
from topics.emergency_stops import EmergencyStop, StoppedPosition
from topics.fields import TEXT_MAX

Status = Literal["triggered", "flattening", "flat", "resumed"]


class Explanation(Struct, frozen=True, gc=False):
    """The reason in a stop's row, and its author if a person gave it."""

    reason: str
    author: str | None = None


LEVELS: dict[Action, Level] = {
    "warn": "low",
    "block": "medium",
    "reduce": "high",
    "halt": "critical",
    "flatten": "critical",
}
_ACTIONS: dict[Strength, tuple[Literal["cancel_all", "flatten"], ...]] = {
    "reduce": (),
    "halt": ("cancel_all",),
    "flatten": ("cancel_all", "flatten"),
}


def open_stop(turn: Turn, cause: Cause, *, strength: Strength) -> None:
    """Open a rule's stop unless one as strict is open."""
    if any(STRENGTHS[stop.strength] >= STRENGTHS[strength] for stop in turn.account.halts.stops):
        return
    stop = Stop(
        turn.next_id(),
        strength,
        cause.rule,
        turn.now_ms,
        measured=cause.measured,
        limit=cause.limit,
    )
    add_stop(turn, stop, Explanation(cause.reason))


def add_stop(turn: Turn, stop: Stop, explanation: Explanation) -> None:
    """Put a stop in force and report it to the engine."""
    turn.set_halts(stops=(*turn.account.halts.stops, stop))
    turn.trading_changed = True
    report_stop(turn, stop, status="triggered", explanation=explanation)


def report_stop(turn: Turn, stop: Stop, *, status: Status, explanation: Explanation) -> None:
    """Write a stop's row to decisions, for the engine, and to emergency_stops.

    Only `triggered` has actions: later rows must not cancel the exits that riskgate sent since.
    """
    account = turn.account
    row = EmergencyStop(
        stop_id=stop.stop_id,
        account_id=account.account_id,
        status=status,
        rule=stop.rule,
        measured=stop.measured,
        limit=stop.limit,
        actions=_ACTIONS[stop.strength] if status == "triggered" else (),
        positions=tuple(
            StoppedPosition(holding.symbol, holding.position.quantity)
            for holding in account.holdings.values()
            if holding.position.quantity
        ),
        reason=explanation.reason[:TEXT_MAX],
        author=explanation.author,
        equity=_equity_to_report(turn),
        ends_at_ms=stop.ends_ms,
        sequence=account.applied.sequence,
        chain=account.applied.chain,
        rules_version=turn.shared.rules_version,
        at_ms=turn.now_ms,
    )
    turn.outputs.append(StopOut(**msgspec.structs.asdict(row)))
    turn.outputs.append(row)


def _equity_to_report(turn: Turn) -> Decimal | None:
    """Return the gate's equity; None if computing it fails, since the stop must still act."""
    try:
        return turn.view().equity
    except Exception:  # noqa: BLE001  A control is always applied.
        return None


def lift(turn: Turn, rule: str, reason: str) -> None:
    """Lift the stops of a rule whose cause has ended without a person."""
    for stop in turn.account.halts.stops:
        if stop.rule == rule:
            close(turn, stop, Explanation(reason))


def replace_stop(turn: Turn, old: Stop, new: Stop) -> None:
    """Replace what is known of an open stop."""
    stops = turn.account.halts.stops
    turn.set_halts(stops=tuple(new if item is old else item for item in stops))


def close(turn: Turn, stop: Stop, explanation: Explanation) -> None:
    """Lift a stop and report it."""
    stops = turn.account.halts.stops  # By id: a first resume may have replaced it meanwhile.
    turn.set_halts(stops=tuple(item for item in stops if item.stop_id != stop.stop_id))
    turn.trading_changed = True
    report_stop(turn, stop, status="resumed", explanation=explanation)


def alert_breach(turn: Turn, cause: Cause, *, key: str, action: Action = "warn") -> None:
    """Alert when a breach begins and again after each cooldown; the level follows the action."""
    if is_due(turn, key):
        note_alerted(turn, key)
        turn.alert(cause, level=LEVELS[action], action=action)


def note_alerted(turn: Turn, key: str) -> None:
    """Record when a breach was reported."""
    alerted = turn.account.memory.alerted
    if len(alerted) >= ALERTED_MAX:
        alerted = dict(list(alerted.items())[1:])
    turn.set_memory(alerted={**alerted, key: turn.now_ms})


def is_due(turn: Turn, key: str) -> bool:
    """Whether to report a breach now: it is new, or its cooldown is over."""
    last_ms = turn.account.memory.alerted.get(key)
    return last_ms is None or turn.now_ms - last_ms >= turn.limits.alerts.alert_cooldown_ms


def end_breach(turn: Turn, key: str) -> None:
    """Forget a breach, so that the next one is reported immediately."""
    alerted = turn.account.memory.alerted
    if key in alerted:
        turn.set_memory(alerted={name: at for name, at in alerted.items() if name != key})
