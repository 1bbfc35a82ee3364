"""A position's stop levels: when it was opened, its best mark, its newest entry's stop price."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Execution, Holding, StopLevels
from pipeline.risk.account.kept_fills import Entry
from pipeline.risk.account.position import Position, average_price
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.account.unconverted import ended
from pipeline.risk.numbers import MEASURE, ZERO, earliest
from pipeline.risk.order.stop_price import stop_at, stop_distance
from pipeline.risk.turn import Turn
from topics.fields import Side
from topics.fills import Fill


def with_stop_levels(turn: Turn, holding: Holding, *, price: Decimal) -> Holding:
    """Start the stop levels of a position that opened or flipped; price: its entry price."""
    _end_early(turn, holding.symbol)
    stop_levels = StopLevels(turn.now_ms, price, realized=holding.realized)
    _await_time(turn, holding.symbol, stop_levels)
    begun = replace(holding, stop_levels=stop_levels)
    return begun if holding.mark is None else with_best(begun, holding.mark)


def restore_stop_levels(turn: Turn, holding: Holding, stop_levels: StopLevels) -> Holding:
    """Set the stop levels of a position whose fills were applied again."""
    _await_time(turn, holding.symbol, stop_levels)
    again = replace(holding, stop_levels=stop_levels)
    return again if holding.mark is None else with_best(again, holding.mark)


def forget_stops(turn: Turn, symbol: str) -> None:
    """Drop the pending exit and alerts of a position that ended; the next one starts afresh."""
    account = turn.account
    if symbol in account.orders.pending_exits:
        left = {name: item for name, item in account.orders.pending_exits.items() if name != symbol}
        turn.set_orders(pending_exits=left)
    keys = {f"{rule.NAME}:{symbol}" for rule in turn.limits.position_stops}
    if account.memory.alerted and not keys.isdisjoint(account.memory.alerted):
        turn.set_memory(
            alerted={key: at for key, at in account.memory.alerted.items() if key not in keys}
        )


def with_best(holding: Holding, mark: Decimal) -> Holding:
    """Record a mark if it is the best since the position left zero."""
    stop_levels = holding.stop_levels
    if stop_levels is None:
        return holding
    long = holding.position.quantity > ZERO
    if mark > stop_levels.best if long else mark < stop_levels.best:
        return replace(holding, stop_levels=replace(stop_levels, best=mark))
    return holding


def entry_of(turn: Turn, fill: Fill, order: Reservation | None) -> Entry:
    """Return what the stop price follows from if a fill opens or adds.

    order: its reservation after this fill. Without one the stop follows from the fill price.
    """
    holding = turn.holding(fill.symbol)
    if order is None or order.stop_price is None:
        stop, atr = turn.limits.stop, None if holding.quote is None else holding.quote.atr
        return Entry(distance=stop.atr_multiple * atr if atr else None, ratio=stop.stop_ratio)
    return Entry(
        order.signal_id,
        order.stop_price if order.stop_distance is None else None,
        order.stop_distance,
        filled=order.filled - order.undone - fill.quantity,
        cost=order.filled_cost - contract_value(fill.quantity, fill.price, holding.inverse),
    )


def stop_of(entry: Entry, fill: Execution, holding: Holding) -> Decimal:
    """Return the stop price once a fill opened or added: a named one stays.

    A computed one keeps its distance from the average price of the order's fills, harmonic for an
    inverse contract.
    """
    if entry.stop is not None:
        return entry.stop
    price = fill.price
    if entry.order:
        cost = entry.cost + contract_value(fill.quantity, price, holding.inverse)
        average = average_price(Position(entry.filled + fill.quantity, cost), holding.inverse)
        price = MEASURE.plus(average)  # The last digits of a division must not cost a tick.
    distance = entry.ratio * abs(price) if entry.distance is None else entry.distance
    return stop_at(price, fill.side, holding.instrument, distance=distance)


def enter(turn: Turn, before: Holding, fill: Execution, *, entry: Entry) -> None:
    """Take the stop price of an entry that was just booked; before: the holding without it."""
    after = turn.holding(before.symbol)
    held, was, stop_levels = after.position.quantity, before.position.quantity, after.stop_levels
    if stop_levels is None or (held > ZERO) != (fill.side == "buy"):
        return
    if was and (was > ZERO) != (held > ZERO):
        # It flipped: the PnL of the old side must not count for the new one.
        _end_early(turn, before.symbol)
        stop_levels = replace(stop_levels, realized=after.realized)
    stop = stop_of(entry, fill, after)
    turn.replace_holding(replace(after, stop_levels=replace(stop_levels, stop=stop)))


def _end_early(turn: Turn, symbol: str) -> None:
    if early := turn.account.capital.early:  # Only before the opening.
        turn.set_capital(early=ended(early, symbol))


def default_stop(turn: Turn, holding: Holding, price: Decimal) -> Decimal:
    """Return the stop price of an entry without one of its own; price: its fill price."""
    side: Side = "buy" if holding.position.quantity > ZERO else "sell"
    atr = None if holding.quote is None else holding.quote.atr
    distance = stop_distance(price, turn.limits.stop, atr=atr)
    return stop_at(price, side, holding.instrument, distance=distance)


def _await_time(turn: Turn, symbol: str, stop_levels: StopLevels) -> None:
    """Wake the account when time alone will trigger a stop."""
    due_ms = turn.account.deadlines.hold_due_ms
    for rule in turn.limits.position_stops:
        due_ms = earliest(due_ms, rule.due_ms(symbol, stop_levels))
    if due_ms != turn.account.deadlines.hold_due_ms:
        turn.set_deadlines(hold_due_ms=due_ms)
