"""Numbers, times and states as people read them; the same words in every face of the outputs."""

from datetime import UTC, datetime
from decimal import Context, Decimal

from topics.account_states import AccountState
from topics.codec import plain

__all__ = [
    "age",
    "clock",
    "count",
    "figure",
    "is_set_aside",
    "lasting",
    "percent",
    "pnl",
    "state_words",
    "timestamp",
]

DIGITS = 6
UNKNOWN = "-"
_ROUNDED = Context(prec=DIGITS)
_AGES = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))


def figure(number: Decimal | None, *, exact: bool = False) -> str:
    """Write a number with six significant digits, thousands apart, but never without an integer
    digit: 1,234,567 keeps all seven. exact: every digit, as the topic has it.
    """
    if number is None:
        return UNKNOWN
    if exact:
        return plain(number)
    if abs(number) >= 10 ** (DIGITS - 1):
        return f"{number:,.0f}"
    rounded = number if number == 0 else _ROUNDED.plus(number)
    whole, _, fraction = plain(rounded).partition(".")
    grouped = f"{Decimal(whole):,}" if whole not in {"-0", "0"} else whole
    return f"{grouped}.{fraction}" if fraction else grouped


def pnl(number: Decimal | None) -> str:
    """Write a profit or loss with its sign."""
    text = figure(number)
    return f"+{text}" if number is not None and number > 0 else text


def percent(ratio: Decimal | None) -> str:
    """Write a ratio in percent with one decimal place."""
    return UNKNOWN if ratio is None else f"{ratio * 100:.1f} %"


def count(number: int, name: str) -> str:
    """Write a number of things: 1 order, 2 orders."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def age(duration_ms: int) -> str:
    """Write how long ago something was, in its largest unit."""
    for unit_ms, unit in _AGES:
        if duration_ms >= unit_ms:
            return f"{duration_ms // unit_ms} {unit}"
    return "0 s"


def lasting(duration_ms: int) -> str:
    """Write a duration exactly, in the largest unit that divides it."""
    for unit_ms, unit in _AGES:
        if duration_ms % unit_ms == 0:
            return f"{duration_ms // unit_ms} {unit}"
    return f"{duration_ms} ms"


def timestamp(at_ms: int) -> str:
    """Write a time in UTC to the millisecond."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}"


def clock(at_ms: int, now_ms: int) -> str:
    """Write a time in UTC to the second, without the day if it is today's."""
    at, now = (datetime.fromtimestamp(each / 1000, UTC) for each in (at_ms, now_ms))
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%m-%d %H:%M:%S}"


def state_words(row: AccountState) -> str:
    """Say what an account may still do."""
    if row.trading_state == "active":
        return "trading"
    if row.trading_state == "reducing":
        return "entries rejected, exits go on"
    return "set aside, decides nothing" if is_set_aside(row) else "halted, exits go on"


def is_set_aside(row: AccountState) -> bool:
    """Whether riskgate failed on an account: halted, though no stop of its own says so."""
    return row.trading_state == "halted" and not row.stops
