"""One symbol's bars and what its closed ones say: ATR, EWMA volatility and long-run volatility.

A bar is closed by the first quote of a later one; an interval without a quote has no bar. Each
quote costs the same however long the series is.
"""

from collections import deque
from decimal import Decimal

from msgspec import Struct

from pipeline.risk.numbers import EXACT, ZERO
from pipeline.risk.statistics.returns import Returns
from pipeline.risk.statistics.rounding import ROUNDED


class Lengths(Struct, frozen=True, kw_only=True):
    """How long bars are and how many of them a statistic takes."""

    bar_ms: int = 60_000
    atr_periods: int = 14
    ewma_lambda: Decimal = Decimal("0.94")  # What a bar leaves of the variance before it.
    long_run_bars: int = 1440


class Seen(Struct, frozen=True, gc=False):
    """What one quote says of its bar."""

    price: Decimal
    as_of_ms: int
    high: Decimal | None = None
    low: Decimal | None = None


class Statistics(Struct, frozen=True, gc=False):
    """Of the closed bars; None where there are fewer than asked."""

    atr: Decimal | None = None  # Mean true range, a price.
    ewma: Decimal | None = None  # Volatility per bar, newest bars first.
    long_run: Decimal | None = None  # Standard deviation of the log returns, per bar.


UNKNOWN = Statistics()


class Bars:
    """Mutable on purpose: bounded by the lengths, changed by every quote of its symbol."""

    __slots__ = (
        "_close", "_closed", "_high", "_index", "_lengths", "_low", "_range", "_ranges",
        "_returns", "statistics",
    )  # fmt: skip

    def __init__(self, lengths: Lengths) -> None:
        self.statistics = UNKNOWN
        self._lengths = lengths
        self._index = -1  # Of the open bar, counted from the epoch.
        self._close = self._high = self._low = ZERO  # Of the open bar.
        self._closed: Decimal | None = None  # Close of the bar before.
        self._ranges: deque[Decimal] = deque()
        self._range = ZERO  # Their exact sum.
        self._returns = Returns(
            decay=float(lengths.ewma_lambda), long_run_bars=lengths.long_run_bars
        )

    def take(self, seen: Seen) -> None:
        """Take a quote into its bar; one of a bar that is closed already changes nothing."""
        index = seen.as_of_ms // self._lengths.bar_ms
        if index < self._index:
            return
        price = seen.price
        if index > self._index:
            if self._index >= 0:
                self._end_bar()
            self._index = index
            self._high = self._low = price
        self._close = price
        self._high = max(self._high, price, price if seen.high is None else seen.high)
        self._low = min(self._low, price, price if seen.low is None else seen.low)

    def _end_bar(self) -> None:
        self._returns.take(self._close)
        periods = self._lengths.atr_periods
        self._add_range(self._true_range(), periods)
        self._closed = self._close
        atr = ROUNDED.divide(self._range, periods) if len(self._ranges) == periods else None
        self.statistics = Statistics(atr, self._returns.ewma(), self._returns.long_run())

    def _true_range(self) -> Decimal:
        """High less low, the close before included; the first bar has none before it."""
        before = self._close if self._closed is None else self._closed
        return EXACT.subtract(max(self._high, before), min(self._low, before))

    def _add_range(self, true_range: Decimal, periods: int) -> None:
        self._ranges.append(true_range)
        self._range = EXACT.add(self._range, true_range)
        if len(self._ranges) > periods:
            self._range = EXACT.subtract(self._range, self._ranges.popleft())
