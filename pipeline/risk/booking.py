"""Booking: what a fill does to position and money. Fees are realized at once and whole."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account import PENDING_MAX, POSITIONS_MAX
from pipeline.risk.cause import Cause
from pipeline.risk.holding import Holding, Pending
from pipeline.risk.late_fill import correct_windows
from pipeline.risk.marks import marked
from pipeline.risk.money import book_fee, book_in_windows, book_realized
from pipeline.risk.numbers import ONE, ZERO, opposite, signed
from pipeline.risk.position import fold
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from topics.fills import Fill
from topics.instruments import Instrument


class Booking(Struct, frozen=True, gc=False):
    """A fill as it is booked; a bust is booked the other way round."""

    fill: Fill
    quantity: Decimal  # Signed.
    fee: Decimal  # In the fee's currency; negative is a rebate.


def as_filled(fill: Fill) -> Booking:
    return Booking(fill, signed(fill.side, fill.quantity), fill.fee)


def as_busted(fill: Fill) -> Booking:
    return Booking(fill, signed(opposite(fill.side), fill.quantity), -fill.fee)


def book(turn: Turn, booking: Booking) -> None:
    """Change the position by a fill and book what it realizes."""
    fill = booking.fill
    holding = turn.holding(fill.symbol)
    if not holding.position.quantity and turn.account.totals.held >= POSITIONS_MAX:
        cause = Cause("too_many", f"fill {fill.fill_id} is beyond the most positions")
        open_stop(turn, cause, strength="halt")
        return
    position, points = fold(holding.position, booking.quantity, fill.price)
    changed = replace(
        holding,
        position=position,
        filled=True,
        filled_ms=max(holding.filled_ms, min(fill.executed_at_ms, turn.now_ms)),
    )
    turn.settle(marked(turn, holding, changed, price=fill.price))
    turn.state_changed = True
    turn.filled = True
    _realize(turn, booking, points)


def _realize(turn: Turn, booking: Booking, points: Decimal) -> None:
    """Book realized points and fee in the currencies they are in; pending without instrument."""
    fill, fee = booking.fill, booking.fee
    holding = turn.holding(fill.symbol)
    instrument = holding.instrument
    settled_in = instrument.settlement_currency if instrument is not None else None
    if fee and fill.fee_currency is not None and fill.fee_currency != settled_in:
        book_fee(turn, fill.fee_currency, fee, executed_ms=fill.executed_at_ms)
        fee = ZERO
    if instrument is None:
        _wait(turn, holding, Pending(fill.executed_at_ms, points, fee))
        return
    amount = points * instrument.multiplier - fee
    if book_realized(turn, instrument, executed_ms=fill.executed_at_ms, amount=amount):
        _book_in_time(turn, replace(booking, fee=fee), amount)


def _wait(turn: Turn, holding: Holding, pending: Pending) -> None:
    """Keep what a fill realized until its instrument comes."""
    if len(holding.pending) >= PENDING_MAX:
        cause = Cause("too_many", f"more fills of unknown {holding.symbol} than can be kept")
        open_stop(turn, cause, strength="halt")
        return
    turn.settle(replace(holding, pending=(*holding.pending, pending)))


def book_pending(turn: Turn, instrument: Instrument) -> None:
    """Book what fills realized while nobody knew the instrument."""
    holding = turn.holding(instrument.symbol)
    if not holding.pending:
        return
    turn.settle(replace(holding, pending=()))
    for pending in holding.pending:
        amount = pending.points * instrument.multiplier - pending.fee
        if book_realized(turn, instrument, executed_ms=pending.executed_ms, amount=amount):
            book_in_windows(turn, amount, amount)


def _book_in_time(turn: Turn, booking: Booking, amount: Decimal) -> None:
    """Book in the day and week the fill belongs to; a late one corrects what came after it."""
    day, week = turn.account.day, turn.account.week
    executed_ms = booking.fill.executed_at_ms
    if day is None or week is None:
        return
    late = executed_ms < day.span.start_ms
    in_week = amount if executed_ms >= week.span.start_ms else ZERO
    book_in_windows(turn, ZERO if late else amount, in_week)
    if late:
        instrument = turn.holding(booking.fill.symbol).instrument
        multiplier = instrument.multiplier if instrument else ONE
        correct_windows(
            turn, booking.fill, signed_quantity=booking.quantity * multiplier, fee=booking.fee
        )
