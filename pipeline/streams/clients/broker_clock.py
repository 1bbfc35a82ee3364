"""The clocks of the brokers, measured by when they appended broadcast's own events.

Wake-ups are due in the time of their partition's leader. A broadcast whose own clock is slow would
send all of them late.
"""

import time
from collections import deque

__all__ = ["BrokerClock"]

SAMPLES_MAX = 16
SAMPLE_SECONDS = 0.25  # Acknowledgements of one burst count as one sample.


class BrokerClock:
    """The clock of each partition's leader; our own until its first sample.

    Arguments in seconds are `time.monotonic()`. An event is appended before it is acknowledged, so
    this clock may be slow by the shortest way back among the newest samples, and it is never fast.
    That matters: a wake-up that comes too early does nothing, and the next try comes seconds later.
    """

    def __init__(self) -> None:
        self._ahead_ms: dict[int, deque[float]] = {}  # Of our monotonic clock.
        self._sampled_s: dict[int, float] = {}

    def add_sample(self, partition: int, *, appended_ms: int, acknowledged_s: float) -> None:
        """Add when an event was appended, and when its acknowledgement arrived."""
        samples = self._ahead_ms.setdefault(partition, deque(maxlen=SAMPLES_MAX))
        ahead_ms = appended_ms - acknowledged_s * 1000
        if samples and acknowledged_s - self._sampled_s[partition] < SAMPLE_SECONDS:
            samples[-1] = max(samples[-1], ahead_ms)
        else:
            samples.append(ahead_ms)
            self._sampled_s[partition] = acknowledged_s

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        self._ahead_ms.pop(partition, None)
        self._sampled_s.pop(partition, None)

    def now_ms(self, partition: int, now_s: float) -> int:
        """Return the time of a partition's leader."""
        samples = self._ahead_ms.get(partition)
        if not samples:
            return _own_ms(now_s)
        return int(now_s * 1000 + max(samples))

    def ahead_ms(self, partition: int, now_s: float) -> int:
        """Return how far the leader's clock is ahead of this machine's; negative: behind."""
        return self.now_ms(partition, now_s) - _own_ms(now_s)


def _own_ms(now_s: float) -> int:
    return int((time.time() - time.monotonic() + now_s) * 1000)
