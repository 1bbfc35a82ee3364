"""What a fill means: it takes the place of its reservation, changes the position, books its PnL."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account import EARLY_MAX, ENDED_MAX, POSITIONS_MAX
from pipeline.risk.holding import Holding
from pipeline.risk.late_fill import correct_windows
from pipeline.risk.market import book_in_windows, first_marks
from pipeline.risk.numbers import ONE, ZERO, opposite, signed
from pipeline.risk.position import fold
from pipeline.risk.reservations import Reservation, after_fill
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from topics.fields import Side
from topics.fills import Fill


def on_fill(turn: Turn, fill: Fill, *, seen: bool) -> None:
    """Apply a fill or a bust once."""
    if seen or _forgotten(turn, fill):
        return
    turn.keep(f"{fill.kind}:{fill.symbol}:{fill.side}:{fill.fill_id}")
    if fill.kind == "bust":
        turn.alert("bust", f"fill {fill.fill_id} is booked back", measured=fill.quantity)
        _book(turn, fill, side=opposite(fill.side), fee=-fill.fee)
        return
    _release(turn, fill)
    holding = turn.holding(fill.symbol)
    if holding.adopted_ms is not None and fill.executed_at_ms <= holding.adopted_ms:
        return  # The adopted snapshot holds it already.
    _book(turn, fill, side=fill.side, fee=fill.fee)


def _forgotten(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill from before what is remembered: it may have been booked already."""
    memory = turn.account.memory
    if memory.forgotten_ms is None:
        return False
    if fill.executed_at_ms >= (memory.oldest_ms or memory.forgotten_ms):
        return False
    turn.alert(
        "dedupe",
        f"fill {fill.fill_id} is older than what is remembered and was not booked",
        level="critical",
    )
    open_stop(turn, "dedupe", "reduce", reason=f"fill {fill.fill_id} could not be told from a repetition")
    return True


def _release(turn: Turn, fill: Fill) -> None:
    reservation = _matching(turn.holding(fill.symbol), fill)
    if reservation is None:
        ended = turn.account.ended.get(fill.signal_id or "")
        if ended is not None and (ended.symbol, ended.side) == (fill.symbol, fill.side):
            turn.alert("overfill", f"fill {fill.fill_id} is beyond its order", measured=fill.quantity)
        else:
            turn.alert(
                "unmatched_fill",
                f"fill {fill.fill_id} matches no reservation",
                measured=fill.quantity,
            )
        return
    if fill.quantity > reservation.quantity:
        turn.alert(
            "overfill",
            f"fill {fill.fill_id} is beyond its order",
            measured=fill.quantity,
            limit=reservation.quantity,
        )
    change(
        turn,
        after_fill(
            reservation, fill.quantity, now_ms=turn.now_ms, times=turn.limits.reservation
        ),
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


def _book(turn: Turn, fill: Fill, *, side: Side, fee: Decimal) -> None:
    holding = turn.holding(fill.symbol)
    if not holding.position.quantity and turn.account.totals.held >= POSITIONS_MAX:
        open_stop(turn, "too_many", "halt", reason=f"fill {fill.fill_id} is beyond the most positions")
        return
    quantity = signed(side, fill.quantity)
    before = holding.position.quantity
    position, points = fold(holding.position, quantity, fill.price)
    changed = replace(
        holding,
        position=position,
        filled=True,
        filled_ms=max(holding.filled_ms, fill.executed_at_ms),
    )
    if not position.quantity:
        changed = replace(changed, marks=())
    elif not before or (before > 0) != (position.quantity > 0):
        changed = replace(changed, marks=first_marks(fill.price, changed, now_ms=turn.now_ms))
    turn.settle(changed)
    turn.state_changed = True
    turn.filled = True
    _realize(turn, fill, quantity=quantity, points=points, fee=fee)


def _realize(
    turn: Turn, fill: Fill, *, quantity: Decimal, points: Decimal, fee: Decimal
) -> None:
    """Book what the fill realized, its fee whole and at once."""
    holding = turn.holding(fill.symbol)
    instrument = holding.instrument
    if instrument is None:
        turn.put(
            replace(
                holding,
                pending_points=holding.pending_points + points,
                pending_fees=holding.pending_fees + fee,
            )
        )
        return
    currency = instrument.settlement_currency
    fee_currency = fill.fee_currency or currency
    amount = points * instrument.multiplier
    if fee_currency == currency:
        amount -= fee
    elif fee:
        _set_apart(turn, fee_currency, -fee)
    if turn.account.currency is not None and currency != turn.account.currency:
        _set_apart(turn, currency, amount)
        return
    _book_amount(turn, fill, amount=amount, quantity=quantity)


def _set_apart(turn: Turn, currency: str, amount: Decimal) -> None:
    """Keep an amount whose rate is not known; equity is unknown until it is."""
    held = turn.account.unconverted.get(currency, ZERO)
    turn.update(unconverted={**turn.account.unconverted, currency: held + amount})


def _book_amount(turn: Turn, fill: Fill, *, amount: Decimal, quantity: Decimal) -> None:
    account, holding = turn.account, turn.holding(fill.symbol)
    turn.put(replace(holding, realized=holding.realized + amount))
    if account.opened_ms is None:
        early = (*account.early, (fill.executed_at_ms, amount))[-EARLY_MAX:]
        turn.update(early=early, realized=account.realized + amount)
        return
    if fill.executed_at_ms <= account.opened_ms:
        return  # The opening balance holds its money already.
    turn.update(realized=account.realized + amount)
    day, week = account.day, account.week
    if day is None or week is None:
        return
    in_day = amount if fill.executed_at_ms >= day.span.start_ms else ZERO
    in_week = amount if fill.executed_at_ms >= week.span.start_ms else ZERO
    book_in_windows(turn, in_day, in_week)
    if fill.executed_at_ms < day.span.start_ms:
        multiplier = holding.instrument.multiplier if holding.instrument else ONE
        fee = fill.fee if fill.kind == "new" else -fill.fee
        correct_windows(turn, fill, signed_quantity=quantity * multiplier, fee=fee)
