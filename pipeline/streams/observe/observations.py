"""Values of a histogram, counted by bucket before the histogram gets them.

Apart from tally.py: this alone knows how the metrics library keeps a histogram. Its `observe` takes
two locks for each value, and a commit that did so for every signal of a busy second delayed the
decisions after it by milliseconds.
"""
# ruff: noqa: SLF001

from bisect import bisect_left

from prometheus_client import Histogram

__all__ = ["Observations"]


class Observations:
    """What one labelled series of a histogram has not shown yet."""

    def __init__(self, histogram: Histogram, *labels: str) -> None:
        self._histogram, self._labels = histogram, labels
        self._bounds = histogram._upper_bounds  # Each belongs to its bucket; the last is infinite.
        self.drop()

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def flush(self) -> None:
        """Add what was counted to the histogram."""
        if not any(self._counts):
            return
        series = self._histogram.labels(*self._labels)
        for bucket, times in zip(series._buckets, self._counts, strict=True):
            if times:
                bucket.inc(times)
        series._sum.inc(self._sum)
        self.drop()

    def drop(self) -> None:
        """Forget what was counted."""
        self._counts, self._sum = [0] * len(self._bounds), 0.0
