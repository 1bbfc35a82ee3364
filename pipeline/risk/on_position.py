"""What a position snapshot means: it is adopted until our first fill, and compared after that."""

from msgspec.structs import replace

from pipeline.risk.account.account import POSITIONS_MAX
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Holding, mark_of
from pipeline.risk.account.paid import frozen_point_value, with_paid
from pipeline.risk.account.position import Position
from pipeline.risk.ledger.drift import compare_position
from pipeline.risk.ledger.marks import marked, take_quote
from pipeline.risk.ledger.rates import fresh_rate
from pipeline.risk.ledger.taking_over import take_over
from pipeline.risk.numbers import ZERO
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.quotes import usable
from topics.events import Quote
from topics.positions import PositionSnapshot


def on_position(turn: Turn, snapshot: PositionSnapshot) -> None:
    """Adopt or compare a snapshot; its mark_price is a mark if it is newer than the quote."""
    holding = turn.holding(snapshot.symbol)
    quote = holding.quote
    if snapshot.mark_price is not None and _is_newer(turn, snapshot, quote):
        take_quote(turn, holding, usable(_as_quote(snapshot, quote), holding.instrument))
        holding = turn.holding(snapshot.symbol)
    if holding.filled:
        compare_position(turn, snapshot)
    elif holding.adopted_ms is None or snapshot.as_of_ms >= holding.adopted_ms:
        _adopt(turn, holding, snapshot)


def _is_newer(turn: Turn, snapshot: PositionSnapshot, quote: Quote | None) -> bool:
    if snapshot.as_of_ms - turn.at_ms > turn.limits.prices.clock_skew_ms_max:
        return False
    return quote is None or snapshot.as_of_ms > quote.as_of_ms


def _as_quote(snapshot: PositionSnapshot, held: Quote | None) -> Quote:
    return Quote(
        symbol=snapshot.symbol,
        mark=snapshot.mark_price,
        as_of_ms=snapshot.as_of_ms,
        offset=-1 if held is None else held.offset,
    )


def _adopt(turn: Turn, holding: Holding, snapshot: PositionSnapshot) -> None:
    position = _position_of(holding, snapshot)
    full = turn.account.totals.held >= POSITIONS_MAX
    if position is None:
        reason = f"the snapshot of {snapshot.symbol} has no average price, and there is no mark"
        turn.alert(Cause("drift", reason), level="high")
        open_stop(turn, Cause("drift", reason), strength="reduce")
        return
    if position.quantity and not holding.position.quantity and full:
        reason = f"the snapshot of {snapshot.symbol} exceeds the maximum number of positions"
        turn.alert(Cause("too_many", reason))
        return
    adopted_ms = min(snapshot.as_of_ms, turn.now_ms)
    position = _paid_now(turn, holding, position)
    adopted = replace(holding, position=position, adopted_ms=adopted_ms)
    turn.state_changed = turn.state_changed or position != holding.position
    turn.recompute_holding(marked(turn, holding, adopted, entry=None))
    take_over(turn, holding, position)


def _position_of(holding: Holding, snapshot: PositionSnapshot) -> Position | None:
    """Return the position of a snapshot; without a price, an inverse contract costs its mark."""
    quantity, price = snapshot.quantity, snapshot.average_price
    if not quantity or price is None:  # Only flat ones have no price.
        return Position()
    if holding.inverse is None:
        return Position(quantity, contract_value(quantity, price, None))
    known = price if price > ZERO else mark_of(holding.quote, quantity)
    return (
        None
        if known is None
        else Position(quantity, contract_value(quantity, known, holding.inverse))
    )


def _paid_now(turn: Turn, holding: Holding, position: Position) -> Position:
    """Return an adopted position with its cost fixed at the current rate."""
    instrument = holding.instrument
    if instrument is None:
        return position
    rate = fresh_rate(turn, instrument.settlement_currency)
    return with_paid(Position(), position, frozen_point_value(turn.account, instrument, rate))
