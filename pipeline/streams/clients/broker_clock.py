"""The time of the brokers, learnt from when they appended broadcast's own events.

Wake-ups are in their time, and each partition's leader has its own: a machine whose clock is late
would send all of them late.
"""

import time
from collections import deque

__all__ = ["BrokerClock"]

SAMPLES_MAX = 16
SAMPLE_SECONDS = 0.25  # What is heard in a burst is one sample.


class BrokerClock:
    """Seconds in are `time.monotonic()`; until a partition was heard of, its clock is our own.

    An event is appended before that is heard, so this clock is late by the way back at most, of
    the newest samples the shortest, and never early: a wake-up before its time does nothing, and
    the next try comes seconds later.
    """

    def __init__(self) -> None:
        self._ahead_ms: dict[int, deque[float]] = {}  # Of our monotonic clock.
        self._sampled_s: dict[int, float] = {}

    def heard(self, partition: int, *, appended_ms: int, heard_s: float) -> None:
        """Note when an event was appended, and when that was heard."""
        samples = self._ahead_ms.setdefault(partition, deque(maxlen=SAMPLES_MAX))
        ahead_ms = appended_ms - heard_s * 1000
        if samples and heard_s - self._sampled_s[partition] < SAMPLE_SECONDS:
            samples[-1] = max(samples[-1], ahead_ms)
        else:
            samples.append(ahead_ms)
            self._sampled_s[partition] = heard_s

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
        """Return how far a partition's leader is ahead of this machine; negative: behind."""
        return self.now_ms(partition, now_s) - _own_ms(now_s)


def _own_ms(now_s: float) -> int:
    return int((time.time() - time.monotonic() + now_s) * 1000)
