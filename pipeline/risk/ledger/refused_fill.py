"""A fill that cannot be what it says: not booked, told at once, and the account only reduces."""

from pipeline.risk.account.cause import Cause
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn


def refuse_fill(turn: Turn, fill_id: str, reason: str) -> None:
    """Leave a fill out; its id is not remembered, so that a mended one can come."""
    cause = Cause("fill_refused", f"fill {fill_id} is not booked: {reason}")
    turn.alert(cause, level="critical", action="reduce")
    open_stop(turn, cause, strength="reduce")
