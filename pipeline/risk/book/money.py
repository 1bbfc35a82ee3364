"""Realized money: where it is booked, and what is kept apart because nobody can value it yet."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account import APART_MAX, EARLY_MAX, Account, Apart, Early
from pipeline.risk.cause import Cause
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.rates import fresh_rate
from pipeline.risk.watch.stops import alert_breach, open_stop


class Money(Struct, frozen=True, gc=False):
    """What a symbol won or lost, in the currency that it came in."""

    symbol: str
    currency: str
    amount: Decimal


def book_money(turn: Turn, money: Money, *, executed_ms: int) -> Decimal | None:
    """Realize money at the rate of this moment; return what the day and the week follow with.

    None where they do not: before the opening, when the balance holds it already, and without a
    rate, when it is kept apart and equity is unknown.
    """
    account = turn.account
    if account.opened_ms is None:
        _book_early(turn, Early(executed_ms, money.currency, money.amount, money.symbol))
        return None
    rate, counted = fresh_rate(turn, money.currency), is_counted(account, executed_ms)
    return book_at(turn, money, rate=rate, counted=counted)


def is_counted(account: Account, executed_ms: int) -> bool:
    """Whether what was executed then changes the balance, which else holds it already."""
    if account.opened_ms is None or executed_ms <= account.opened_ms:
        return False
    return account.adjusted_ms is None or executed_ms > account.adjusted_ms


def book_at(turn: Turn, money: Money, *, rate: Decimal | None, counted: bool) -> Decimal | None:
    """Realize money at a rate; return what the day and the week follow with."""
    if rate is None:
        set_apart(turn, money, counted=counted)
        return None
    amount = money.amount if rate is ONE else money.amount * rate
    _add_to_symbol(turn, money.symbol, amount)
    if not counted:
        return None
    turn.update(realized=turn.account.realized + amount)
    return amount


def _add_to_symbol(turn: Turn, symbol: str, amount: Decimal) -> None:
    holding = turn.account.holdings.get(symbol)
    if holding is not None:
        turn.put(replace(holding, realized=holding.realized + amount))


def _book_early(turn: Turn, early: Early) -> None:
    """Keep what is realized before the opening says what of it counts, and in which currency."""
    if len(turn.account.early) >= EARLY_MAX:
        cause = Cause("too_many", "more fills before the opening than can be kept")
        open_stop(turn, cause, strength="halt")
        set_apart(turn, Money(early.symbol, early.currency, early.amount), counted=True)
        return
    turn.update(early=(*turn.account.early, early))


def book_in_windows(turn: Turn, in_day: Decimal, in_week: Decimal) -> None:
    """Add to the realized PnL since the opens of the day and the week."""
    day, week = turn.account.day, turn.account.week
    if day is not None and week is not None:
        turn.update(
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
    currency, apart = money.currency, turn.account.unconverted
    reason = f"there is no rate for {currency}: equity is unknown"
    alert_breach(turn, Cause("stale_mark", reason), key=f"rate:{currency}")
    key = f"{currency}:{money.symbol}"
    if key not in apart and len(apart) >= APART_MAX:
        cause = Cause("too_many", f"more money without a rate than can be kept: {currency}")
        open_stop(turn, cause, strength="halt")
        return
    held = apart.get(key, Apart())
    more = Apart(held.amount + money.amount, held.counted + (money.amount if counted else ZERO))
    left = {name: item for name, item in apart.items() if name != key}
    turn.update(unconverted={**left, key: more} if more.amount or more.counted else left)


def convert_apart(turn: Turn) -> None:
    """Book what was kept apart at the first rate seen, frozen from then on."""
    for key, apart in list(turn.account.unconverted.items()):
        currency, _, symbol = key.partition(":")
        rate = fresh_rate(turn, currency)
        if rate is None:
            continue
        left = {name: item for name, item in turn.account.unconverted.items() if name != key}
        counted = apart.counted * rate
        turn.update(unconverted=left, realized=turn.account.realized + counted)
        _add_to_symbol(turn, symbol, apart.amount * rate)
        book_in_windows(turn, counted, counted)
