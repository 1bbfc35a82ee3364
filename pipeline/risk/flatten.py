"""Flattening: while a flatten stop is open, every position is closed by proven exits of ours."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account import Stop
from pipeline.risk.holding import Holding, exit_room
from pipeline.risk.numbers import ZERO, earliest, floor_to
from pipeline.risk.proposal import market_price, reference_price
from pipeline.risk.reservations import Reservation
from pipeline.risk.stops import Said, tell
from pipeline.risk.turn import Turn
from topics.decisions import Exit, ExitReason
from topics.fields import Side

PIECES_MAX = 100  # Exits of one symbol in one event; the rest goes when these have ended.


def flatten(turn: Turn) -> None:
    """Send what exits are missing and tell how far each flatten stop has come."""
    stops = turn.account.stops
    if not stops or not any(stop.strength == "flatten" for stop in stops):
        return
    sent = False
    for holding in list(turn.account.holdings.values()):
        sent = _close(turn, holding) or sent
    for stop in turn.account.stops:
        if stop.strength == "flatten":
            _progress(turn, stop, moved=sent or (turn.filled and _is_older(turn, stop)))


def _close(turn: Turn, holding: Holding) -> bool:
    """Send the whole proven exit of a position that no exit of ours works for."""
    quantity = _missing(holding)
    retry_ms = _retry_ms(turn, holding)
    if not quantity or (retry_ms is not None and turn.now_ms < retry_ms):
        return False
    instrument = holding.instrument
    piece = quantity
    if instrument is not None and instrument.max_quantity is not None:
        piece = floor_to(instrument.max_quantity, instrument.lot_size) or quantity
    for _ in range(PIECES_MAX):
        send_exit(turn, holding, quantity=min(piece, quantity), reason="emergency_stop")
        quantity -= piece
        if quantity <= 0:
            break
    turn.put(replace(turn.holding(holding.symbol), exit_sent_ms=turn.now_ms))
    return True


def _missing(holding: Holding) -> Decimal:
    """What of a position should be on its way out and is not, in whole lots."""
    instrument, held = holding.instrument, holding.position.quantity
    if instrument is None or not held:
        return ZERO
    if any(item.exit_reason and item.live for item in holding.reservations.values()):
        return ZERO
    quantity = floor_to(exit_room(holding, _exit_side(holding)), instrument.lot_size)
    return quantity if quantity >= instrument.min_quantity else ZERO


def _is_older(turn: Turn, stop: Stop) -> bool:
    """Whether a stop was open before this event: the fill that triggers one is not after it."""
    return any(before.stop_id == stop.stop_id for before in turn.stops_before)


def _exit_side(holding: Holding) -> Side:
    return "sell" if holding.position.quantity > 0 else "buy"


def _retry_ms(turn: Turn, holding: Holding) -> int | None:
    if holding.exit_sent_ms is None:
        return None
    return holding.exit_sent_ms + turn.limits.exits.exit_retry_ms


def send_exit(turn: Turn, holding: Holding, *, quantity: Decimal, reason: ExitReason) -> None:
    """Order an exit of the position and reserve it like any order."""
    side = _exit_side(holding)
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
            sequence=account.sequence,
            chain=account.chain,
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
            decided_ms=turn.now_ms,
            until_ms=turn.now_ms + turn.limits.reservation.reservation_ttl_ms,
            exit_reason=reason,
        )
    )


def _progress(turn: Turn, stop: Stop, *, moved: bool) -> None:
    flat, dust = _flatness(turn)
    if moved and not stop.told_flattening:
        stop = _advance(turn, stop, replace(stop, status="flattening", told_flattening=True))
        said = Said(f"exits of {stop.rule} are on their way")
        tell(turn, stop, status="flattening", said=said)
    if flat and stop.status != "flat":
        stop = _advance(turn, stop, replace(stop, status="flat"))
        left = f", dust left: {', '.join(dust)}" if dust else ""
        tell(turn, stop, status="flat", said=Said(f"nothing is left to close{left}"))
    elif not flat and stop.status == "flat":
        _advance(turn, stop, replace(stop, status="flattening"))


def _advance(turn: Turn, old: Stop, new: Stop) -> Stop:
    turn.update(stops=tuple(new if item is old else item for item in turn.account.stops))
    return new


def _flatness(turn: Turn) -> tuple[bool, list[str]]:
    """Whether nothing is left to close or reserved, and what is too small to close."""
    flat, dust = True, []
    for holding in turn.account.holdings.values():
        held = abs(holding.position.quantity)
        if holding.buys.quantity or holding.sells.quantity:
            flat = False
        if not held:
            continue
        instrument = holding.instrument
        if instrument is None or floor_to(held, instrument.lot_size) >= max(
            instrument.min_quantity, instrument.lot_size
        ):
            flat = False
        else:
            dust.append(f"{holding.symbol} {holding.position.quantity}")
    return flat, dust


def retry_wake_ms(turn: Turn) -> int | None:
    """When the next exit may be sent again, if one is missing."""
    if not any(stop.strength == "flatten" for stop in turn.account.stops):
        return None
    wake_ms: int | None = None
    for holding in turn.account.holdings.values():
        retry_ms = _retry_ms(turn, holding)
        if retry_ms is not None and retry_ms > turn.now_ms and _missing(holding):
            wake_ms = earliest(wake_ms, retry_ms)
    return wake_ms
