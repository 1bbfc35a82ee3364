"""Reservations: an approved order counts as exposure until fills or a terminal word take its place.

A reservation's phases: silent (no word yet, expires), working (heard of, stays), awaiting (ended,
but reported fills are still to come), expired (counts no more, but a word or a fill restores it).
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.numbers import ZERO
from pipeline.risk.parameters import ReservationTimes
from topics.decisions import ExitReason
from topics.fields import Side

Phase = Literal["pending_ack", "working", "awaiting_fills", "expired", "ended"]


class Reservation(Struct, frozen=True, array_like=True, gc=False):
    signal_id: str  # For an exit of ours its exit_id.
    symbol: str
    side: Side
    quantity: Decimal  # In units, what is left.
    price: Decimal  # Order price, in the settlement currency.
    reserved: Decimal  # In units, at first.
    phase: Phase = "pending_ack"
    until_ms: int | None = None  # When it expires; of a working one: when its silence is told.
    filled: Decimal = ZERO  # In units, seen as fills.
    order_id: str | None = None
    exit_reason: ExitReason | None = None  # Set on exits of ours.
    ended: bool = False  # A terminal word came: later words change nothing.
    stop_price: Decimal | None = None  # Of an entry, as its decision told it.
    stop_distance: Decimal | None = None  # Of a stop that was worked out, from the entry price.
    filled_cost: Decimal = ZERO  # Of the fills that stand, as a position counts it.
    undone: Decimal = ZERO  # In units, of what was seen as fills: busted or corrected since.

    @property
    def live(self) -> bool:
        """Whether it counts as exposure."""
        return self.phase not in {"expired", "ended"}


class PendingExit(Struct, frozen=True, array_like=True, gc=False):
    """A position that one of its stops closes; it ends when the exits it sent are filled."""

    reason: ExitReason
    quantity: Decimal | None = None  # What its exits have still to fill; None before the first.


def after_fill(
    reservation: Reservation, quantity: Decimal, *, now_ms: int, times: ReservationTimes
) -> Reservation:
    """Release what a fill took. What an ended wait left over waits one more TTL."""
    left = max(reservation.quantity - quantity, ZERO)
    filled = reservation.filled + quantity
    if not left:
        return replace(reservation, quantity=ZERO, filled=filled, phase="ended", until_ms=None)
    phase: Phase = "working"
    until_ms: int | None = now_ms + times.order_silent_ms
    if reservation.phase == "awaiting_fills":
        phase, until_ms = "awaiting_fills", reservation.until_ms
    elif reservation.ended:
        phase, until_ms = "awaiting_fills", now_ms + times.reservation_ttl_ms
    return replace(reservation, quantity=left, filled=filled, phase=phase, until_ms=until_ms)


def after_accepted(reservation: Reservation, order_id: str, *, silent_ms: int) -> Reservation:
    """The engine works it: it stays until a terminal word; its silence is told at `silent_ms`."""
    if reservation.ended:
        return reservation
    return replace(reservation, phase="working", until_ms=silent_ms, order_id=order_id)


def after_terminal(
    reservation: Reservation, reported: Decimal, *, order_id: str, until_ms: int
) -> Reservation:
    """Release what will never fill; `reported` is the order's filled total, in units.

    What is reported but not yet seen as fills stays reserved until `until_ms`.
    """
    if reservation.ended:
        return reservation
    coming = min(max(reported - reservation.filled, ZERO), reservation.quantity)
    phase: Phase = "awaiting_fills" if coming else "ended"
    return replace(
        reservation,
        quantity=coming,
        phase=phase,
        until_ms=until_ms if coming else None,
        order_id=order_id,
        ended=True,
    )
