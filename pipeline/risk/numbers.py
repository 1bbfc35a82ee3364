"""Exact numbers: one context for all money, and the few operations that everything uses."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import lru_cache

from topics.fields import Side

MONEY = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-999999,
    Emax=999999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

# Wide enough for every digit of a sum or a product of ours, so that nothing is rounded on the way.
EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)

# A measure in which a division took part is compared at these digits, so that equality passes.
MEASURE = Context(prec=28, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)

_BOOKED_PLACES = 18
_LEAST_BOOKED = Decimal((0, (1,), -_BOOKED_PLACES))

ZERO = Decimal(0)
ONE = Decimal(1)


@lru_cache(maxsize=4096)
def whole(number: int) -> Decimal:
    """A count or a time as it is measured; the usual ones are made once."""
    return Decimal(number)


def booked(amount: Decimal) -> Decimal:
    """Round an amount half-even to 18 decimal places, as everything that is booked is."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_BOOKED_PLACES:
        return EXACT.quantize(amount, _LEAST_BOOKED)
    return amount


def signed(side: Side, quantity: Decimal) -> Decimal:
    """Give a quantity the sign of its side: buys positive, sells negative."""
    return quantity if side == "buy" else -quantity


def opposite(side: Side) -> Side:
    return "sell" if side == "buy" else "buy"


def floor_to(quantity: Decimal, lot: Decimal) -> Decimal:
    """Round an unsigned quantity down to whole lots, however many they are."""
    rest = remainder(quantity, lot)
    return EXACT.subtract(quantity, rest) if rest else quantity


def remainder(number: Decimal, unit: Decimal) -> Decimal:
    """What whole units leave of a number, of its sign; exact, however many they are."""
    try:
        return number % unit
    except InvalidOperation:  # More units than the context in force has digits.
        return EXACT.remainder(number, unit)


def units(number: Decimal, unit: Decimal) -> int:
    """Count the whole units in an unsigned number, however many they are."""
    try:
        return int(number // unit)
    except InvalidOperation:  # More than the context in force has digits.
        return int(EXACT.divide_int(number, unit))


def exceeds(measured: Decimal, limit: Decimal) -> bool:
    """Whether a measure is above its limit; one that was rounded counts at 28 digits.

    A division that does not end fills all 34 digits: what has fewer is exact, and so compared.
    """
    if measured <= limit:
        return False
    if _digits(measured) < MONEY.prec and _digits(limit) < MONEY.prec:
        return True
    return MEASURE.plus(measured) > MEASURE.plus(limit)


def _digits(number: Decimal) -> int:
    return len(number.as_tuple().digits)


def earliest(first: int | None, second: int | None) -> int | None:
    """Return the earlier of two times, where None never comes."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)
