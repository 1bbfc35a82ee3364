"""What a rule measured: against its limit after an event, and in words when it breached."""

from decimal import Context, Decimal
from typing import Literal

from msgspec import Struct

from pipeline.risk.numbers import exceeds
from topics.codec import shown
from topics.decisions import Check

CheckVerdict = Literal["pass", "breach", "exempt"]
_SHORT = Context(prec=6)


class UnknownCheck(Check, frozen=True, gc=False):
    """A breach because an input is unknown; the reason belongs to the rule that owns the input."""


class Measure(Struct, frozen=True, gc=False):
    """What a watch measured; it breaches when measured > limit."""

    measured: Decimal
    limit: Decimal

    def breached(self) -> bool:
        return exceeds(self.measured, self.limit)


class LeastMeasure(Measure, frozen=True, gc=False):
    """The same against a minimum: it breaches when measured < limit."""

    def breached(self) -> bool:
        return exceeds(self.limit, self.measured)


def sentence(says: str, check: Check) -> str:
    """Fill the numbers of a breach into a rule's sentence."""
    measured, limit = check.measured, check.limit
    if measured is not None or "{measured}" not in says:
        return says.format(measured=short(measured, limit), limit=short(limit, measured))
    unknown = f"{check.rule} cannot be measured: what it needs is unknown."
    return unknown if limit is None else f"{unknown} Its limit is {shown(limit)}."


def short(number: Decimal | None, other: Decimal | None) -> str:
    """Write a number in six digits, in all of them where six would hide what differs."""
    if number is None:
        return "unknown"
    in_six = _SHORT.plus(number)
    hides = other is not None and in_six == _SHORT.plus(other)
    return shown(number if hides else in_six)
