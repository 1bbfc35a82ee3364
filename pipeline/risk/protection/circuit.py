"""Feeds the circuit breaker with closes, entries and equity; alerts when it opens."""

from decimal import Decimal

from pipeline.risk.account.holding import Holding
from pipeline.risk.account.rule_records import Breaker
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.circuit_breaker import transition
from pipeline.risk.rules.circuit_breaker.transition import Moved
from pipeline.risk.stops import alert_breach, end_breach
from pipeline.risk.turn import Turn

_NAME = "circuit_breaker"


def note_trade(turn: Turn, before: Holding) -> None:
    """Count a position that a fill closed or opened; before: the holding without the fill."""
    rule, after = turn.limits.circuit_breaker, turn.holding(before.symbol)
    if rule is None:
        return
    held, was, stop_levels = after.position.quantity, before.position.quantity, before.stop_levels
    left_zero = not was or (was > ZERO) != (held > ZERO)
    if was and stop_levels is not None and (not held or left_zero) and after.instrument is not None:
        result = after.realized - stop_levels.realized
        _take(turn, transition.after_close(rule, _breaker(turn), result, now_ms=turn.now_ms))
    if held and left_zero:
        _keep(turn, transition.after_entry(rule, _breaker(turn), now_ms=turn.now_ms))


def watch_rapid_loss(turn: Turn, equity: Decimal) -> None:
    """Open it when equity fell too far from its high in the window."""
    rule = turn.limits.circuit_breaker
    if rule is not None and rule.is_rapid:
        _take(turn, transition.after_equity(rule, turn.account, equity))


def half_open_ms(turn: Turn) -> int | None:
    """When its cooldown ends."""
    return turn.ahead(transition.half_open_ms(turn.limits.circuit_breaker, _breaker(turn)))


def _breaker(turn: Turn) -> Breaker:
    return turn.account.rules.circuit_breaker


def _take(turn: Turn, moved: Moved) -> None:
    _keep(turn, moved.breaker)
    if moved.closed or moved.opened is not None:
        end_breach(turn, _NAME)
    if moved.opened is not None:
        alert_breach(turn, moved.opened, key=_NAME, action="block")


def _keep(turn: Turn, breaker: Breaker) -> None:
    if breaker is not _breaker(turn):
        turn.set_rules(circuit_breaker=breaker)
