"""What a fill means: it takes the place of its reservation, and is booked once."""

from msgspec.structs import replace

from pipeline.risk.account import ENDED_MAX
from pipeline.risk.book.booking import book
from pipeline.risk.book.bust import on_bust
from pipeline.risk.book.holding import Holding
from pipeline.risk.book.reservations import Reservation, after_fill
from pipeline.risk.book.taking_over import count_past_at
from pipeline.risk.book.trade import execution_of
from pipeline.risk.cause import Cause
from pipeline.risk.memory.identities import Recall, may_be_forgotten
from pipeline.risk.refused_fill import refuse_fill
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.contracts import worth
from pipeline.risk.valuation.quotes import allows
from pipeline.risk.watch.circuit import note_trade
from pipeline.risk.watch.guard import enter
from pipeline.risk.watch.position_stops import note_exit_fill
from pipeline.risk.watch.stopouts import note_stopout
from topics.codec import plain
from topics.fills import Fill


def on_fill(turn: Turn, fill: Fill, *, seen: bool, recall: Recall) -> None:
    """Apply a fill or a bust once."""
    if seen or _forgotten(turn, fill) or _is_at_no_price(turn, fill):
        return
    turn.keep(f"{fill.kind}:{fill.symbol}:{fill.side}:{fill.fill_id}")
    if fill.kind == "bust":
        on_bust(turn, fill, recall.fills, came=_is_kept(turn, recall.counterpart_at_ms))
        return
    reservation = _release(turn, fill)
    if _is_kept(turn, recall.counterpart_at_ms):
        return  # Its bust came first: it never was.
    holding = turn.holding(fill.symbol)
    if holding.adopted_ms is not None and fill.executed_at_ms <= holding.adopted_ms:
        return  # The adopted snapshot holds it already.
    if turn.account.taken_over:
        count_past_at(turn, fill.symbol, fill.price)
    book(turn, fill.symbol, execution_of(fill))
    note_trade(turn, holding)
    enter(turn, holding, fill, order=reservation)


def _is_kept(turn: Turn, remembered_ms: int | None) -> bool:
    """Whether an id that was remembered then is so still."""
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    return remembered_ms is not None and remembered_ms > turn.now_ms - horizon_ms


def _forgotten(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill from before what is remembered: it may have been booked already."""
    skew_ms_max = turn.limits.prices.clock_skew_ms_max
    if not may_be_forgotten(turn.account.memory, fill.executed_at_ms, skew_ms_max=skew_ms_max):
        return False
    refuse_fill(turn, fill.fill_id, "it is older than what is remembered", rule="dedupe")
    return True


def _is_at_no_price(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill at a price that its instrument cannot have; without one it waits for it."""
    instrument = turn.holding(fill.symbol).instrument
    if instrument is None or fill.kind == "bust" or allows(instrument, fill.price):
        return False
    refuse_fill(turn, fill.fill_id, f"{fill.symbol} has no price of {plain(fill.price)}")
    return True


def _release(turn: Turn, fill: Fill) -> Reservation | None:
    """Release what a fill takes; return its reservation after the fill, if one matches."""
    reservation = _matching(turn.holding(fill.symbol), fill)
    if reservation is None:
        if _belongs_to_an_ended_one(turn, fill):
            turn.alert(Cause("overfill", f"fill {fill.fill_id} is beyond its order", fill.quantity))
        else:
            said = f"fill {fill.fill_id} matches no reservation"
            turn.alert(Cause("unmatched_fill", said, fill.quantity))
        return None
    if fill.quantity > reservation.quantity:
        said = f"fill {fill.fill_id} is beyond its order"
        turn.alert(Cause("overfill", said, fill.quantity, reservation.quantity))
    inverse = turn.holding(fill.symbol).inverse
    cost = reservation.filled_cost + worth(fill.quantity, fill.price, inverse)
    filled = replace(reservation, filled_cost=cost)
    after = after_fill(filled, fill.quantity, now_ms=turn.now_ms, times=turn.limits.reservation)
    change(turn, after)
    if reservation.exit_reason is not None:
        note_exit_fill(turn, reservation, fill.quantity)
        note_stopout(turn, reservation)
    return after


def _belongs_to_an_ended_one(turn: Turn, fill: Fill) -> bool:
    return any(
        fill.signal_id == ended.signal_id or fill.order_id == ended.order_id
        for ended in turn.account.ended.values()
        if (ended.symbol, ended.side) == (fill.symbol, fill.side)
    )


def change(turn: Turn, reservation: Reservation) -> None:
    """Put a changed reservation in place; an ended one is kept a while to tell an overfill."""
    turn.reserve(reservation)
    if reservation.phase == "ended":
        ended = {**turn.account.ended, reservation.signal_id: reservation}
        for key in list(ended)[:-ENDED_MAX]:
            del ended[key]
        turn.note(ended=ended)


def _matching(holding: Holding, fill: Fill) -> Reservation | None:
    """Find the reservation by signal_id, else by the order_id that a word named; same side only."""
    found = holding.reservations.get(fill.signal_id or "")
    if found is None:
        found = next(
            (r for r in holding.reservations.values() if r.order_id == fill.order_id), None
        )
    return found if found is not None and found.side == fill.side else None
