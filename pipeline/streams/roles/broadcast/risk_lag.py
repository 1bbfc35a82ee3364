"""How far risk is behind on each partition, in milliseconds.

Measured on broadcast's own heartbeats and revaluations: the age of the oldest one that was written
but that risk has not applied yet, as the rows say that it writes after each. What its group has
committed counts too, once a second, for when no row comes. Needs no second clock, and a risk that
is away looks ever later. The asking has a thread of its own, and a consumer that joins no group:
the admin client aborts the process when an answer comes too late (librdkafka issue 4605).
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Self

from confluent_kafka import Consumer, KafkaException, TopicPartition

from pipeline.streams.settings import Settings

__all__ = ["CommittedOffsets", "RiskLag"]

ASK_SECONDS = 0.1
SAMPLE_SECONDS = 0.02  # One revaluation per interval is enough to measure.
ANSWER_SECONDS_MAX = 5.0
WAITING_MAX = 10_000
SILENT_SECONDS_MAX = 3 * ANSWER_SECONDS_MAX  # Since the last request, answered or not.
UNKNOWN_MS = 86_400_000  # Larger than any measured lag.

Committed = Callable[[Iterable[int]], Mapping[int, int]]


class CommittedOffsets:
    """The offsets of `events` that risk has committed, read without joining its group."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topic("events")
        self._consumer = Consumer(
            {
                **settings.connection(),
                "group.id": settings.role_group("risk"),
                "enable.auto.commit": False,
                # Do not wait for an open transaction; the last committed offset is the answer.
                "isolation.level": "read_uncommitted",
                "log_level": 0,
            }
        )

    def __call__(self, partitions: Iterable[int]) -> Mapping[int, int]:
        """Return each partition's next offset; empty without an answer."""
        places = [TopicPartition(self._topic, partition) for partition in partitions]
        try:
            answers = self._consumer.committed(places, timeout=ANSWER_SECONDS_MAX)
        except KafkaException:
            return {}
        return {place.partition: place.offset for place in answers}


class _Sent(NamedTuple):
    offset: int
    sent_s: float


class RiskLag:
    """Measure inside `with`; another thread reports deliveries and reads the lag."""

    def __init__(self, committed: Committed) -> None:
        self._committed = committed
        self._waiting: dict[int, deque[_Sent]] = {}
        self._applied: dict[int, int] = {}
        self._lag_s: dict[int, float] = {}
        self._asked_s = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="risk-lag", daemon=True)

    def __enter__(self) -> Self:
        self._asked_s = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def own(self, partition: int) -> None:
        """Start to measure a partition."""
        self._waiting[partition] = deque(maxlen=WAITING_MAX)

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        self._waiting.pop(partition, None)
        self._applied.pop(partition, None)
        self._lag_s.pop(partition, None)

    def applied(self, partition: int, offset: int) -> None:
        """Note how far risk is in a partition, by what it wrote itself."""
        self._applied[partition] = offset

    def delivered(self, partition: int, offset: int, sent_s: float) -> None:
        """Record one of our events that is in the log."""
        waiting = self._waiting.get(partition)
        if waiting is None:
            return
        if not waiting or sent_s - waiting[-1].sent_s >= SAMPLE_SECONDS:
            waiting.append(_Sent(offset, sent_s))

    def lag_ms(self, partition: int) -> int:
        """Return risk's last measured lag; UNKNOWN_MS if measuring has stopped."""
        if not self.is_known():
            return UNKNOWN_MS
        return int(self._lag_s.get(partition, 0.0) * 1000)

    def is_known(self) -> bool:
        """Whether measuring continues; its thread may die or hang."""
        return time.monotonic() - self._asked_s <= SILENT_SECONDS_MAX

    def ask(self, now_s: float) -> None:
        """Read risk's committed offsets and update the lags."""
        owned = dict(self._waiting)
        committed = self._committed(owned) if owned else {}
        for partition, waiting in owned.items():
            done = max(committed.get(partition, -1), self._applied.get(partition, -1))
            while waiting and waiting[0].offset < done:
                waiting.popleft()
            # Measured when the request was sent: the answer's own delay is not risk's.
            age_s = now_s - waiting[0].sent_s if waiting else 0.0
            self._lag_s[partition] = max(0.0, age_s)
        self._asked_s = time.monotonic()

    def _run(self) -> None:
        while not self._ended.wait(ASK_SECONDS):
            self.ask(time.monotonic())
