"""Converts money and position costs that waited for a rate, at the first rate seen.

The amount is frozen from then on. What fills realized is booked in the day and week of the fills,
as if the rate had been known.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.holding import Holding
from pipeline.risk.account.paid import frozen
from pipeline.risk.account.unconverted import Unconverted, Waiting
from pipeline.risk.ledger.cash import keeps_currency
from pipeline.risk.ledger.late_fill import Effect, Late, correct_windows
from pipeline.risk.ledger.money import (
    Money,
    add_to_symbol,
    book_in_time,
    book_in_windows,
    note_rate,
)
from pipeline.risk.ledger.rates import fresh_rate
from pipeline.risk.ledger.trade import trade_of
from pipeline.risk.numbers import ZERO, booked
from pipeline.risk.turn import Turn

_RATE_EVERY_MS = 15_000


def convert_waiting(turn: Turn) -> None:
    """Book unconverted money whose rate is known now."""
    for key, unconverted in list(turn.account.currencies.unconverted.items()):
        currency, _, symbol = key.partition(":")
        rate = fresh_rate(turn, currency)
        if rate is not None:
            waiting = turn.account.currencies.unconverted
            left = {name: item for name, item in waiting.items() if name != key}
            turn.set_currencies(unconverted=left)
            _book(turn, Money(symbol, currency, unconverted.amount), unconverted, rate=rate)


def rate_again_ms(turn: Turn) -> int | None:
    """When money that waits for a rate is looked after again."""
    if not (turn.account.currencies.unconverted or turn.account.currencies.waiting_flows):
        return None
    return turn.now_ms - turn.now_ms % _RATE_EVERY_MS + _RATE_EVERY_MS


def freeze_costs(turn: Turn) -> None:
    """Freeze the cost of positions filled without a rate; cash by currency freezes nothing."""
    if turn.account.currencies.by_currency:
        return
    for currency, foreign in turn.account.totals.foreign.items():
        if foreign.unfrozen and fresh_rate(turn, currency) is not None:
            for holding in list(turn.account.holdings.values()):
                if holding.foreign_currency == currency:
                    _freeze(turn, holding)


def _freeze(turn: Turn, holding: Holding) -> None:
    position = holding.position
    if holding.point_value is not None and position.frozen_cost != position.cost:
        turn.recompute_holding(replace(holding, position=frozen(position, holding.point_value)))


def _book(turn: Turn, money: Money, unconverted: Unconverted, *, rate: Decimal) -> None:
    add_to_symbol(turn, money.symbol, booked(money.amount * rate))
    note_rate(turn, money, rate)
    at_once = booked(
        (unconverted.counted - sum((item.counted for item in unconverted.waiting), ZERO)) * rate
    )
    waited = [booked(item.counted * rate) for item in unconverted.waiting]
    if not keeps_currency(turn.account, money.currency):
        turn.set_capital(realized=turn.account.capital.realized + sum(waited, at_once))
    book_in_windows(turn, at_once, at_once)
    for item, amount in zip(unconverted.waiting, waited, strict=True):
        execution = item.execution
        book_in_time(turn, execution.executed_ms, amount)
        if item.late:
            effect = _effect(turn, money, item, rate=rate)
            correct_windows(turn, Late(f"fill {execution.fill_id}", execution.executed_ms, effect))


def _effect(turn: Turn, money: Money, waiting: Waiting, *, rate: Decimal) -> Effect:
    """Return a late fill's effect on equity: a trade's depends on the mark, a fee's does not."""
    instrument = turn.holding(money.symbol).instrument
    if instrument is None or money.currency != instrument.settlement_currency:
        return lambda _: waiting.counted * rate
    trade = trade_of(waiting.execution, instrument, turn.account)
    return lambda marks: trade.effect(marks.get(money.symbol)) * rate
