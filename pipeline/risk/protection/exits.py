"""Our own exits: proven exits of a position, sent and reserved like any order."""

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.holding import Holding, reducible_quantity
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.numbers import ZERO, floor_to
from pipeline.risk.order.candidate_order import market_price, reference_price
from pipeline.risk.turn import Turn
from topics.decisions import Exit, ExitReason
from topics.fields import Side

PIECES_MAX = 100  # Exits per symbol and event; more follow once these end.


def by_opening(holding: Holding) -> tuple[int, str]:
    """Sort key of exits sent in one event: first the position that opened first."""
    levels = holding.stop_levels
    return 0 if levels is None else levels.opened_ms, holding.symbol


Run = Callable[[str, Callable[[], Decimal]], Decimal]  # Runs one exit under a name for people.


def plainly(_: str, exit_: Callable[[], Decimal]) -> Decimal:
    """Send an exit without a failure boundary of its own."""
    return exit_()


def close(
    turn: Turn, holding: Holding, *, reason: ExitReason, quantity: Decimal | None = None
) -> Decimal:
    """Send the whole proven exit of a position unless one is working; return what was sent.

    quantity: the maximum, in whole lots. Pieces of max_quantity; retried after exit_retry_ms.
    """
    room = _missing(holding, reason)
    if not room or turn.now_ms < _retry_ms(turn, holding):
        return ZERO
    left = wanted = room if quantity is None else min(quantity, room)
    instrument = holding.instrument
    piece = wanted
    if instrument is not None and instrument.max_quantity is not None:
        piece = floor_to(instrument.max_quantity, instrument.lot_size) or wanted
    for _ in range(PIECES_MAX):
        _send(turn, holding, quantity=min(piece, left), reason=reason)
        left -= piece
        if left <= 0:
            break
    turn.replace_holding(replace(turn.holding(holding.symbol), exit_sent_ms=turn.now_ms))
    return wanted - max(left, ZERO)


def _missing(holding: Holding, reason: ExitReason) -> Decimal:
    """Return the part of a position without a working exit, in whole lots.

    A working deleverage exit does not prevent an exit of the whole position, nor does an exit of
    a position that went through zero since: it would only enlarge this one.
    """
    instrument, held = holding.instrument, holding.position.quantity
    if instrument is None or not held:
        return ZERO
    side = exit_side(holding)
    if any(item.side == side and _works(item, reason) for item in holding.reservations.values()):
        return ZERO
    quantity = floor_to(reducible_quantity(holding, side), instrument.lot_size)
    return quantity if quantity >= instrument.min_quantity else ZERO


def _works(item: Reservation, reason: ExitReason) -> bool:
    """Return whether it is a live exit of ours that prevents another one for this reason."""
    if not (item.exit_reason and item.live):
        return False
    return item.exit_reason != "deleverage" or reason == "deleverage"


def exit_side(holding: Holding) -> Side:
    """Return the side that reduces a position."""
    return "sell" if holding.position.quantity > 0 else "buy"


def _retry_ms(turn: Turn, holding: Holding) -> int:
    """Return when the next exit may be sent."""
    if holding.exit_sent_ms is None:
        return turn.now_ms
    return holding.exit_sent_ms + turn.limits.exits.exit_retry_ms


def again_ms(turn: Turn, holding: Holding, *, reason: ExitReason) -> int | None:
    """Return when a missing exit may be retried; None if none is missing or it may go now."""
    retry_ms = _retry_ms(turn, holding)
    return retry_ms if retry_ms > turn.now_ms and _missing(holding, reason) else None


def _send(turn: Turn, holding: Holding, *, quantity: Decimal, reason: ExitReason) -> None:
    """Write an exit of the position and reserve it like any order."""
    side = exit_side(holding)
    exit_id = turn.next_id()
    account = turn.account
    reference = reference_price(holding.quote, side)
    collar = turn.limits.collar_ratio
    price = ZERO if reference is None else market_price(reference, side, collar)
    turn.outputs.append(
        Exit(
            exit_id=exit_id,
            account_id=account.account_id,
            symbol=holding.symbol,
            side=side,
            quantity=quantity,
            reason=reason,
            valid_until_ms=turn.now_ms + turn.limits.decisions.decision_ttl_ms,
            sequence=account.applied.sequence,
            chain=account.applied.chain,
            rules_version=turn.shared.rules_version,
            at_ms=turn.now_ms,
        )
    )
    turn.reserve(
        Reservation(
            signal_id=exit_id,
            symbol=holding.symbol,
            side=side,
            quantity=quantity,
            price=price,
            reserved=quantity,
            until_ms=turn.now_ms + turn.limits.reservation.reservation_ttl_ms,
            exit_reason=reason,
        )
    )
