"""Exact decimal arithmetic: the contexts for money and the few operations that every floor uses."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import lru_cache

from topics.fields import Side

# The context of all arithmetic in the core. A worker sets it once for its thread, so that `step`
# finds it in place (compared by identity) and does not enter a context for every event.
MONEY = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-999999,
    Emax=999999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

# Wide enough for every digit of our sums and products. Nothing is rounded, so running totals do not
# depend on the order in which they were updated.
EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)

# Measures that involve a division are compared at this precision, so that equality passes despite
# the rounding of the last digits.
MEASURE = Context(prec=28, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)

_BOOKED_PLACES = 18
_BOOKED_UNIT = Decimal((0, (1,), -_BOOKED_PLACES))

ZERO = Decimal(0)
ONE = Decimal(1)


@lru_cache(maxsize=4096)
def whole(number: int) -> Decimal:
    """Convert a count or a time in ms to the Decimal that checks report.

    Cached: limits and small counts recur in every decision, and a Decimal is immutable.
    """
    return Decimal(number)


def booked(amount: Decimal) -> Decimal:
    """Round an amount half-even to 18 decimal places, the precision of all booked money."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_BOOKED_PLACES:
        return EXACT.quantize(amount, _BOOKED_UNIT)
    return amount


def signed(side: Side, quantity: Decimal) -> Decimal:
    """Give a quantity the sign of its side: buys positive, sells negative."""
    return quantity if side == "buy" else -quantity


def opposite(side: Side) -> Side:
    return "sell" if side == "buy" else "buy"


def floor_to(quantity: Decimal, lot: Decimal) -> Decimal:
    """Round an unsigned quantity down to whole lots; exact for any number of lots."""
    odd = remainder(quantity, lot)
    return EXACT.subtract(quantity, odd) if odd else quantity


def remainder(number: Decimal, unit: Decimal) -> Decimal:
    """Return the remainder after whole units, with the sign of the number; exact for any size."""
    try:
        return number % unit
    except InvalidOperation:  # The quotient has more digits than the current context.
        return EXACT.remainder(number, unit)


def units(number: Decimal, unit: Decimal) -> int:
    """Count the whole units in an unsigned number; exact for any size."""
    try:
        return int(number // unit)
    except InvalidOperation:  # The quotient has more digits than the current context.
        return int(EXACT.divide_int(number, unit))


def exceeds(measured: Decimal, limit: Decimal) -> bool:
    """Return whether a measure is above its limit; rounded numbers are compared at 28 digits.

    A non-terminating division fills all 34 digits, so a number with fewer digits is exact and is
    compared as it is.
    """
    if measured <= limit:
        return False
    if _digits(measured) < MONEY.prec and _digits(limit) < MONEY.prec:
        return True
    return MEASURE.plus(measured) > MEASURE.plus(limit)


def _digits(number: Decimal) -> int:
    return len(number.as_tuple().digits)


def earliest(first: int | None, second: int | None) -> int | None:
    """Return the earlier of two times; None means never."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)
