"""Books realized money, and keeps unconverted what has no rate yet."""

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

LATE_RATES_MAX = 32  # Per symbol.


class Money(Struct, frozen=True, gc=False):
    """What a symbol won (positive) or lost, in its original currency."""

    symbol: str
    currency: str
    amount: Decimal
    execution: Execution | None = None  # Of the fill that brought it.


def book_money(turn: Turn, money: Money, *, executed_ms: int) -> Decimal | None:
    """Realize money at the current rate; return the amount to book in day and week.

    None if there is nothing to book there: before the opening, when the balance already includes
    it, or without a rate, when it stays unconverted and equity is unknown.
    """
    account = turn.account
    if account.capital.opened_ms is None:
        _book_early(turn, Early(executed_ms, money.currency, money.amount, money.symbol))
        return None
    rate = fresh_rate(turn, money.currency)
    counted = is_counted(account, executed_ms, money.currency)
    return book_at(turn, money, rate=rate, counted=counted)


def is_counted(account: Account, executed_ms: int, currency: str) -> bool:
    """Whether an execution changes the balance; opening or snapshot may already include it."""
    capital = account.capital
    if capital.opened_ms is None or executed_ms <= capital.opened_ms:
        return False
    adjusted_ms = capital.adjusted_ms
    if keeps_currency(account, currency):
        adjusted_ms = account.currencies.adjusted_ms.get(currency)
    return adjusted_ms is None or executed_ms > adjusted_ms


def book_at(turn: Turn, money: Money, *, rate: Decimal | None, counted: bool) -> Decimal | None:
    """Realize money at a rate; return the amount to book in day and week, as in book_money.

    With cash by currency the money stays in its own currency; the rate serves reports only.
    """
    stays = keeps_currency(turn.account, money.currency)
    if stays and counted:
        put_cash(turn, money.currency, booked(money.amount))
    if rate is None:
        keep_unconverted(turn, money, counted=counted)
        return None
    # `fresh_rate` returns ONE itself for the account's own currency: nothing to multiply.
    amount = booked(money.amount if rate is ONE else money.amount * rate)
    add_to_symbol(turn, money.symbol, amount)
    if not counted:
        return None
    if not stays:
        turn.set_capital(realized=turn.account.capital.realized + amount)
    return amount


def add_to_symbol(turn: Turn, symbol: str, amount: Decimal) -> None:
    """Add to the realized PnL that is reported for a symbol."""
    holding = turn.account.holdings.get(symbol)
    if holding is not None:
        turn.replace_holding(replace(holding, realized=holding.realized + amount))


def _book_early(turn: Turn, early: Early) -> None:
    """Keep what is realized before the opening; the opening decides whether it counts."""
    if len(turn.account.capital.early) >= EARLY_MAX:
        cause = Cause("too_many", "more fills before the opening than can be kept")
        open_stop(turn, cause, strength="halt")
        keep_unconverted(turn, Money(early.symbol, early.currency, early.amount), counted=True)
        return
    turn.set_capital(early=(*turn.account.capital.early, early))


def book_in_windows(turn: Turn, in_day: Decimal, in_week: Decimal) -> None:
    """Add to the realized PnL of the current day and week."""
    day, week = turn.account.windows.day, turn.account.windows.week
    if day is not None and week is not None:
        turn.set_windows(
            day=replace(day, realized=day.realized + in_day),
            week=replace(week, realized=week.realized + in_week),
        )


def book_in_time(turn: Turn, executed_ms: int, amount: Decimal) -> None:
    """Add to the realized PnL of the current day and week if it was executed in them."""
    day, week = turn.account.windows.day, turn.account.windows.week
    if day is not None and week is not None:
        in_day = amount if executed_ms >= day.span.start_ms else ZERO
        book_in_windows(turn, in_day, amount if executed_ms >= week.span.start_ms else ZERO)


def keep_unconverted(turn: Turn, money: Money, *, counted: bool) -> None:
    """Keep an amount without a rate; equity is unknown until there is one.

    counted: it changes the balance, not only the realized PnL of its symbol.
    """
    currency, unconverted = money.currency, turn.account.currencies.unconverted
    reason = f"no rate for {currency}/{turn.account.capital.currency}: equity is unknown"
    alert_breach(turn, Cause("unknown_rate", reason), key=f"rate:{currency}")
    key = f"{currency}:{money.symbol}"
    if key not in unconverted and len(unconverted) >= UNCONVERTED_MAX:
        cause = Cause("too_many", f"more money without a rate than can be kept: {currency}")
        open_stop(turn, cause, strength="halt")
        return
    held, added = unconverted.get(key, Unconverted()), money.amount if counted else ZERO
    waiting = _waiting(turn, held, money) if counted else held.waiting
    _set_unconverted(
        turn, key, Unconverted(held.amount + money.amount, held.counted + added, waiting)
    )


def _set_unconverted(turn: Turn, key: str, unconverted: Unconverted) -> None:
    known = turn.account.currencies.unconverted
    left = {name: item for name, item in known.items() if name != key}
    kept = unconverted.amount or unconverted.counted or unconverted.waiting
    turn.set_currencies(unconverted={**left, key: unconverted} if kept else left)


def _waiting(turn: Turn, held: Unconverted, money: Money) -> tuple[Waiting, ...]:
    """Remember the fill, so that its day gets the money; halt the account at the bound."""
    execution, day = money.execution, turn.account.windows.day
    if execution is None:
        return held.waiting
    if len(held.waiting) >= WAITING_MAX:
        reason = f"more fills without a rate than can be kept: {money.currency}"
        open_stop(turn, Cause("too_many", reason), strength="halt")
        return held.waiting
    late = day is not None and execution.executed_ms < day.span.start_ms
    return (*held.waiting, Waiting(execution, money.amount, late))


def take_back(turn: Turn, money: Money, *, counted: bool) -> None:
    """Reverse money of a busted fill that still waits for a rate; money has the reversed sign."""
    if counted and keeps_currency(turn.account, money.currency):
        put_cash(turn, money.currency, booked(money.amount))
    keep_unconverted(turn, replace(money, execution=None), counted=counted)
    key = f"{money.currency}:{money.symbol}"
    unconverted = turn.account.currencies.unconverted.get(key)
    if unconverted is not None:
        waiting = tuple(item for item in unconverted.waiting if item.execution != money.execution)
        _set_unconverted(turn, key, replace(unconverted, waiting=waiting))


def note_rate(turn: Turn, money: Money, rate: Decimal) -> None:
    """Record the rate at which a symbol's fills without a rate were finally booked."""
    holding = turn.account.holdings.get(money.symbol)
    if holding is None or not holding.fills:
        return
    known = holding.late_rates
    if not any(item.currency == money.currency and item.end == holding.fills for item in known):
        new = LateRate(money.currency, holding.fills, rate)
        turn.replace_holding(replace(holding, late_rates=(*known[-(LATE_RATES_MAX - 1) :], new)))


def late_rate(holding: Holding, currency: str, number: int) -> Decimal | None:
    """Return the rate at which a fill without a rate was booked later; None while it waits.

    If its own rate is no longer kept, the next one counts.
    """
    rates = (item for item in holding.late_rates if item.currency == currency)
    return next((item.rate for item in rates if number < item.end), None)
