"""Folding anew: a kept fill is taken out or exchanged, and what came after it folds as if so.

Money is booked where, and at the rate that, the fill's own was; windows of its own day follow.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.holding import Execution
from pipeline.risk.account.kept_fills import KeptFill
from pipeline.risk.account.paid import frozen_point_value, with_paid
from pipeline.risk.account.position import Position, apply_trade
from pipeline.risk.ledger.beginning import Beginning, began, hold, kept_again
from pipeline.risk.ledger.late_fill import Effect, Late, correct_windows
from pipeline.risk.ledger.money import (
    Money,
    book_at,
    book_in_time,
    book_money,
    is_counted,
    late_rate,
    take_back,
)
from pipeline.risk.ledger.rates import fresh_rate
from pipeline.risk.ledger.trade import Trade, trade_of
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.turn import Turn
from topics.instruments import Instrument


def refold(turn: Turn, old: KeptFill, kept: tuple[KeptFill, ...], *, new: Execution | None) -> None:
    """Fold a symbol as if a kept fill had come otherwise, or (new is None) never."""
    _, after, _ = _applied(turn, old, old.before)
    beginning = Beginning(old, began(old.before, after, by=old, known=None), None)
    position, changed = old.before, replace(old, busted=True)
    if new is not None:
        changed = _exchanged(turn, old, new)
        _, position, _ = _applied(turn, changed, old.before)
        now = began(old.before, position, by=changed, known=None)
        beginning = beginning._replace(now=now)
    turn.fills.append(changed)
    _exchange_money(turn, old, None if new is None else changed)
    for each in kept:
        if each.number > old.number and not each.busted:
            position, beginning = _fold_again(turn, each, position, beginning=beginning)
    hold(turn, position, beginning)


def _fold_again(
    turn: Turn, kept: KeptFill, before: Position, *, beginning: Beginning
) -> tuple[Position, Beginning]:
    """Fold a later fill on another position, and book what it realizes differently."""
    was, left, _ = _applied(turn, kept, kept.before)
    won, position, _ = _applied(turn, kept, before)
    again = kept_again(kept, before, beginning)
    if again is not kept:
        turn.fills.append(again)
    if won != was:
        # One by one, as each was or would have been rounded when it was booked.
        currency = _instrument_of(turn, kept).settlement_currency
        for amount in (-was, won):
            _book_again(turn, kept, Money(kept.symbol, currency, amount))
    return position, Beginning(
        beginning.changed,
        began(kept.before, left, by=kept, known=beginning.was),
        began(before, position, by=kept, known=beginning.now),
    )


def _instrument_of(turn: Turn, kept: KeptFill) -> Instrument:
    instrument = turn.holding(kept.symbol).instrument
    if instrument is None:
        raise AssertionError("a kept fill has an instrument")
    return instrument


def _applied(turn: Turn, kept: KeptFill, before: Position) -> tuple[Decimal, Position, Trade]:
    """Fold a kept fill; return what it wins without its fee, and the position after it."""
    instrument = _instrument_of(turn, kept)
    trade = trade_of(kept.execution, instrument, turn.account)
    position, won = apply_trade(before, trade.quantity, trade.execution.price, terms=trade.contract)
    rate = _rate(turn, kept, instrument.settlement_currency)
    point_value = frozen_point_value(turn.account, instrument, rate)
    return won, with_paid(before, position, point_value), trade


def _exchanged(turn: Turn, old: KeptFill, new: Execution) -> KeptFill:
    """Put another execution in a fill's place, with the rates of then where they are known."""
    fee = trade_of(new, _instrument_of(turn, old), turn.account).other_fee
    if fee is None or fee.currency == old.execution.fee_currency:
        return replace(old, execution=new)
    counted = None
    if turn.account.opened_ms is not None:
        counted = is_counted(turn.account, new.executed_ms, fee.currency)
    rate = fresh_rate(turn, fee.currency)
    return replace(old, execution=new, fee_rate=rate, fee_counted=counted)


def _exchange_money(turn: Turn, old: KeptFill, new: KeptFill | None) -> None:
    """Give back what a fill realized and its fees, book the new ones, and correct its day."""
    given_back = _money_of(turn, old, back=True)
    booked = None if new is None else _money_of(turn, new, back=False)
    parts = [part for part in (given_back, booked) if part is not None]
    if not parts:
        return

    def effect(marks: dict[str, Decimal]) -> Decimal:
        return sum((part(marks) for part in parts), ZERO)

    name = "bust" if new is None else "correction"
    execution = old.execution
    late = Late(f"{name} of fill {execution.fill_id}", execution.executed_ms, effect)
    correct_windows(turn, late)


def _money_of(turn: Turn, kept: KeptFill, *, back: bool) -> Effect | None:
    """Book a fill's money, or give it back; return its effect on an open, None without one."""
    won, _, trade = _applied(turn, kept, kept.before)
    symbol, sign = kept.symbol, -ONE if back else ONE
    currency = _instrument_of(turn, kept).settlement_currency
    money = Money(symbol, currency, sign * (won - trade.fee), kept.execution)
    _book_again(turn, kept, money, back=back)
    fee = ZERO
    if trade.other_fee is not None:
        other = replace(trade.other_fee, amount=sign * trade.other_fee.amount)
        paid = replace(kept, rate=kept.fee_rate, counted=kept.fee_counted)
        fee = _book_again(turn, paid, other, back=back)
    rate = _rate(turn, kept, currency)
    if kept.counted is False or (rate is None and not fee):
        return None  # What still waits for its rate is not in any window.

    def effect(marks: dict[str, Decimal]) -> Decimal:
        return fee if rate is None else fee + sign * trade.effect(marks.get(symbol)) * rate

    return effect


def _book_again(turn: Turn, kept: KeptFill, money: Money, *, back: bool = True) -> Decimal:
    """Book a difference to what a kept fill brought, where and at the rate that it was booked."""
    executed_ms, counted = kept.execution.executed_ms, kept.counted
    if turn.account.opened_ms is None:
        book_money(turn, money, executed_ms=executed_ms)
        return ZERO
    if counted is None:
        counted = is_counted(turn.account, executed_ms, money.currency)
    rate = _rate(turn, kept, money.currency)
    if rate is None and back:
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
