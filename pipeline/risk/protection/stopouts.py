"""Records stop-outs, the first fills of exits by a stop, for stopout_guard."""

from pipeline.risk.account.reservations import Reservation
from pipeline.risk.rules.stopout_guard.rule import StopoutGuard
from pipeline.risk.rules.stopout_guard.transition import after_stopout
from pipeline.risk.turn import Turn


def note_stopout(turn: Turn, exit_: Reservation) -> None:
    """Record the first fill of an exit by a stop; exit_: the reservation before that fill."""
    rule, rules = turn.limits.rule(StopoutGuard), turn.account.rules
    if exit_.filled or exit_.exit_reason == "deleverage" or not rule.judges:
        return
    stopouts = after_stopout(rule, rules.stopout_guard, exit_.symbol, now_ms=turn.now_ms)
    turn.set_rules(stopout_guard=stopouts)
