"""Close-to-close log returns and their volatility: recent (EWMA) and long-run.

Running sums are integers in units of 2**-60. Adding and removing a return is then exact, so the
long-run figure depends only on the returns in its window and not on those that left it.
"""

from array import array
from decimal import Decimal
from math import isqrt, log, sqrt

from pipeline.risk.numbers import MONEY
from pipeline.risk.statistics.rounding import ROUNDED, rounded

_UNIT = 2.0**60
_UNIT_BITS = 60
_ROOT_BITS = 40  # Extra precision for the integer square root.


class Returns:
    """Mutable for speed: a ring of the last `long_run_bars` returns and their running sums."""

    __slots__ = ("_closed", "_decay", "_kept", "_kept_max", "_oldest", "_squares", "_sum", "_var")

    def __init__(self, *, decay: float, long_run_bars: int) -> None:
        self._decay = decay
        self._kept_max = long_run_bars
        self._clear()

    def _clear(self) -> None:
        self._closed: Decimal | None = None
        self._kept = array("d")
        self._oldest = 0
        self._sum = 0
        self._squares = 0
        self._var: float | None = None

    def take(self, close: Decimal) -> None:
        """Add the close of a bar; a price <= 0 has no logarithm and restarts the series."""
        if close <= 0:
            self._clear()
            return
        if self._closed is not None:
            self._add(log(MONEY.divide(close, self._closed)))
        self._closed = close

    def ewma(self) -> Decimal | None:
        """Return RiskMetrics EWMA volatility with mean 0; it starts at the first squared return."""
        return None if self._var is None else rounded(sqrt(self._var))

    def long_run(self) -> Decimal | None:
        """Return the population standard deviation of the last returns; None with too few."""
        count = len(self._kept)
        if count < self._kept_max:
            return None
        variance = count * self._squares - self._sum * self._sum  # Times count squared.
        root = isqrt(variance << 2 * _ROOT_BITS)
        return ROUNDED.divide(Decimal(root), Decimal(count << _UNIT_BITS + _ROOT_BITS))

    def _add(self, value: float) -> None:
        square = value * value
        before = square if self._var is None else self._var
        self._var = self._decay * before + (1.0 - self._decay) * square
        if len(self._kept) < self._kept_max:
            self._kept.append(value)
        else:
            self._count(self._kept[self._oldest], sign=-1)
            self._kept[self._oldest] = value
            self._oldest = (self._oldest + 1) % self._kept_max
        self._count(value, sign=1)

    def _count(self, value: float, *, sign: int) -> None:
        units = int(value * _UNIT)
        self._sum += sign * units
        self._squares += sign * units * units
