"""What a position's stops go by: when it left zero, its best mark, the stop of its newest entry."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.book.holding import Guard, Holding
from pipeline.risk.gate.stop_price import stop_at, stop_distance
from pipeline.risk.numbers import ZERO, earliest
from pipeline.risk.turn import Turn
from topics.fields import Side
from topics.fills import Fill


def guarded(turn: Turn, holding: Holding, *, price: Decimal) -> Holding:
    """Begin the guard of a position that left zero or turned; price: of its entry."""
    guard = Guard(turn.now_ms, price, realized=holding.realized)
    _await_time(turn, holding.symbol, guard)
    begun = replace(holding, guard=guard)
    return begun if holding.mark is None else with_best(begun, holding.mark)


def with_best(holding: Holding, mark: Decimal) -> Holding:
    """Note a mark that is the best since the position left zero."""
    guard = holding.guard
    if guard is None:
        return holding
    long = holding.position.quantity > ZERO
    if mark > guard.best if long else mark < guard.best:
        return replace(holding, guard=replace(guard, best=mark))
    return holding


def enter(turn: Turn, before: Holding, fill: Fill, *, stop: Decimal | None) -> None:
    """Take over the stop of an entry that a fill just booked; `before`: the holding without it.

    stop: of its order; an order that nobody knows gets one from its fill's price.
    """
    after = turn.holding(fill.symbol)
    held, was, guard = after.position.quantity, before.position.quantity, after.guard
    if guard is None or (held > ZERO) != (fill.side == "buy"):
        return
    if was and (was > ZERO) != (held > ZERO):
        guard = replace(guard, realized=after.realized)  # What it turned from is realized.
    if turn.limits.rules["stop_loss"].enabled:
        guard = replace(guard, stop=_own_stop(turn, after, fill.price) if stop is None else stop)
    turn.put(replace(after, guard=guard))


def arm(turn: Turn, holding: Holding) -> None:
    """Give a position of ours a stop when `stop_loss` was turned on after its entries."""
    guard = holding.guard
    if guard is not None and guard.stop is None and holding.filled:
        stop = _own_stop(turn, holding, holding.average_price)
        turn.put(replace(holding, guard=replace(guard, stop=stop)))


def _own_stop(turn: Turn, holding: Holding, price: Decimal) -> Decimal:
    side: Side = "buy" if holding.position.quantity > ZERO else "sell"
    atr = None if holding.quote is None else holding.quote.atr
    distance = stop_distance(price, turn.limits.stop, atr=atr)
    return stop_at(price, side, holding.instrument, distance=distance)


def _await_time(turn: Turn, symbol: str, guard: Guard) -> None:
    """Be woken when a stop hits without any event."""
    due_ms = turn.account.hold_due_ms
    for rule in turn.limits.position_stops:
        due_ms = earliest(due_ms, rule.due_ms(symbol, guard))
    if due_ms != turn.account.hold_due_ms:
        turn.note(hold_due_ms=due_ms)
