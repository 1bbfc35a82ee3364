"""What a paper venue charges and how it behaves, and what it needs to see of the market."""

from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from topics.instruments import Instrument

__all__ = ["Market", "Quote", "Terms"]


class Terms(Struct, frozen=True, kw_only=True):
    """By default an order is filled whole, at once, at the quote, without a fee."""

    name: str = "paper"  # Begins the ids that the venue gives.
    fee_ratio: Decimal = Decimal(0)  # Of the notional; in the settlement currency.
    fee_step: Decimal = Decimal("0.00000001")  # Fees are rounded to it.
    slippage_ratio_max: Decimal = Decimal(0)  # How much worse than the quote, at random.
    latency_ms: tuple[int, int] = (0, 0)  # To the first fill and between two, at random.
    pieces_max: int = 1  # An order is filled in so many parts at most, at random.
    rejected_share: float = 0.0  # Of the entries.
    cut_short_share: float = 0.0  # Of the entries in parts: cancelled after the first one.
    resting_ms_max: int | None = None  # A limit order that rests longer is cancelled.


class Quote(Protocol):
    """The prices at which one can trade now."""

    @property
    def bid(self) -> Decimal:
        """The price for who sells."""

    @property
    def ask(self) -> Decimal:
        """The price for who buys."""


class Market(Protocol):
    """What the venue knows of its instruments."""

    def quote(self, symbol: str, now_ms: int) -> Quote | None:
        """Return the prices at which one can trade now, None if there are none."""

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the contract of a symbol, None if it is not known."""
