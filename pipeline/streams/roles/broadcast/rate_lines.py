"""The rates that one monitored account needs: the ones it has, and when newer ones are due.

Like the lines of symbols in monitored.py, but rates have no offset: as_of says which is newer.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from pipeline.streams.tables.tables import ArrivedRate
from topics.account_states import AccountState
from topics.events import Rate

__all__ = ["RateLines"]


class _RateLine:
    """A currency: the account's last rate, and the band that a move must leave."""

    __slots__ = ("as_of_ms", "high", "low")

    def __init__(self) -> None:
        self.as_of_ms = -1
        self.low: Decimal | None = None  # None: any rate is a move.
        self.high: Decimal | None = None

    def take(self, rate: Decimal, as_of_ms: int, move_ratio: Decimal) -> None:
        """Set the rate that the account has."""
        self.as_of_ms = as_of_ms
        self.low, self.high = rate * (1 - move_ratio), rate * (1 + move_ratio)

    def is_behind(self, rate: Rate) -> bool:
        """Whether a rate is newer than the account's; rows round rates, so their values differ."""
        return rate.as_of_ms > self.as_of_ms

    def has_moved(self, rate: Rate) -> bool:
        return self.low is None or self.high is None or not self.low <= rate.rate <= self.high


class RateLines:
    """Mutable, like its account."""

    __slots__ = ("_lines", "_sent")

    def __init__(self) -> None:
        self._lines: dict[str, _RateLine] = {}
        self._sent: dict[str, Rate] = {}  # In the last revaluation.

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def apply(self, row: AccountState, *, move_ratio: Decimal, answers: bool) -> None:
        """Apply the account's row; `answers`: it has seen what was sent last.

        Treat rates that it saw and did not take as old: it would refuse them again.
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
        """Assume that the account takes the rates of a revaluation."""
        self._sent = {}
        for rate in rates:
            line = self._lines.get(rate.base)
            if line is not None and line.is_behind(rate):
                line.take(rate.rate, rate.as_of_ms, move_ratio)
                self._sent[rate.base] = rate

    def due_ms(
        self, currency: str, arrived: ArrivedRate, *, aging_ms: int, every: bool
    ) -> int | None:
        """Return when the newest rate is due; None if the account has it."""
        line, (rate, at_ms) = self._lines[currency], arrived
        if not line.is_behind(rate):
            return None
        if every or line.has_moved(rate):
            return at_ms
        return max(at_ms, line.as_of_ms + aging_ms)
