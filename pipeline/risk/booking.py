"""Booking: what a fill does to position and money. Fees are realized at once and whole."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account import EARLY_MAX, POSITIONS_MAX
from pipeline.risk.cause import Cause
from pipeline.risk.holding import Holding
from pipeline.risk.late_fill import correct_windows
from pipeline.risk.market import book_in_windows, first_marks, set_apart
from pipeline.risk.numbers import ONE, ZERO, opposite, signed
from pipeline.risk.position import fold
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from topics.fills import Fill


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
        filled_ms=max(holding.filled_ms, fill.executed_at_ms),
    )
    turn.settle(_with_marks(turn, holding, changed, price=fill.price))
    turn.state_changed = True
    turn.filled = True
    _realize(turn, booking, points)


def _with_marks(turn: Turn, before: Holding, after: Holding, *, price: Decimal) -> Holding:
    """Begin the confirming marks of a new position; a flat one has none."""
    held, was = after.position.quantity, before.position.quantity
    if not held:
        return replace(after, marks=())
    if not was or (was > 0) != (held > 0):
        return replace(after, marks=first_marks(price, after, now_ms=turn.now_ms))
    return after


def _realize(turn: Turn, booking: Booking, points: Decimal) -> None:
    """Book realized points and fee in the currencies they are in; pending without instrument."""
    holding = turn.holding(booking.fill.symbol)
    instrument = holding.instrument
    if instrument is None:
        turn.put(
            replace(
                holding,
                pending_points=holding.pending_points + points,
                pending_fees=holding.pending_fees + booking.fee,
            )
        )
        return
    currency = instrument.settlement_currency
    fee_currency = booking.fill.fee_currency or currency
    amount = points * instrument.multiplier
    if fee_currency == currency:
        amount -= booking.fee
    elif booking.fee:
        set_apart(turn, fee_currency, -booking.fee)
    if turn.account.currency is not None and currency != turn.account.currency:
        set_apart(turn, currency, amount)
        return
    _book_amount(turn, booking, amount)


def _book_amount(turn: Turn, booking: Booking, amount: Decimal) -> None:
    """Add to the realized PnL; the opening balance holds the money of fills before it already."""
    account, executed_ms = turn.account, booking.fill.executed_at_ms
    holding = turn.holding(booking.fill.symbol)
    turn.put(replace(holding, realized=holding.realized + amount))
    if account.opened_ms is None:
        early = (*account.early, (executed_ms, amount))[-EARLY_MAX:]
        turn.update(early=early, realized=account.realized + amount)
    elif executed_ms > account.opened_ms:
        turn.update(realized=account.realized + amount)
        _book_in_time(turn, booking, amount)


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
