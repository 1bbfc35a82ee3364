"""Busts: a fill that never was. What was folded after it is folded anew from the fills kept.

A fill no longer kept is booked as its opposite at its own price: the total is exact then, the split
between realized and unrealized is not.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.book.booking import book, book_unknown
from pipeline.risk.book.holding import Execution, Holding
from pipeline.risk.book.late_fill import Late, correct_windows
from pipeline.risk.book.money import (
    Money,
    book_at,
    book_in_time,
    book_money,
    is_counted,
    late_rate,
    take_back,
)
from pipeline.risk.book.paid import freezing_scale, with_paid
from pipeline.risk.book.position import Position, fold
from pipeline.risk.book.trade import Trade, execution_of, trade_of
from pipeline.risk.cause import Cause
from pipeline.risk.memory.kept_fills import KeptFill
from pipeline.risk.numbers import ONE, ZERO, opposite
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.marks import marked
from topics.fills import Fill
from topics.instruments import Instrument


def on_bust(turn: Turn, fill: Fill, kept: tuple[KeptFill, ...], *, came: bool) -> None:
    """Undo a fill; `came`: it was seen before. One that was not is remembered as busted."""
    holding = turn.holding(fill.symbol)
    said = f"fill {fill.fill_id} is busted"
    found = [each for each in kept if not each.busted and _is_of(each.execution, fill)]
    if holding.adopted_ms is not None and fill.executed_at_ms <= holding.adopted_ms:
        said += ": the adopted snapshot says what is held"
    elif any(_is_of(pending.execution, fill) for pending in holding.pending):
        _take_out(turn, holding, fill)
    elif found and holding.instrument is not None:
        _refold(turn, found[-1], kept, instrument=holding.instrument)
    elif came:
        said += ", no longer kept, and booked as its opposite: realized and unrealized are not told"
        book(turn, fill.symbol, reversed_of(execution_of(fill)))
    else:
        said += " before it came"
    turn.alert(Cause("bust", said, fill.quantity))


def reversed_of(execution: Execution) -> Execution:
    """The opposite fill at the same price, with the fee returned; no bust finds it by its name."""
    side = opposite(execution.side)
    return replace(execution, fill_id=f"~{execution.fill_id}", side=side, fee=-execution.fee)


def _is_of(execution: Execution, fill: Fill) -> bool:
    return (execution.fill_id, execution.side) == (fill.fill_id, fill.side)


def _take_out(turn: Turn, holding: Holding, fill: Fill) -> None:
    """Take a fill out of those that wait for their instrument."""
    start = holding.pending[0].before
    left = [each.execution for each in holding.pending if not _is_of(each.execution, fill)]
    turn.settle(replace(holding, position=start, pending=()))
    for execution in left:
        book_unknown(turn, turn.holding(fill.symbol), execution)
    _place(turn, holding, turn.holding(fill.symbol).position)


def _refold(
    turn: Turn, busted: KeptFill, kept: tuple[KeptFill, ...], *, instrument: Instrument
) -> None:
    """Fold what came after a fill as if it never was, and book what is realized differently."""
    holding = turn.holding(busted.symbol)
    _undo(turn, busted, instrument)
    turn.fills.append(replace(busted, busted=True))
    position = busted.before
    for each in kept:
        if each.number <= busted.number or each.busted:
            continue
        trade, before = trade_of(each.execution, instrument, turn.account), position
        turn.fills.append(replace(each, before=before))
        position, won = _folded(before, trade)
        rate = _rate(turn, each, instrument.settlement_currency)
        position = with_paid(before, position, freezing_scale(turn.account, instrument, rate))
        _, was = _folded(each.before, trade)
        if won != was:
            # One by one, as each was or would have been rounded when it was booked.
            for amount in (-was, won):
                _book_again(turn, each, Money(each.symbol, instrument.settlement_currency, amount))
    _place(turn, holding, position)


def _folded(before: Position, trade: Trade) -> tuple[Position, Decimal]:
    """Fold a trade; return what it won in the settlement currency, without its fee."""
    return fold(before, trade.quantity, trade.execution.price, terms=trade.contract)


def _place(turn: Turn, before: Holding, position: Position) -> None:
    """Hold another position than before; one that opens or turns begins at its average price."""
    changed = replace(turn.holding(before.symbol), position=position)
    turn.settle(marked(turn, before, changed, entry=changed.average_price))
    turn.state_changed = True


def _book_again(turn: Turn, kept: KeptFill, money: Money) -> Decimal:
    """Book a difference to what a kept fill brought, where and at the rate that it was booked."""
    executed_ms, counted = kept.execution.executed_ms, kept.counted
    if turn.account.opened_ms is None:
        book_money(turn, money, executed_ms=executed_ms)
        return ZERO
    if counted is None:
        counted = is_counted(turn.account, executed_ms, money.currency)
    rate = _rate(turn, kept, money.currency)
    if rate is None:
        take_back(turn, money, counted=counted)
        return ZERO
    amount = book_at(turn, money, rate=rate, counted=counted)
    if amount is None:
        return ZERO
    book_in_time(turn, executed_ms, amount)
    return amount


def _rate(turn: Turn, kept: KeptFill, currency: str) -> Decimal | None:
    """The rate at which a kept fill's money was booked; None while it waits for one."""
    if kept.rate is not None or currency == turn.account.currency:
        return ONE if kept.rate is None else kept.rate
    return late_rate(turn.holding(kept.symbol), currency, kept.number)


def _undo(turn: Turn, busted: KeptFill, instrument: Instrument) -> None:
    """Give back what a fill realized and its fees, and correct the days since its own."""
    trade = trade_of(busted.execution, instrument, turn.account)
    _, won = _folded(busted.before, trade)
    execution, currency = busted.execution, instrument.settlement_currency
    money = Money(busted.symbol, currency, trade.fee - won, execution)
    _book_again(turn, busted, money)
    returned = ZERO
    if trade.other_fee is not None:
        fee = replace(trade.other_fee, amount=-trade.other_fee.amount)
        paid = replace(busted, rate=busted.fee_rate, counted=busted.fee_counted)
        returned = _book_again(turn, paid, fee)
    rate = _rate(turn, busted, currency)
    if busted.counted is False or (rate is None and not returned):
        return  # What still waited for its rate is not in any window.

    def effect(marks: dict[str, Decimal]) -> Decimal:
        if rate is None:
            return returned
        return returned - trade.effect(marks.get(busted.symbol)) * rate

    name = f"bust of fill {execution.fill_id}"
    correct_windows(turn, Late(name, execution.executed_ms, effect))
