"""Booking: what a fill does to position and money. Fees are realized at once and whole."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account import PENDING_MAX, POSITIONS_MAX
from pipeline.risk.cause import Cause
from pipeline.risk.contracts import worth
from pipeline.risk.holding import Execution, Holding, Pending
from pipeline.risk.late_fill import Late, correct_windows
from pipeline.risk.marks import marked
from pipeline.risk.money import Money, book_in_windows, book_money
from pipeline.risk.numbers import ZERO, opposite, signed
from pipeline.risk.position import Position, average_price, fold
from pipeline.risk.rates import fresh_rate
from pipeline.risk.stops import open_stop
from pipeline.risk.trade import Trade, trade_of
from pipeline.risk.turn import Turn
from topics.instruments import Instrument


def reversed_of(execution: Execution) -> Execution:
    """The opposite fill at the same price, with the fee returned."""
    return replace(execution, side=opposite(execution.side), fee=-execution.fee)


def book(turn: Turn, symbol: str, execution: Execution) -> None:
    """Change the position by a fill and book what it realizes; pending without an instrument."""
    holding = turn.holding(symbol)
    if not holding.position.quantity and turn.account.totals.held >= POSITIONS_MAX:
        cause = Cause("too_many", f"fill {execution.fill_id} is beyond the most positions")
        open_stop(turn, cause, strength="halt")
    elif holding.instrument is None:
        _book_unknown(turn, holding, execution)
    else:
        book_trade(turn, holding, trade_of(execution, holding.instrument))


def book_trade(turn: Turn, holding: Holding, trade: Trade) -> None:
    """Change the position by a trade and book what it realizes."""
    execution, before = trade.execution, holding.position
    position, won = fold(before, trade.quantity, execution.price, inverse=trade.inverse)
    _move(turn, holding, position, execution=execution)
    _realize(turn, holding.symbol, trade, amount=won * trade.multiplier - trade.fee)


def _move(turn: Turn, holding: Holding, position: Position, *, execution: Execution) -> None:
    changed = replace(
        holding,
        position=position,
        filled=True,
        filled_ms=max(holding.filled_ms, min(execution.executed_ms, turn.now_ms)),
    )
    turn.settle(marked(turn, holding, changed, price=execution.price))
    turn.state_changed = True
    turn.filled = True


def _realize(turn: Turn, symbol: str, trade: Trade, *, amount: Decimal) -> None:
    """Book realized money and fee, in the account and in the day and week of the fill."""
    instrument = turn.holding(symbol).instrument
    if instrument is None:
        raise AssertionError("a trade has an instrument")
    currency, executed_ms = instrument.settlement_currency, trade.execution.executed_ms
    rate = fresh_rate(turn, currency)
    won = book_money(turn, Money(symbol, currency, amount), executed_ms=executed_ms)
    paid = None
    if trade.other_fee is not None:
        paid = book_money(turn, trade.other_fee, executed_ms=executed_ms)
    if won is None or rate is None:
        if paid is not None:
            book_in_windows(turn, paid, paid)
        return
    fee = paid or ZERO

    def effect(marks: dict[str, Decimal]) -> Decimal:
        return trade.effect(marks.get(symbol)) * rate + fee

    late = Late(f"fill {trade.execution.fill_id}", executed_ms, effect)
    _book_in_time(turn, late, amount=won + fee)


def _book_in_time(turn: Turn, late: Late, *, amount: Decimal) -> None:
    """Book in the day and week the fill belongs to; a late one corrects what came after it."""
    day, week = turn.account.day, turn.account.week
    if day is None or week is None:
        return
    is_late = late.executed_ms < day.span.start_ms
    in_week = amount if late.executed_ms >= week.span.start_ms else ZERO
    book_in_windows(turn, ZERO if is_late else amount, in_week)
    if is_late:
        correct_windows(turn, late)


def _book_unknown(turn: Turn, holding: Holding, execution: Execution) -> None:
    """Change the position for the time being; the money waits for the instrument."""
    if len(holding.pending) >= PENDING_MAX:
        cause = Cause("too_many", f"more fills of unknown {holding.symbol} than can be kept")
        open_stop(turn, cause, strength="halt")
        return
    before = holding.position
    pending = (*holding.pending, Pending(execution, before))
    quantity = signed(execution.side, execution.quantity)
    position, _ = fold(before, quantity, execution.price)
    _move(turn, replace(holding, pending=pending), position, execution=execution)


def book_pending(turn: Turn, instrument: Instrument) -> None:
    """Book what was filled or adopted while nobody knew the instrument."""
    holding = turn.holding(instrument.symbol)
    start = holding.pending[0].before if holding.pending else holding.position
    if holding.inverse is not None and start.quantity:
        price = average_price(start, None)
        start = Position(start.quantity, worth(start.quantity, price, holding.inverse))
    if start is not holding.position:
        turn.settle(replace(holding, position=start, pending=()))
    for pending in holding.pending:
        book(turn, instrument.symbol, pending.execution)
