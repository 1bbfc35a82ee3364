"""Realized money: where it is booked, and what is kept apart because nobody can value it yet."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.account import EARLY_MAX, UNCONVERTED_MAX, Account
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.holding import Execution, Holding, LateRate
from pipeline.risk.account.unconverted import WAITING_MAX, Early, Unconverted, Waiting
from pipeline.risk.ledger.cash import keeps_currency, put_cash
from pipeline.risk.ledger.rates import fresh_rate
from pipeline.risk.numbers import ONE, ZERO, booked
from pipeline.risk.stops import alert_breach, open_stop
from pipeline.risk.turn import Turn

LATE_RATES_MAX = 32  # Of a symbol.


class Money(Struct, frozen=True, gc=False):
    """What a symbol won or lost, in the currency that it came in."""

    symbol: str
    currency: str
    amount: Decimal
    execution: Execution | None = None  # Of the fill that brought it.


def book_money(turn: Turn, money: Money, *, executed_ms: int) -> Decimal | None:
    """Realize money at the rate of this moment; return what the day and the week follow with.

    None where they do not: before the opening, when the balance holds it already, and without a
    rate, when it is kept apart and equity is unknown.
    """
    account = turn.account
    if account.opened_ms is None:
        _book_early(turn, Early(executed_ms, money.currency, money.amount, money.symbol))
        return None
    rate = fresh_rate(turn, money.currency)
    counted = is_counted(account, executed_ms, money.currency)
    return book_at(turn, money, rate=rate, counted=counted)


def is_counted(account: Account, executed_ms: int, currency: str) -> bool:
    """Whether what was executed then changes the balance, which else holds it already."""
    if account.opened_ms is None or executed_ms <= account.opened_ms:
        return False
    adjusted_ms = account.adjusted_ms
    if keeps_currency(account, currency):
        adjusted_ms = account.foreign_adjusted.get(currency)
    return adjusted_ms is None or executed_ms > adjusted_ms


def book_at(turn: Turn, money: Money, *, rate: Decimal | None, counted: bool) -> Decimal | None:
    """Realize money at a rate; return what the day and the week follow with.

    By currency the money itself stays in its own; the rate is for what is told in the account's.
    """
    is_apart = keeps_currency(turn.account, money.currency)
    if is_apart and counted:
        put_cash(turn, money.currency, booked(money.amount))
    if rate is None:
        set_apart(turn, money, counted=counted)
        return None
    amount = booked(money.amount if rate is ONE else money.amount * rate)
    add_to_symbol(turn, money.symbol, amount)
    if not counted:
        return None
    if not is_apart:
        turn.set_and_revalue(realized=turn.account.realized + amount)
    return amount


def add_to_symbol(turn: Turn, symbol: str, amount: Decimal) -> None:
    """Add to what a symbol realized, for its reader."""
    holding = turn.account.holdings.get(symbol)
    if holding is not None:
        turn.replace_holding(replace(holding, realized=holding.realized + amount))


def _book_early(turn: Turn, early: Early) -> None:
    """Keep what is realized before the opening says what of it counts, and in which currency."""
    if len(turn.account.early) >= EARLY_MAX:
        cause = Cause("too_many", "more fills before the opening than can be kept")
        open_stop(turn, cause, strength="halt")
        set_apart(turn, Money(early.symbol, early.currency, early.amount), counted=True)
        return
    turn.set_and_revalue(early=(*turn.account.early, early))


def book_in_windows(turn: Turn, in_day: Decimal, in_week: Decimal) -> None:
    """Add to the realized PnL since the opens of the day and the week."""
    day, week = turn.account.day, turn.account.week
    if day is not None and week is not None:
        turn.set_and_revalue(
            day=replace(day, realized=day.realized + in_day),
            week=replace(week, realized=week.realized + in_week),
        )


def book_in_time(turn: Turn, executed_ms: int, amount: Decimal) -> None:
    """Add to the realized PnL of the day and the week if it was executed in them."""
    day, week = turn.account.day, turn.account.week
    if day is not None and week is not None:
        in_day = amount if executed_ms >= day.span.start_ms else ZERO
        book_in_windows(turn, in_day, amount if executed_ms >= week.span.start_ms else ZERO)


def set_apart(turn: Turn, money: Money, *, counted: bool) -> None:
    """Keep an amount whose value is not known; equity is unknown until it is.

    counted: it changes the balance, not only what its symbol has realized.
    """
    currency, unconverted = money.currency, turn.account.unconverted
    reason = f"no rate of {currency}/{turn.account.currency}: equity is unknown"
    alert_breach(turn, Cause("unknown_rate", reason), key=f"rate:{currency}")
    key = f"{currency}:{money.symbol}"
    if key not in unconverted and len(unconverted) >= UNCONVERTED_MAX:
        cause = Cause("too_many", f"more money without a rate than can be kept: {currency}")
        open_stop(turn, cause, strength="halt")
        return
    held, more = unconverted.get(key, Unconverted()), money.amount if counted else ZERO
    waiting = _waiting(turn, held, money) if counted else held.waiting
    _set_unconverted(
        turn, key, Unconverted(held.amount + money.amount, held.counted + more, waiting)
    )


def _set_unconverted(turn: Turn, key: str, unconverted: Unconverted) -> None:
    left = {name: item for name, item in turn.account.unconverted.items() if name != key}
    kept = unconverted.amount or unconverted.counted or unconverted.waiting
    turn.set_and_revalue(unconverted={**left, key: unconverted} if kept else left)


def _waiting(turn: Turn, held: Unconverted, money: Money) -> tuple[Waiting, ...]:
    """Note to which day money belongs; more than can be kept belongs to that of its rate."""
    execution, day = money.execution, turn.account.day
    if execution is None:
        return held.waiting
    if len(held.waiting) >= WAITING_MAX:
        reason = f"more fills without a rate than can be kept apart: {money.currency}"
        open_stop(turn, Cause("too_many", reason), strength="halt")
        return held.waiting
    late = day is not None and execution.executed_ms < day.span.start_ms
    return (*held.waiting, Waiting(execution, money.amount, late))


def take_back(turn: Turn, money: Money, *, counted: bool) -> None:
    """Return money of a busted fill that still waits for its rate; `amount`: what is returned."""
    if counted and keeps_currency(turn.account, money.currency):
        put_cash(turn, money.currency, booked(money.amount))
    set_apart(turn, replace(money, execution=None), counted=counted)
    key = f"{money.currency}:{money.symbol}"
    unconverted = turn.account.unconverted.get(key)
    if unconverted is not None:
        waiting = tuple(each for each in unconverted.waiting if each.execution != money.execution)
        _set_unconverted(turn, key, replace(unconverted, waiting=waiting))


def note_rate(turn: Turn, money: Money, rate: Decimal) -> None:
    """Note at which rate the fills of a symbol that had none were booked at last."""
    holding = turn.account.holdings.get(money.symbol)
    if holding is None or not holding.fills:
        return
    known = holding.late_rates
    if not any(each.currency == money.currency and each.end == holding.fills for each in known):
        new = LateRate(money.currency, holding.fills, rate)
        turn.replace_holding(replace(holding, late_rates=(*known[-(LATE_RATES_MAX - 1) :], new)))


def late_rate(holding: Holding, currency: str, number: int) -> Decimal | None:
    """Return the rate at which a kept fill that had none was booked; None while it waits for one.

    One whose own is no longer kept has the next.
    """
    rates = (each for each in holding.late_rates if each.currency == currency)
    return next((each.rate for each in rates if number < each.end), None)
