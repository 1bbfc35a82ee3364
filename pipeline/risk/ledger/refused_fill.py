"""Refuses an impossible fill: it is not booked, an alert goes out, and the account reduces."""

from pipeline.risk.account.cause import Cause
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn


def refuse_fill(turn: Turn, fill_id: str, reason: str) -> None:
    """Alert and reduce. The fill_id is not remembered, so that a corrected fill can follow."""
    cause = Cause("fill_refused", f"fill {fill_id} is not booked: {reason}")
    turn.alert(cause, level="critical", action="reduce")
    open_stop(turn, cause, strength="reduce")
