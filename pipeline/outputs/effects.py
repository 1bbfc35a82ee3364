"""What a control will do, in one sentence, before anybody sends it."""

from collections.abc import Sequence

from pipeline.outputs.stops import orders_of
from pipeline.outputs.words import count
from topics.account_states import AccountState
from topics.fields import EVERYONE

__all__ = ["effect"]


def effect(command: str, account: str, stop_id: str | None, *, rows: Sequence[AccountState]) -> str:
    """Say what a control will do, without a full stop; rows: those of the accounts it is for."""
    who = account
    if who == EVERYONE:
        who = f"every account ({len(rows)} with events)"
    orders = count(sum(map(orders_of, rows)), "order")
    held = count(sum(bool(item.quantity) for row in rows for item in row.positions), "position")
    acts = {
        "halt": f"This halts {who} and cancels {orders}",
        "reduce": f"This rejects new risk of {who}",
        "resume": f"This lifts stop {stop_id} of {who}",
        "acknowledge": f"This says that you look at stop {stop_id} of {who}, and changes nothing",
        "flatten": f"This halts {who}, cancels {orders} and closes {held}",
    }
    return acts[command]
