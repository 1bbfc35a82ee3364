"""What a rule measured: compared with its limit after an event, and put into words on a breach."""

from decimal import Context, Decimal
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from pipeline.risk.numbers import exceeds
from topics.codec import shown
from topics.decisions import Check, Unit

CheckVerdict = Literal["pass", "breach", "exempt"]
_SHORT = Context(prec=6)


class Measure(Struct, frozen=True, gc=False):
    """A measure of an account limit or a position stop; it breaches when measured > limit."""

    measured: Decimal
    limit: Decimal

    def breached(self) -> bool:
        return exceeds(self.measured, self.limit)


class MinimumMeasure(Measure, frozen=True, gc=False):
    """A measure against a minimum: it breaches when measured < limit."""

    def breached(self) -> bool:
        return exceeds(self.limit, self.measured)


@lru_cache(maxsize=16_384)
def counted(name: str, unit: Unit | None, measured: int, *, limit: int) -> Check:
    """Build the check of a count once: counts and ages recur, and a check is frozen."""
    verdict: CheckVerdict = "breach" if measured > limit else "pass"
    headroom = Decimal(limit - measured)
    return Check(name, verdict, Decimal(measured), Decimal(limit), headroom, unit)


def sentence(template: str, check: Check) -> str:
    """Fill the numbers of a breach into a rule's sentence; say so when the measure is unknown."""
    measured, limit = check.measured, check.limit
    if measured is not None or "{measured}" not in template:
        return template.format(measured=short(measured, limit), limit=short(limit, measured))
    return unmeasured(check.rule, "an input is unknown", limit)


def unmeasured(rule: str, why: str, limit: Decimal | None) -> str:
    """Say why a rule has no number to compare with its limit."""
    message = f"{rule} cannot be measured: {why}."
    return message if limit is None else f"{message} Its limit is {shown(limit)}."


def not_above_zero(name: str, value: Decimal) -> str:
    """Say that a known number is <= 0, where a number measured against it has no meaning."""
    return f"{name} is {shown(value)}, which is not above zero"


def short(number: Decimal | None, other: Decimal | None) -> str:
    """Format a number with six digits, or with all if six would make it equal the other."""
    if number is None:
        return "unknown"
    rounded = _SHORT.plus(number)
    looks_equal = other is not None and rounded == _SHORT.plus(other)
    return shown(number if looks_equal else rounded)
