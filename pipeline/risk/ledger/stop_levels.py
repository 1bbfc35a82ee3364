"""What a position's stops go by: when it left zero, its best mark, the stop of its newest entry."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.account.position import Position, average_price
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.numbers import ZERO, earliest
from pipeline.risk.order.stop_price import stop_at, stop_distance
from pipeline.risk.turn import Turn
from topics.fields import Side
from topics.fills import Fill


def guarded(turn: Turn, holding: Holding, *, price: Decimal) -> Holding:
    """Begin the guard of a position that left zero or turned; price: of its entry."""
    stop_levels = StopLevels(turn.now_ms, price, realized=holding.realized)
    _await_time(turn, holding.symbol, stop_levels)
    begun = replace(holding, stop_levels=stop_levels)
    return begun if holding.mark is None else with_best(begun, holding.mark)


def guard_again(turn: Turn, holding: Holding, stop_levels: StopLevels) -> Holding:
    """Let a position that is folded anew have the guard that it would have."""
    _await_time(turn, holding.symbol, stop_levels)
    again = replace(holding, stop_levels=stop_levels)
    return again if holding.mark is None else with_best(again, holding.mark)


def forget_stops(turn: Turn, symbol: str) -> None:
    """Let go of what was met for a position that ended: the next one begins with its own stops."""
    account = turn.account
    if symbol in account.pending_exits:
        left = {name: item for name, item in account.pending_exits.items() if name != symbol}
        turn.set_unmeasured(pending_exits=left)
    told = {f"{rule.NAME}:{symbol}" for rule in turn.limits.position_stops}
    if account.alerted and not told.isdisjoint(account.alerted):
        turn.set_unmeasured(
            alerted={key: at for key, at in account.alerted.items() if key not in told}
        )


def with_best(holding: Holding, mark: Decimal) -> Holding:
    """Note a mark that is the best since the position left zero."""
    stop_levels = holding.stop_levels
    if stop_levels is None:
        return holding
    long = holding.position.quantity > ZERO
    if mark > stop_levels.best if long else mark < stop_levels.best:
        return replace(holding, stop_levels=replace(stop_levels, best=mark))
    return holding


def enter(turn: Turn, before: Holding, fill: Fill, *, order: Reservation | None) -> None:
    """Take over the stop of an entry that a fill just booked; `before`: the holding without it.

    order: the entry's, after this fill; one that nobody knows gets a stop from its fill's price.
    """
    after = turn.holding(fill.symbol)
    held, was, stop_levels = after.position.quantity, before.position.quantity, after.stop_levels
    if stop_levels is None or (held > ZERO) != (fill.side == "buy"):
        return
    if was and (was > ZERO) != (held > ZERO):
        stop_levels = replace(
            stop_levels, realized=after.realized
        )  # What it turned from is realized.
    if order is None or order.stop_price is None:
        stop = own_stop(turn, after, fill.price)
    else:
        stop = _stop_of(after, order, order.stop_price)
    turn.replace_holding(replace(after, stop_levels=replace(stop_levels, stop=stop)))


def _stop_of(holding: Holding, order: Reservation, told: Decimal) -> Decimal:
    """Return an entry's stop: a named one stays, one worked out follows the price of its fills.

    The average is over the fills of the order, harmonic for an inverse contract.
    """
    if order.stop_distance is None:
        return told
    price = average_price(Position(order.filled, order.filled_cost), holding.inverse)
    return stop_at(price, order.side, holding.instrument, distance=order.stop_distance)


def own_stop(turn: Turn, holding: Holding, price: Decimal) -> Decimal:
    """Work out the stop of an entry that nobody named one for; price: of its fill."""
    side: Side = "buy" if holding.position.quantity > ZERO else "sell"
    atr = None if holding.quote is None else holding.quote.atr
    distance = stop_distance(price, turn.limits.stop, atr=atr)
    return stop_at(price, side, holding.instrument, distance=distance)


def _await_time(turn: Turn, symbol: str, stop_levels: StopLevels) -> None:
    """Be woken when a stop hits without any event."""
    due_ms = turn.account.hold_due_ms
    for rule in turn.limits.position_stops:
        due_ms = earliest(due_ms, rule.due_ms(symbol, stop_levels))
    if due_ms != turn.account.hold_due_ms:
        turn.set_unmeasured(hold_due_ms=due_ms)
