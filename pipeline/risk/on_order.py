"""What an order status means for its reservation, and what happens if none arrives."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.reservations import Reservation, after_accepted, after_terminal
from pipeline.risk.release import change
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from topics.orders import Order


def on_order(turn: Turn, order: Order) -> None:
    """Apply an order status; after a final status, later ones change nothing."""
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
    """Return the order's filled quantity; if not given, all of it or the fills seen so far."""
    if order.filled_quantity is not None:
        return order.filled_quantity
    return reservation.reserved if order.status == "filled" else reservation.filled


def overdue(turn: Turn) -> list[Reservation]:
    """Return reservations past their time limit: for a status, a reported fill or any report."""
    return [
        reservation
        for holding in turn.account.holdings.values()
        if holding.figures.due_ms is not None and holding.figures.due_ms <= turn.now_ms
        for reservation in holding.reservations.values()
        if reservation.until_ms is not None and reservation.until_ms <= turn.now_ms
    ]


def expire(turn: Turn) -> None:
    """Handle all reservations that are past their time limit."""
    for reservation in overdue(turn):
        end_wait(turn, reservation)


def reservation_ms(turn: Turn) -> int | None:
    """Return when the first reservation reaches its time limit."""
    return turn.account.totals.due_ms


def stop_waiting(turn: Turn, reservation: Reservation) -> None:
    """Remove the time limit of a reservation whose handling raised; the reservation stays."""
    holding = turn.holding(reservation.symbol)
    kept = {**holding.reservations, reservation.signal_id: replace(reservation, until_ms=None)}
    waiting = replace(holding, reservations=kept, figures=replace(holding.figures, due_ms=None))
    turn.set_holdings({**turn.account.holdings, holding.symbol: waiting})


def end_wait(turn: Turn, reservation: Reservation) -> None:
    """Handle a reservation past its time limit: release it, or report a silent working order."""
    name = reservation.signal_id
    if reservation.phase == "working":
        turn.alert(
            Cause(
                "order_silent",
                f"the engine has not reported on {name} for a long time",
                reservation.quantity,
            )
        )
        turn.reserve(replace(reservation, until_ms=None))
        return
    turn.expire(replace(reservation, phase="expired", until_ms=None))
    if reservation.phase == "pending_ack":
        turn.alert(
            Cause(
                "reservation_expired", f"the engine has not answered {name}", reservation.quantity
            )
        )
        return
    reason = f"the reported fills of {name} did not arrive"
    turn.alert(Cause("reservation_expired", reason, reservation.quantity), level="high")
    cause = Cause("reservation", reason)
    open_stop(turn, cause, strength="reduce")
