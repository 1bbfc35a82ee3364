"""One symbol's price bars, and ATR, EWMA volatility and long-run volatility of the closed ones.

The first quote of a later interval closes a bar; an interval without a quote has no bar. A quote
costs the same however long the series is: sums are updated, never added up again.
"""

from collections import deque
from decimal import Decimal

from msgspec import Struct

from pipeline.risk.numbers import EXACT, ZERO
from pipeline.risk.statistics.returns import Returns
from pipeline.risk.statistics.rounding import ROUNDED


class Lengths(Struct, frozen=True, kw_only=True):
    """The length of a bar, and how many bars each statistic covers."""

    bar_ms: int = 60_000
    atr_periods: int = 14
    ewma_lambda: Decimal = Decimal("0.94")  # RiskMetrics decay per bar.
    long_run_bars: int = 1440


class Seen(Struct, frozen=True, gc=False):
    """The part of a quote that its bar uses."""

    price: Decimal
    as_of_ms: int
    high: Decimal | None = None
    low: Decimal | None = None


class Statistics(Struct, frozen=True, gc=False):
    """Statistics of the closed bars; None with fewer bars than required."""

    atr: Decimal | None = None  # Average true range, in price units.
    ewma: Decimal | None = None  # Volatility per bar, newer bars weighted more.
    long_run: Decimal | None = None  # Standard deviation of the log returns, per bar.


UNKNOWN = Statistics()


class Bars:
    """Mutable for speed: every quote of the symbol changes it. Bounded by the lengths."""

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
        self._range = ZERO  # The exact sum of the ranges.
        self._returns = Returns(
            decay=float(lengths.ewma_lambda), long_run_bars=lengths.long_run_bars
        )

    def take(self, seen: Seen) -> None:
        """Add a quote to its bar; a quote of a closed bar changes nothing."""
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
        """Return Wilder's true range: max(high, previous close) - min(low, previous close)."""
        before = self._close if self._closed is None else self._closed
        return EXACT.subtract(max(self._high, before), min(self._low, before))

    def _add_range(self, true_range: Decimal, periods: int) -> None:
        self._ranges.append(true_range)
        self._range = EXACT.add(self._range, true_range)
        if len(self._ranges) > periods:
            self._range = EXACT.subtract(self._range, self._ranges.popleft())
