"""Realized money: where it is booked, and what is kept apart because nobody can value it yet."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account import CURRENCIES_MAX, EARLY_MAX, Early
from pipeline.risk.cause import Cause
from pipeline.risk.figures import foreign
from pipeline.risk.numbers import ZERO
from pipeline.risk.stops import alert_breach, open_stop
from pipeline.risk.turn import Turn
from topics.instruments import Instrument


def book_realized(turn: Turn, instrument: Instrument, *, executed_ms: int, amount: Decimal) -> bool:
    """Add to the realized PnL of symbol and account; return whether the day and week follow.

    In a currency without a rate it is kept apart and equity is unknown. The opening balance holds
    the money of what was executed before it already.
    """
    account = turn.account
    if foreign(instrument, account.currency):
        set_apart(turn, instrument.settlement_currency, amount)
        return False
    holding = turn.holding(instrument.symbol)
    turn.put(replace(holding, realized=holding.realized + amount))
    if account.opened_ms is None:
        _book_early(turn, Early(executed_ms, instrument.settlement_currency, amount))
        return False
    if executed_ms <= account.opened_ms:
        return False
    turn.update(realized=account.realized + amount)
    return True


def book_fee(turn: Turn, currency: str, fee: Decimal, *, executed_ms: int) -> None:
    """Book a fee in another currency than the fill's: at once in the account's, else apart."""
    account = turn.account
    if currency != account.currency:
        set_apart(turn, currency, -fee)
    elif account.opened_ms is not None and executed_ms > account.opened_ms:
        turn.update(realized=account.realized - fee)
        book_in_windows(turn, -fee, -fee)


def _book_early(turn: Turn, early: Early) -> None:
    """Keep what is realized before the opening says what of it counts, and in which currency."""
    if len(turn.account.early) >= EARLY_MAX:
        cause = Cause("too_many", "more fills before the opening than can be kept")
        open_stop(turn, cause, strength="halt")
        set_apart(turn, early.currency, early.amount)
        return
    turn.update(early=(*turn.account.early, early), realized=turn.account.realized + early.amount)


def book_in_windows(turn: Turn, in_day: Decimal, in_week: Decimal) -> None:
    """Add to the realized PnL since the opens of the day and the week."""
    day, week = turn.account.day, turn.account.week
    if day is not None and week is not None:
        turn.update(
            day=replace(day, realized=day.realized + in_day),
            week=replace(week, realized=week.realized + in_week),
        )


def set_apart(turn: Turn, currency: str, amount: Decimal) -> None:
    """Keep an amount whose value is not known; equity is unknown until it is."""
    reason = f"there is no rate for {currency}: equity is unknown"
    alert_breach(turn, Cause("stale_mark", reason), key=f"rate:{currency}")
    if currency not in turn.account.unconverted and (
        len(turn.account.unconverted) >= CURRENCIES_MAX
    ):
        cause = Cause("too_many", f"more currencies without a rate than can be kept: {currency}")
        open_stop(turn, cause, strength="halt")
        return
    held = turn.account.unconverted.get(currency, ZERO)
    turn.update(unconverted={**turn.account.unconverted, currency: held + amount})
