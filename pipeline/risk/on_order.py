"""What a word of the engine means for a reservation; and what happens when no word comes."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.reservations import Reservation, after_accepted, after_terminal
from pipeline.risk.release import change
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from topics.orders import Order


def on_order(turn: Turn, order: Order) -> None:
    """Apply a word; after a terminal one later words change nothing."""
    reservation = turn.holding(order.symbol).reservations.get(order.signal_id)
    if reservation is None or reservation.ended:
        return
    times = turn.limits.reservation
    if order.status == "accepted":
        silent_ms = turn.now_ms + times.order_silent_ms
        change(turn, after_accepted(reservation, order.order_id, silent_ms=silent_ms))
        return
    until_ms = turn.now_ms + times.reservation_ttl_ms
    change(
        turn,
        after_terminal(
            reservation, _reported(reservation, order), order_id=order.order_id, until_ms=until_ms
        ),
    )


def _reported(reservation: Reservation, order: Order) -> Decimal:
    """The order's filled total, in units; unsaid it is the whole, or what we have seen."""
    if order.filled_quantity is not None:
        return order.filled_quantity
    return reservation.reserved if order.status == "filled" else reservation.filled


def overdue(turn: Turn) -> list[Reservation]:
    """List the reservations whose wait is over: no status, no reported fill, a long silence."""
    return [
        reservation
        for holding in turn.account.holdings.values()
        if holding.figures.due_ms is not None and holding.figures.due_ms <= turn.now_ms
        for reservation in holding.reservations.values()
        if reservation.until_ms is not None and reservation.until_ms <= turn.now_ms
    ]


def expire(turn: Turn) -> None:
    """End the waits that are over."""
    for reservation in overdue(turn):
        end_wait(turn, reservation)


def reservation_ms(turn: Turn) -> int | None:
    """When the first reservation's wait ends."""
    return turn.account.totals.due_ms


def stop_waiting(turn: Turn, reservation: Reservation) -> None:
    """Drop a wait whose end raises: the reservation stays, and nothing falls due for it."""
    holding = turn.holding(reservation.symbol)
    kept = {**holding.reservations, reservation.signal_id: replace(reservation, until_ms=None)}
    waiting = replace(holding, reservations=kept, figures=replace(holding.figures, due_ms=None))
    turn.set_holdings({**turn.account.holdings, holding.symbol: waiting})


def end_wait(turn: Turn, reservation: Reservation) -> None:
    """End one wait: what it held back counts no more, or its silence is reported."""
    name = reservation.signal_id
    if reservation.phase == "working":
        turn.alert(Cause("order_silent", f"no word of {name} for long", reservation.quantity))
        turn.reserve(replace(reservation, until_ms=None))
        return
    turn.expire(replace(reservation, phase="expired", until_ms=None))
    if reservation.phase == "pending_ack":
        turn.alert(Cause("reservation_expired", f"no word of {name}", reservation.quantity))
        return
    reason = f"reported fills of {name} did not come"
    turn.alert(Cause("reservation_expired", reason, reservation.quantity), level="high")
    cause = Cause("reservation", reason)
    open_stop(turn, cause, strength="reduce")
