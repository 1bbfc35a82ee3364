"""How far risk is behind on each partition, in milliseconds of its own work.

Measured on broadcast's own ticks and pulses: the age of the oldest one that was written but that
risk has not committed yet. Needs no offsets of others and no second clock, and a risk that is
away, or cannot be asked, looks ever later.
"""

from collections import deque
from concurrent.futures import Future
from typing import NamedTuple

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline.streams.settings import Settings

__all__ = ["RiskLag"]

ASK_SECONDS = 0.1
SAMPLE_SECONDS = 0.02  # Of many pulses one each is enough to measure by.
ANSWER_SECONDS_MAX = 5.0
WAITING_MAX = 10_000


class _Sent(NamedTuple):
    offset: int
    sent_s: float


class RiskLag:
    """Ask for the committed offsets of risk without waiting for the answer."""

    def __init__(self, settings: Settings, admin: AdminClient) -> None:
        self._admin = admin
        self._group = settings.group("risk")
        self._topic = settings.topic("events")
        self._waiting: dict[int, deque[_Sent]] = {}
        self._lag_s: dict[int, float] = {}
        self._answer: Future[ConsumerGroupTopicPartitions] | None = None
        self._asked_s = 0.0

    def own(self, partition: int) -> None:
        """Begin to measure a partition."""
        self._waiting[partition] = deque(maxlen=WAITING_MAX)
        self._lag_s[partition] = 0.0

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
        """Return how far risk was behind when it was last asked."""
        return int(self._lag_s.get(partition, 0.0) * 1000)

    def look(self, now_s: float) -> bool:
        """Take the answer, if there is one, and ask again; return whether there was news."""
        if self._answer is not None and not self._answer.done():
            return False
        news = self._answer is not None
        if self._answer is not None:
            self._take(self._answer)
            self._answer = None
        if self._waiting and now_s - self._asked_s >= ASK_SECONDS:
            self._ask(now_s)
        return news

    def _ask(self, now_s: float) -> None:
        places = [TopicPartition(self._topic, partition) for partition in self._waiting]
        request = [ConsumerGroupTopicPartitions(self._group, places)]
        # What an open transaction will commit is no answer yet, and nothing to wait for.
        answers = self._admin.list_consumer_group_offsets(
            request, require_stable=False, request_timeout=ANSWER_SECONDS_MAX
        )
        self._answer = answers[self._group]
        self._asked_s = now_s

    def _take(self, answer: "Future[ConsumerGroupTopicPartitions]") -> None:
        try:
            committed = {tp.partition: tp.offset for tp in answer.result().topic_partitions or []}
        except KafkaException:
            committed = {}  # The broker is away: nothing was committed that we know of.
        for partition, waiting in self._waiting.items():
            while waiting and waiting[0].offset < committed.get(partition, -1):
                waiting.popleft()
            self._lag_s[partition] = self._age_s(waiting)

    def _age_s(self, waiting: "deque[_Sent]") -> float:
        # As it was when the question was asked: the answer's own way is not risk's delay.
        asked_s = self._asked_s
        return max(0.0, asked_s - waiting[0].sent_s) if waiting else 0.0
