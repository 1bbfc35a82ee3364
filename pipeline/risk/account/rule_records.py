"""What stateful rules remember of an account, each under its rule's name.

Here and not beside its rule: the account holds these records and lies below the rules, and whoever
imports from rules/ reads every rule. How a record moves on stands in rules/<name>/transition.py.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pipeline.risk.numbers import ZERO

SAMPLES_MAX = 60
LOSSES_MAX = 1000
OVERFILLS_MAX = 100

Phase = Literal["closed", "open", "half-open"]
Stopouts = tuple[tuple[str, int], ...]  # Symbol and first fill of exits by a stop, by time.


class Breaker(Struct, frozen=True, array_like=True, gc=False):
    """What speaks for opening the circuit breaker, and since when it is open."""

    losing_run: int = 0
    losses: tuple[int, ...] = ()  # Times of losing closes in the window.
    opened_ms: int | None = None  # None while it is closed.
    entered: bool = False  # Since it is half-open a position was opened.
    highs: tuple[tuple[int, Decimal], ...] = ()  # By time slot, falling: equity less net flows.


class Drift(Struct, frozen=True, array_like=True, gc=False):
    """The latest snapshot of a position or the balance that differs from ours."""

    due_ms: int  # When it is adopted.
    as_of_ms: int
    amount: Decimal  # Signed quantity, or the balance.
    average_price: Decimal = ZERO


class Violations(Struct, frozen=True, array_like=True):
    by_minute: dict[int, dict[str, int]] = {}  # Rejections and breaches by reason.
    newest: tuple[int, ...] = ()  # Times of the newest ones, for their rate.
    critical_ms: int | None = None  # Of the newest critical one.


class RuleRecords(Struct, frozen=True, array_like=True):
    circuit_breaker: Breaker = Breaker()
    drift: dict[str, Drift] = {}  # By symbol, the balance's under no name.
    order_rate: tuple[int, ...] = ()  # Times of approved signals.
    overfill: tuple[int, ...] = ()  # Times of the last fills beyond their orders.
    repeated_order: dict[int, tuple[int, ...]] = {}  # Times of approval by the order's digest.
    stale_data: int | None = None  # No price that is held grows stale before.
    stopout_guard: Stopouts = ()
    unmatched_fill: int = 0  # Fills that named no decision since that was told last.
    violation_rate: Violations = Violations()
