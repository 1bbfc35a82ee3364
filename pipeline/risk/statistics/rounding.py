"""Converts a statistic to a Decimal of 12 significant digits, as it leaves the package."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

ROUNDED = Context(prec=12, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)


def rounded(number: float) -> Decimal:
    return ROUNDED.create_decimal_from_float(number)
