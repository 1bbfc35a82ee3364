"""What a rule measured: compared with its limit after an event, and put into words on a breach."""

from decimal import Context, Decimal
from typing import Literal

from msgspec import Struct

from pipeline.risk.numbers import exceeds
from topics.codec import shown
from topics.decisions import Check

CheckVerdict = Literal["pass", "breach", "exempt"]
_SHORT = Context(prec=6)


class UnknownCheck(Check, frozen=True, gc=False):
    """A breach because an input is unknown; only the rule that owns the input is a reason."""


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


def sentence(template: str, check: Check) -> str:
    """Fill the numbers of a breach into a rule's sentence; say so when the measure is unknown."""
    measured, limit = check.measured, check.limit
    if measured is not None or "{measured}" not in template:
        return template.format(measured=short(measured, limit), limit=short(limit, measured))
    unknown = f"{check.rule} cannot be measured: an input is unknown."
    return unknown if limit is None else f"{unknown} Its limit is {shown(limit)}."


def short(number: Decimal | None, other: Decimal | None) -> str:
    """Format a number with six digits, or with all if six would make it equal the other."""
    if number is None:
        return "unknown"
    rounded = _SHORT.plus(number)
    looks_equal = other is not None and rounded == _SHORT.plus(other)
    return shown(number if looks_equal else rounded)
