"""Release the reservation of the order that a fill names, and find out whether they match.

Apart from on_fill.py because this is about approved orders, not about money.
"""

from msgspec.structs import replace

from pipeline.risk.account.account import ENDED_MAX
from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.lookup import Recall
from pipeline.risk.account.reservations import Reservation, after_fill
from pipeline.risk.protection.order_fills import note_overfill, note_unmatched
from pipeline.risk.protection.position_stops import note_exit_fill
from pipeline.risk.protection.stopouts import note_stopout
from pipeline.risk.recall import is_kept
from pipeline.risk.turn import Turn
from topics.fills import Fill


def release(turn: Turn, fill: Fill, recall: Recall) -> Reservation | None:
    """Release the filled quantity; return the reservation after the fill, if one matches."""
    holding = turn.holding(fill.symbol)
    reservation = _matching(holding, fill)
    if reservation is None:
        if _names_a_decision(turn, fill, recall):
            note_overfill(turn, fill, limit=None)
        else:
            note_unmatched(turn, fill)
        return None
    if fill.quantity > reservation.quantity:
        note_overfill(turn, fill, limit=reservation.quantity)
    else:
        turn.fill_match = "reserved"
    cost = reservation.filled_cost + contract_value(fill.quantity, fill.price, holding.inverse)
    filled = replace(reservation, filled_cost=cost)
    after = after_fill(filled, fill.quantity, now_ms=turn.now_ms, times=turn.limits.reservation)
    change(turn, after)
    if reservation.exit_reason is not None:
        note_exit_fill(turn, reservation, fill.quantity)
        note_stopout(turn, reservation)
    return after


def change(turn: Turn, reservation: Reservation) -> None:
    """Store a changed reservation; an ended one is kept for a while to detect overfills."""
    turn.reserve(reservation)
    if reservation.phase == "ended":
        ended = {**turn.account.orders.ended, reservation.signal_id: reservation}
        for key in list(ended)[:-ENDED_MAX]:
            del ended[key]
        turn.set_orders(ended=ended)


def _matching(holding: Holding, fill: Fill) -> Reservation | None:
    """Find the reservation by signal_id, else by a known order_id; same side only."""
    found = holding.reservations.get(fill.signal_id or "")
    if found is None:
        found = next(
            (r for r in holding.reservations.values() if r.order_id == fill.order_id), None
        )
    return found if found is not None and found.side == fill.side else None


def _names_a_decision(turn: Turn, fill: Fill, recall: Recall) -> bool:
    """Whether the decision that a fill names has no reservation (anymore).

    It was rejected, or its order ended. A working order in another symbol, or on the other side,
    does not belong to the fill.
    """
    account, name = turn.account, fill.signal_id
    orders = [
        order
        for order in account.orders.ended.values()
        if order.signal_id == name or order.order_id == fill.order_id
    ]
    if name is not None:
        working = (holding.reservations.get(name) for holding in account.holdings.values())
        orders += [order for order in working if order is not None]
    if orders:
        return any((order.symbol, order.side) == (fill.symbol, fill.side) for order in orders)
    return is_kept(turn, recall.signal_at_ms) or _is_exit_id(turn, name)


def _is_exit_id(turn: Turn, name: str | None) -> bool:
    """Whether an id has the form of the exit ids that this account has already used."""
    account_id, _, numbers = (name or "").partition(":")
    sequence, _, number = numbers.partition(":")
    if account_id != turn.account.account_id or not (sequence.isdecimal() and number.isdecimal()):
        return False
    return len(sequence) < 20 and int(sequence) <= turn.account.applied.sequence
