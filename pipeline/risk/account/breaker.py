"""The circuit breaker of an account: what speaks for opening it, and whether it is open."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

SAMPLES_MAX = 60
LOSSES_MAX = 1000

Phase = Literal["closed", "open", "half-open"]


class Breaker(Struct, frozen=True, array_like=True, gc=False):
    losing_run: int = 0
    losses: tuple[int, ...] = ()  # Times of losing closes in the window.
    opened_ms: int | None = None  # None while it is closed.
    entered: bool = False  # Since it is half-open a position was opened.
    highs: tuple[tuple[int, Decimal], ...] = ()  # By time slot, falling: equity less net flows.


def phase_of(breaker: Breaker | None, now_ms: int, cooldown_ms: int | None) -> Phase:
    """Say how far it is; without a cooldown it stays open until a loss is resumed."""
    if breaker is None or breaker.opened_ms is None:
        return "closed"
    if cooldown_ms is None or now_ms < breaker.opened_ms + cooldown_ms:
        return "open"
    return "half-open"
