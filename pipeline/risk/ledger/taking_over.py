"""Taking over: the unrealized PnL that an adopted position brings is not today's PnL.

Until our first fill of its symbol, a position is what snapshots show. Its unrealized PnL at the
first mark, and every change by a later snapshot, shift start equities, baselines and peak, so that
loss limits count only what happens afterwards.
"""

from decimal import Decimal

from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.position import Position
from pipeline.risk.baselines import shift_peak, shift_starts
from pipeline.risk.numbers import ZERO
from pipeline.risk.rules.circuit_breaker.transition import after_shift
from pipeline.risk.turn import Turn


def take_over(turn: Turn, before: Holding, position: Position) -> None:
    """Shift the starts by an adopted snapshot, or remember it until it can be valued.

    Called with the snapshot already in the account; before: the holding without it.
    """
    symbol, account = before.symbol, turn.account
    counted = symbol not in account.windows.taken_over
    was = before.figures.unrealized if counted and before.position.quantity else ZERO
    now = turn.holding(symbol).figures.unrealized
    if account.capital.opened_ms is None or now is None or was is None:
        turn.set_windows(taken_over={**account.windows.taken_over, symbol: position})
        return
    _forget(turn, symbol)
    _shift(turn, now - was)


def count_past(turn: Turn) -> None:
    """Shift the starts for adopted positions whose mark and rate are known now."""
    if turn.account.capital.opened_ms is None:
        return
    for symbol, position in list(turn.account.windows.taken_over.items()):
        holding = turn.holding(symbol)
        if holding.mark is not None:
            _count(turn, holding, position, price=holding.mark)


def count_past_at(turn: Turn, symbol: str, price: Decimal) -> None:
    """Shift the starts for an adopted position without a mark, at our first fill's price."""
    position = turn.account.windows.taken_over.get(symbol)
    if position is not None and turn.account.capital.opened_ms is not None:
        _count(turn, turn.holding(symbol), position, price=price)


def _count(turn: Turn, holding: Holding, position: Position, *, price: Decimal) -> None:
    if holding.point_value is None:
        return
    past = contract_value(position.quantity, price, holding.inverse) - position.cost
    _forget(turn, holding.symbol)
    _shift(turn, past * holding.point_value)


def _shift(turn: Turn, by: Decimal) -> None:
    if not by:
        return
    shift_starts(turn, by)
    shift_peak(turn, by)
    rules = turn.account.rules
    if rules.circuit_breaker.highs:
        breaker = after_shift(rules.circuit_breaker, by)
        turn.set_rules(circuit_breaker=breaker)


def _forget(turn: Turn, symbol: str) -> None:
    taken_over = turn.account.windows.taken_over
    if symbol in taken_over:
        left = {name: item for name, item in taken_over.items() if name != symbol}
        turn.set_windows(taken_over=left)
