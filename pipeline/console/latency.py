"""How long decisions took, as a histogram of a few bars."""

from bisect import bisect_left
from collections.abc import Iterable
from math import ceil

from msgspec import Struct

__all__ = ["Latency", "latency"]

BOUNDS_MS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000)


class LatencyBar(Struct, frozen=True, kw_only=True):
    """Decisions that took no longer than this, and longer than the bar before."""

    most_ms: int | None  # None: all others.
    count: int


class Latency(Struct, frozen=True, kw_only=True):
    """Of all decisions that are known; milliseconds are null without any."""

    count: int
    p50_ms: int | None
    p99_ms: int | None
    most_ms: int | None
    bars: tuple[LatencyBar, ...]


def latency(late_ms: Iterable[int | None]) -> Latency:
    """Return the histogram; None is of a decision whose time is not known."""
    known = sorted(each for each in late_ms if each is not None)
    counts = [0] * (len(BOUNDS_MS) + 1)
    for each in known:
        counts[bisect_left(BOUNDS_MS, each)] += 1
    return Latency(
        count=len(known),
        p50_ms=_at(known, 50),
        p99_ms=_at(known, 99),
        most_ms=known[-1] if known else None,
        bars=tuple(
            LatencyBar(most_ms=most_ms, count=count)
            for most_ms, count in zip((*BOUNDS_MS, None), counts, strict=True)
        ),
    )


def _at(known: list[int], percent: int) -> int | None:
    """Return the value that so many percent do not exceed."""
    return known[ceil(len(known) * percent / 100) - 1] if known else None
