"""Books a fill: changes the position and realizes PnL and the whole fee at once."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import PENDING_MAX, POSITIONS_MAX
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Execution, Holding, Pending, StopLevels, mark_of
from pipeline.risk.account.kept_fills import Entry, KeptFill
from pipeline.risk.account.paid import frozen_point_value, with_paid
from pipeline.risk.account.position import LINEAR, Position, apply_trade, average_price
from pipeline.risk.ledger.late_fill import Late, correct_windows
from pipeline.risk.ledger.marks import marked
from pipeline.risk.ledger.money import Money, book_in_time, book_money, is_counted
from pipeline.risk.ledger.rates import fresh_rate
from pipeline.risk.ledger.refused_fill import refuse_fill
from pipeline.risk.ledger.trade import Trade, trade_of
from pipeline.risk.numbers import ZERO, signed
from pipeline.risk.order.stop_price import stop_on_tick
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.quotes import allows
from topics.codec import plain
from topics.instruments import Instrument


def book(turn: Turn, symbol: str, execution: Execution, *, entry: Entry | None = None) -> None:
    """Apply a fill and book what it realizes; without an instrument it stays pending.

    entry: what its stop price follows from; None where it says nothing of stops.
    """
    holding = turn.holding(symbol)
    if not holding.position.quantity and turn.account.totals.held >= POSITIONS_MAX:
        cause = Cause("too_many", f"fill {execution.fill_id} exceeds the maximum of positions")
        open_stop(turn, cause, strength="halt")
    elif holding.instrument is None:
        book_unknown(turn, holding, execution)
    else:
        trade = trade_of(execution, holding.instrument, turn.account)
        _keep(turn, trade, instrument=holding.instrument, entry=entry)
        kept = replace(holding, fills=holding.fills + 1)
        _book_trade(turn, kept, trade, instrument=holding.instrument)


def _keep(turn: Turn, trade: Trade, *, instrument: Instrument, entry: Entry | None) -> None:
    """Keep a fill for a later bust, with the position before it and how it was booked."""
    execution, account = trade.execution, turn.account
    holding, currency = turn.holding(instrument.symbol), instrument.settlement_currency
    other = execution.fee_currency  # Kept without a fee too: a correction may bring one.
    other = None if other == currency else other
    counted = fee_counted = None
    if account.capital.opened_ms is not None:
        counted = is_counted(account, execution.executed_ms, currency)
        if other is not None:
            fee_counted = is_counted(account, execution.executed_ms, other)
    turn.fills.append(
        KeptFill(
            holding.symbol,
            holding.fills,
            execution,
            holding.position,
            rate=fresh_rate(turn, currency),
            counted=counted,
            fee_rate=None if other is None else fresh_rate(turn, other),
            fee_counted=fee_counted,
            booked_ms=turn.now_ms,
            stop_levels=holding.stop_levels,
            marks=holding.marks,
            entry=entry,
        )
    )


def _book_trade(turn: Turn, holding: Holding, trade: Trade, *, instrument: Instrument) -> None:
    execution, before = trade.execution, holding.position
    position, won = apply_trade(before, trade.quantity, execution.price, terms=trade.contract)
    rate = fresh_rate(turn, instrument.settlement_currency)
    position = with_paid(before, position, frozen_point_value(turn.account, instrument, rate))
    _move(turn, holding, position, execution=execution)
    _realize(turn, holding.symbol, trade, amount=won - trade.fee)


def _move(turn: Turn, holding: Holding, position: Position, *, execution: Execution) -> None:
    changed = replace(
        holding,
        position=position,
        filled=True,
        filled_ms=max(holding.filled_ms, min(execution.executed_ms, turn.now_ms)),
    )
    turn.recompute_holding(marked(turn, holding, changed, entry=execution.price))
    turn.state_changed = True
    turn.filled = True


def _realize(turn: Turn, symbol: str, trade: Trade, *, amount: Decimal) -> None:
    """Book realized PnL and fee in the account, and in the day and week of the fill."""
    instrument = turn.holding(symbol).instrument
    if instrument is None:
        raise AssertionError("a trade has an instrument")
    execution, executed_ms = trade.execution, trade.execution.executed_ms
    money = Money(symbol, instrument.settlement_currency, amount, execution)
    rate = fresh_rate(turn, money.currency)
    won = book_money(turn, money, executed_ms=executed_ms)
    paid = None
    if trade.other_fee is not None:
        paid = book_money(turn, trade.other_fee, executed_ms=executed_ms)
    if won is None and paid is None:
        return  # `conversion` books it once there is a rate.
    fee, point_value = paid or ZERO, None if won is None else rate

    def effect(marks: dict[str, Decimal]) -> Decimal:
        return fee if point_value is None else trade.effect(marks.get(symbol)) * point_value + fee

    book_in_time(turn, executed_ms, (won or ZERO) + fee)
    correct_windows(turn, Late(f"fill {execution.fill_id}", executed_ms, effect))


def book_unknown(turn: Turn, holding: Holding, execution: Execution) -> None:
    """Change the position provisionally; money is booked once the instrument is known."""
    if len(holding.pending) >= PENDING_MAX:
        cause = Cause("too_many", f"more fills of unknown {holding.symbol} than can be kept")
        open_stop(turn, cause, strength="halt")
        return
    before = holding.position
    pending = (*holding.pending, Pending(execution, before, turn.now_ms))
    quantity = signed(execution.side, execution.quantity)
    position, _ = apply_trade(before, quantity, execution.price, terms=LINEAR)
    _move(turn, replace(holding, pending=pending), position, execution=execution)


def book_pending(turn: Turn, instrument: Instrument) -> None:
    """Book fills and adopted positions that waited for their instrument."""
    holding = turn.holding(instrument.symbol)
    stop_levels, start = holding.stop_levels, holding.position
    if holding.pending:
        start = holding.pending[0].before
    if holding.inverse is not None and start.quantity:
        start = _as_inverse(turn, holding, start, inverse=holding.inverse)
    if start is not holding.position:
        turn.recompute_holding(replace(holding, position=start, pending=()))
    for pending in holding.pending:
        execution = pending.execution
        if allows(instrument, execution.price):
            book(turn, instrument.symbol, execution)
        else:
            reason = f"{instrument.symbol} cannot trade at {plain(execution.price)}"
            refuse_fill(turn, execution.fill_id, reason)
    _keep_stop_levels(turn, turn.holding(instrument.symbol), stop_levels)


def _as_inverse(turn: Turn, holding: Holding, start: Position, *, inverse: Decimal) -> Position:
    """Convert a provisional position to inverse cost; without a price above zero, at the mark."""
    price: Decimal | None = average_price(start, None)
    if price is None or price <= ZERO:
        price = mark_of(holding.quote, start.quantity)
    if price is not None and price > ZERO:
        return Position(start.quantity, contract_value(start.quantity, price, inverse))
    reason = f"the position in {holding.symbol} has no price above zero, which inverse needs"
    turn.alert(Cause("drift", reason), level="high")
    open_stop(turn, Cause("drift", reason), strength="reduce")
    return Position()


def _keep_stop_levels(turn: Turn, booked: Holding, before: StopLevels | None) -> None:
    """Restore age, best mark and stop price (on the tick) of a position that was booked again."""
    stop_levels = booked.stop_levels
    if stop_levels is not None and before is not None:
        kept = replace(before, realized=stop_levels.realized)
        if before.stop is not None and booked.instrument is not None:
            kept = replace(kept, stop=stop_on_tick(before.stop, booked.instrument, booked.quantity))
        turn.replace_holding(replace(booked, stop_levels=kept))
