"""The rates that one watched account needs: what it holds of each, and when a newer one is due.

Like the lines of its symbols in watched.py, but a rate has no offset: its as_of says what is newer.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from pipeline.streams.tables.tables import ArrivedRate
from topics.account_states import AccountState
from topics.events import Rate

__all__ = ["RateLines"]


class _RateLine:
    """A currency: the rate that the account took last, and the move that counts."""

    __slots__ = ("as_of_ms", "high", "low")

    def __init__(self) -> None:
        self.as_of_ms = -1
        self.low: Decimal | None = None  # None: any rate is a move.
        self.high: Decimal | None = None

    def take(self, rate: Decimal, as_of_ms: int, move_ratio: Decimal) -> None:
        """Note what the account holds."""
        self.as_of_ms = as_of_ms
        self.low, self.high = rate * (1 - move_ratio), rate * (1 + move_ratio)

    def is_behind(self, rate: Rate) -> bool:
        """Whether a rate is newer than the one that the account took last, whose row is rounded."""
        return rate.as_of_ms > self.as_of_ms

    def has_moved(self, rate: Rate) -> bool:
        return self.low is None or self.high is None or not self.low <= rate.rate <= self.high


class RateLines:
    """Mutable on purpose, as its account is."""

    __slots__ = ("_lines", "_sent")

    def __init__(self) -> None:
        self._lines: dict[str, _RateLine] = {}
        self._sent: dict[str, Rate] = {}  # With the last revaluation.

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def apply(self, row: AccountState, *, move_ratio: Decimal, answers: bool) -> None:
        """Take the account's own word; `answers`: it saw what was sent last.

        A rate that it saw and did not take it will not take again either.
        """
        self._lines = {currency: _RateLine() for currency in row.unconverted}
        for own in row.rates:
            line = self._lines[own.currency] = _RateLine()
            if own.rate is not None and own.as_of_ms is not None:
                line.take(own.rate, own.as_of_ms, move_ratio)
        for currency, rate in self._sent.items():
            held = self._lines.get(currency)
            if answers and held is not None and held.is_behind(rate):
                held.as_of_ms = rate.as_of_ms

    def send(self, rates: Iterable[Rate], *, move_ratio: Decimal) -> None:
        """Believe that the account takes what a revaluation carries."""
        self._sent = {}
        for rate in rates:
            line = self._lines.get(rate.base)
            if line is not None and line.is_behind(rate):
                line.take(rate.rate, rate.as_of_ms, move_ratio)
                self._sent[rate.base] = rate

    def due_ms(
        self, currency: str, arrived: ArrivedRate, *, aging_ms: int, every: bool
    ) -> int | None:
        """Return when the newest rate is due; None where the account has it."""
        line, (rate, at_ms) = self._lines[currency], arrived
        if not line.is_behind(rate):
            return None
        if every or line.has_moved(rate):
            return at_ms
        return max(at_ms, line.as_of_ms + aging_ms)
