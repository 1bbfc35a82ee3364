"""Stops of single positions: which positions must be closed, and the exits that close them.

A stop that was reached is latched until its exits are filled or the position is flat, whatever the
price does meanwhile.
"""

from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.account.reservations import PendingExit, Reservation
from pipeline.risk.numbers import earliest
from pipeline.risk.protection.breaches import Breach, beyond, breach
from pipeline.risk.protection.exits import Run, again_ms, by_opening, close, exit_side, plainly
from pipeline.risk.protection.flatten import is_flattening
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import PositionStop
from pipeline.risk.rules.trading_state import TradingState
from pipeline.risk.stops import end_breach
from pipeline.risk.turn import Turn
from topics.decisions import ExitReason


def position_breaches(turn: Turn) -> list[Breach]:
    """Check the positions that this event touched, or all of them when something fell due."""
    rules = turn.limits.position_stops
    if turn.recheck_all:
        _recheck_requests(turn)
    elif not (rules and turn.touched):
        return []
    found: list[Breach] = []
    for symbol in list(turn.account.holdings if turn.recheck_all else turn.touched):
        holding = turn.holding(symbol)
        if holding.stop_levels is not None:
            found += _judge(turn, holding, holding.stop_levels)
    return found


def _judge(turn: Turn, holding: Holding, stop_levels: StopLevels) -> list[Breach]:
    found = []
    for rule in turn.limits.position_stops:
        measure = rule.hit(holding, stop_levels, turn.now_ms)
        if measure is None:
            _end(turn, rule, holding.symbol)
            continue
        found.append(_breach(rule, holding.symbol, measure))
        if rule.on_breach == "flatten":
            _request_exit(turn, rule, holding.symbol)
    return found


def _breach(rule: PositionStop, symbol: str, measure: Measure) -> Breach:
    """Build the breach; closing one position does not flatten the account: reported as reduce."""
    cause = beyond(f"{rule.NAME} of {symbol}", measure.measured, measure.limit)
    key = f"{rule.NAME}:{symbol}"
    if rule.on_breach == "flatten":
        return Breach(cause, key, "reduce", None)
    return breach(cause, rule.on_breach, key=key)


def _request_exit(turn: Turn, rule: PositionStop, symbol: str) -> None:
    pending_exits = turn.account.orders.pending_exits
    known = pending_exits.get(symbol)
    if known is None or known.reason == "deleverage":
        turn.set_orders(pending_exits={**pending_exits, symbol: PendingExit(_reason(rule))})


def _reason(rule: PositionStop) -> ExitReason:
    return rule.NAME  # type: ignore[return-value]  # The file's name is the reason's.


def _end(turn: Turn, rule: PositionStop, symbol: str) -> None:
    if turn.account.memory.alerted:
        end_breach(turn, f"{rule.NAME}:{symbol}")


def keep_position(turn: Turn, symbol: str) -> None:
    """Cancel the requested exit of a position."""
    pending_exits = turn.account.orders.pending_exits
    if symbol in pending_exits:
        turn.set_orders(
            pending_exits={name: item for name, item in pending_exits.items() if name != symbol}
        )


def _recheck_requests(turn: Turn) -> None:
    """Cancel exits of stops that were turned off, and find when time next triggers a stop."""
    closing = {rule.NAME for rule in turn.limits.position_stops if rule.on_breach == "flatten"}
    for symbol, item in turn.account.orders.pending_exits.items():
        if item.reason not in closing and item.reason != "deleverage":
            keep_position(turn, symbol)
    due_ms = _next_hold_ms(turn)
    if due_ms != turn.account.deadlines.hold_due_ms:
        turn.set_deadlines(hold_due_ms=due_ms)


def hold_ms(turn: Turn) -> int | None:
    """When the first position may have been held for too long."""
    return turn.ahead(turn.account.deadlines.hold_due_ms)


def _next_hold_ms(turn: Turn) -> int | None:
    times_ms = [
        rule.due_ms(symbol, holding.stop_levels)
        for rule in turn.limits.position_stops
        for symbol, holding in turn.account.holdings.items()
        if holding.stop_levels is not None
    ]
    coming = [time_ms for time_ms in times_ms if time_ms is not None and time_ms > turn.now_ms]
    return min(coming, default=None)


def send_exits(turn: Turn, run: Run = plainly) -> None:
    """Send requested exits; a flatten stop sends all exits itself. run: as in flatten."""
    if not turn.account.orders.pending_exits or is_flattening(turn) or _is_held_back(turn):
        return
    for symbol, pending in _in_order(turn):
        holding = turn.holding(symbol)
        most = pending.quantity if pending.reason == "deleverage" else None
        exit_ = partial(close, turn, holding, reason=pending.reason, quantity=most)
        sent = run("an exit", exit_)
        if sent and most is None:
            _await_fills(turn, symbol, replace(pending, quantity=sent))


def _in_order(turn: Turn) -> list[tuple[str, PendingExit]]:
    """Return requested exits: stops in the order of the positions' opening, then deleverages."""

    def place(item: tuple[str, PendingExit]) -> tuple[bool, int, str]:
        symbol, pending = item
        deleverage = pending.reason == "deleverage"
        return deleverage, 0 if deleverage else by_opening(turn.holding(symbol))[0], symbol

    return sorted(turn.account.orders.pending_exits.items(), key=place)


def _await_fills(turn: Turn, symbol: str, pending: PendingExit) -> None:
    turn.set_orders(pending_exits={**turn.account.orders.pending_exits, symbol: pending})


def _is_held_back(turn: Turn) -> bool:
    """Return whether the account is halted and may not even reduce."""
    halt_exits = turn.limits.rule(TradingState).halt_exits
    return not halt_exits and turn.account.trading_state == "halted"


def note_exit_fill(turn: Turn, exit_: Reservation, quantity: Decimal) -> None:
    """Count a fill of our exit; the stop ends once all that was sent is filled.

    Call it before the fill is booked. An exit of a position that went through zero since closes
    nothing of this one, so its fills do not count.
    """
    pending = turn.account.orders.pending_exits.get(exit_.symbol)
    if pending is None or pending.quantity is None or pending.reason != exit_.exit_reason:
        return
    if exit_.side != exit_side(turn.holding(exit_.symbol)):
        return
    left = pending.quantity - min(quantity, exit_.quantity)
    if left > 0:
        _await_fills(turn, exit_.symbol, replace(pending, quantity=left))
    else:
        keep_position(turn, exit_.symbol)


def exits_again_ms(turn: Turn) -> int | None:
    """When the next exit of a position that leaves may be sent, if one is missing."""
    if not turn.account.orders.pending_exits:
        return None
    wake_ms: int | None = None
    for symbol, pending in turn.account.orders.pending_exits.items():
        holding = turn.holding(symbol)
        wake_ms = earliest(wake_ms, again_ms(turn, holding, reason=pending.reason))
    return wake_ms
