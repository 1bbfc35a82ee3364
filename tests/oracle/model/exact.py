"""Numbers without error: fractions, and the roundings that docs/messages.md and rules name."""

from fractions import Fraction

__all__ = ["Number", "booked", "ceil_to", "floor_to", "measure", "number", "quantity_text", "text"]

Number = Fraction
PLACES = 10**18


def number(value: str | float | None) -> Fraction | None:
    """Read a decimal of a message exactly."""
    return None if value is None else Fraction(str(value))


def booked(value: Fraction) -> Fraction:
    """Round an amount that is booked: half-even, to 18 decimal places."""
    return Fraction(round(value * PLACES), PLACES)


def measure(value: Fraction) -> Fraction:
    """Round a measure in which a division took part: half-even, to 28 significant digits."""
    if value == 0:
        return value
    scale = Fraction(1)
    while abs(value) * scale < 10**27:
        scale *= 10
    while abs(value) * scale >= 10**28:
        scale /= 10
    return Fraction(round(value * scale)) / scale


def floor_to(value: Fraction, step: Fraction) -> Fraction:
    """Round down to a multiple of a lot or a tick."""
    return (value // step) * step


def ceil_to(value: Fraction, step: Fraction) -> Fraction:
    """Round up to a multiple of a lot or a tick."""
    return -((-value) // step) * step


def text(value: Fraction | None) -> str | None:
    """Write an amount, a price or a ratio: at most 18 decimal places, no trailing zeros."""
    if value is None:
        return None
    whole = round(value * PLACES)
    sign, digits = ("-" if whole < 0 else ""), str(abs(whole)).rjust(19, "0")
    return (sign + digits[:-18] + "." + digits[-18:]).rstrip("0").rstrip(".")


def quantity_text(value: Fraction | None) -> str | None:
    """Write a quantity: exact."""
    if value is None:
        return None
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    whole = int(value * 10**places)
    sign, digits = ("-" if whole < 0 else ""), str(abs(whole)).rjust(places + 1, "0")
    if not places:
        return sign + digits
    return sign + digits[:-places] + "." + digits[-places:]
