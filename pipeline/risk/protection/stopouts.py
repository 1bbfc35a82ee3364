"""Stop-outs: exits by a stop whose first fill came; after too many entries are refused."""

from pipeline.risk.account.reservations import Reservation
from pipeline.risk.rules.stopout_guard import StopoutGuard
from pipeline.risk.turn import Turn

STOPOUTS_MAX = 200


def note_stopout(turn: Turn, exit_: Reservation) -> None:
    """Note the first fill of an exit by a stop; exit_: as it was before that fill."""
    rule = turn.limits.rule(StopoutGuard)
    if exit_.filled or exit_.exit_reason == "deleverage" or not rule.judges:
        return
    oldest_ms = 0  # While nobody knows how far it looks back.
    if rule.lookback_ms is not None:
        oldest_ms = turn.now_ms - rule.lookback_ms - (rule.cooldown_ms or 0)
    kept = [item for item in turn.account.stopouts if item[1] > oldest_ms]
    stopouts = (*kept, (exit_.symbol, turn.now_ms))
    turn.set_and_remeasure(stopouts=stopouts[-STOPOUTS_MAX:])
