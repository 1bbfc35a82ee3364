"""Stops: every cause of reducing or halted is one latched stop; only a resume by its id lifts it."""

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from pipeline.risk.account import STRENGTHS, Stop, Strength
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Watch
from pipeline.risk.turn import Turn
from topics.decisions import Stop as StopOut
from topics.emergency_stops import EmergencyStop, StoppedPosition

_ACTIONS: dict[Strength, tuple[Literal["cancel_all", "flatten"], ...]] = {
    "reduce": (),
    "halt": ("cancel_all",),
    "flatten": ("cancel_all", "flatten"),
}


def open_stop(
    turn: Turn,
    rule: str,
    strength: Strength,
    *,
    reason: str,
    measured: Decimal | None = None,
    limit: Decimal | None = None,
) -> bool:
    """Open a rule's stop unless one as strict is open; return whether it did."""
    if any(STRENGTHS[stop.strength] >= STRENGTHS[strength] for stop in turn.account.stops):
        return False
    stop = Stop(turn.next_id(), strength, rule, turn.now_ms, measured=measured, limit=limit)
    add_stop(turn, stop, reason=reason, author=None)
    return True


def add_stop(turn: Turn, stop: Stop, *, reason: str, author: str | None) -> None:
    """Latch a stop and tell the engine."""
    turn.update(stops=(*turn.account.stops, stop))
    turn.trading_changed = True
    tell(turn, stop, "triggered", reason=reason, author=author)


def tell(
    turn: Turn,
    stop: Stop,
    status: Literal["triggered", "flattening", "flat", "resumed"],
    *,
    reason: str,
    author: str | None = None,
) -> None:
    """Write a stop's row to the engine's own order and to emergency_stops.

    Only `triggered` orders something: a later row must not cancel the exits in between.
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
        reason=reason,
        author=author,
        equity=turn.standing().equity,
        sequence=account.sequence,
        chain=account.chain,
        rules_version=turn.shared.rules_version,
        at_ms=turn.at_ms,
    )
    turn.outputs.append(StopOut(**msgspec.structs.asdict(row)))
    turn.outputs.append(row)


def resume(turn: Turn, stop_id: str, *, author: str, reason: str) -> None:
    """Lift the stop that is named; after a loss the windows and the peak start anew."""
    stop = next((stop for stop in turn.account.stops if stop.stop_id == stop_id), None)
    if stop is None:
        turn.alert("control", f"there is no open stop {stop_id} to resume")
        return
    if is_loss(stop) and not _start_anew(turn):
        turn.alert("control", f"{stop_id} is not resumed: equity is unknown")
        return
    turn.update(stops=tuple(item for item in turn.account.stops if item is not stop))
    turn.trading_changed = True
    tell(turn, stop, "resumed", reason=reason, author=author)


def is_loss(stop: Stop) -> bool:
    rule = RULES.get(stop.rule)
    return rule is not None and issubclass(rule, Watch) and rule.LOSS


def _start_anew(turn: Turn) -> bool:
    """Let day, week and peak begin at the current equity; False when it is unknown."""
    equity = turn.standing().equity
    day, week = turn.account.day, turn.account.week
    if equity is None or day is None or week is None:
        return False
    fresh = {"open_equity": equity, "flows": ZERO, "deposits": ZERO, "realized": ZERO}
    turn.update(day=replace(day, **fresh), week=replace(week, **fresh), peak=equity)
    return True


def alert_breach(
    turn: Turn,
    key: str,
    breached: bool,
    *,
    message: str,
    measured: Decimal,
    limit: Decimal,
    level: Literal["low", "high", "critical"] = "low",
) -> None:
    """Alert when a breach begins and again after each cooldown; forget it when it ends."""
    alerted, now_ms = turn.account.alerted, turn.now_ms
    if not breached:
        if key in alerted:
            turn.note(alerted={name: at for name, at in alerted.items() if name != key})
        return
    last_ms = alerted.get(key)
    if last_ms is not None and now_ms - last_ms < turn.limits.alerts.alert_cooldown_ms:
        return
    turn.note(alerted={**alerted, key: now_ms})
    rule = key.partition(":")[0]
    turn.alert(rule, message, level=level, measured=measured, limit=limit)
