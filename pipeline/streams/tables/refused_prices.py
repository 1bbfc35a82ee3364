"""Prices that cannot be decoded, kept until the owner of partition 0 writes their dead letters.

Every broadcast reads all prices, and partition 0 may be moving from one to another, so each keeps
them for a while and none is lost. One may be written twice; its `source` shows that.
"""

import time
from collections import deque
from typing import NamedTuple

from pipeline.streams.role_interface import Record
from topics.codec import DecodeError
from topics.prices import TOPIC as PRICES

__all__ = ["WITHOUT_APPEND_TIME", "Refused", "RefusedPrices"]

WITHOUT_APPEND_TIME = DecodeError(
    "Expected the broker's append time; set message.timestamp.type of the topic to LogAppendTime"
)

REFUSED_MAX = 1000
KEPT_SECONDS = 120.0  # Longer than a partition is without an owner.


class Refused(NamedTuple):
    """A row that a table could not use."""

    record: Record
    topic: str  # Without the prefix.
    error: DecodeError
    kind: str = "undecodable"  # Of the dead letter, as its metric names it.


class RefusedPrices:
    """The table's thread adds; the loop of broadcast takes."""

    def __init__(self) -> None:
        self._refused: deque[tuple[float, Refused]] = deque(maxlen=REFUSED_MAX)
        self._since_ms = (time.time() - KEPT_SECONDS) * 1000

    def add(self, refused: Refused) -> None:
        """Keep a row, unless it is older than this process and another one has kept it."""
        if refused.topic == PRICES.name and refused.record.timestamp_ms >= self._since_ms:
            self._refused.append((time.monotonic(), refused))

    def take(self, now_s: float, *, is_ours: bool) -> list[Refused]:
        """Return the rows to write here, oldest first; drop those kept for too long."""
        while self._refused and now_s - self._refused[0][0] > KEPT_SECONDS:
            self._refused.popleft()
        if not is_ours:
            return []
        return [self._refused.popleft()[1] for _ in range(len(self._refused))]
