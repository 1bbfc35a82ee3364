"""Applies kept fills again after one of them was removed or replaced.

Differences in money are booked where the original was, at its rate, and correct its own day.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.holding import Execution
from pipeline.risk.account.kept_fills import KeptFill
from pipeline.risk.account.paid import frozen_point_value, with_paid
from pipeline.risk.account.position import Position, apply_trade
from pipeline.risk.ledger.beginning import Beginning, began, hold, with_new_past
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
from pipeline.risk.ledger.stops_again import StopAgain
from pipeline.risk.ledger.trade import Trade, trade_of
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.turn import Turn
from topics.instruments import Instrument


def reapply(
    turn: Turn, old: KeptFill, kept: tuple[KeptFill, ...], *, new: Execution | None
) -> None:
    """Rebuild a position as if a kept fill had been `new`, or had never come (None)."""
    _, after, _ = _applied(turn, old, old.before)
    beginning = Beginning(old, began(old.before, after, by=old, known=None), None)
    position, changed = old.before, replace(old, busted=True)
    if new is not None:
        changed = _exchanged(turn, old, new)
        _, position, _ = _applied(turn, changed, old.before)
        now = began(old.before, position, by=changed, known=None)
        beginning = beginning._replace(now=now)
    stops = StopAgain(turn, old)
    if new is not None:
        stops.take(changed, position)
    turn.fills.append(changed)
    _exchange_money(turn, old, None if new is None else changed)
    for later in kept:
        if later.number > old.number and not later.busted:
            again = stops.preceding(with_new_past(later, position, beginning))
            if again is not later:
                turn.fills.append(again)
            position, beginning = _apply_again(turn, later, position, beginning=beginning)
            stops.take(again, position)
    hold(turn, position, beginning)
    stops.hold(old, new)


def _apply_again(
    turn: Turn, kept: KeptFill, before: Position, *, beginning: Beginning
) -> tuple[Position, Beginning]:
    """Apply a later fill to the changed position and book the difference that it realizes."""
    was, left, _ = _applied(turn, kept, kept.before)
    won, position, _ = _applied(turn, kept, before)
    if won != was:
        # Two bookings, because each amount is rounded by itself when it is booked.
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
    """Apply a kept fill; return what it realizes before fees, the new position, and the trade."""
    instrument = _instrument_of(turn, kept)
    trade = trade_of(kept.execution, instrument, turn.account)
    position, won = apply_trade(before, trade.quantity, trade.execution.price, terms=trade.contract)
    rate = _rate(turn, kept, instrument.settlement_currency)
    point_value = frozen_point_value(turn.account, instrument, rate)
    return won, with_paid(before, position, point_value), trade


def _exchanged(turn: Turn, old: KeptFill, new: Execution) -> KeptFill:
    """Replace a kept fill's execution; rates stay those of the fill where they are known."""
    fee = trade_of(new, _instrument_of(turn, old), turn.account).other_fee
    if fee is None or fee.currency == old.execution.fee_currency:
        return replace(old, execution=new)
    counted = None
    if turn.account.capital.opened_ms is not None:
        counted = is_counted(turn.account, new.executed_ms, fee.currency)
    rate = fresh_rate(turn, fee.currency)
    return replace(old, execution=new, fee_rate=rate, fee_counted=counted)


def _exchange_money(turn: Turn, old: KeptFill, new: KeptFill | None) -> None:
    """Reverse a fill's PnL and fees, book the new ones, and correct the windows of its day."""
    reversed_ = _money_of(turn, old, back=True)
    booked = None if new is None else _money_of(turn, new, back=False)
    parts = [part for part in (reversed_, booked) if part is not None]
    if not parts:
        return

    def effect(marks: dict[str, Decimal]) -> Decimal:
        return sum((part(marks) for part in parts), ZERO)

    name = "bust" if new is None else "correction"
    execution = old.execution
    late = Late(f"{name} of fill {execution.fill_id}", execution.executed_ms, effect)
    correct_windows(turn, late)


def _money_of(turn: Turn, kept: KeptFill, *, back: bool) -> Effect | None:
    """Book or reverse (back) a fill's money; return its effect on the equity of an open."""
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
        return None  # Unconverted money is in no window yet.

    def effect(marks: dict[str, Decimal]) -> Decimal:
        return fee if rate is None else fee + sign * trade.effect(marks.get(symbol)) * rate

    return effect


def _book_again(turn: Turn, kept: KeptFill, money: Money, *, back: bool = True) -> Decimal:
    """Book a difference for a kept fill where it was booked, at the rate of that time."""
    executed_ms, counted = kept.execution.executed_ms, kept.counted
    if turn.account.capital.opened_ms is None:
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
    """Return the rate at which a kept fill's money was booked; None while it waits for one."""
    if kept.rate is not None or currency == turn.account.capital.currency:
        return ONE if kept.rate is None else kept.rate
    return late_rate(turn.holding(kept.symbol), currency, kept.number)
