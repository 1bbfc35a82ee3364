"""An account's equity over time in bounded memory: when it is full, every second point goes.

Floats, unlike all other money: a curve is looked at, never calculated with.
"""

from array import array
from decimal import Decimal
from typing import NamedTuple

__all__ = ["POINTS_MAX", "Curve", "Point"]

POINTS_MAX = 240
INTERVAL_MS = 1000


class Point(NamedTuple):
    """Equity and drawdown at a time."""

    at_ms: float
    equity: float
    drawdown_ratio: float


class Curve:
    """At most POINTS_MAX points, from the first to the newest."""

    def __init__(self) -> None:
        self._values = array("d")
        self._interval_ms = INTERVAL_MS

    def add(self, at_ms: int, equity: Decimal | None, drawdown_ratio: Decimal | None) -> None:
        """Add a point unless equity is unknown, or the last point is newer or too near."""
        if equity is None:
            return
        if self._values and at_ms < self._values[-3] + self._interval_ms:
            return
        self._values.extend((at_ms, float(equity), float(drawdown_ratio or 0)))
        if len(self._values) >= 3 * POINTS_MAX:
            kept = [value for point in self.points()[::2] for value in point]
            self._values = array("d", kept)
            self._interval_ms *= 2

    def points(self) -> list[Point]:
        """Return the points in order of time."""
        values = iter(self._values)
        return [Point(*each) for each in zip(values, values, values, strict=True)]
