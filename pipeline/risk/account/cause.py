"""Why something was told or stopped: the rule, a sentence, and its numbers."""

from decimal import Decimal

from msgspec import Struct


class Cause(Struct, frozen=True, gc=False):
    rule: str
    reason: str
    measured: Decimal | None = None  # In the rule's unit.
    limit: Decimal | None = None
