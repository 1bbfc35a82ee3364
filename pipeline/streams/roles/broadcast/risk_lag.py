"""How far risk is behind on each partition, in milliseconds of its own work.

Measured on broadcast's own heartbeats and revaluations: the age of the oldest one that was written
but that risk has not committed yet. Needs no second clock, and a risk that is away, or cannot be
asked, looks ever later. The asking has a thread of its own, and a consumer that joins no group:
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
SAMPLE_SECONDS = 0.02  # Of many revaluations one each is enough to measure by.
ANSWER_SECONDS_MAX = 5.0
WAITING_MAX = 10_000
SILENT_SECONDS_MAX = 3 * ANSWER_SECONDS_MAX  # Since the last round of asking, answered or not.
UNKNOWN_MS = 86_400_000  # Later than anything that is measured.

Committed = Callable[[Iterable[int]], Mapping[int, int]]


class CommittedOffsets:
    """What risk has committed of `events`, asked for without being in its group."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topic("events")
        self._consumer = Consumer(
            {
                **settings.connection(),
                "group.id": settings.group("risk"),
                "enable.auto.commit": False,
                # What an open transaction will commit is no answer yet, and nothing to wait for.
                "isolation.level": "read_uncommitted",
                "log_level": 0,
            }
        )

    def __call__(self, partitions: Iterable[int]) -> Mapping[int, int]:
        """Return each partition's next offset; nothing while there is no answer."""
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
    """Measure from `with` to its end; asked for and told from another thread."""

    def __init__(self, committed: Committed) -> None:
        self._committed = committed
        self._waiting: dict[int, deque[_Sent]] = {}
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
        """Begin to measure a partition."""
        self._waiting[partition] = deque(maxlen=WAITING_MAX)

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        self._waiting.pop(partition, None)
        self._lag_s.pop(partition, None)

    def delivered(self, partition: int, offset: int, sent_s: float) -> None:
        """Note an event of ours that is in the log."""
        waiting = self._waiting.get(partition)
        if waiting is None:
            return
        if not waiting or sent_s - waiting[-1].sent_s >= SAMPLE_SECONDS:
            waiting.append(_Sent(offset, sent_s))

    def lag_ms(self, partition: int) -> int:
        """Return how far risk was behind when it was last asked; UNKNOWN_MS: nobody asks."""
        if not self.is_known():
            return UNKNOWN_MS
        return int(self._lag_s.get(partition, 0.0) * 1000)

    def is_known(self) -> bool:
        """Whether the asking still goes on: a thread may die, or hang."""
        return time.monotonic() - self._asked_s <= SILENT_SECONDS_MAX

    def ask(self, now_s: float) -> None:
        """Ask how far risk is and measure by the answer."""
        owned = dict(self._waiting)
        committed = self._committed(owned) if owned else {}
        for partition, waiting in owned.items():
            while waiting and waiting[0].offset < committed.get(partition, -1):
                waiting.popleft()
            # At the time of the question: the answer's own way is not risk's delay.
            age_s = now_s - waiting[0].sent_s if waiting else 0.0
            self._lag_s[partition] = max(0.0, age_s)
        self._asked_s = time.monotonic()

    def _run(self) -> None:
        while not self._ended.wait(ASK_SECONDS):
            self.ask(time.monotonic())
